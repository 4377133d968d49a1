"""Saved files by strangers that reach for more than to be read: what they get is theirs alone."""

from __future__ import annotations

import io
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from pocketfit.builds.sandbox import Sandbox
from pocketfit.builds.worker import build, run_on_host
from pocketfit.job import HostRun, NotExported
from pocketfit.records import Built, Failed, InputSpec, ModelSpec, Variant

QUICK = Sandbox(timeout_s=200)
IMAGE = (InputSpec((1, 3, 16, 16)),)


class Planted:
    """Code that a pickle runs when it is read."""

    def __reduce__(self) -> Any:
        return exec, (
            "import os; open(os.path.join(os.environ['TMPDIR'], 'stage.txt'), 'w').write('the pickle ran'); os._exit(3)",
        )


class Net(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.relu()


def built_of(root: Path, spec: ModelSpec, format_name: str = "executorch") -> Built | Failed:
    out = root.parent / "out"
    return build(Variant(spec.name, format_name, "fp32"), spec, root, out, out / "log", QUICK)[0]


def with_planted_inputs(file: Path) -> None:
    """Put the code where a .pt2 keeps its example inputs."""
    payload = io.BytesIO()
    torch.save((Planted(),), payload)
    changed = file.with_suffix(".changed")
    with zipfile.ZipFile(file) as before, zipfile.ZipFile(changed, "w") as after:
        for info in before.infolist():
            planted = "sample_inputs" in info.filename
            after.writestr(info, payload.getvalue() if planted else before.read(info))
    changed.replace(file)


def test_a_pickle_in_a_pt2_file_is_read_only_where_its_maker_is_trusted(root: Path) -> None:
    torch.export.save(torch.export.export(Net(), (torch.zeros(1, 3, 16, 16),)), root / "net.pt2")
    with_planted_inputs(root / "net.pt2")
    spec = ModelSpec("net", "net.pt2", inputs=IMAGE)

    refused = built_of(root, spec)
    assert isinstance(refused, Failed)
    assert refused.reason == (
        "net.pt2 holds more than tensors, and reading that runs code of whoever made it: "
        "if you trust them, set trust = true in [models.net]"
    )

    by_options = built_of(root, replace(spec, by_options=True))
    assert isinstance(by_options, Failed)
    assert by_options.reason.endswith(": if you trust them, set trust = true in a pocketfit.toml")

    trusted = built_of(root, replace(spec, trust=True))
    assert isinstance(trusted, Failed)
    assert trusted.reason == "the process ended with exit code 3 while the pickle ran"


def test_a_pt2_file_of_tensors_needs_no_trust(root: Path) -> None:
    torch.export.save(torch.export.export(Net(), (torch.zeros(1, 3, 16, 16),)), root / "net.pt2")
    built = built_of(root, ModelSpec("net", "net.pt2", inputs=IMAGE))
    assert isinstance(built, Built), built


class Writes(torch.nn.Module):
    """Maps a file of the user's, as TorchScript may, and writes into it."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mapped = torch.from_file(self.path, shared=True, size=8, dtype=torch.uint8)
        mapped.fill_(65)
        return x + mapped.sum()


@pytest.mark.parametrize("mode", [0o600, 0o666])
def test_torchscript_that_writes_into_a_file_of_the_users(tmp_path: Path, mode: int) -> None:
    mine = tmp_path / "bashrc"
    mine.write_text("# mine\n# mine\n")
    mine.chmod(mode)
    artifact = tmp_path / "files" / "writes.pt"
    artifact.parent.mkdir()
    torch.jit.script(Writes(str(mine))).save(str(artifact))

    outcome = run_on_host(HostRun("torchscript", str(artifact), IMAGE), QUICK, tmp_path)

    assert isinstance(outcome, NotExported), outcome
    assert "unable to open file" in outcome.reason
    assert "Permission denied" in outcome.reason
    assert mine.read_text() == "# mine\n# mine\n"


def test_torchscript_that_reads_a_password(tmp_path: Path) -> None:
    """The bare host's torch would hand it out as a tensor."""
    netrc = tmp_path / "netrc"
    netrc.write_text("password")
    artifact = tmp_path / "files" / "reads.pt"
    artifact.parent.mkdir()

    class Reads(torch.nn.Module):
        def __init__(self, path: str) -> None:
            super().__init__()
            self.path = path

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.from_file(self.path, shared=False, size=8, dtype=torch.uint8)

    torch.jit.script(Reads(str(netrc))).save(str(artifact))
    bare = replace(QUICK, walled=False)
    assert not isinstance(run_on_host(HostRun("torchscript", str(artifact), IMAGE), bare, tmp_path), NotExported)
    outcome = run_on_host(HostRun("torchscript", str(artifact), IMAGE), QUICK, tmp_path)
    assert isinstance(outcome, NotExported)
    assert "Permission denied" in outcome.reason


def test_links_in_the_tree_lead_nowhere_outside_of_it(root: Path) -> None:
    (root.parent / "secret.txt").write_text("password")
    (root / "shown.txt").symlink_to(root.parent / "secret.txt")
    shutil.copy(root / "net.py", root / "reads.py")
    (root / "reads.py").write_text("def net():\n    return open('shown.txt').read()\n")
    failed = built_of(root, ModelSpec("net", "reads.py:net", inputs=IMAGE), "lite")
    assert isinstance(failed, Failed)
    assert failed.reason.startswith("reads.py:net raises PermissionError: [Errno 13] Permission denied: 'shown.txt'")
