"""Puts together a small JVM for arm64, which emulators of single programs (qemu-user) run on another machine.

    fetch.py --java-home DIR --out FOLDER

Its packages are Debian's, fetched by an apt with a configuration of its own: the system's sources and keys, but
folders beside FOLDER, and nothing is installed. The machine's own jlink makes a JVM of the arm64 JDK's
modules, so both are of one version. FOLDER then has:

    java/            the JVM, java.base alone
    lib/             the C library and what else it is linked to
    notices/         the packages' licences
    packages.txt     a package and its version on each line; written last

Only the standard library is needed, and apt-get, dpkg-deb and jlink. Where something is missing, one line on
standard error says what, and the exit code is 3.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ARCHITECTURE = "arm64"
# {major} is the version of Java.
JDK = "openjdk-{major}-jdk-headless"
LIBRARIES = {
    "libc6": ("ld-linux-aarch64.so.1", "libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1"),
    "libgcc-s1": ("libgcc_s.so.1",),
    "libstdc++6": ("libstdc++.so.6",),
    "zlib1g": ("libz.so.1",),
}
TIMEOUT_S = 600


class Lacking(Exception):
    """What could not be had, as the end of a sentence."""


def apt_configuration(folder: Path) -> str:
    """An apt of its own: the architecture, and every folder that it writes to; no index but the lists of packages."""
    return f"""
APT::Architecture "{ARCHITECTURE}";
#clear APT::Architectures;
APT::Architectures "{ARCHITECTURE}";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
Acquire::IndexTargets::deb::CNF::DefaultEnabled "false";
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::State "{folder}/state";
Dir::State::status "/dev/null";
Dir::Cache "{folder}/cache";
Dir::Log "{folder}/log";
"""


def java_version(release: str) -> str:
    """The major version of Java in what a JDK's file `release` says; raises Lacking where it says none."""
    found = re.search(r'^JAVA_VERSION="(\d+)', release, re.MULTILINE)
    if not found:
        raise Lacking("this machine's JDK does not say which version it is")
    return found[1]


def package_of(file_name: str) -> str:
    """ "NAME VERSION" of a package by the name that apt gives its file."""
    name, version, _ = file_name.split("_")
    return f"{name} {version.replace('%3a', ':')}"


def run(*args: str | Path, cwd: Path, environment: dict[str, str] | None = None) -> str:
    """Run a program; raises Lacking with the last line that it said where it fails."""
    try:
        done = subprocess.run(
            args, cwd=cwd, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except FileNotFoundError as error:
        raise Lacking(f"{args[0]} is not here") from error
    except subprocess.TimeoutExpired as error:
        raise Lacking(f"{args[0]} did not end in {TIMEOUT_S} s") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["nothing"]
        errors = [line for line in said if line.startswith("E: ")]
        raise Lacking(f"`{' '.join(map(str, args[:2]))}` said: {(errors or said[-1:])[0]}")
    return done.stdout


def fetch(folder: Path, packages: Sequence[str]) -> list[Path]:
    """Download packages into `folder`/debs; apt checks their signatures."""
    for needed in ("debs", "state/lists/partial", "cache/archives/partial", "log"):
        (folder / needed).mkdir(parents=True)
    configuration = folder / "apt.conf"
    configuration.write_text(apt_configuration(folder))
    environment = {**os.environ, "APT_CONFIG": str(configuration), "LC_ALL": "C"}
    run("apt-get", "update", cwd=folder, environment=environment)
    run("apt-get", "download", *packages, cwd=folder / "debs", environment=environment)
    return sorted((folder / "debs").glob("*.deb"))


def link(modules: Path, out: Path, jlink: Path) -> None:
    """Make a JVM of java.base alone, without what only debuggers and compilers of C read."""
    options = ("--strip-java-debug-attributes", "--no-header-files", "--no-man-pages", "--compress=2")
    run(jlink, "--module-path", modules, "--add-modules", "java.base", "--output", out, *options, cwd=modules)


def take_libraries(root: Path, out: Path) -> None:
    out.mkdir()
    for names in LIBRARIES.values():
        for name in names:
            found = next(iter(sorted(root.rglob(name))), None)
            if found is None:
                raise Lacking(f"Debian's packages have no {name}")
            # Through its link, which can lead to a version's own name.
            shutil.copy2(found.resolve(), out / name)


def take_notices(root: Path, out: Path) -> None:
    out.mkdir()
    for notice in sorted(root.glob("usr/share/doc/*/copyright")):
        if notice.is_file():
            shutil.copyfile(notice, out / f"{notice.parent.name}.txt")


def assemble(java_home: Path, out: Path, scratch: Path) -> None:
    """Write all of FOLDER, as above, into `out`; `scratch` is an empty folder on the same disk."""
    try:
        release = (java_home / "release").read_text()
    except OSError as error:
        raise Lacking(f"{java_home} is no JDK") from error
    jdk = JDK.format(major=java_version(release))
    files = fetch(scratch, [jdk, *LIBRARIES])
    root = scratch / "root"
    for file in files:
        run("dpkg-deb", "--extract", file, root, cwd=scratch)
    modules = next(iter(root.glob("usr/lib/jvm/*/jmods")), None)
    if modules is None:
        raise Lacking(f"Debian's {jdk} has no modules to link")
    made = scratch / "made"
    made.mkdir()
    link(modules, made / "java", java_home / "bin" / "jlink")
    take_libraries(root, made / "lib")
    take_notices(root, made / "notices")
    (made / "packages.txt").write_text("".join(f"{package_of(file.name)}\n" for file in files))
    shutil.rmtree(out, ignore_errors=True)
    made.rename(out)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--java-home", required=True, type=Path)
    parser.add_argument("--out", required=True, type=Path)
    options = parser.parse_args()
    out = options.out.absolute()
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix="jvm-") as scratch:
        try:
            assemble(options.java_home, out, Path(scratch))
        except Lacking as lacking:
            print(lacking, file=sys.stderr)
            return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
