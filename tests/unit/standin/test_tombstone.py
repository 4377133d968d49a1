from __future__ import annotations

from pathlib import Path

from standin.tombstone import read_crash

HEAD = """\
#
# A fatal error has been detected by the Java Runtime Environment:
#
#  SIGSEGV (0xb) at pc=0x00007f0e1f122e50, pid=4711, tid=4712
#
# Problematic frame:
# C  [libpytorch_jni_lite.so+0x1d22e50]  at::native::foo(at::Tensor const&)+0xe6a
#
"""
BODY = """\
siginfo: si_signo: 11 (SIGSEGV), si_code: 1 (SEGV_MAPERR), si_addr: 0x00007f0e00000000

Native frames: (J=compiled Java code, j=interpreted, Vv=VM code, C=native code)
C  [libpytorch_jni_lite.so+0x1d22e50]  at::native::foo(at::Tensor const&)+0xe6a
C  [libfbjni.so+0x10]
j  org.pytorch.LiteNativePeer.forward([Lorg/pytorch/IValue;)Lorg/pytorch/IValue;+0
V  [libjvm.so+0x7f]

Java frames: (J=compiled Java code, j=interpreted, Vv=VM code)
"""


def test_the_whole_report(tmp_path: Path) -> None:
    (tmp_path / "libpytorch_jni_lite.so").touch()
    assert read_crash(HEAD + BODY).tombstone(7, tmp_path, "a/b/c") == [
        "*** *** *** *** *** *** *** *** *** *** *** *** *** *** *** ***",
        "Build fingerprint: 'a/b/c'",
        "ABI: 'x86_64'",
        "pid: 7, tid: 7, name: main  >>> app_process64 <<<",
        "signal 11 (SIGSEGV), code 1 (SEGV_MAPERR), fault addr 0x00007f0e00000000",
        "backtrace:",
        f"      #00 pc 0000000001d22e50  {tmp_path}/libpytorch_jni_lite.so (at::native::foo(at::Tensor const&)+3690)",
        "      #01 pc 0000000000000010  /system/lib64/libfbjni.so",
        "      #02 pc 000000000000007f  /system/lib64/libjvm.so",
    ]


def test_a_report_that_was_cut_off(tmp_path: Path) -> None:
    crash = read_crash(HEAD)
    assert (crash.number, crash.detail) == (11, "code 1 (SEGV_MAPERR), fault addr --------")
    assert [frame.library for frame in crash.frames] == ["libpytorch_jni_lite.so"]


def test_no_report() -> None:
    crash = read_crash("")
    assert (crash.number, crash.name, crash.frames) == (6, "SIGABRT", ())
