"""The commands beside the line from configuration to report: init, export, smoke, doctor."""
