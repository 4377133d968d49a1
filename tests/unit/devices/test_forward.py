"""The generator of the compatibility layer's forwards."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

import pytest

BIONIC = Path(__file__).parents[3] / "src/android/bionic"


@pytest.fixture(scope="module")
def forward() -> Any:
    spec = importlib.util.spec_from_file_location("forward", BIONIC / "forward.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    # dataclasses look a class's module up by its name.
    sys.modules["forward"] = module
    spec.loader.exec_module(module)
    return module


READELF = """
Symbol table '.dynsym' contains 5 entries:
   Num:    Value          Size Type    Bind   Vis      Ndx Name
     0: 0000000000000000     0 NOTYPE  LOCAL  DEFAULT  UND
     1: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND fopen@LIBC (2)
     2: 0000000000000000     0 FUNC    WEAK   DEFAULT  UND __cxa_thread_atexit_impl
     3: 0000000000001040    16 FUNC    GLOBAL DEFAULT   12 exported@@LIBFOO
     4: 0000000000001040    16 FUNC    LOCAL  DEFAULT   12 private
"""


def test_imports_and_exports_are_read_with_their_versions(forward: Any) -> None:
    assert list(forward.parse_symbols(READELF)) == [
        forward.Symbol("fopen", "LIBC", False),
        forward.Symbol("__cxa_thread_atexit_impl", "", False, weak=True),
        forward.Symbol("exported", "LIBFOO", True),
    ]


def needs(forward: Any, *names: str) -> list[tuple[str, Any]]:
    return [("libpytorch_jni.so", forward.Symbol(*name.split("@"), False)) for name in names]


def test_what_agrees_is_forwarded(forward: Any) -> None:
    imports = needs(forward, "read@LIBC", "malloc@LIBC", "preadv@LIBC_N", "fclose@LIBC", "__cxa_thread_atexit_impl@")
    agrees = frozenset({"malloc", "preadv", "read", "unused", "__cxa_thread_atexit_impl"})
    glibc = frozenset({"malloc", "preadv", "read", "fclose", "__cxa_thread_atexit_impl"})

    assert forward.choose_forwards(imports, frozenset({"fclose"}), agrees, glibc) == [
        ("malloc", "LIBC"),
        ("preadv", "LIBC_N"),
        ("read", "LIBC"),
    ]


def test_a_weak_import_that_android_lacks_too_stays_open_once_somebody_has_listed_it(forward: Any) -> None:
    weak = [("libexecutorch.so", forward.Symbol("__gcov_dump", "", False, weak=True))]
    strong = [("libexecutorch.so", forward.Symbol("__gcov_dump", "", False))]
    nothing: frozenset[str] = frozenset()
    absent = forward.parse_names((BIONIC / "absent.txt").read_text())
    missing = "__gcov_dump: libexecutorch.so needs it and it is not classified: wrap it, or list it in agrees.txt"

    assert forward.choose_forwards(weak, nothing, nothing, nothing, absent) == []
    for imports, listed in ((strong, absent), (weak, nothing)):
        with pytest.raises(forward.NotProvided) as caught:
            forward.choose_forwards(imports, nothing, nothing, nothing, listed)
        assert str(caught.value) == missing


def test_what_nobody_has_looked_at_is_refused(forward: Any) -> None:
    imports = needs(forward, "pthread_attr_init@LIBC", "arc4random@LIBC", "memfd_create@LIBC_R")

    with pytest.raises(forward.NotProvided) as caught:
        forward.choose_forwards(imports, frozenset(), frozenset({"arc4random"}), frozenset({"pthread_attr_init"}))

    assert str(caught.value) == (
        "arc4random: libpytorch_jni.so needs it, agrees.txt lists it, and this machine's glibc does not have it\n"
        "memfd_create: libpytorch_jni.so needs its version LIBC_R, and we provide LIBC and LIBC_N\n"
        "pthread_attr_init: libpytorch_jni.so needs it and it is not classified: wrap it, or list it in agrees.txt"
    )


def test_a_forward_jumps_to_glibc_under_bionics_version(forward: Any) -> None:
    assert (
        forward.render([("read", "LIBC_N")], "x86_64")
        == """\
.text

.globl bionic_read
.type bionic_read, %function
bionic_read:
\tjmp *read@GOTPCREL(%rip)
.symver bionic_read, read@LIBC_N

.section .note.GNU-stack, "", %progbits
"""
    )


def test_agrees_lists_every_name_once_and_nothing_that_is_wrapped(forward: Any) -> None:
    text = (BIONIC / "agrees.txt").read_text()
    names = [word for line in text.splitlines() for word in line.partition("#")[0].split()]
    wrapped = {
        name for file in BIONIC.glob("*.c") for name in re.findall(r"^BIONIC(?:_N)?\((\w+)\)", file.read_text(), re.M)
    }

    assert sorted(forward.parse_names(text)) == sorted(names)
    assert not wrapped & set(names)
    assert not forward.parse_names((BIONIC / "absent.txt").read_text()) & {*wrapped, *names}
    assert {"fclose", "__write_chk"} <= wrapped


def test_on_arm64_it_jumps_through_the_register_that_is_left_to_such_jumps(forward: Any) -> None:
    assert "\tadrp x16, :got:read\n\tldr x16, [x16, :got_lo12:read]\n\tbr x16\n" in forward.render(
        [("read", "LIBC")], "arm64-v8a"
    )
