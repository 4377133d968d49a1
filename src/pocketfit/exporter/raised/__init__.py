"""What model code raises, as one sentence of the report: what it says, at which line of the model, and what to do."""
