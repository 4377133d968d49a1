"""The steps of a release, each of which looks first whether it is done."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pocketfit.errors import ConfigError, ConfigProblems
from pocketfit.files.written import write_text_atomically
from tools.release import commit, images, wheel
from tools.release.checks import refusals
from tools.release.examples import copied, naming
from tools.release.files import make_files
from tools.release.pin import pinned
from tools.release.places import KINDS, major_tag, repository_of, tag_of
from tools.release.record import Record, read_record, write_record
from tools.release.sbom import packages_of, spdx

Say = Callable[[str], None]


@dataclass(frozen=True)
class Release:
    """One release from a checkout, with `registry` for REGISTRY/NAME and `record` for the file of what is done.

    With `dry_run` nothing is pushed and nothing tagged. `built` has images that are built already, by kind.
    """

    root: Path
    version: str
    registry: str
    record: Path
    say: Say
    dry_run: bool = False
    pinned: bool = True
    built: Mapping[str, str] | None = None

    @property
    def insecure(self) -> bool:
        """A registry on this machine speaks plain HTTP, as docker itself takes for granted."""
        return self.registry.partition(":")[0].partition("/")[0] in ("127.0.0.1", "localhost")

    @property
    def commit(self) -> str:
        return commit.git(self.root, "rev-parse", "HEAD")

    def done(self) -> Record:
        return read_record(self.record, self.version, self.commit)


def check(root: Path, version: str, *, pinned: bool = True) -> None:
    """Raise ConfigError, with all sentences, where this version can't be released from here.

    Without `pinned` what an image would take by name alone is no reason.
    """
    head = commit.git(root, "rev-parse", "HEAD")
    tree = commit.read_tree(root)
    if not pinned:
        tree = replace(tree, unpinned=())
    found = refusals(version, tree, released=commit.tag_is_of(root, version, head))
    if found:
        raise ConfigProblems(found)


def push_images(release: Release, kinds: Iterable[str] = KINDS) -> Record:
    """Build and push the images of this machine's architecture, but for those that the registry has."""
    record = release.done()
    architecture = images.architecture()
    for kind in kinds:
        repository = repository_of(release.registry, kind)
        name = f"{repository}/{architecture}"
        known = record.digests.get(name)
        if known and images.has(f"{repository}@{known}", insecure=release.insecure):
            release.say(f"{name}: the registry has it, {known}")
            continue
        tag = f"{repository}:{release.version}-{architecture}"
        _build(release, kind, tag)
        if release.dry_run:
            release.say(f"{name}: built, not pushed")
            continue
        digest = images.push(tag)
        record = record.having(name, digest)
        write_record(release.record, record)
        size_mb = images.compressed_bytes(f"{repository}@{digest}", insecure=release.insecure) / 1e6
        release.say(f"{name}: pushed, {size_mb:,.1f} MB compressed, {digest}")
    return record


def _build(release: Release, kind: str, tag: str) -> None:
    if image := (release.built or {}).get(kind):
        images.name(image, tag)
        return
    images.build(kind, tag, release.root, version=release.version, commit=release.commit, cpu_torch=release.pinned)


def join_images(release: Release, others: Iterable[Path] = ()) -> Record:
    """Make one index of what all machines pushed, whose records are `others`; raises ConfigError for two releases'."""
    record = release.done()
    for path in others:
        other = read_record(path, release.version, release.commit)
        if not other.digests:
            raise ConfigError(f"{path} is no record of version {release.version} at {release.commit[:12]}")
        record = replace(record, digests={**record.digests, **other.digests})
    for kind in KINDS:
        repository = repository_of(release.registry, kind)
        known = record.digests.get(repository)
        if known and images.has(f"{repository}@{known}", insecure=release.insecure):
            release.say(f"{repository}: the registry has its index, {known}")
            continue
        parts = [
            f"{repository}@{digest}" for name, digest in sorted(record.digests.items()) if _is_part(name, repository)
        ]
        if not parts:
            raise ConfigError(f"no image of {repository} was pushed: run `images` first")
        digest = images.join(f"{repository}:{release.version}", parts, insecure=release.insecure)
        record = record.having(repository, digest)
        write_record(release.record, record)
        release.say(f"{repository}: {len(parts)} architectures in one index, {digest}")
    return record


