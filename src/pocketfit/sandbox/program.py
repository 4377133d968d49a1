"""The supervised program's side of the fork: limits, its user and its walls, and then the program itself."""

from __future__ import annotations

import errno
import marshal
import os
import resource
import signal
import sys

from pocketfit.sandbox import identity, landlock, libc, seccomp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pocketfit.sandbox.order import Order

# More tasks than the limit for the kernel, so that we see it passed and say so.
BACKSTOP = 64
# An ordinary user has other programs, which count too.
USERS_BACKSTOP = 2048


class Program:
    """The other side of the fork: from here to the program itself, and never back."""

    def __init__(self, order: Order, uid: int | None, say: int) -> None:
        self.order, self.uid, self.say = order, uid, say

    def start(self, out: int, err: int) -> None:
        program = self.order["args"][0]
        try:
            self._prepare(out, err)
            for path in self._paths(program):
                try:
                    os.execve(path, self.order["args"], self.order["env"])
                except (FileNotFoundError, NotADirectoryError):
                    continue
            raise FileNotFoundError(errno.ENOENT, "", program)
        except FileNotFoundError as error:
            self._tell(str(error.filename or program), errno.ENOENT, "")
        except PermissionError as error:
            self._tell(str(error.filename or program), errno.EACCES, "")
        except BaseException as error:
            self._tell("", getattr(error, "errno", 0) or 0, f"the sandbox can't be set up: {error}")
        os._exit(127)

    def _tell(self, name: str, number: int, sentence: str) -> None:
        os.write(self.say, marshal.dumps((name, number, sentence)))

    def _paths(self, program: str) -> list[str]:
        """The paths that the program can have, by what its own environment says."""
        if "/" in program:
            return [program]
        return [os.path.join(folder, program) for folder in self.order["env"].get("PATH", os.defpath).split(os.pathsep)]

    def _prepare(self, out: int, err: int) -> None:
        starter = os.getppid()
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (out, 1), (err, 2)):
            os.dup2(source, target)
        # Python ignores some; a program of its own expects the usual.
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        self._limit()
        walls = self.order["walls"]
        reading = False
        if self.uid is not None and walls is not None:
            reading = not all(map(identity.is_open_to_all, (*walls["readable"], *walls["writable"], self.order["cwd"])))
            reading = reading and identity.has_capability(identity.CAP_DAC_READ_SEARCH) and landlock.version() > 0
            identity.become(self.uid, reading=reading)
        if sys.platform == "linux":
            libc.prctl(libc.PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != starter:
                os._exit(127)
        # Where it may not look, it could not be.
        os.chdir(self.order["cwd"])
        if walls is not None and sys.platform == "linux":
            libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
            if landlock.version():
                landlock.restrict(walls)
            if seccomp.is_known():
                seccomp.restrict(network=walls["network"])

    def _limit(self) -> None:
        order = self.order
        limits = {
            resource.RLIMIT_CORE: 0,
            resource.RLIMIT_FSIZE: order["file_bytes"],
            resource.RLIMIT_NOFILE: order["open_files"],
        }
        if self.uid is not None:
            limits[resource.RLIMIT_NPROC] = order["processes"] + BACKSTOP
        elif os.geteuid() != 0:
            limits[resource.RLIMIT_NPROC] = order["processes"] + USERS_BACKSTOP
        for what, value in limits.items():
            _, hard = resource.getrlimit(what)
            lower = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(what, (lower, lower))
