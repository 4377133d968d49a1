"""The command line of a release: `python -m tools.release COMMAND VERSION`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pocketfit.errors import ConfigError, PocketfitError
from tools.release import images, steps
from tools.release.places import KINDS, ROOT, repository_of
from tools.release.record import Record

COMMANDS = {
    "check": "say what this version can't be released for: it exists, the tree is dirty, versions differ, no notes",
    "images": "build the images of this machine's architecture and push them by digest",
    "join": "make one index of what several machines pushed (--others), whose digests it prints",
    "sbom": "write what is in each image that this machine pushed, as SPDX, for --record's digests",
    "wheel": "build the wheels for x86_64 and aarch64 (on the latter, its own) out of what `make android` built here",
    "files": "build the wheel for any machine, put --wheels beside it, and write their checksums and the notes",
    "tag": "commit the actions with those digests beside the checkout, and tag that",
    "latest": "have the major tag, which users follow, name this version: when the image was seen to work",
    "examples": "have the workflows that users copy name the release's commit, for a commit on main after it",
    "run": "check, images, join, files and tag, on this machine",
}
WITH_REGISTRY = ("images", "join", "sbom", "tag", "run")


def main(words: list[str] | None = None) -> int:
    """Do one command; a refusal is a sentence or several on stderr, and its exit code."""
    asked = parser().parse_args(words)
    try:
        release = read_release(asked)
        _do(asked, release)
    except PocketfitError as error:
        for line in error.lines():
            print(f"error: {line}", file=sys.stderr)
        return error.exit_code
    return 0


def _do(asked: argparse.Namespace, release: steps.Release) -> None:
    root, version, command = release.root, release.version, asked.command
    if command in ("check", "images", "run"):
        steps.check(root, version, pinned=release.pinned)
    record = release.done()
    if command in ("images", "run"):
        record = steps.push_images(release, asked.kind or KINDS)
    if command == "images":
        _print_digests(release, record, f"/{images.architecture()}")
    if command == "join" or (command == "run" and not release.dry_run):
        record = steps.join_images(release, asked.others)
        _print_digests(release, record)
    if command == "sbom":
        steps.write_sboms(release, asked.out)
    if command == "wheel":
        steps.make_wheels(release, asked.out)
    if command in ("files", "run"):
        steps.make_packages(release, asked.out, asked.wheels)
    if command in ("tag", "run"):
        print(f"commit={steps.tag_release(release, record, sign=asked.sign, remote=asked.push)}")
    if command == "examples":
        steps.name_in_examples(release)
    if command == "latest":
        steps.move_major(release, asked.push)


def _print_digests(release: steps.Release, record: Record, part: str = "") -> None:
    """In the form that GitHub takes for outputs."""
    for kind in KINDS:
        if digest := record.digests.get(repository_of(release.registry, kind) + part):
            print(f"{kind}={digest}")


def read_release(asked: argparse.Namespace) -> steps.Release:
    """Return what the words ask for; raises ConfigError."""
    if asked.command in WITH_REGISTRY and not asked.to:
        raise ConfigError(f"{asked.command} needs --to REGISTRY/NAME, e.g. --to ghcr.io/pocketfit/pocketfit")
    built = dict(word.partition("=")[::2] for word in asked.built)
    if unknown := set(built) - set(KINDS):
        raise ConfigError(f"--built {min(unknown)}: write action=IMAGE or comment=IMAGE")
    return steps.Release(
        root=asked.root,
        version=asked.version,
        registry=(asked.to or "").rstrip("/"),
        record=asked.record or asked.root / f"build/release/{asked.version}.json",
        say=lambda line: print(line, file=sys.stderr, flush=True),
        dry_run=asked.dry_run,
        pinned=not asked.unpinned,
        built=built,
    )


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m tools.release",
        description="Makes a release. Interrupted, the same command goes on; nothing refers to it before its tag.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="commands:\n" + "\n".join(f"  {name:<9}{what}" for name, what in COMMANDS.items()),
    )
    made.add_argument("command", choices=COMMANDS, metavar="COMMAND")
    made.add_argument("version", metavar="VERSION", help="the version, e.g. 0.1.0")
    made.add_argument(
        "--to",
        metavar="REGISTRY/NAME",
        help="where images go, e.g. ghcr.io/pocketfit/pocketfit; the small one gets -comment behind it",
    )
    made.add_argument("--dry-run", action="store_true", help="do all but push and tag")
    made.add_argument("--push", metavar="REMOTE", help="push the tag to this remote of git")
    made.add_argument("--sign", action="store_true", help="sign the tag, with the key that git is configured for")
    made.add_argument("--kind", action="append", choices=KINDS, help="images: this one alone")
    made.add_argument(
        "--built",
        action="append",
        default=[],
        metavar="KIND=IMAGE",
        help="an image that is built already, instead of building it",
    )
    made.add_argument(
        "--unpinned",
        action="store_true",
        help="take a base by tag, and torch's ordinary wheels where the CPU index does not answer: to try it",
    )
    made.add_argument(
        "--others", nargs="*", type=Path, default=[], metavar="RECORD", help="join: the records of other machines"
    )
    made.add_argument(
        "--wheels",
        nargs="*",
        type=Path,
        default=[],
        metavar="WHEEL",
        help="files and run: what `wheel` built, elsewhere",
    )
    made.add_argument("--record", type=Path, help="the file of what is done (build/release/VERSION.json)")
    made.add_argument(
        "--out", type=Path, default=ROOT / "dist", help="wheel, files and sbom: the folder for them (dist)"
    )
    made.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    return made


if __name__ == "__main__":
    raise SystemExit(main())
