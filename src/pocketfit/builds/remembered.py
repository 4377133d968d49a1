"""Which builds need not be made again: all that determines a variant is its key, under which it was kept."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pocketfit import __version__
from pocketfit.builds.sandbox import Sandbox, child_environment
from pocketfit.builds.walls import caches
from pocketfit.builds.weigh import Weight, know, sha256_of
from pocketfit.builds.worker import GOLDEN_NAME
from pocketfit.cache.code import doubt_of_model
from pocketfit.cache.entries import Damaged
from pocketfit.cache.kept import Cache, written
from pocketfit.cache.keys import Looked, changed_names, key_of
from pocketfit.cache.reach import may_read, reached
from pocketfit.cache.tree import Listing, Unknowable, digest_of, list_tree
from pocketfit.door import let_in
from pocketfit.files.saved import is_saved
from pocketfit.formats import FORMATS
from pocketfit.judge.golden import size_bytes_of
from pocketfit.records import Built, ModelSpec, Outcome, SideName, Variant
from pocketfit.runtimes.library import library_for
from pocketfit.sandbox.layers import LEAST_DISK_BYTES, layers
from pocketfit.sandbox.paths import ANNEX, NAMED
from pocketfit.store import plain
from pocketfit.variants import count_variants

if TYPE_CHECKING:
    from pocketfit.builds.snapshot import Side
    from pocketfit.out import Out

log = logging.getLogger(__name__)

BUILDS = "builds"
# Stands for the folder of a job, which has another name each time.
JOB = Path("/job")


@dataclass(frozen=True)
class KeptBuild:
    """A build that was kept, with its process's torch. `alike` is how many builds came out as this one did.

    `doubt` says why the next might not; "" where nothing speaks for that. `differs`: two did not come out alike.
    `golden_sha256` is of all golden tensors.
    """

    built: Built
    torch: str
    golden_sha256: str
    doubt: str = ""
    alike: int = 1
    differs: bool = False

    @property
    def refusal(self) -> str:
        """Say why this is not believed yet, or ""."""
        if self.differs:
            return f"it came out differently before from the same ({self.doubt or 'nobody knows why'})"
        if self.doubt and self.alike < 2:
            return f"it was built once, and {self.doubt}: it is believed when it comes out so again"
        return ""


@dataclass(frozen=True)
class _Kept:
    """A build to keep: its key's parts, and what was there under it."""

    side: SideName
    spec: ModelSpec
    parts: Mapping[str, str]
    before: KeptBuild | None


