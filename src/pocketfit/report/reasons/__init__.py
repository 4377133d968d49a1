"""The kinds of reasons that a row fails for: what each means, and what to do. Pure."""
