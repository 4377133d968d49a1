"""Reports as a JVM 17 wrote them."""

from __future__ import annotations

import pytest

from pocketfit.devices.crash import describe_crash

SEGV = """\
#
# A fatal error has been detected by the Java Runtime Environment:
#
#  SIGSEGV (0xb) at pc=0x00007f02345c8b6a, pid=28490, tid=28491
#
# JRE version: OpenJDK Runtime Environment (17.0.15+6) (build 17.0.15+6-Debian-1deb12u1)
# Problematic frame:
# C  [libpytorch_jni.so+0xdc8b6a]  at::native::structured_impl(at::Tensor const&, long, bool)+0xe6a
#
"""
# Its heap was corrupted: the report ends where the JVM asked for memory.
CUT = SEGV[: SEGV.index("  at::native")] + "malloc(): invalid size (unsorted)\n"
ABRT = """\
abort message: terminating with uncaught exception of type c10::Error: boom
#  SIGABRT (0x6) at pc=0x00007f02345c8b6a, pid=28490, tid=28491
# Problematic frame:
# C  [libc.so.6+0x8aeec]
"""


@pytest.mark.parametrize(
    ("report", "signal", "sentence"),
    [
        (SEGV, "SIGABRT", "the runtime crashed with SIGSEGV in at::native::structured_impl (libpytorch_jni.so)"),
        (CUT, "SIGABRT", "the runtime crashed with SIGSEGV in libpytorch_jni.so+0xdc8b6a"),
        (
            ABRT,
            "SIGABRT",
            "the runtime aborted: terminating with uncaught exception of type c10::Error: boom",
        ),
        (ABRT[ABRT.index("#") :], "SIGABRT", "the runtime crashed with SIGABRT"),
        ("", "SIGKILL", "the runtime was killed by SIGKILL, most likely out of memory"),
        ("", "SIGILL", "the runtime crashed with SIGILL"),
        (
            "# There is insufficient memory for the Java Runtime Environment to continue.",
            None,
            "the runtime ran out of memory",
        ),
        ("Error: could not find or load main class", None, None),
        ("", None, None),
    ],
)
def test_a_crash_becomes_one_sentence(report: str, signal: str | None, sentence: str | None) -> None:
    assert describe_crash(report, signal) == sentence
