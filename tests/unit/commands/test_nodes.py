"""`pocketfit nodes`: node data for Model Explorer beside what a run saved."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pocketfit.cli import app
from pocketfit.errors import ConfigError
from pocketfit.store import write_snapshot
from tests.unit.report.forms.test_node_data import PTE, artifact
from tests.unit.report.test_compare import built, snapshot

OTHER = replace(PTE, model="other")


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    other = replace(artifact(), variant=OTHER, file="other.executorch.int8.pte")
    write_snapshot(Path("out/head.json"), snapshot(artifact(), other, built()))
    return Path("out/head.json")


def test_writes_each_number_and_prints_how_it_is_opened(saved: Path) -> None:
    done = CliRunner().invoke(app, ["nodes", str(saved), "--variant", str(PTE)])
    assert done.exit_code == 0
    assert done.stdout == (
        "model-explorer out/artifacts/head/net.executorch.int8.pte --extensions=pte_adapter_model_explorer "
        "--node_data_paths=out/nodes/net.executorch.int8.bytes.json,out/nodes/net.executorch.int8.macs.json\n"
    )
    assert sorted(path.name for path in Path("out/nodes").iterdir()) == [
        "net.executorch.int8.bytes.json",
        "net.executorch.int8.macs.json",
    ]
    assert "forward" in json.loads(Path("out/nodes/net.executorch.int8.macs.json").read_text())


def test_all_of_them_without_a_word_and_into_another_folder(saved: Path) -> None:
    done = CliRunner().invoke(app, ["nodes", str(saved), "--out", "a folder"])
    assert [line.split()[1].rpartition("/")[2] for line in done.stdout.splitlines()] == [
        "net.executorch.int8.pte",
        "other.executorch.int8.pte",
    ]
    assert "'--node_data_paths" not in done.stdout
    assert "--node_data_paths='a folder/net.executorch.int8.bytes.json,a folder/" in done.stdout
    assert len(list(Path("a folder").iterdir())) == 4


def refused(*words: str) -> str:
    with pytest.raises(ConfigError) as caught:
        CliRunner().invoke(app, ["nodes", *words], catch_exceptions=False)
    return str(caught.value)


def test_a_variant_that_is_not_there(saved: Path) -> None:
    said = refused(str(saved), "--variant", "net/executorch/fp32")
    assert said == (
        "out/head.json has no .pte of net/executorch/fp32: there are net/executorch/int8, other/executorch/int8"
    )


def test_no_pte_of_which_anything_is_known(saved: Path) -> None:
    write_snapshot(saved, snapshot(built()))
    assert refused(str(saved)) == (
        "out/head.json: there is no .pte in it whose nodes are known: have `pocketfit run` build one, in format "
        "executorch"
    )
    assert not Path("out/nodes").exists()


def test_a_name_that_would_leave_the_folder_is_refused(saved: Path) -> None:
    write_snapshot(saved, snapshot(replace(artifact(), variant=replace(PTE, model="../../net"))))
    assert "is no variant" in refused(str(saved))
    assert not Path("out/nodes").exists()
