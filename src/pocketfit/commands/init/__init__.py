"""pocketfit.toml and a workflow for a repository that has neither, after a look at it that runs none of its code."""

from pocketfit.commands.init.writing import Written, init

__all__ = ["Written", "init"]
