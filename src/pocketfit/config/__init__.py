"""pocketfit.toml, or [tool.pocketfit] of pyproject.toml, as one frozen value: its only reader, and each key."""

from pocketfit.config.reader import find_config, parse_config, read_config

__all__ = ["find_config", "parse_config", "read_config"]
