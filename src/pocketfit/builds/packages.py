"""The repository's own packages for its model code: an environment layered over ours, which is left as it is.

What is pinned by a constraint is what exports: another torch would make other files, or none. Model code imports from
the layer first and from our environment behind it.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pwd
import re
import site
import sys
import sysconfig
import venv
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path
from typing import TYPE_CHECKING

from pocketfit.builds.snapshot import Side
from pocketfit.builds.workcopy import copy_tree
from pocketfit.errors import ConfigError, EnvironmentProblem
from pocketfit.process import Finished, finish
from pocketfit.records import Config

if TYPE_CHECKING:
    from pocketfit.out import Out

log = logging.getLogger(__name__)

# What makes the artifacts, and what our own end of the child imports.
PINNED = ("torch", "torchvision", "torchao", "executorch", "numpy", "pydantic", "pydantic-core")
TIMEOUT_S = 1800.0
INCLUDE = re.compile(r"(?:-r|--requirement|-c|--constraint)[ =]\s*(\S+)")
# Such a line installs from the tree itself, so that base's and head's are never the same.
LOCAL = re.compile(r"(?:-e\b|--editable\b|\.{1,2}(?:/|$|\[)|/|file:)|.*@\s*file:")
# The copy of a tree that is built has no history for setuptools-scm to find a version in.
UNVERSIONED = {"SETUPTOOLS_SCM_PRETEND_VERSION": "0.0"}
INCOMPATIBLE = re.compile(r"(\S+) \S+ requires .+, but you have (\S+) \S+ which is incompatible\.")


def with_requirements(sides: Sequence[Side], file: str, folder: Path, out: Out, user: str | None) -> list[Side]:
    """Each side with a Python that has what its `file` asks for, in `folder`; one for both where that is the same.

    Raises ConfigError where head's file can't be had beside what we pin, EnvironmentProblem where pip fails otherwise.
    A base whose file fails is not built, with a note; one that has no such file gets head's.
    """
    layers: dict[str, Path] = {}
    done = []
    # Head first: base may need its.
    for side in sorted(sides, key=lambda one: one.name, reverse=True):
        root, notes = side.root, side.notes
        if not (root / file).is_file() and layers:
            notes += (f"base has no {file}: it was built with head's",)
            done.append(replace(side, python=next(iter(layers.values())), notes=notes))
            continue
        try:
            what = digest(root, file)
            if what not in layers:
                layers[what] = install(root, file, folder / side.name, out.log(f"{side.name}.pip"), user)
            done.append(replace(side, python=layers[what]))
        except (ConfigError, EnvironmentProblem) as problem:
            if side.name == "head":
                raise
            notes += (f"base was not built, since its requirements can't be installed: {problem}",)
            done.append(replace(side, config=Config(()), notes=notes))
    return done[::-1]


def digest(root: Path, file: str) -> str:
    """Tells apart what files ask for, with those that they include; raises ConfigError where one is not there."""
    total = hashlib.sha256()
    for text in _texts(root, root / file, set()):
        total.update(text.encode())
        if _is_local(text):
            total.update(str(root).encode())
    return total.hexdigest()


def _is_local(text: str) -> bool:
    return any(LOCAL.match(line.strip()) for line in text.splitlines())


def _texts(root: Path, path: Path, seen: set[Path]) -> Iterator[str]:
    if path in seen:
        return
    seen.add(path)
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        shown = path.relative_to(root) if path.is_relative_to(root) else path
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"requirements: {shown} can't be read: {reason}") from error
    yield text
    for line in text.splitlines():
        if (match := INCLUDE.match(line.strip())) and "://" not in match[1]:
            yield from _texts(root, path.parent / match[1], seen)


def install(root: Path, file: str, folder: Path, log_file: Path, user: str | None) -> Path:
    """Make an environment in `folder` and install what `file` asks for; returns its Python.

    As root pip runs as `user`, since packages bring programs of their own that it runs, and the result is then root's.
    Packages of the tree itself are built in a copy of it, which lives as long as `folder`.
    """
    log.info("installing %s", file)
    # Model code runs as another user.
    folder.mkdir(parents=True, mode=0o755)
    try:
        python = _make_layer(folder / "layer")
        where = root
        if any(map(_is_local, _texts(root, root / file, set()))):
            where = folder / "tree"
            copy_tree(root, where)
    except OSError as error:
        raise EnvironmentProblem(
            f"requirements: no environment can be made in {folder}: {error.strerror or error}"
        ) from error
    constraints = folder / "constraints.txt"
    constraints.write_text("".join(f"{name}=={pinned}\n" for name, pinned in pins().items()))
    home = folder / "home"
    home.mkdir()
    if user:
        give(folder, user)
    options = ("--disable-pip-version-check", "--no-input", "--no-warn-script-location", "--constraint", constraints)
    done = finish(
        [python, "-I", "-m", "pip", "install", *options, "--requirement", file],
        timeout=TIMEOUT_S,
        cwd=where,
        env=UNVERSIONED | os.environ | ({"HOME": str(home), "TMPDIR": str(home)} if user else {}),
        user=user,
    )
    if user:
        give(folder, "root")
    log_file.parent.mkdir(parents=True, exist_ok=True)
    log_file.write_text(done.stdout + done.stderr)
    _check(done, file, folder / "layer")
    return python


def pins() -> dict[str, str]:
    """The versions here of what must stay as it is."""
    found = {}
    for name in PINNED:
        try:
            # pip takes 2.12.1+cpu for 2.12.1, not the other way round.
            found[name] = version(name).partition("+")[0]
        except PackageNotFoundError:
            log.debug("%s is not installed here", name)
    return found


def _make_layer(folder: Path) -> Path:
    venv.EnvBuilder(symlinks=True, with_pip=False).create(folder)
    # Behind the layer's own packages come ours, with what their .pth files add.
    ours = "".join(f"import site; site.addsitedir({path!r})\n" for path in site.getsitepackages())
    (_packages(folder) / "pocketfit-layer.pth").write_text(ours)
    return folder / "bin" / Path(sys.executable).name


def _packages(layer: Path) -> Path:
    return Path(sysconfig.get_path("purelib", "venv", {"base": str(layer), "platbase": str(layer)}))


def give(folder: Path, user: str) -> None:
    """Make all of a folder a user's, links themselves instead of what they lead to."""
    owner = pwd.getpwnam(user)
    for parent, folders, files in os.walk(folder):
        for name in (".", *folders, *files):
            os.chown(Path(parent, name), owner.pw_uid, owner.pw_gid, follow_symlinks=False)


def _check(done: Finished, file: str, layer: Path) -> None:
    lines = [line.strip() for line in (done.stdout + done.stderr).splitlines()]
    if done.timed_out:
        raise EnvironmentProblem(f"requirements: pip was not done with {file} in {TIMEOUT_S / 60:.0f} minutes")
    if done.code and "The conflict is caused by:" in lines:
        first = lines.index("The conflict is caused by:") + 1
        raise ConfigError(f"{_beside(file)}: {'; '.join(lines[first : first + 2])}")
    if done.code:
        said = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
        raise EnvironmentProblem(
            f"requirements: pip could not install {file}: {said[0] if said else 'it gave no reason'}"
        )
    layered = {_normal(one.name) for one in distributions(path=[str(_packages(layer))])}
    for line in lines:
        match = INCOMPATIBLE.fullmatch(line)
        if match and _normal(match[1]) in PINNED and _normal(match[2]) in layered:
            raise ConfigError(f"{_beside(file)}: {line.rstrip('.')}")


def _beside(file: str) -> str:
    fixed = ", ".join(
        f"{name} {pinned}" for name, pinned in pins().items() if name in ("torch", "torchvision", "numpy")
    )
    return f"requirements: {file} does not go together with what Pocketfit exports with ({fixed})"


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