class Remembered:
    """The builds of one run, as far as earlier runs made them. `sandbox` is what its models run in."""

    def __init__(self, cache: Cache, sandbox: Sandbox) -> None:
        self.cache, self._sandbox = cache, sandbox
        self._trees: dict[SideName, tuple[Path, Listing | str]] = {}
        self._outside: dict[str, str] | str = ""
        self._used: dict[SideName, int] = {}
        self._made: dict[tuple[SideName, Variant], _Kept] = {}

    def look_at(self, roots: Mapping[SideName, Path]) -> None:
        """Look at the sides' trees, and at all else that models' code can read, before anything is built."""
        try:
            self._outside = self._look_outside()
        except (OSError, Unknowable) as problem:
            self._outside = str(problem)
        for side, root in roots.items():
            self._trees[side] = root, self._list(root)

    def _list(self, root: Path) -> Listing | str:
        results = self._sandbox.results
        if results and results.is_relative_to(root) and results.parent != root:
            return f"results are written to {results.relative_to(root)}, inside of a folder that it can read"
        if (root / ANNEX).exists():
            return "git-annex keeps files beside the tree that it can read, too"
        try:
            return list_tree(root, self.cache.memo, hidden=True, without=results)
        except (OSError, Unknowable) as problem:
            return f"the tree: {problem}"

    def _look_outside(self) -> dict[str, str]:
        """What is the same for all models, and read from outside of the tree; raises Unknowable, OSError."""
        parts = dict(self.cache.surroundings())
        found = caches(os.environ, JOB, None)
        places = {name: Path(place) for name, place in found.items() if not Path(place).is_relative_to(JOB)}
        places |= {f"--readable {path}": path for path in self._sandbox.readable}
        for name in NAMED:
            places |= {f"{name} {path}": Path(path) for path in os.environ.get(name, "").split(os.pathsep) if path}
        return parts | {name: self._content(path.resolve()) for name, path in places.items()}

    def _content(self, path: Path) -> str:
        if path.is_dir():
            return list_tree(path, self.cache.memo).digest()
        return self.cache.memo.sha256(str(path), os.lstat(path)) if path.exists() else "nothing"

    def parts_of(self, side: SideName, variant: Variant, spec: ModelSpec, *, own_packages: bool) -> dict[str, str]:
        """All that determines a variant of a side; raises Unknowable where that can't be told."""
        sandbox = self._sandbox
        if not sandbox.walled or not (layers().landlock or layers().bubblewrap):
            raise Unknowable("its process can read files that nobody counts: there are no walls around it")
        if spec.network:
            raise Unknowable("its process has a network (network = true)")
        if own_packages:
            raise Unknowable("it has packages of its own, which are installed anew for each run (--requirements)")
        tree = self._trees[side][1]
        for problem in (tree, self._outside):
            if isinstance(problem, str):
                raise Unknowable(problem)
        assert isinstance(tree, Listing)
        assert isinstance(self._outside, dict)
        env = child_environment(os.environ, JOB, JOB, spec.env) | caches(os.environ, JOB, None)
        one = replace(spec, formats=(variant.format,), precisions=(variant.precision,), accepted=None)
        return {
            "Pocketfit": __version__,
            **self._part_of_tree(side, tree, spec),
            "configuration": digest_of({"model": json.dumps(plain(one), sort_keys=True)}),
            "Android library": str(library_for(variant.format)),
            "environment": digest_of(env),
            "limits": _limits(sandbox),
            **self._outside,
        }

    def _part_of_tree(self, side: SideName, tree: Listing, spec: ModelSpec) -> dict[str, str]:
        """The tree, or what of it can decide where the model's code opens no file but modules."""
        why = may_read(_sources(spec, tree), tree.contents, self._reader(side))
        if why is None:
            return {"tree": digest_of(reached(tree.contents)), "of the tree": "what Python can import"}
        return {"tree": tree.digest(), "of the tree": f"all, since {why}"}

    def _reader(self, side: SideName) -> Callable[[str], str]:
        root = self._trees[side][0]
        return lambda file: (root / file).read_text("utf-8")

    def find(self, side: Side, variant: Variant, spec: ModelSpec, out: Out) -> tuple[Built, str] | None:
        """The build of a variant that an earlier run made of the same, its files in `out`, and its torch."""
        name = f"{side.name} {variant}"
        try:
            parts = self.parts_of(side.name, variant, spec, own_packages=side.python is not None)
        except Unknowable as reason:
            self.cache.looked(Looked(name, {}, f"not looked for, since {reason}"))
            return None
        kept, outcome = self._find(name, variant, parts, out.artifacts(side.name))
        self.cache.looked(Looked(name, parts, outcome, self.cache.last(name), self._changed_files(side.name)))
        self.cache.keep_last(name, parts)
        if kept and not kept.refusal:
            self._used[side.name] = self._used.get(side.name, 0) + 1
            return kept.built, kept.torch
        self._made[side.name, variant] = _Kept(side.name, spec, parts, kept)
        return None

    def _changed_files(self, side: SideName) -> list[str]:
        """The files of a side's tree that are other than when this repository was last run."""
        tree, before = self._trees[side][1], self.cache.last(f"{side} tree")
        return changed_names(before, tree.contents) if before and isinstance(tree, Listing) else []

    def with_note(self, side: Side) -> Side:
        """The side, with a note where builds of it are an earlier run's."""
        used = self._used.get(side.name, 0)
        if not used:
            return side
        note = f"{side.name}: {used} of {count_variants(side.config)} variants are as an earlier run built them (cache)"
        return replace(side, notes=(*side.notes, note))

    def _find(
        self, name: str, variant: Variant, parts: Mapping[str, str], artifacts: Path
    ) -> tuple[KeptBuild | None, str]:
        """What was kept, with its files in place unless it is not to be believed, and what to say of it."""
        found = self.cache.find(BUILDS, parts, name)
        if found is None:
            return None, "not found"
        try:
            kept = _read(found.record)
            _check(kept.built, variant)
            if kept.refusal:
                return kept, f"not used: {kept.refusal}"
            found.take({file: artifacts / file for file in _files(kept.built)})
            artifact = next(file for file in found.files if file.name == kept.built.file)
            golden = {file.name: file for file in found.files if file != artifact}
            if artifact.sha256 != kept.built.sha256 or any(
                golden[tensor.file].size_bytes != size_bytes_of(tensor) for tensor in kept.built.export.golden
            ):
                raise Damaged("its files are not what its record says")
        except (Damaged, ValueError) as problem:
            self.cache.damaged(BUILDS, key_of(parts), name, problem)
            return None, "damaged, and made again"
        know(Weight(kept.built.size_bytes, kept.built.download_bytes, kept.built.sha256))
        return kept, "found"

    def keep(self, out: Out, results: Mapping[SideName, Sequence[tuple[Outcome, str]]]) -> None:
        """Keep what was built, unless anything that it was made of changed meanwhile."""
        if not self._made:
            return
        for side in self._unchanged():
            for outcome, torch in results.get(side, ()):
                if isinstance(outcome, Built) and (made := self._made.get((side, outcome.variant))):
                    self._keep(made, outcome, torch, out.artifacts(side))

    def _keep(self, made: _Kept, built: Built, torch: str, artifacts: Path) -> None:
        files = {file: artifacts / file for file in _files(built)}
        try:
            golden = {file: sha256_of(path) for file, path in files.items() if file != built.file}
        except OSError as error:
            log.debug("%s is not kept: %s", built.variant, error)
            return
        before = made.before
        kept = KeptBuild(built, torch, digest_of(golden), before.doubt if before else self._doubt(made))
        if before:
            same = _comparable(before) == _comparable(kept)
            kept = replace(kept, alike=before.alike + 1 if same else 1, differs=before.differs or not same)
        record = written(kept)
        # What our own door would refuse is no use.
        if _read(record) == kept:
            self.cache.keep(BUILDS, made.parts, record, files)

    def _unchanged(self) -> set[SideName]:
        """Look again at all that builds were made of; returns the sides of which nothing has changed since."""
        try:
            self.cache.look_again()
            again = self._look_outside()
        except (OSError, Unknowable):
            return set()
        if again != self._outside:
            return set()
        same: set[SideName] = set()
        for side, (root, before) in self._trees.items():
            now = self._list(root)
            if isinstance(now, Listing) and isinstance(before, Listing) and now == before:
                self.cache.keep_last(f"{side} tree", now.contents)
                same.add(side)
        return same

    def _doubt(self, made: _Kept) -> str:
        """Say why the next build may come out otherwise, or ""."""
        tree, spec = self._trees[made.side][1], made.spec
        assert isinstance(tree, Listing)
        if is_saved(spec.source, (".pt2",)) and spec.trust:
            return f"{spec.source} may run code when it is read (trust = true)"
        files = [name for name in tree.contents if name.endswith(".py")]
        return doubt_of_model(_sources(spec, tree), files, self._reader(made.side)) or ""


