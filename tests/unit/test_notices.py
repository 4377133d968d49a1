"""The licences that go with the Android libraries."""

from __future__ import annotations

from pathlib import Path

NOTICES = Path(__file__).parents[2] / "src/android/notices"


def test_each_licence_is_there_and_each_is_named() -> None:
    table = (NOTICES / "README.txt").read_text().partition("\n\n")[2]
    named = {line.split()[-1] for line in table.splitlines()}

    assert named == {path.name for path in NOTICES.glob("*.txt")} - {"README.txt"}
    for name in named:
        text = " ".join((NOTICES / name).read_text().split()).upper()
        assert "COPYRIGHT" in text
        assert "WITHOUT WARRANT" in text or "AS IS" in text or "APACHE LICENSE 2.0" in text, name
