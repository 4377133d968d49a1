"""Processes of another user, who would rather not be looked at or ended."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parents[3] / "src"
# Stops whoever it may, again and again: as before Landlock's ABI 6, when signals to one's own user were free.
STOPPER = """
import os, signal
held = bytearray(b"x" * 30_000_000)
os.write(1, b"+")
while True:
    for name in filter(str.isdigit, os.listdir("/proc")):
        if int(name) != os.getpid():
            try:
                os.kill(int(name), signal.SIGSTOP)
            except OSError:
                pass
"""
# A process of its own: it takes in all that it leaves.
CODE = """
import os, sys
sys.path.insert(0, sys.argv[1])
from pocketfit.sandbox import identity, tree
(uid, lock), (behind, ours) = identity.own_user(), identity.own_user()
ready, say = os.pipe()
pid = os.fork()
if pid == 0:
    os.dup2(say, 1)
    identity.become(uid, reading=True)
    os.execv(sys.executable, [sys.executable, "-I", "-c", sys.argv[2]])
os.read(ready, 1)
become = lambda: identity.become(uid, behind=behind, reading=True)
looked = [tree._in_child(become, f"/proc/{pid}/smaps_rollup") for _ in range(20)]
print(tree.end_all(become), all(one.get(b"Pss_Anon", 0) > 20_000 for one in looked))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_who_stops_everybody_of_its_user_is_looked_at_and_ended_all_the_same() -> None:
    words = [sys.executable, "-I", "-c", CODE, str(SRC), STOPPER]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        said, _ = process.communicate(timeout=60)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
    assert said == "1 True\n"
