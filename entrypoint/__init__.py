"""The program that the container starts."""
