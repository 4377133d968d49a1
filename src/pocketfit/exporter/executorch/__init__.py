"""From a module in eager mode to an ExecuTorch program."""
