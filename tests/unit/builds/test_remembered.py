"""A wrong hit is the worst bug there is: ways to change a result, each of which must change the key, or be refused."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from pocketfit.builds import remembered as module
from pocketfit.builds.remembered import Remembered
from pocketfit.builds.sandbox import Sandbox
from pocketfit.builds.snapshot import Side
from pocketfit.cache.kept import Cache
from pocketfit.cache.keys import key_of
from pocketfit.cache.tree import Unknowable
from pocketfit.judge.golden import write_arrays
from pocketfit.out import Out
from pocketfit.records import Built, Config, Export, Library, Limits, ModelSpec, Parity, Variant
from pocketfit.sandbox.layers import Layers
from pocketfit.sandbox.order import ResourceLimits

NET = Variant("net", "lite", "fp32")
SPEC = ModelSpec("net", "net.py:net", arguments={"width": 8}, formats=("lite", "torchscript"))
WALLS = Layers(own_user=True, landlock=7, seccomp=True)
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 4\n"


@dataclass
class World:
    """All that a build of one variant depends on, small enough to be changed part by part."""

    folder: Path
    patch: pytest.MonkeyPatch
    spec: ModelSpec = SPEC
    variant: Variant = NET
    sandbox: Sandbox = field(default_factory=Sandbox)
    own_packages: bool = False

    @property
    def root(self) -> Path:
        return self.folder / "root"

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def remembered(self) -> Remembered:
        (self.folder / "cache").mkdir(exist_ok=True)
        found = Remembered(Cache(self.folder / "cache", 1_000_000, "here"), self.sandbox)
        found.look_at({"head": self.root})
        return found

    def key(self) -> str:
        parts = self.remembered().parts_of("head", self.variant, self.spec, own_packages=self.own_packages)
        return key_of(parts)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(tmp_path, monkeypatch)
    (tmp_path / "downloads").mkdir()
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "downloads"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    # The whole of this machine's is looked at in test_surroundings.
    monkeypatch.setattr("pocketfit.cache.kept.surroundings", lambda memo: {"packages": "1", "processor": "2"})
    monkeypatch.setattr(module, "layers", lambda: WALLS)
    monkeypatch.setattr(module, "library_for", lambda name: Library("pytorch_android_lite", "1.12.2"))
    # It may open any file, so that each of them counts.
    world.write("net.py", "import torch\nopen\n")
    world.write("README.md", "one")
    world.write("library/inner.py", "a = 1\n")
    world.write("library/.git", "gitdir: ../.git/modules/library\n")
    world.write("data/weights.bin", POINTER)
    world.write("data/one.txt", "1")
    world.write("data/other.txt", "2")
    (world.root / "link").symlink_to("data/one.txt")
    (world.root / "empty").mkdir()
    (tmp_path / "outside.bin").write_text("outside")
    (world.root / "outside").symlink_to(tmp_path / "outside.bin")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "libm.so.6").write_text("1")
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path / "lib"))
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "1.png").write_text("1")
    world.sandbox = Sandbox(readable=(tmp_path / "set",))
    return world


def _set(**changes: object) -> Callable[[World], None]:
    def change(world: World) -> None:
        world.spec = replace(world.spec, **changes)  # type: ignore[arg-type]

    return change


def _env(name: str, value: str) -> Callable[[World], None]:
    return lambda world: world.patch.setenv(name, value)


def _limit(**changes: int) -> Callable[[World], None]:
    def change(world: World) -> None:
        world.sandbox = replace(world.sandbox, limits=replace(ResourceLimits(), **changes))

    return change


def _sandbox(**changes: object) -> Callable[[World], None]:
    def change(world: World) -> None:
        world.sandbox = replace(world.sandbox, **changes)  # type: ignore[arg-type]

    return change


def _layers(found: Layers) -> Callable[[World], None]:
    return lambda world: world.patch.setattr(module, "layers", lambda: found)


def _elsewhere(name: str, found: object) -> Callable[[World], None]:
    return lambda world: world.patch.setattr(name, found)


def _relink(name: str, target: str) -> Callable[[World], None]:
    def change(world: World) -> None:
        (world.root / name).unlink()
        (world.root / name).symlink_to(target)

    return change


def _same_size_and_time(world: World) -> None:
    """As an editor does that is told to keep a file's time."""
    path = world.root / "data/one.txt"
    before = path.stat()
    path.write_text("3")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


