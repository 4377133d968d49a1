"""The repository's own packages for its model code: an environment layered over ours, which is left as it is.

What is pinned by a constraint is what exports: another torch would make other files, or none. Model code imports from
the layer first and from our environment behind it.
"""

from __future__ import annotations

import logging
import os
import re
import site
import sys
import sysconfig
import venv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from pocketfit.builds.progress import pips_step
from pocketfit.builds.requirements import Requirements, read_requirements
from pocketfit.builds.sandbox import NAME_OF_USER, Sandbox, child_environment
from pocketfit.builds.snapshot import Side
from pocketfit.builds.walls import PROXY_SETTINGS
from pocketfit.builds.workcopy import copy_tree
from pocketfit.errors import ConfigError, EnvironmentProblem
from pocketfit.files import write_text_atomically
from pocketfit.process import Finished
from pocketfit.progress import Progress, tell, working
from pocketfit.records import Config, SideName
from pocketfit.sandbox.identity import give
from pocketfit.sandbox.order import ResourceLimits, Walls, describe_hit
from pocketfit.sandbox.paths import of_interpreter, of_repository, of_system
from pocketfit.supervised import finish_supervised

if TYPE_CHECKING:
    from pocketfit.out import Out

log = logging.getLogger(__name__)

# What makes the artifacts, and what our own end of the child imports.
PINNED = ("torch", "torchvision", "torchao", "executorch", "numpy", "pydantic", "pydantic-core")
TIMEOUT_S = 1800.0
# An environment may hold as much as torch's own with its libraries for GPUs, unpacked from what was downloaded.
FILES, FOLDER_BYTES = 1_000_000, 50_000_000_000
# What pip is at, while it runs: in its home, since it may write nowhere else.
PIP_LOG = "home/pip.log"
# The copy of a tree that is built has no history for setuptools-scm to find a version in.
UNVERSIONED = {"SETUPTOOLS_SCM_PRETEND_VERSION": "0.0"}
# The system's settings of pip, which can hold a password too.
SYSTEMS_PIP = "/etc/pip.conf"
# Where packages are found, and by what way. A password in them is for pip, and so for each package that it builds.
PASSED_TO_PIP = (
    "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_TRUSTED_HOST", "PIP_CERT",
    "PIP_PROXY", "PIP_CONFIG_FILE", "PIP_CACHE_DIR", "PIP_NO_CACHE_DIR", "PIP_TIMEOUT", "PIP_DEFAULT_TIMEOUT",
    "PIP_RETRIES", "PIP_ROOT_USER_ACTION", "PIP_DISABLE_PIP_VERSION_CHECK", "PIP_ONLY_BINARY", "PIP_NO_BINARY",
    "PIP_PREFER_BINARY", "PIP_CONSTRAINT", "PIP_NO_BUILD_ISOLATION", "XDG_CONFIG_HOME", "CC", "CXX", "CFLAGS",
    "CXXFLAGS", "LDFLAGS", "MAX_JOBS", *PROXY_SETTINGS,
)  # fmt: skip
# Ours, for a model's process: they make results the same everywhere.
NOT_FOR_PIP = ("PYTHONDONTWRITEBYTECODE", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
INCOMPATIBLE = re.compile(r"(\S+) \S+ requires .+, but you have (\S+) \S+ which is incompatible\.")


def with_requirements(sides: Sequence[Side], file: str, folder: Path, out: Out, sandbox: Sandbox) -> list[Side]:
    """Each side with a Python that has what its `file` asks for, in `folder`; one for both where that is the same.

    Raises ConfigError where head's file can't be had beside what we pin, EnvironmentProblem where pip fails otherwise.
    A base whose file fails is not built, with a note; one that has no such file gets head's.
    """
    layers: dict[str, Path] = {}

    def python_of(side: Side) -> Path:
        requirements = read_requirements(side.root, file)
        digest = requirements.digest()
        if digest not in layers:
            log_file = out.log(f"{side.name}.pip")
            layers[digest] = install(requirements, folder / side.name, log_file, sandbox, side.name)
        return layers[digest]

    def equipped(side: Side) -> Side:
        if side.name == "head":
            return replace(side, python=heads_python)
        if not (side.root / file).is_file():
            note = f"base has no {file}: it was built with head's"
            return replace(side, python=heads_python, notes=(*side.notes, note))
        try:
            return replace(side, python=python_of(side))
        except (ConfigError, EnvironmentProblem) as problem:
            note = f"base was not built, since its requirements can't be installed: {problem}"
            tell(Progress("packages", "base", file, f"can't be installed: {problem}", "failed"))
            return replace(side, config=Config(()), notes=(*side.notes, note))

    # Before base's, which may be the same.
    heads_python = next(python_of(side) for side in sides if side.name == "head")
    return [equipped(side) for side in sides]


def install(
    requirements: Requirements, folder: Path, log_file: Path, sandbox: Sandbox, side: SideName | None = None
) -> Path:
    """Make an environment in `folder` and install what is asked for; returns its Python.

    Packages bring programs of their own that pip runs: it may write into its environment alone, and has a network.
    Packages of the tree itself are built in a copy of it, which lives as long as `folder`.
    """
    file = requirements.file
    # Model code runs as another user.
    folder.mkdir(parents=True, mode=0o755)
    tree = requirements.root
    try:
        python = _make_layer(folder / "layer")
        if requirements.are_local():
            tree = folder / "tree"
            copy_tree(requirements.root, tree)
    except OSError as error:
        raise EnvironmentProblem(
            f"requirements: no environment can be made in {folder}: {error.strerror or error}"
        ) from error
    begun = Progress("packages", side, file, "installing")
    with working(begun, lambda: f"installing ({pips_step(folder / PIP_LOG)})") as work:
        finished = _run_pip(python, requirements, tree, folder, sandbox)
        work.end("pip failed" if finished.code else "installed", failed=finished.code != 0)
    write_text_atomically(log_file, finished.stdout + finished.stderr)
    if said := describe_hit(finished.hit, _limits(sandbox.limits)):
        raise EnvironmentProblem(f"requirements: pip {said} while it installed {file}")
    _check(finished, file, folder / "layer")
    return python


def _limits(limits: ResourceLimits) -> ResourceLimits:
    """Those of a model's process, but for what is normal in an environment."""
    return replace(limits, files=max(limits.files, FILES), folder_bytes=max(limits.folder_bytes, FOLDER_BYTES))


def _run_pip(python: Path, requirements: Requirements, tree: Path, folder: Path, sandbox: Sandbox) -> Finished:
    """Install into the environment of `python` beside what we pin; what is in `folder` is pip's while it runs."""
    constraints = folder / "constraints.txt"
    constraints.write_text("".join(f"{name}=={pinned}\n" for name, pinned in pins().items()))
    home = folder / "home"
    home.mkdir()
    options = (
        "--disable-pip-version-check", "--no-input", "--no-warn-script-location", "--constraint", constraints,
        "--log", folder / PIP_LOG,
    )  # fmt: skip
    env = pip_environment(os.environ, home if sandbox.walled else None, home)
    if sandbox.walled:
        env |= NAME_OF_USER | _pips_file(os.environ)
    finished = finish_supervised(
        [python, "-I", "-m", "pip", "install", *options, "--requirement", requirements.file],
        timeout=TIMEOUT_S,
        limits=_limits(sandbox.limits),
        walls=_walls(python, requirements.root, folder, env) if sandbox.walled else None,
        cwd=tree,
        env=env,
    )
    if os.geteuid() == 0:
        # No process of pip's is left to change it.
        give(str(folder), 0)
    return finished


def pip_environment(environ: Mapping[str, str], home: Path | None, folder: Path) -> dict[str, str]:
    """The environment of pip, which its packages' own programs see too: an allowlist, and what tells pip where to look.

    `home` is None where the user's stays; `folder` is for temporary files.
    """
    asked = {name: environ[name] for name in PASSED_TO_PIP if name in environ}
    own = {name: value for name, value in child_environment(environ, home, folder).items() if name not in NOT_FOR_PIP}
    return UNVERSIONED | asked | own


def _pips_file(environ: Mapping[str, str]) -> dict[str, str]:
    """pip's own settings, which it would look for in the user's home."""
    if "PIP_CONFIG_FILE" in environ:
        return {}
    home = Path.home()
    places = (home / ".config/pip/pip.conf", home / ".pip/pip.conf")
    return next(({"PIP_CONFIG_FILE": str(place)} for place in places if place.is_file()), {})


def _walls(python: Path, root: Path, folder: Path, env: Mapping[str, str]) -> Walls:
    """What pip reads, and what it writes: its environment, its home, and the copy of the tree where there is one."""
    given = of_repository(root)
    named = [env[name] for name in ("PIP_CONFIG_FILE", "PIP_FIND_LINKS") if name in env]
    return Walls(
        (*of_system(), SYSTEMS_PIP, *of_interpreter(python), *given.readable, str(folder / "constraints.txt"), *named),
        given.listable,
        tuple(str(folder / name) for name in ("layer", "home", "tree") if (folder / name).exists()),
        network=True,
    )


def pins() -> dict[str, str]:
    """The versions of PINNED as they are installed here, by name."""
    versions = {}
    for name in PINNED:
        try:
            # pip takes 2.12.1+cpu for 2.12.1, not the other way round.
            versions[name] = version(name).partition("+")[0]
        except PackageNotFoundError:
            log.debug("%s is not installed here", name)
    return versions


def _make_layer(folder: Path) -> Path:
    venv.EnvBuilder(symlinks=True, with_pip=False).create(folder)
    # Behind the layer's own packages come ours, with what their .pth files add.
    ours = "".join(f"import site; site.addsitedir({path!r})\n" for path in site.getsitepackages())
    (_packages(folder) / "pocketfit-layer.pth").write_text(ours)
    return folder / "bin" / Path(sys.executable).name


def _packages(layer: Path) -> Path:
    return Path(sysconfig.get_path("purelib", "venv", {"base": str(layer), "platbase": str(layer)}))


def _check(finished: Finished, file: str, layer: Path) -> None:
    """Raise ConfigError for what conflicts with our pins, EnvironmentProblem for every other failure of pip's."""
    lines = [line.strip() for line in (finished.stdout + finished.stderr).splitlines()]
    if finished.timed_out:
        raise EnvironmentProblem(f"requirements: pip was not done with {file} in {TIMEOUT_S / 60:.0f} minutes")
    if finished.code and "The conflict is caused by:" in lines:
        first = lines.index("The conflict is caused by:") + 1
        raise ConfigError(f"{_conflict(file)}: {'; '.join(lines[first : first + 2])}")
    if finished.code:
        errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
        reason = errors[0] if errors else "it gave no reason"
        raise EnvironmentProblem(f"requirements: pip could not install {file}: {reason}")
    # By the folders' names: what is in them was written by programs of the packages' own.
    layered = {_canonical(package.name.partition("-")[0]) for package in _packages(layer).glob("*.dist-info")}
    for line in lines:
        match = INCOMPATIBLE.fullmatch(line)
        if match and _canonical(match[1]) in PINNED and _canonical(match[2]) in layered:
            raise ConfigError(f"{_conflict(file)}: {line.rstrip('.')}")


def _conflict(file: str) -> str:
    fixed = ", ".join(
        f"{name} {pinned}" for name, pinned in pins().items() if name in ("torch", "torchvision", "numpy")
    )
    return f"requirements: {file} does not go together with what Pocketfit exports with ({fixed})"


def _canonical(name: str) -> str:
    """A distribution's name as PyPA's specification normalizes it, so that all its spellings are equal."""
    return re.sub(r"[-_.]+", "-", name).lower()
