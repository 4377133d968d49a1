"""A fork server without torch: what it forks is one of our programs, in a process that was never started anew.

`python server.py CONTROL KIND`, as `ForkServer` starts it.
"""

from __future__ import annotations

import runpy
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "src"))

from pocketfit.sandbox.fork_server import serve
from pocketfit.sandbox.hidden import hide_process


def main() -> None:
    hide_process()
    control = socket.socket(fileno=int(sys.argv[1]))
    args = serve(control, ())
    control.detach()
    _, _, script, *sys.argv[1:] = args
    if script == "-c":
        exec(sys.argv[1])
    else:
        runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main()
