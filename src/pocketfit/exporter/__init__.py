"""Beside model code, in a process of its own: loads a model, exports it, compares it with eager."""
