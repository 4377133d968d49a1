"""What is said of each mistake, to the letter: a sentence that a person can do something with."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from pocketfit.config import parse_config, read_config
from pocketfit.config.tables import TABLES, known_keys
from pocketfit.errors import ConfigProblems

NET = '[models.net]\nsource = "net.py:net"\n'


def refusals(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigProblems) as caught:
        parse_config(tomllib.loads(text), "pocketfit.toml")
    return caught.value.problems


# What people write, and what they are told to.
INSTEAD = [
    ('formats = "lite"', 'formats: it must be a list: write formats = ["lite"]'),
    ('formats = "lite, torchscript"', 'formats: it must be a list: write formats = ["lite", "torchscript"]'),
    ('formats = "tflite"', 'formats: it must be a list: write formats = ["lite"]'),
    ("formats = []", 'formats: it must not be empty: write formats = ["lite"]'),
    ("formats = [1]", 'formats: each must be text: write formats = ["lite"]'),
    ('precisions = "int8"', 'precisions: it must be a list: write precisions = ["int8"]'),
    ('preserve_methods = "encode"', 'preserve_methods: it must be a list: write preserve_methods = ["encode"]'),
    ("inputs = { shape = [1, 3] }", "inputs: it must be a list of tables: write inputs = [{ shape = [1, 3] }]"),
    ("inputs = [1, 3]", "inputs: it must be a list of tables: write inputs = [{ shape = [1, 3] }]"),
    ("inputs = [[1, 3], [2]]", "inputs: it must be a list of tables: write inputs = [{ shape = [1, 3] }, { shape = [2] }]"),
    ('inputs = ["1,3:int64"]', 'inputs: it must be a list of tables: write inputs = [{ shape = [1, 3], dtype = "int64" }]'),
    ("inputs = 5", "inputs: it must be a list of tables: write inputs = [{ shape = [1, 3, 224, 224] }]"),
    ("check_inputs = [2, 3]", "check_inputs: it must be a list of tables: write check_inputs = [{ shape = [2, 3] }]"),
    ('inputs = [{ shape = "1,3" }]', "inputs.0.shape: it must be a list: write shape = [1, 3]"),
    ("inputs = [{ shape = 7 }]", "inputs.0.shape: it must be a list: write shape = [7]"),
    ('inputs = [{ shape = "any" }]', "inputs.0.shape: it must be a list: write shape = [1, 3, 224, 224]"),
    ("inputs = [{ shape = [-1, 3] }]", "inputs.0.shape: each must be at least 1: write shape = [1, 3]"),
    ('inputs = [{ shape = ["1", "3"] }]', "inputs.0.shape: each must be a whole number: write shape = [1, 3]"),
    ("inputs = [{ shape = [1, 2, 3, 4, 5, 6, 7, 8, 9] }]", "inputs.0.shape: it has more than 8 items: write shape = [1, 3, 224, 224]"),
    ("prune = 30", "prune: it must be a table, and 30 % is 0.3: write prune = { amount = 0.3 }"),
    ("prune = 0.5", "prune: it must be a table: write prune = { amount = 0.5 }"),
    ("prune = { amount = 30 }", "prune.amount: it must be below 1.0, and 30 % is 0.3: write amount = 0.3"),
    ('prune = { amount = "30 %" }', "prune.amount: it must be a number, and 30 % is 0.3: write amount = 0.3"),
    ("prune = { amount = 0 }", "prune.amount: it must be above 0.0: write amount = 0.3"),
    ('prune = { amount = "0.25" }', "prune.amount: it must be a number: write amount = 0.25"),
    ('network = "true"', "network: it must be true or false: write network = true"),
    ("trust = 0", "trust: it must be true or false: write trust = false"),
    ('env = ["WIDTH=8"]', 'env: it must be a table: write env = { WIDTH = "8" }'),
    ("env = { WIDTH = 8 }", 'env.WIDTH: it must be text: write WIDTH = "8"'),
    ('limits = "48 MB"', 'limits: it must be a table: write limits = { size = "48 MB" }'),
    ("arguments = [10]", "arguments: it must be a table: write arguments = { num_classes = 1000 }"),
    ("how = true", 'how: it must be text: write how = "script"'),
    ("metric = []", 'metric: it must be text: write metric = "module:callable"'),
]  # fmt: skip


@pytest.mark.parametrize(("line", "said"), INSTEAD, ids=[line for line, _ in INSTEAD])
def test_the_line_to_write_is_shown_and_is_taken(line: str, said: str) -> None:
    assert refusals(NET + line) == (f"pocketfit.toml: models.net.{said}",)
    key, _, better = said.rpartition(": write ")[2].partition(" = ")
    place = [*said.partition(":")[0].split(".")[:-1], key]
    raw: Any = tomllib.loads(NET + line)
    here = raw["models"]["net"]
    for part in place[:-1]:
        here = here[int(part) if part.isdecimal() else part]
    here[place[-1]] = tomllib.loads(f"x = {better}")["x"]
    assert parse_config(raw, "").models[0].name == "net"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('device = "jvm"\n' + NET, 'device: it must be a table: write [device] with kind = "jvm"'),
        ("[models]\nnet = 'net.py:net'", 'models.net: it must be a table: write [models.net] with source = "net.py:net"'),
        ("[[models]]\nname = 'net'", 'models: it must be a table: write [models.resnet18] with source = "torchvision.models:resnet18" and inputs = [{ shape = [1, 3, 224, 224] }]'),
        ("[models]", 'models: it must not be empty: write [models.resnet18] with source = "torchvision.models:resnet18" and inputs = [{ shape = [1, 3, 224, 224] }]'),
        ("[models.net]\nsource = ['net.py:net']", 'models.net.source: it must be text: write source = "net.py:net"'),
        ("[models.net]\nsource = ''", 'models.net.source: it must not be empty: write source = "path/to/file.py:callable"'),
        ("[models.net]\nsourc = 'net.py:net'", "models.net.sourc: unknown key; did you mean 'source'?"),
        (NET + "[device]\nthreads = '2'", "device.threads: it must be a whole number: write threads = 2"),
        (NET + "[device]\nthreads = 1000", "device.threads: it must be at most 256: write threads = 1"),
        (NET + "[device]\nlatency_budget_s = 0", "device.latency_budget_s: it must be above 0.0: write latency_budget_s = 30"),
        (NET + "[device]\nkind = 'iphone'", "device.kind: unknown device 'iphone': use one of auto, jvm, adb, emulator, none"),
        (NET + "[device]\nabi = 'arm64'", "device.abi: unknown ABI 'arm64': use one of x86_64, arm64-v8a"),
        (NET + "[device]\nalso = ['armeabi-v7a']", "device.also: unknown ABI 'armeabi-v7a': use one of x86_64, arm64-v8a"),
        (NET + "[device]\ncpu = 'max,sve=off'", "device.cpu: 'max,sve=off' can't name a core: `qemu-aarch64 -cpu help` lists them"),
        (NET + "[device]\nkind = 'adb'\nabi = 'arm64-v8a'", 'device: abi is of a JVM, and adb has its own: write kind = "jvm", or leave abi out'),
        (NET + "[device]\nwork_budget_s = 0", "device.work_budget_s: it must be above 0.0: write work_budget_s = 120"),
        (NET + "formats = ['tflite']", "models.net.formats: unknown format 'tflite': use one of lite, torchscript, executorch"),
        (NET + "formats = ['.pte']", "models.net.formats: unknown format '.pte': did you mean 'executorch'?"),
        (NET + "formats = ['ptl']", "models.net.formats: unknown format 'ptl': did you mean 'lite'?"),
        (NET + "formats = ['executorh']", "models.net.formats: unknown format 'executorh': did you mean 'executorch'?"),
        (NET + "precisions = ['int9']", "models.net.precisions: unknown precision 'int9': use one of fp32, fp16, int8, int8-dynamic"),
        (NET + "limits = { size = [1] }", 'models.net.limits.size: "[1]" is not a size: write a number and B, kB, MB or GB (1 kB is 1000 bytes), as in "48 MB"'),
    ],
)  # fmt: skip
def test_what_is_said(text: str, said: str) -> None:
    assert refusals(text) == (f"pocketfit.toml: {said}",)


SEVERAL = """\
[models.net]
source = "net.py:net"
formats = "lite"
inputs = [
  { shape = [1] },
  { shape = "1,3" },
]

