"""The first process in bubblewrap: `python -I -S inside.py ORDER SAY END`, by the numbers of open files.

It starts the program behind the walls that are left, takes leave of all that ends here, and tells how the program
ended in the kernel's own words. With it the kernel ends all that is in here.
"""

from __future__ import annotations

import marshal
import os
import signal
import sys

# Started by its path, isolated: this is where the package is.
sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from pocketfit.sandbox.hidden import hide_process
from pocketfit.sandbox.program import Program


def main() -> None:
    given, say, end = map(int, sys.argv[1:])
    with os.fdopen(given, "rb") as file:
        order = marshal.loads(file.read())
    # From here on a failure is not bubblewrap's. It fails itself where nobody is left to be told.
    os.write(end, b"+")
    # A first process gets those signals alone that it handles.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    hide_process()
    child = os.fork()
    if child == 0:
        for descriptor in (say, end):
            os.set_inheritable(descriptor, False)
        os.setsid()
        Program(order, None, say).finish()
    os.close(say)
    while True:
        try:
            pid, status = os.wait()
        except ChildProcessError:
            signal.pause()
            continue
        if pid == child:
            os.write(end, status.to_bytes(4, "little"))


if __name__ == "__main__":
    main()
