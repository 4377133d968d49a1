"""Files that somebody made: configurations, archives and the pickles in them. Nothing in them runs."""

from __future__ import annotations

import io
import json
import pickle
import random
import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import Any

from pocketfit.commands.single import guess_format
from pocketfit.config import parse_config, read_config
from pocketfit.errors import ConfigError
from pocketfit.files.saved import saved_problem
from pocketfit.formats import FORMATS
from pocketfit.github.foreign_report import read_member
from pocketfit.runtimes.bytecode import UnreadableFile, read_bytecode
from pocketfit.runtimes.pte import planned_bytes, varying_inputs
from pocketfit.variants import variants
from tests.fuzz.hostile import damaged, damaged_bytes, fuzzed, one_line

PROGRAM = Path(__file__).parents[1] / "data/varying.pte"
LITE = Path(__file__).parents[1] / "data/torch-1.13.ptl"
CONFIG: dict[str, Any] = {
    "device": {"kind": "jvm", "threads": 2, "api_level": 33, "latency_budget_s": 30.0},
    "limits": {"size": "48 MB", "size_growth": "1%", "latency_growth": "10 %"},
    "models": {
        "net": {
            "source": "net.py:net",
            "arguments": {"width": 8},
            "inputs": [{"shape": [1, "T", 224], "T": {"min": 1, "max": 9, "example": 3}, "dtype": "float32"}],
            "formats": ["lite", "torchscript", "executorch"],
            "precisions": ["fp32", "int8"],
            "calibration": "net.py:batches",
            "metric": "net.py:accuracy",
            "prune": {"amount": 0.5, "method": "structured"},
            "env": {"WIDTH": "8"},
            "limits": {"size_growth": "200 kB", "min_sqnr_db": 30.0, "planned_memory_growth": "0%"},
        }
    },
}
TOML = b"""[device]\nkind = "jvm"\n[models.net]\nsource = "net.py:net"\ninputs = [{ shape = [1, 3, 8, 8] }]
formats = ["lite"]\nlimits = { size_growth = "1%" }\n# a comment\n"""


@fuzzed
def test_configurations(seed: int) -> None:
    dice = random.Random(seed)
    try:
        if dice.random() < 0.5:
            with tempfile.TemporaryDirectory() as name:
                path = Path(name, "pocketfit.toml")
                path.write_bytes(damaged_bytes(TOML, dice))
                config = read_config(path)
        else:
            # No TOML holds half of a character.
            text = json.dumps(damaged(CONFIG, dice), ensure_ascii=False).encode("utf-8", "replace")
            document = json.loads(text)
            config = parse_config(document if isinstance(document, dict) else {}, "pocketfit.toml")
    except ConfigError as error:
        one_line(error)
        return
    for variant, spec in variants(config):
        assert variant.model == spec.name


PIECES: list[Any] = [
    8,
    "__torch__.forward",
    (),
    None,
    True,
    "instructions",
    "operators",
    "constants",
    -1,
    2**70,
    b"x",
    [],
    {},
]
METHOD: Any = (
    "__torch__.Net.forward",
    (
        ("instructions", (("LOADC", 0, 0), ("STORE", 1, 0), ("MOVE", 1, 0), ("OP", 0, 0), ("RET", 0, 0))),
        ("operators", (("aten::sum", "dim_IntList", 3),)),
        ("constants", (None, True)),
        ("types", ()),
        ("register_size", 2),
    ),
)  # fmt: skip


def rebuilt(value: Any, dice: random.Random) -> Any:
    """The same nested tuples, some pieces of which are others."""
    if dice.random() < 0.03:
        return dice.choice(PIECES)
    return tuple(rebuilt(item, dice) for item in value) if isinstance(value, tuple) else value


@fuzzed
def test_archives_and_the_pickles_in_them(seed: int) -> None:
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, dice.choice(["m.ptl", "m.pt", "m.pte", "m"]))
        path.write_bytes(_archive(dice))
        assert guess_format(path) in FORMATS
        one_line(saved_problem(path, "m") or "")
        try:
            bytecode = read_bytecode(path)
        except UnreadableFile as error:
            one_line(error)
            return
    assert bytecode is None or isinstance(bytecode.version, int)


def _archive(dice: random.Random) -> bytes:
    if dice.random() < 0.3:
        return damaged_bytes(LITE.read_bytes(), dice)
    code = pickle.dumps((8, rebuilt(METHOD, dice)), dice.choice([0, 2, 4]))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", dice.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])) as archive:
        archive.writestr("m/version", "3\n")
        archive.writestr("m/bytecode.pkl", damaged_bytes(code, dice, 0.5))
    return damaged_bytes(stream.getvalue(), dice, 0.3)


@fuzzed
def test_programs(seed: int) -> None:
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "net.pte")
        path.write_bytes(damaged_bytes(PROGRAM.read_bytes(), dice))
        try:
            assert planned_bytes(path) >= 0
            assert all(isinstance(varies, bool) for varies in varying_inputs(path))
        except ValueError as error:
            one_line(error)


@fuzzed
def test_the_artifact_of_another_run(seed: int) -> None:
    dice = random.Random(seed)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", dice.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])) as archive:
        for _ in range(dice.choice([1, 1, 1, 0, 2])):
            with warnings.catch_warnings(action="ignore"):
                archive.writestr(dice.choice(["report.json", "report.json", "../report.json", "x"]), dice.randbytes(40))
    try:
        data = read_member(damaged_bytes(stream.getvalue(), dice, 0.8))
    except ConfigError as error:
        one_line(error)
        return
    assert isinstance(data, bytes)
