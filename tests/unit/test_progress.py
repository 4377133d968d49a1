from __future__ import annotations

import threading
import time

from pocketfit.progress import Progress, observed_by, tell, working

BEGUN = Progress("build", "head", "net/lite/fp32", "starting", of=12)


def test_the_observer_is_told_and_only_while_it_observes() -> None:
    seen: list[Progress] = []
    tell(BEGUN)
    with observed_by(seen.append):
        tell(BEGUN)
    tell(BEGUN)
    assert seen == [BEGUN]
    assert seen[0].title == "head net/lite/fp32"


def test_words_of_strangers_are_cleaned() -> None:
    seen: list[Progress] = []
    with observed_by(seen.append):
        tell(Progress("build", None, "a\x1b[2Jb", "::error::x\r\ny"))
    assert (seen[0].name, seen[0].stage) == ("a [2Jb", ": :error::x y")


def test_what_takes_long_is_told_again_with_its_stage() -> None:
    seen: list[Progress] = []
    stages = iter(["tracing", "saving"])
    both = threading.Event()

    def note(progress: Progress) -> None:
        seen.append(progress)
        if progress.stage == "saving":
            both.set()

    with observed_by(note), working(BEGUN, lambda: next(stages, "saving"), every_s=0.01) as work:
        assert both.wait(60)
        work.end("4.54 kB")
    assert [progress.stage for progress in seen][:3] == ["starting", "tracing", "saving"]
    assert all(progress.state == "working" for progress in seen[:-1] if progress.stage != "4.54 kB")
    (end,) = [progress for progress in seen if progress.stage == "4.54 kB"]
    assert (end.state, end.name, end.of) == ("done", "net/lite/fp32", 12)
    assert end.elapsed_s > 0


def test_nothing_is_told_once_it_has_ended() -> None:
    seen: list[Progress] = []
    with observed_by(seen.append):
        with working(BEGUN, every_s=0.001) as work:
            work.at("timing, load 5 of at most 24")
            work.told()
            work.end("it broke", failed=True)
        count = len(seen)
        time.sleep(0.02)
    assert len(seen) == count
    assert "timing, load 5 of at most 24" in [progress.stage for progress in seen]
    assert [progress.state for progress in seen if progress.stage == "it broke"] == ["failed"]
