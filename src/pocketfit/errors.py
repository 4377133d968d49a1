"""The errors that stop a run, each kind with its own exit code.

A model that fails is not here: that is a value in the snapshot and a row of the report. Exit code 1 is
left to Python: it is what an unhandled exception, i.e. a bug of ours, exits with.
"""

from __future__ import annotations

VERDICT_FAILED = 4


class PocketfitError(Exception):
    """One sentence for the user: what is wrong, where, and what to do.

    The base class has no exit code on purpose: an unclassified error must not leave with a wrong number.
    """

    exit_code: int


class ConfigError(PocketfitError):
    """The configuration or the command line is wrong."""

    exit_code = 2


class EnvironmentProblem(PocketfitError):
    """Something this machine should have is missing or does not work."""

    exit_code = 3


class CommandError(EnvironmentProblem):
    """A program we started failed; the whole of its stderr is kept.

    `code` is the exit code of the program, 124 for "no answer in time" and 127 for "not found".
    """

    def __init__(self, program: str, code: int, stderr: str) -> None:
        lines = [line for line in stderr.strip().splitlines() if line.strip()]
        super().__init__(f"{program} exited with {code}: {lines[-1] if lines else '(it printed nothing)'}")
        self.program = program
        self.code = code
        self.stderr = stderr