def _sources(spec: ModelSpec, tree: Listing) -> list[str]:
    """What a model's configuration names, by its place in the tree: from the root, or the configuration's folder."""
    named = (spec.source, spec.calibration, spec.metric, spec.inputs, spec.check_inputs)
    sources = [word for word in named if isinstance(word, str)]
    below = f"{spec.folder}/" if spec.folder else ""
    return [f"{below}{word}" if f"{below}{word.partition(':')[0]}" in tree.contents else word for word in sources]


def _read(record: bytes | str) -> KeptBuild:
    """Through the door that a child's result comes through; raises ValueError."""
    kept: KeptBuild = let_in(KeptBuild, record)
    return kept


def _limits(sandbox: Sandbox) -> str:
    """What may end a process early; how much disk is free is nobody's wish."""
    limits = sandbox.limits
    folder_bytes = limits.folder_bytes if limits.folder_bytes < LEAST_DISK_BYTES else None
    return json.dumps(asdict(limits) | {"folder_bytes": folder_bytes, "timeout_s": sandbox.timeout_s})


def _files(built: Built) -> list[str]:
    return [built.file, *(tensor.file for tensor in built.export.golden)]


def _check(built: Built, variant: Variant) -> None:
    """Raise Damaged for a record of another variant, or one whose files have names that a build's never have."""
    folder = f"golden/{variant.stem}/"
    names = [tensor.file for tensor in built.export.golden]
    if built.variant != variant or built.file != f"{variant.stem}{FORMATS[variant.format].suffix}":
        raise Damaged("it is another variant's")
    if any(not name.startswith(folder) or not GOLDEN_NAME.fullmatch(name.removeprefix(folder)) for name in names):
        raise Damaged("its files have names of something else")


def _comparable(kept: KeptBuild) -> KeptBuild:
    """All of a build but how long it and its operators took, and what is said of it."""
    built = replace(kept.built, build_s=None, operator_times=None, runs_on={})
    return replace(kept, built=built, doubt="", alike=1, differs=False)