def _is_part(name: str, repository: str) -> bool:
    return name.rpartition("/")[0] == repository


def tag_release(release: Release, record: Record, *, sign: bool, remote: str | None) -> str:
    """Make the commit whose actions name the images, and its tag; return the commit.

    Without pushed images, in a dry run, it is made as it would be, with a digest that nothing has, and not tagged.
    """
    files = {}
    for kind, parts in KINDS.items():
        repository = repository_of(release.registry, kind)
        digest = record.digests.get(repository) or (f"sha256:{'0' * 64}" if release.dry_run else "")
        files[parts.action] = pinned(
            (release.root / parts.action).read_text(encoding="utf-8"), f"{repository}@{digest}"
        )
    name = tag_of(release.version)
    made = commit.commit_files(release.root, files, f"Release {release.version}\n\nIts actions run images by digest.")
    if release.dry_run:
        release.say(f"{name} would be {made}")
        return made
    commit.tag(release.root, name, made, f"Pocketfit {release.version}", sign=sign)
    if remote:
        commit.push_tag(release.root, remote, name)
    release.say(f"{name} is {made}")
    return made


def write_sboms(release: Release, out: Path) -> None:
    """Write KIND.spdx.json for each image of this machine's architecture that was pushed."""
    made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    architecture = images.architecture()
    out.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        repository = repository_of(release.registry, kind)
        digest = release.done().digests.get(f"{repository}/{architecture}")
        if digest is None:
            raise ConfigError(f"no image of {repository} was pushed from here: run `images` first")
        packages = packages_of(f"{repository}@{digest}")
        file = out / f"{kind}-{architecture}.spdx.json"
        write_text_atomically(file, json.dumps(spdx(repository, digest, made, packages), indent=1) + "\n")
        release.say(f"{file.name}: {len(packages)} packages")


def make_wheels(release: Release, out: Path) -> None:
    """Build the wheels for one kind of machine each; raises ConfigError where they are of another version."""
    out.mkdir(parents=True, exist_ok=True)
    for file in wheel.make_wheels(release.root, out):
        if file.name.split("-")[1] != release.version:
            raise ConfigError(f"{file.name} was built, not a wheel of pocketfit {release.version}")
        release.say(f"{file.name}: {file.stat().st_size:,} bytes")


def make_packages(release: Release, out: Path, wheels: Iterable[Path] = ()) -> None:
    for file in make_files(release.root, out, release.version, wheels):
        release.say(f"{file.name}: {file.stat().st_size:,} bytes")


def name_in_examples(release: Release) -> None:
    """Have what users copy name the release's commit; raises ConfigError before its tag is there."""
    if tag_of(release.version) not in commit.read_tree(release.root).tags:
        raise ConfigError(f"there is no tag {tag_of(release.version)}: release it first")
    made = commit.git(release.root, "rev-parse", f"{tag_of(release.version)}^{{commit}}")
    for path in copied(release.root):
        text = path.read_text(encoding="utf-8")
        new = naming(text, release.version, made)
        if new != text and not release.dry_run:
            write_text_atomically(path, new)
        release.say(f"{path.relative_to(release.root)}: {'as it is' if new == text else made}")


def move_major(release: Release, remote: str | None) -> None:
    """Have the tag that users follow name this release; raises ConfigError before the release's own tag is there."""
    if tag_of(release.version) not in commit.read_tree(release.root).tags:
        raise ConfigError(f"there is no tag {tag_of(release.version)}: release it first")
    name = major_tag(release.version)
    if release.dry_run:
        release.say(f"{name} would name {tag_of(release.version)}")
        return
    commit.move_tag(release.root, name, f"{tag_of(release.version)}^{{commit}}")
    if remote:
        commit.push_tag(release.root, remote, name, move=True)
    release.say(f"{name} names {tag_of(release.version)}")
