"""The supervised program's side of the fork: limits, its user and its walls, and then the program itself."""

from __future__ import annotations

import errno
import marshal
import os
import resource
import signal
import sys

from pocketfit.sandbox import bubblewrap, identity, landlock, libc, seccomp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pocketfit.sandbox.order import Order

# More tasks than the limit for the kernel, so that we see it passed and say so.
BACKSTOP = 64
# An ordinary user has other programs, which count too.
USERS_BACKSTOP = 2048
INSIDE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "inside.py")
# An interpreter may need it to find its own library. Ours and never the program's: bwrap itself starts with it.
INTERPRETERS_ENVIRONMENT = ("LD_LIBRARY_PATH",)


class Forked(BaseException):
    """Raised where a forked program begins: it leaves the supervisor's frames, and all that they hold, behind."""

    def __init__(self, order: Order) -> None:
        super().__init__()
        self.order = order


class Program:
    """The other side of the fork: from here to the program itself, and never back.

    What fails is written to `say`. Where there is bubblewrap, the first process in it is told to write to `end`.
    """

    def __init__(self, order: Order, uid: int | None, say: int, end: int = -1) -> None:
        self.order, self.uid, self.say, self.end = order, uid, say, end

    def start(self, out: int, err: int) -> None:
        """Be a process of its own within the limits, then the program, or bubblewrap with the program inside."""
        try:
            order = self._kept_order() if self.order["bubblewrap"] else None
            self._prepare(out, err)
            if order is not None:
                self._enter_bubblewrap(order)
        except BaseException as error:
            self._tell("", getattr(error, "errno", 0) or 0, f"the sandbox can't be set up: {error}")
            os._exit(127)
        self.finish()

    def finish(self) -> None:
        """Put up the walls, and be the program."""
        program = self.order["args"][0]
        try:
            self._close_in()
            if self.order["forked"]:
                raise Forked(self.order)
            for path in self._paths(program):
                try:
                    os.execve(path, self.order["args"], self.order["env"])
                except (FileNotFoundError, NotADirectoryError):
                    continue
            raise FileNotFoundError(errno.ENOENT, "", program)
        except Forked:
            raise
        except FileNotFoundError as error:
            self._tell(str(error.filename or program), errno.ENOENT, "")
        except PermissionError as error:
            self._tell(str(error.filename or program), errno.EACCES, "")
        except BaseException as error:
            self._tell("", getattr(error, "errno", 0) or 0, f"the sandbox can't be set up: {error}")
        os._exit(127)

    def _kept_order(self) -> int:
        """The order as an open file, written before a limit on files holds."""
        kept = os.memfd_create("order", 0)
        with os.fdopen(os.dup(kept), "wb") as file:
            file.write(marshal.dumps(dict(self.order)))
        os.lseek(kept, 0, os.SEEK_SET)
        return kept

    def _enter_bubblewrap(self, order: int) -> None:
        descriptors = (order, self.say, self.end)
        for descriptor in descriptors:
            os.set_inheritable(descriptor, True)
        env = {name: os.environ[name] for name in INTERPRETERS_ENVIRONMENT if name in os.environ}
        os.execve(self.order["bubblewrap"], bubblewrap.command(self.order, INSIDE, descriptors), env)

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
        if self.order["forked"]:
            self._show()
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (out, 1), (err, 2)):
            os.dup2(source, target)
        self._limit()
        walls = self.order["walls"]
        reading = False
        if self.uid is not None and walls is not None:
            reading = not all(map(identity.is_open_to_all, (*walls["readable"], *walls["writable"], self.order["cwd"])))
            reading = reading and identity.has_capability(identity.CAP_DAC_READ_SEARCH) and landlock.version() > 0
            identity.become(self.uid, reading=reading)
            if self.order["forked"]:
                self._show()
        if sys.platform == "linux":
            libc.prctl(libc.PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != starter:
                os._exit(127)

    def _show(self) -> None:
        """Let our own children look at this process, as the kernel lets them when a program begins in it.

        The fork server is hidden, and so is what it forks; whoever changes its user is hidden again.
        """
        libc.prctl(libc.PR_SET_DUMPABLE, 1)

    def _close_in(self) -> None:
        # Python ignores some; a program of its own expects the usual.
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        walls = self.order["walls"]
        # Where it may not look, it could not be.
        os.chdir(self.order["cwd"])
        if walls is not None and sys.platform == "linux":
            libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
            if landlock.version():
                landlock.restrict(walls)
            if seccomp.is_known():
                seccomp.restrict(network=walls["network"], counter=walls["counter"])

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
        try:
            # Where the machine's memory ends all the same, the kernel is to end this, and nothing of the user's.
            with open("/proc/self/oom_score_adj", "w") as file:
                file.write("1000")
        except OSError:
            # Where there is no /proc, the kernel has no such score.
            return
