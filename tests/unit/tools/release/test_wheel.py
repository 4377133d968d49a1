"""The tag of a wheel is what its libraries need, no less."""

from __future__ import annotations

import pytest

from pocketfit.errors import ConfigError
from tools.release.wheel import newest_glibc

SAID = """
Version needs section '.gnu.version_r' contains 2 entries:
  0x0000: Version: 1  File: libm.so.6  Cnt: 2
  0x0010:   Name: GLIBC_2.29  Flags: none  Version: 17
  0x0020:   Name: GLIBC_2.2.5  Flags: none  Version: 2
  0x0030: Version: 1  File: libc.so.6  Cnt: 1
  0x0040:   Name: GLIBC_2.4  Flags: none  Version: 3
"""


def test_the_newest_glibc_counts_as_numbers() -> None:
    assert newest_glibc(SAID) == (2, 29)
    assert newest_glibc("Name: GLIBC_2.9 Name: GLIBC_2.35") == (2, 35)


def test_libraries_of_no_glibc() -> None:
    with pytest.raises(ConfigError) as caught:
        newest_glibc("No version information found in this file.")
    assert str(caught.value) == "readelf names no version of glibc: is build/android of this machine?"
