"""What a configuration names is looked for by reading alone: nothing here is imported."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from pocketfit.config import read_config
from pocketfit.config.sources import source_problem
from pocketfit.errors import ConfigProblems

FILES = {
    "net.py": "import torch\n\nclass Net: ...\n\ndef net(): ...\n\nsmall = net\n_hidden = 1\n",
    "nets/big net.py": "def big(): ...\n",
    "data/batches.py": "def batches(): ...\n",
    "pkg/__init__.py": "from pkg.model import Model\n",
    "pkg/model.py": "class Model: ...\n",
    "pkg/lazy/__init__.py": "def __getattr__(name): ...\n",
    "src/inner/__init__.py": "",
    "src/inner/zoo.py": "def build(): ...\n",
    "space/zoo.py": "def build(): ...\n",
    "branches.py": "if True:\n    try:\n        def a(): ...\n    except ImportError as b:\n        c, (d, *e) = 1, (2, 3)\n    with x as f: pass\nelse:\n    import g.h, i as j\n    from k import l as m\nfor n in (): pass\ndef p():\n    global q\n    q = 1\nif (r := 1): pass\n",
    "star.py": "from net import *\n",
    "dynamic.py": "globals()['net'] = 1\n",
    "getattr.py": "def __getattr__(name): ...\n",
    "broken.py": "def net(:\n",
    "empty.py": "",
    "latin.py": "# -*- coding: latin-1 -*-\ndef ñet(): ...\n",
    ".venv/hidden.py": "",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="latin-1" if name == "latin.py" else "utf-8")
    for name, member in (("weights.pth", "archive/data.pkl"), ("scripted.pt", "scripted/constants.pkl")):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr(member, "")
    (tmp_path / "text.pt").write_text("hello")
    return tmp_path


@pytest.mark.parametrize(
    "source",
    [
        *("net.py:net", "net.py:Net", "net.py:small", "net.py:Net.build", "net.py:torch", "net.py:_hidden"),
        *("nets/big net.py:big", "./net.py:net", "latin.py:ñet", "scripted.pt"),
        *(f"branches.py:{name}" for name in "abcdefgjmnpqr"),
        # What can't be judged by reading.
        *("star.py:net", "dynamic.py:net", "getattr.py:net", "broken.py:net"),
        *("torchvision.models:resnet18", "no_such_package:net", "nets/big:net", "pkg.lazy:net", "json:no_such_name", ".pkg:net"),
        *("pkg.model:Model", "pkg:Model", "pkg:model.Model", "inner.zoo:build", "space.zoo:build", "space.other:build"),
    ],
)  # fmt: skip
def test_what_may_be_there_is_let_pass(root: Path, source: str) -> None:
    assert source_problem(source, root) is None


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("nets.py:net", "nets.py: no such file in the repository: did you mean net.py?"),
        ("batches.py:batches", "batches.py: no such file in the repository: did you mean data/batches.py?"),
        ("modles/zoo.py:build", "modles/zoo.py: no such file in the repository: did you mean space/zoo.py?"),
        ("other.py:net", "other.py: no such file in the repository"),
        ("hidden.py:net", "hidden.py: no such file in the repository"),
        ("../other.py:net", "../other.py: no such file in the repository: paths are relative to its root or to the folder of pocketfit.toml"),
        ("net.py:nat", "net.py has no 'nat': did you mean 'net'?"),
        ("net.py:resnet18", "net.py has no 'resnet18': it has Net, net"),
        ("empty.py:net", "empty.py has no 'net', nor any callable"),
        ("net.py", "'net.py' names no callable in that file: write source = \"net.py:Net\""),
        ("net.py:", "'net.py:' names no callable in that file: write source = \"net.py:Net\""),
        ("broken.py", "'broken.py' names no callable in that file: write source = \"broken.py:callable\""),
        ("nets.py", "nets.py: no such file in the repository: did you mean net.py?"),
        ("torchvision.models.resnet18", "'torchvision.models.resnet18' names no callable: write source = \"torchvision.models:resnet18\""),
        ("net:", "'net:' is no source: write module:callable or path/to/file.py:callable, or a saved file (.pt, .pth, .jit, .ptl, .pt2)"),
        ("resnet18", "'resnet18' is no source: write module:callable or path/to/file.py:callable, or a saved file (.pt, .pth, .jit, .ptl, .pt2)"),
        ("model.onnx", "'model.onnx' is no source: write module:callable or path/to/file.py:callable, or a saved file (.pt, .pth, .jit, .ptl, .pt2)"),
        ("space/zoo:build", "'space/zoo' is no module: write source = \"space/zoo.py:build\""),
        ("pkg.model:Modell", "pkg.model has no 'Modell': did you mean 'Model'?"),
        ("pkg.modell:Model", "pkg has no module 'modell': did you mean 'model'?"),
        ("inner.zoo:built", "inner.zoo has no 'built': did you mean 'build'?"),
        ("weights.pth", "weights.pth is a state_dict or pickled object, not TorchScript: name a callable that builds the module and loads it"),
        ("text.pt", "text.pt is not a TorchScript file: it is no zip archive"),
        ("scripted.pth", "scripted.pth: no such file in the repository"),
        ("script.pt", "script.pt: no such file in the repository: did you mean scripted.pt?"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_said_with_what_was_meant(root: Path, source: str, said: str) -> None:
    assert source_problem(source, root) == said


def refusals(root: Path, text: str, folder: str = ".", **options: tuple[str, ...]) -> tuple[str, ...]:
    path = root / folder / "pocketfit.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    try:
        read_config(path, root, **options)
    except ConfigProblems as error:
        return error.problems
    return ()


KEYS: Mapping[str, str] = {
    'inputs = "1,3,32,32"': "inputs: '1,3,32,32' names no callable: write inputs = [{ shape = [1, 3, 32, 32] }]",
    'inputs = "1x3x32"': "inputs: '1x3x32' names no callable: write inputs = [{ shape = [1, 3, 32] }]",
    'inputs = "1,16:int64; 1,16"': "inputs: '1,16:int64; 1,16' names no callable: write inputs = [{ shape = [1, 16], dtype = \"int64\" }, { shape = [1, 16] }]",
    'inputs = "nets.py:example"': "inputs: nets.py: no such file in the repository: did you mean net.py?",
    'inputs = "net.py:exmple"': "inputs: net.py has no 'exmple': it has Net, net",
    'check_inputs = "2,3"': "check_inputs: '2,3' names no callable: write check_inputs = [{ shape = [2, 3] }]",
    'calibration = "batches.py:batches"': "calibration: batches.py: no such file in the repository: did you mean data/batches.py?",
    'calibration = "data/"': "calibration: 'data/' names no callable: write module:callable or path/to/file.py:callable",
    'calibration = "scripted.pt"': "calibration: 'scripted.pt' names no callable: write module:callable or path/to/file.py:callable",
    'metric = "pkg.model.accuracy"': "metric: 'pkg.model.accuracy' names no callable: write metric = \"pkg.model:accuracy\"",
    'metric = "data/batches.py:accuracy"': "metric: data/batches.py has no 'accuracy': it has batches",
    'metric = "accuracy"': "metric: 'accuracy' names no callable: write module:callable or path/to/file.py:callable",
}  # fmt: skip


@pytest.mark.parametrize("line", KEYS)
def test_every_key_that_names_a_callable(root: Path, line: str) -> None:
    said = refusals(root, f'[models.net]\nsource = "net.py:net"\n{line}\n')
    assert said == (f"pocketfit.toml:3: models.net.{KEYS[line]}",)


def test_what_is_not_there_is_said_beside_what_is_wrong(root: Path) -> None:
    assert refusals(
        root, '[models.a]\nsource = "nets.py:net"\nformats = "lite"\n[models.b]\nsource = "net.py:nat"\n'
    ) == (
        "pocketfit.toml:2: models.a.source: nets.py: no such file in the repository: did you mean net.py?",
        'pocketfit.toml:3: models.a.formats: it must be a list: write formats = ["lite"]',
        "pocketfit.toml:5: models.b.source: net.py has no 'nat': did you mean 'net'?",
    )


def test_of_models_that_are_not_wanted_nothing_is_looked_for(root: Path) -> None:
    text = '[models.a]\nsource = "nets.py:net"\n[models.b]\nsource = "net.py:net"\n'
    assert refusals(root, text, only=("b",)) == ()
    assert len(refusals(root, text, only=("a",))) == 1


def test_base_is_not_held_to_it(root: Path) -> None:
    path = root / "pocketfit.toml"
    path.write_text('[models.a]\nsource = "nets.py:net"\n')
    assert read_config(path).models[0].source == "nets.py:net"


def test_paths_are_from_the_root_or_from_the_configurations_folder(root: Path) -> None:
    text = '[models.a]\nsource = "net.py:net"\n[models.b]\nsource = "zoo.py:build"\n[models.c]\nsource = "zoo:build"\n'
    assert refusals(root, text, "space") == ()
    assert refusals(root, text) == (
        "pocketfit.toml:4: models.b.source: zoo.py: no such file in the repository: did you mean space/zoo.py?",
    )


def test_a_pointer_of_git_lfs(root: Path) -> None:
    (root / "big.pt").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 3\n")
    said = source_problem("big.pt", root)
    assert said is not None
    assert said.startswith("big.pt is a Git LFS pointer, not the weights: run `git lfs pull`")


@pytest.mark.parametrize("text", ["(" * 5000, "x = " + "-" * 100_000 + "1", "\0", "a" * 1_000_001])
def test_a_file_that_python_can_not_read_is_let_pass(root: Path, text: str) -> None:
    (root / "odd.py").write_text(text)
    assert source_problem("odd.py:net", root) is None
