from __future__ import annotations

from pathlib import Path

from pocketfit.records import Library
from pocketfit.runtimes.library import AndroidSide
from tools.arm64_part import BEGIN, END, PAGE, parts, table, weigh


def test_a_folders_files_are_weighed_and_a_link_is_none_of_them(tmp_path: Path) -> None:
    (tmp_path / "java/bin").mkdir(parents=True)
    (tmp_path / "java/bin/java").write_bytes(bytes(1_000_000))
    (tmp_path / "java/link").symlink_to("bin/java")
    (tmp_path / "qemu").write_bytes(bytes(500))
    size_bytes, packed_bytes = weigh([tmp_path / "java", tmp_path / "qemu"])
    assert size_bytes == 1_000_500
    assert 1000 < packed_bytes < 3000


def test_older_runtimes_and_other_abis_are_left_out(tmp_path: Path) -> None:
    for name in ("lite/jni/arm64-v8a", "lite/jni/x86_64", "executorch-1.0/jni/arm64-v8a", "full"):
        (tmp_path / name).mkdir(parents=True)
    library = Library("a", "1")
    android = AndroidSide(tmp_path, "x86_64", {"lite": library, "full": library}, older={"1.0": library})
    found = parts(android, Path("/usr/bin/qemu-aarch64"))
    assert found["Android's arm64 libraries"] == [tmp_path / "lite/jni/arm64-v8a"]
    assert found["a JVM for arm64, with its C library"] == [tmp_path / "jvm/arm64-v8a"]


def test_the_table_has_a_sum() -> None:
    assert table({"a": (4_700_000, 1_500_000), "b": (500_000, 20_000)}).splitlines()[2:] == [
        "| a | 4.70 MB | 1.50 MB |",
        "| b | 0.50 MB | 0.02 MB |",
        "| all of it | 5.20 MB | 1.52 MB |",
    ]


def test_the_page_has_its_place_for_it() -> None:
    text = PAGE.read_text()
    assert text.count(BEGIN) == text.count(END) == 1
    assert "| a JVM for arm64, with its C library |" in text
