from __future__ import annotations

import pytest

from pocketfit.devices.android.tombstone import explain_death

OURS = """F DEBUG   : *** *** *** *** ***
F DEBUG   : Cmdline: app_process64 /data/local/tmp/pocketfit/lite-1 dev.pocketfit.Main
F DEBUG   : pid: 71, tid: 88, name: Thread-2  >>> app_process64 <<<
F DEBUG   : signal 11 (SIGSEGV), code 1 (SEGV_MAPERR), fault addr 0x0
F DEBUG   :       #00 pc 000000000004f2e4  /apex/com.android.runtime/lib64/bionic/libc.so (memcpy+244) (BuildId: abc)
F DEBUG   :       #01 pc 0000000001d22e50  /data/local/tmp/pocketfit/lite-1/libpytorch_jni_lite.so (at::native::foo(at::Tensor const&)+12) (BuildId: ef)
"""
OTHERS = """F DEBUG   : *** *** *** *** ***
F DEBUG   : pid: 9, tid: 9, name: camera  >>> com.example.camera <<<
F DEBUG   : signal 7 (SIGBUS), code 1 (BUS_ADRALN), fault addr 0x1
F DEBUG   :       #00 pc 0000000000000010  /vendor/lib64/libcamera.so (take_picture+4)
"""
ABORTED = """F DEBUG   : *** *** *** *** ***
F DEBUG   : pid: 71, tid: 71, name: main  >>> app_process64 <<<
F DEBUG   : signal 6 (SIGABRT), code -1 (SI_QUEUE), fault addr --------
F DEBUG   : Abort message: 'terminating due to bad_alloc'
"""
STRIPPED = OURS.replace(" (at::native::foo(at::Tensor const&)+12)", "")


@pytest.mark.parametrize(
    ("code", "logcat", "sentence"),
    [
        (0, "", None),
        (1, OURS, None),
        (139, OURS, "the runtime crashed with SIGSEGV in at::native::foo(at::Tensor const&) (libpytorch_jni_lite.so)"),
        (139, STRIPPED, "the runtime crashed with SIGSEGV in libpytorch_jni_lite.so"),
        # Whatever crashed before or after it, another program is not ours.
        (139, OTHERS + OURS + OTHERS, "the runtime crashed with SIGSEGV in at::native::foo(at::Tensor const&) (libpytorch_jni_lite.so)"),
        (139, OTHERS, "the runtime crashed with SIGSEGV"),
        (139, "", "the runtime crashed with SIGSEGV"),
        (134, OTHERS + ABORTED, "the runtime aborted: terminating due to bad_alloc"),
    ],
)  # fmt: skip
def test_a_crash_names_its_signal_and_place(code: int, logcat: str, sentence: str | None) -> None:
    assert explain_death(code, logcat, 71, None) == sentence


@pytest.mark.parametrize(
    ("logcat", "peak", "sentence"),
    [
        ("I lowmemorykiller: Kill 'app_process64' (71), uid 2000", 1_200_000_000, "the runtime ran out of memory and was killed (peak RSS 1.20 GB)"),
        ("W kernel  : Out of memory: Killed process 71 (app_process64)", None, "the runtime ran out of memory and was killed"),
        ("I lowmemorykiller: Kill 'com.example.camera' (710), uid 71", 2_000_000, "the runtime was killed by SIGKILL, most likely out of memory (peak RSS 2.00 MB)"),
        ("", None, "the runtime was killed by SIGKILL, most likely out of memory"),
    ],
)  # fmt: skip
def test_a_kill_is_told_from_running_out_of_memory(logcat: str, peak: int | None, sentence: str) -> None:
    assert explain_death(137, logcat, 71, peak) == sentence


@pytest.mark.parametrize("code", [129, 143, 255])
def test_an_end_that_somebody_else_wished_is_not_the_models_fault(code: int) -> None:
    assert explain_death(code, OURS, 71, None) is None