[models.other]
fromats = ["lite"]

[device]
threads = 0
"""
PROBLEMS = (
    'FILE:3: models.net.formats: it must be a list: write formats = ["lite"]',
    "FILE:6: models.net.inputs.1.shape: it must be a list: write shape = [1, 3]",
    'FILE:9: models.other.source: it is missing: add source = "path/to/file.py:callable"',
    "FILE:10: models.other.fromats: unknown key; did you mean 'formats'?",
    "FILE:13: device.threads: it must be at least 1: write threads = 1",
)


def test_all_problems_are_said_each_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "pocketfit.toml"
    path.write_text(SEVERAL)
    with pytest.raises(ConfigProblems) as caught:
        read_config(path)
    assert caught.value.lines() == tuple(problem.replace("FILE", "pocketfit.toml") for problem in PROBLEMS)
    assert str(caught.value) == f"{caught.value.problems[0]} (and 4 more)"


def test_the_lines_of_pyproject_are_its_own(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text("[project]\nname = 'x'\n" + re.sub(r"^\[", "[tool.pocketfit.", SEVERAL, flags=re.MULTILINE))
    with pytest.raises(ConfigProblems) as caught:
        read_config(path)
    assert [problem.split(":")[1] for problem in caught.value.problems] == ["5", "8", "11", "12", "15"]
    assert caught.value.problems[0].startswith("pyproject.toml:5: models.net.formats: ")


@pytest.mark.parametrize("text", ["tool = 1", "[tool]\npocketfit = 1"])
def test_a_pyproject_with_another_thing_of_that_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(text)
    with pytest.raises(ConfigProblems, match=r"^pyproject\.toml:\d: (it must be a table|models: it is missing)"):
        read_config(path)


def test_of_many_problems_the_first_are_said(tmp_path: Path) -> None:
    path = tmp_path / "pocketfit.toml"
    path.write_text("".join(f'[models.m{number}]\nsource = ""\n' for number in range(150)))
    with pytest.raises(ConfigProblems) as caught:
        read_config(path)
    lines = caught.value.lines()
    assert (len(lines), lines[-1]) == (21, "and 130 more")
    assert lines[19].startswith("pocketfit.toml:40: models.m19.source: it must not be empty: write source = ")


@pytest.mark.parametrize("text", ["x = " + "[" * 70 + "]" * 70, "x = " + "[" * 5000 + "]" * 5000, "x = " + "9" * 5000])
def test_what_nobody_wrote_by_hand_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pocketfit.toml"
    path.write_text(text)
    with pytest.raises(
        Exception, match=r"^pocketfit\.toml: (its tables and lists are nested more than 64 deep|Exceeds)"
    ):
        read_config(path)


VALUES = ("text", "1,3", 7, -1, 0.5, 1e300, True, [], [1], ["a"], [[1]], [{}], {}, {"a": 1}, [{"shape": "x"}])


@pytest.mark.parametrize("table", TABLES, ids=".".join)
def test_no_sentence_has_a_word_of_pydantics(table: tuple[str, ...]) -> None:
    """Each key with a value of each kind."""
    theirs = re.compile(
        r"valid|Input|Table|instance|dictionary|boolean|integer|NoneType|\bstring\b|\bint\b|\bdict\b|be wrong|another kind"
    )
    seen = 0
    for key in known_keys(table):
        for value in VALUES:
            raw: dict[str, Any] = {"models": {"net": {"source": "net.py:net"}}}
            here: Any = raw
            for part in table:
                name = "net" if part == "*" else part
                inside = (
                    [{"shape": [1]}]
                    if name in ("inputs", "check_inputs")
                    else {"amount": 0.5}
                    if name == "prune"
                    else {}
                )
                here = here.setdefault(name, inside)
                here = here[0] if isinstance(here, list) else here
            here[key] = value
            try:
                parse_config(raw, "pocketfit.toml")
            except ConfigProblems as error:
                for said in error.problems:
                    assert not theirs.search(said), said
                    assert len(said) < 400
                seen += 1
    assert seen > 10 or table in ((), ("models", "*", "prune"))
