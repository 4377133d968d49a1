"""What is found out about a model's inputs, so that others of their kind can be made."""
