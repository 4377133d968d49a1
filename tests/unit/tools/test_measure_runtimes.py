from __future__ import annotations

import hashlib
import json
from pathlib import Path

from tests.unit.runtimes.test_elf import elf
from tools.measure_runtimes import measure, write


def test_each_library_is_weighed_and_what_is_not_there_keeps_its_numbers(tmp_path: Path) -> None:
    library = elf(tmp_path / "jni" / "arm64-v8a" / "liba.so", (1, 16384))
    headers = library.read_bytes()
    library.write_bytes(headers + bytes(1000))
    measured = measure(tmp_path / "jni")
    found = measured["arm64-v8a"]["liba.so"]
    assert found["size_bytes"] == len(headers) + 1000
    assert found["sha256"] == hashlib.sha256(headers + bytes(1000)).hexdigest()
    assert 0 < found["download_bytes"] < len(headers)
    assert found["alignment_bytes"] == 16384

    data = tmp_path / "sizes.json"
    write({"other 1.0": {}}, data)
    write({"a 1.0": measured}, data)
    assert json.loads(data.read_text())["libraries"] == {"a 1.0": measured, "other 1.0": {}}
