"""The compatibility layer by itself: what its hand-written functions do when called as Android's libraries call them."""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pocketfit.devices.jvm import RunningJvm
from pocketfit.runtimes.library import find_android

Lookup = Callable[..., Any]

PRELUDE = """
import ctypes, sys
layer = ctypes.CDLL(sys.argv[1])
c = ctypes.CDLL(None)
c.dlvsym.restype = ctypes.c_void_p
address = lambda name: c.dlvsym(ctypes.c_void_p(layer._handle), name, b"LIBC")
call = lambda name, *arguments: ctypes.CFUNCTYPE(ctypes.c_int)(address(name))(*arguments)
"""


@pytest.fixture(scope="module")
def library(device: RunningJvm) -> Path:
    return find_android().shim / "libc.so"


@pytest.fixture(scope="module")
def bionic(library: Path) -> Lookup:
    """Look a function up as the dynamic linker does for Android's libraries: by its name in version LIBC."""
    handle = ctypes.c_void_p(ctypes.CDLL(str(library))._handle)
    dlvsym = ctypes.CDLL(None).dlvsym
    dlvsym.restype = ctypes.c_void_p

    def look_up(name: str, result: Any = ctypes.c_int, *arguments: Any) -> Any:
        return ctypes.CFUNCTYPE(result, *arguments)(dlvsym(handle, name.encode(), b"LIBC"))

    return look_up


def test_sysconf_has_other_numbers(bionic: Lookup) -> None:
    sysconf = bionic("sysconf", ctypes.c_long, ctypes.c_int)
    assert sysconf(0x27) == os.sysconf("SC_PAGESIZE")
    assert sysconf(0x28) == os.sysconf("SC_PAGESIZE")
    assert sysconf(0x61) == os.sysconf("SC_NPROCESSORS_ONLN")
    assert sysconf(0x62) == os.sysconf("SC_PHYS_PAGES")
    assert sysconf(0x7FFF) == -1


@pytest.mark.parametrize(
    ("first_word", "second_lock"), [(0x4000, 0), (0x8000, errno.EDEADLK)], ids=["recursive", "error-checking"]
)
def test_static_initialisers_of_mutexes(bionic: Lookup, first_word: int, second_lock: int) -> None:
    mutex = (ctypes.c_int * 10)(first_word)
    lock, trylock, unlock, destroy = (
        bionic(f"pthread_mutex_{name}", ctypes.c_int, ctypes.c_void_p)
        for name in ("lock", "trylock", "unlock", "destroy")
    )
    assert lock(mutex) == 0
    assert lock(mutex) == second_lock
    assert unlock(mutex) == 0
    if second_lock == 0:
        assert trylock(mutex) == 0
        assert unlock(mutex) == 0
        assert unlock(mutex) == 0
    assert destroy(mutex) == 0


def test_strerror_r_returns_a_number(bionic: Lookup) -> None:
    text = ctypes.create_string_buffer(100)
    assert (
        bionic("strerror_r", ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t)(errno.ENOENT, text, 100) == 0
    )
    assert text.value == b"No such file or directory"


def test_what_is_printed_is_glibcs(bionic: Lookup) -> None:
    text = ctypes.create_string_buffer(100)
    bionic("snprintf")(text, ctypes.c_size_t(100), b"%d%% %s L%ld", 5, b"of", ctypes.c_long(1 << 40))
    assert text.value == b"5% of L1099511627776"


def test_forwards_reach_glibc(bionic: Lookup) -> None:
    assert bionic("strlen", ctypes.c_size_t, ctypes.c_char_p)(b"four") == 4
    assert bionic("pow", ctypes.c_double, ctypes.c_double, ctypes.c_double)(2.0, 10.0) == 1024.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            'call(b"printf", b"%5.2Lf", 1)',
            "abort message: the format '%5.2Lf' takes a long double, which this layer can't pass on\n",
        ),
        (
            'call(b"__strlen_chk", b"four", ctypes.c_size_t(3))',
            "abort message: strlen: prevented a read past the end of a buffer of 3 bytes\n",
        ),
        (
            'call(b"__vsnprintf_chk", b"four", ctypes.c_size_t(9), 0, ctypes.c_size_t(4), b"", 0)',
            "abort message: vsnprintf: prevented a write past the end of a buffer of 4 bytes\n",
        ),
        (
            'call(b"pthread_create", 0, 1, 0, 0)',
            "abort message: pthread_create was given attributes, which this layer can't pass on\n",
        ),
    ],
)
def test_what_can_not_be_passed_on_ends_with_a_message(library: Path, call: str, message: str) -> None:
    done = subprocess.run([sys.executable, "-c", PRELUDE + call, library], check=False, capture_output=True, text=True)
    assert done.stderr == message
    assert done.returncode == -6


def test_standard_streams_are_elements_of_an_array(library: Path) -> None:
    code = PRELUDE + (
        'files = address(b"__sF")\n'
        'call(b"fputs", b"to stdout, ", ctypes.c_void_p(files + 152))\n'
        'call(b"fprintf", ctypes.c_void_p(files + 152), b"%s", b"formatted")\n'
        'call(b"fputs", b"to stderr", ctypes.c_void_p(files + 304))\n'
        'call(b"fflush", None)\n'
    )
    done = subprocess.run([sys.executable, "-c", code, library], check=True, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("to stdout, formatted", "to stderr")
