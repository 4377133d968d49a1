"""Base and head, every variant of each built by a process of its own, from git and the models' own packages."""
