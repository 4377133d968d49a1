from __future__ import annotations

import hashlib
import json
from pathlib import Path

from tools.measure_runtimes import measure, write


def test_each_library_is_weighed_and_what_is_not_there_keeps_its_numbers(tmp_path: Path) -> None:
    library = tmp_path / "jni" / "arm64-v8a" / "liba.so"
    library.parent.mkdir(parents=True)
    library.write_bytes(bytes(1000))
    measured = measure(tmp_path / "jni")
    found = measured["arm64-v8a"]["liba.so"]
    assert (found["size_bytes"], found["sha256"]) == (1000, hashlib.sha256(bytes(1000)).hexdigest())
    assert 0 < found["download_bytes"] < 20

    data = tmp_path / "sizes.json"
    write({"other 1.0": {}}, data)
    write({"a 1.0": measured}, data)
    assert json.loads(data.read_text())["libraries"] == {"a 1.0": measured, "other 1.0": {}}
