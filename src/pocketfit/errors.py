"""The errors that stop a run, each kind with its own exit code.

A model that fails is not here: that is a value in the snapshot and a row of the report. Exit code 1 is
left to Python: it is what an unhandled exception, i.e. a bug of ours, exits with.
"""

from __future__ import annotations

from collections.abc import Sequence

VERDICT_FAILED = 4
# Of more the first are enough to go on with.
MANY_PROBLEMS = 20


class PocketfitError(Exception):
    """One sentence for the user: what is wrong, where, and what to do.

    The base class has no exit code on purpose: an unclassified error must not leave with a wrong number.
    """

    exit_code: int

    def lines(self) -> tuple[str, ...]:
        """All that there is to say, one line each."""
        return (str(self),)


class ConfigError(PocketfitError):
    """The configuration or the command line is wrong."""

    exit_code = 2


class NoConfig(ConfigError):
    """There is no configuration."""


class ConfigProblems(ConfigError):
    """All that is wrong with one configuration, a sentence each: as one sentence it is the first and a count."""

    def __init__(self, problems: Sequence[str]) -> None:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{problems[0]}{more}")
        self.problems = tuple(problems)

    def lines(self) -> tuple[str, ...]:
        more = len(self.problems) - MANY_PROBLEMS
        return (*self.problems[:MANY_PROBLEMS], *([f"and {more} more"] if more > 0 else []))


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