WAYS: dict[str, Callable[[World], object]] = {
    "the model's code": lambda world: world.write("net.py", "import torch.nn\nopen\n"),
    "a module that it imports": lambda world: world.write("library/inner.py", "a = 2\n"),
    "a file of its size at its time": _same_size_and_time,
    "a file that nobody would read": lambda world: world.write("README.md", "two"),
    "a file's length alone": lambda world: world.write("README.md", "three"),
    "a new file": lambda world: world.write("data/two.txt", "1"),
    "a file that is gone": lambda world: (world.root / "data/one.txt").unlink(),
    "a file under another name": lambda world: (world.root / "net.py").rename(world.root / "nets.py"),
    "a file that may be run": lambda world: (world.root / "net.py").chmod(0o755),
    "an empty folder": lambda world: (world.root / "empty").rmdir(),
    "a submodule's commit": lambda world: world.write("library/.git", "gitdir: ../.git/modules/other\n"),
    "content of Git LFS instead of its pointer": lambda world: world.write("data/weights.bin", "1234"),
    "a link's target": _relink("link", "data/other.txt"),
    "a link instead of a file": _relink("data/one.txt", "other.txt"),
    "what lies outside, through a link": lambda world: (world.folder / "outside.bin").write_text("another"),
    "what lies outside, gone": lambda world: (world.folder / "outside.bin").unlink(),
    "a data set outside (--readable)": lambda world: (world.folder / "set/1.png").write_text("2"),
    "one more file of it": lambda world: (world.folder / "set/2.png").write_text("2"),
    "another data set": _sandbox(readable=()),
    "weights that torch downloaded": lambda world: (world.folder / "downloads/net.pth").write_text("1"),
    "no such weights at all": _env("TORCH_HOME", "/nowhere"),
    "Hugging Face's": lambda world: (world.folder / "hub/hub").mkdir(parents=True),
    "its arguments": _set(arguments={"width": 16}),
    "its source": _set(source="net.py:other"),
    "its inputs": _set(inputs="net.py:inputs"),
    "its calibration": _set(calibration="net.py:batches"),
    "its metric": _set(metric="net.py:metric"),
    "its environment, as configured": _set(env={"WIDTH": "8"}),
    "its limits": _set(limits=Limits(max_abs_diff=1e-9)),
    "how it is made": _set(how="script"),
    "trust": _set(trust=True),
    "the configuration's folder": _set(folder="apps"),
    "another precision": lambda world: setattr(world, "variant", replace(NET, precision="int8")),
    "another format": lambda world: setattr(world, "variant", replace(NET, format="torchscript")),
    "the time zone": _env("TZ", "Asia/Tokyo"),
    "PATH": _env("PATH", "/usr/bin"),
    "libraries found first": _env("LD_LIBRARY_PATH", "/opt/lib"),
    "what such a library is": lambda world: (world.folder / "lib/libm.so.6").write_text("2"),
    "the language": _env("LC_ALL", "tr_TR.UTF-8"),
    "less memory": _limit(memory_bytes=1_000_000_000),
    "a smaller folder": _limit(folder_bytes=1_000_000),
    "less time": _sandbox(timeout_s=10.0),
    "an installed package": _elsewhere("pocketfit.cache.kept.surroundings", lambda memo: {"packages": "2"}),
    "another Pocketfit": _elsewhere("pocketfit.builds.remembered.__version__", "9.9.9"),
    "another Android library": _elsewhere(
        "pocketfit.builds.remembered.library_for", lambda name: Library("pytorch_android_lite", "1.13.0")
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_changes_a_result_changes_the_key(way: str, world: World) -> None:
    before = world.key()
    assert world.key() == before
    WAYS[way](world)
    assert world.key() != before


CLOSED = "import torch\n\n\ndef net():\n    return torch.nn.ReLU()\n"
OF_PYTHON: dict[str, Callable[[World], object]] = {
    "its code": lambda world: world.write("net.py", CLOSED + "\n"),
    "a module that it does not import": lambda world: world.write("library/inner.py", "a = 2\n"),
    "a new module": lambda world: world.write("torchvision.py", ""),
    "a module of C": lambda world: world.write("library/fast.so", "1"),
    "Python's own copy of one": lambda world: world.write("__pycache__/net.cpython-311.pyc", "1"),
    "where its packages lie": lambda world: world.write("pyproject.toml", "[tool.poetry]\n"),
    "a folder": lambda world: (world.root / "empty").rmdir(),
    "a link": _relink("link", "data/other.txt"),
    "code that reads": lambda world: world.write("net.py", CLOSED + "open\n"),
    "a saved file": _set(source="data/weights.bin"),
}


@pytest.mark.parametrize("way", OF_PYTHON)
def test_of_code_that_opens_nothing_all_that_can_be_imported_counts(way: str, world: World) -> None:
    world.write("net.py", CLOSED)
    before = world.key()
    OF_PYTHON[way](world)
    assert world.key() != before


def test_of_code_that_opens_nothing_other_files_do_not_count(world: World) -> None:
    world.write("net.py", CLOSED)
    before = world.key()
    world.write("README.md", "three")
    world.write("docs/page.md", "")
    (world.root / "docs/page.md").unlink()
    (world.root / "docs").rmdir()
    world.write("data/one.txt", "another")
    assert world.key() == before


REFUSED: dict[str, tuple[Callable[[World], object], str]] = {
    "a network": (_set(network=True), "its process has a network (network = true)"),
    "packages of its own": (
        lambda world: setattr(world, "own_packages", True),
        "it has packages of its own, which are installed anew for each run (--requirements)",
    ),
    "no walls": (
        _sandbox(walled=False),
        "its process can read files that nobody counts: there are no walls around it",
    ),
    "walls that hold no reading": (
        _layers(Layers(own_user=True)),
        "its process can read files that nobody counts: there are no walls around it",
    ),
    "a folder outside, through a link": (
        lambda world: (world.root / "linked").symlink_to(world.folder / "set"),
        "the tree: linked links to FOLDER/set, which is outside of it and no file",
    ),
    "results in a folder that it reads": (
        lambda world: _sandbox(results=world.root / "data" / "out")(world),
        "results are written to data/out, inside of a folder that it can read",
    ),
    "git-annex": (
        lambda world: (world.root / ".git/annex/objects").mkdir(parents=True),
        "git-annex keeps files beside the tree that it can read, too",
    ),
    "a system of unknown packages": (
        _elsewhere("pocketfit.cache.kept.surroundings", lambda memo: (_ for _ in ()).throw(Unknowable("unknown"))),
        "unknown",
    ),
}


@pytest.mark.parametrize("way", REFUSED)
def test_what_can_not_be_known_is_not_kept(way: str, world: World) -> None:
    change, said = REFUSED[way]
    change(world)
    with pytest.raises(Unknowable) as caught:
        world.key()
    assert str(caught.value).replace(str(world.folder), "FOLDER") == said


SAME: dict[str, Callable[[World], object]] = {
    "what git keeps": lambda world: world.write(".git/HEAD", "ref: refs/heads/main"),
    "a variable that no model sees": _env("GITHUB_RUN_ID", "2"),
    "further formats of the model": _set(formats=("lite",)),
    "the disk that is free": _limit(folder_bytes=9_000_000_000),
    "times": lambda world: os.utime(world.root / "net.py", (0, 0)),
    "another place": lambda world: (
        world.root.rename(world.folder / "moved"),
        (world.folder / "root").symlink_to("moved"),
    ),
}


@pytest.mark.parametrize("way", SAME)
def test_what_changes_no_result_is_found_again(way: str, world: World) -> None:
    """.git is shown to no model."""
    world.write(".git/HEAD", "")
    before = world.key()
    SAME[way](world)
    assert world.key() == before


def build(out: Out, values: bytes = b"artifact") -> Built:
    """A build's files and its record, as a child's that was taken over."""
    import numpy as np

    folder = out.artifacts("head")
    (folder / "golden" / NET.stem).mkdir(parents=True, exist_ok=True)
    (folder / "net.lite.fp32.ptl").write_bytes(values)
    (tensor,) = write_arrays([("", np.ones(3, dtype="<f4"))], folder / "golden" / NET.stem, "input")
    tensor = replace(tensor, file=f"golden/{NET.stem}/{tensor.file}")
    export = Export(3, {"aten::add": 1}, (tensor,), (), ("traced",), Parity(max_abs_diff=1e-6))
    return Built(
        NET, "net.lite.fp32.ptl", len(values), 7, hashlib.sha256(values).hexdigest(), export, build_s=2.0
    )  # fmt: skip


def side(world: World) -> Side:
    return Side("head", world.root, "c" * 40, Config((world.spec,)))


def keep(world: World, name: str = "first", values: bytes = b"artifact") -> Built:
    """One run that builds it: what was found before is built over."""
    found, out = world.remembered(), Out(world.folder / name)
    assert found.find(side(world), NET, world.spec, out) is None
    built = build(out, values)
    found.keep(out, {"head": [(built, "2.12.1")]})
    return built


def find(world: World, name: str = "again") -> tuple[Built, str] | None:
    return world.remembered().find(side(world), NET, world.spec, Out(world.folder / name))


def test_a_build_is_found_with_all_of_its_files(world: World) -> None:
    built = keep(world)
    assert find(world) == (built, "2.12.1")
    for name in (built.file, built.export.inputs[0].file):
        first, again = (world.folder / run / "artifacts/head" / name for run in ("first", "again"))
        assert first.read_bytes() == again.read_bytes()


def test_a_note_says_how_many_are_an_earlier_runs(world: World) -> None:
    keep(world)
    found = world.remembered()
    assert found.with_note(side(world)).notes == ()
    assert found.find(side(world), NET, world.spec, Out(world.folder / "again"))
    assert found.with_note(side(world)).notes == ("head: 1 of 2 variants are as an earlier run built them (cache)",)


def test_what_changes_while_it_is_built_is_not_kept(world: World) -> None:
    found, out = world.remembered(), Out(world.folder / "first")
    assert found.find(side(world), NET, world.spec, out) is None
    built = build(out)
    # There and back again: the content is what it was.
    before = (world.root / "net.py").read_text()
    world.write("net.py", "import torch.nn\n")
    world.write("net.py", before)
    found.keep(out, {"head": [(built, "2.12.1")]})
    assert find(world) is None


def test_a_model_that_asks_the_clock_is_believed_when_it_came_out_twice_alike(world: World) -> None:
    world.write("net.py", "import time\n")
    keep(world)
    assert find(world) is None
    keep(world, "second")
    assert find(world)


def test_a_model_that_came_out_in_two_ways_is_never_believed_again(world: World) -> None:
    world.write("net.py", "import time\n")
    keep(world)
    keep(world, "second", b"another!")
    for name in ("third", "fourth"):
        keep(world, name)
    assert find(world) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda kept: kept["built"].update(variant={"model": "a", "format": "lite", "precision": "fp32"}), "another"),
        (lambda kept: kept["built"].update(file="../net.lite.fp32.ptl"), "it is another variant's"),
        (lambda kept: kept["built"]["export"]["inputs"][0].update(file="golden/x/input0.bin"), "names of something"),
        (lambda kept: kept["built"]["export"]["inputs"][0].update(shape=[4]), "not what its record says"),
        (lambda kept: kept["built"].update(sha256="ab" * 32), "not what its record says"),
        (lambda kept: kept["built"].update(size_bytes="8"), "built.size_bytes should be a valid integer"),
        (lambda kept: kept.update(more=1), "more is not a known key"),
    ],
)
def test_a_record_goes_through_the_door_that_a_childs_goes_through(
    change: Callable[[dict[str, object]], object], said: str, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Its hashes are right: whoever wrote it could write those too."""
    built = keep(world)
    found = world.remembered()
    parts = found.parts_of("head", NET, world.spec, own_packages=False)
    entry = found.cache.entries.find("builds", key_of(parts))
    assert entry
    record = json.loads(entry.record)
    change(record)
    artifacts = world.folder / "first/artifacts/head"
    files = {name: artifacts / name for name in (built.file, built.export.inputs[0].file)}
    found.cache.entries.keep("builds", key_of(parts), json.dumps(record), files)
    with caplog.at_level(logging.WARNING):
        assert find(world) is None
    (line,) = caplog.messages
    assert line.startswith("cache: what was kept of head net/lite/fp32 is damaged and is made again: ")
    assert said in line
    assert found.cache.entries.find("builds", key_of(parts)) is None


def test_a_damaged_file_is_said_and_built_again(world: World, caplog: pytest.LogCaptureFixture) -> None:
    keep(world)
    (file,) = (world.folder / "cache").glob("builds/*/*/*.ptl")
    file.write_bytes(b"Artifact")
    with caplog.at_level(logging.WARNING):
        assert find(world) is None
    assert caplog.messages == [
        "cache: what was kept of head net/lite/fp32 is damaged and is made again: net.lite.fp32.ptl has another hash"
    ]
    assert list((world.folder / "again").rglob("*.ptl")) == []
    keep(world, "second")
    assert find(world)


def test_a_full_or_read_only_folder_is_one_sentence(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pocketfit.cache.entries.shutil.copyfileobj", full)
    with caplog.at_level(logging.WARNING):
        keep(world)
    assert caplog.messages == [
        f"cache {world.folder}/cache: it can't be written (No space left on device): nothing of this run is kept"
    ]
    assert find(world) is None
