from __future__ import annotations

from pathlib import Path

from pocketfit.builds.said import last_line, traceback_lines
from pocketfit.job import TRACEBACK

CRASH = """noise
Fatal Python error: Segmentation fault

Thread 0x00007f0000000001 (most recent call first):
  File "{root}/other.py", line 3 in wait

Current thread 0x00007f0000000002 (most recent call first):
  File "/usr/lib/python3.11/ctypes/__init__.py", line 519 in string_at
  File "{root}/lib/python3.11/site-packages/x.py", line 1 in x
  File "{root}/pkg/net.py", line 9 in forward
  File "{root}/pkg/net.py", line 2 in <module>

Extension modules: numpy (total: 1)
"""


def test_the_line_that_a_signal_ended() -> None:
    root = Path("/repository")
    assert last_line(CRASH.format(root=root), root) == "pkg/net.py:9, in forward"
    assert last_line(CRASH.format(root="/elsewhere"), root) == ""
    assert last_line("Segmentation fault", root) == ""
    assert next(traceback_lines(CRASH.format(root=root))) == "│ Fatal Python error: Segmentation fault"


def test_a_traceback_beside_a_bar() -> None:
    said = (
        f'before\n{TRACEBACK}\nTraceback (most recent call last):\n  File "net.py", line 1\n\n    ::error::x\x1b[2J\n'
    )
    assert list(traceback_lines(said)) == [
        "│ Traceback (most recent call last):",
        '│   File "net.py", line 1',
        "│     : :error::x [2J",
    ]


def test_the_middle_of_a_long_one_is_counted() -> None:
    lines = list(traceback_lines("\n".join([TRACEBACK, *(f"line {number}" for number in range(300))])))
    assert (len(lines), lines[100], lines[-1]) == (201, "│ (100 more lines)", "│ line 299")
