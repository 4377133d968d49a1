"""Pocketfit tells a pull request what it does to the phone."""

__version__ = "0.1.0"
