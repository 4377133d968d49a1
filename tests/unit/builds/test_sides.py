from __future__ import annotations

from pathlib import Path

from pocketfit.builds.sides import _in_its_folder
from pocketfit.records import Config, ModelSpec

CONFIG = Config((ModelSpec("net", "net.py:net"),))


def test_the_folder_of_a_configuration_is_looked_in_too(tmp_path: Path) -> None:
    (tmp_path / "apps" / "android").mkdir(parents=True)
    for file, folder in (
        (tmp_path / "pocketfit.toml", ""),
        (tmp_path / "apps" / "android" / "pocketfit.toml", "apps/android"),
        # Nothing outside of the repository is looked at.
        (tmp_path.parent / "pocketfit.toml", ""),
    ):
        (spec,) = _in_its_folder(CONFIG, file, tmp_path).models
        assert spec.folder == folder
