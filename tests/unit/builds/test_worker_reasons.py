"""How a child's end is said, without one."""

from __future__ import annotations

from pocketfit.builds.sandbox import Sandbox
from pocketfit.builds.worker import _how_it_died
from pocketfit.process import Finished

LIMIT = Sandbox(timeout_s=900)


def test_a_stage_that_never_ends_comes_with_its_hint() -> None:
    done = Finished(-9, "", "", timed_out=True)
    assert _how_it_died(done, "lowering", "", LIMIT) == "lowering took longer than --timeout, 900 s, and was stopped"
    assert _how_it_died(done, "lowering", "a loop is unrolled", LIMIT, "net.py:9, in forward") == (
        "lowering took longer than --timeout, 900 s, and was stopped, at net.py:9, in forward; a loop is unrolled"
    )


def test_a_crash_of_the_hosts_runtime() -> None:
    done = Finished(-11, "", "")
    assert _how_it_died(done, "running net.pte on the host by executorch 1.3.1", "a hint", LIMIT) == (
        "the process was killed by SIGSEGV while running net.pte on the host by executorch 1.3.1"
    )
