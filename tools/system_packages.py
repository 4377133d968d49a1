"""Installs the programs that Pocketfit's build needs, by apt where we are root; else one sentence naming them.

Where we are root, also those that only a phone's libraries need, under an emulator: a build does without them.

Standard library only: it runs before there is a virtual environment.
"""

import os
import platform
import shutil
import subprocess
import sys

# A program that tells whether it is there -> Debian's and Ubuntu's package.
PACKAGES = {
    "javac": "default-jdk-headless",
    "mvn": "maven",
    "gcc": "gcc",
    "readelf": "binutils",
    "adb": "adb",
    "git": "git",
}
# On a machine of another architecture than a phone's: the libraries' layer is compiled, and run, for arm64.
FOR_ARM64 = {
    "aarch64-linux-gnu-gcc": "gcc-aarch64-linux-gnu",
    "qemu-aarch64": "qemu-user",
}
ARM64_HEADERS = "/usr/aarch64-linux-gnu/include/stdio.h"


def missing_for_arm64() -> list[str]:
    if platform.machine() == "aarch64":
        return []
    missing = [package for program, package in FOR_ARM64.items() if not shutil.which(program)]
    return missing if os.path.exists(ARM64_HEADERS) else [*missing, "libc6-dev-arm64-cross"]


def missing_packages() -> list[str]:
    missing = [package for program, package in PACKAGES.items() if not shutil.which(program)]
    # gcc alone, on a machine without recommended packages, has no headers to compile against.
    if not os.path.exists("/usr/include/stdio.h"):
        missing.append("libc6-dev")
    # Debian ships venv apart from Python, and a venv without pip is what shows it.
    probe = "import ensurepip, venv"
    if subprocess.run([sys.executable, "-c", probe], capture_output=True, check=False).returncode:
        missing.append(f"python{sys.version_info.major}.{sys.version_info.minor}-venv")
    return missing


def main() -> int:
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        version = ".".join(map(str, sys.version_info[:2]))
        print(
            f"error: Python {version} has no wheels of our torch: run `make PYTHON=python3.12 ...` (3.11 to 3.13)",
            file=sys.stderr,
        )
        return 3
    needed, optional = missing_packages(), missing_for_arm64()
    may_install = os.geteuid() == 0 and shutil.which("apt-get") is not None
    if needed and not may_install:
        print(f"error: {', '.join(needed)} missing; as root: {command(needed)}", file=sys.stderr)
        return 3
    if not may_install or not (needed or optional):
        return 0
    print(f"installing {' '.join((*needed, *optional))}", file=sys.stderr)
    for step in ("apt-get update -q", *([command(needed)] if needed else [])):
        if code := run(step):
            if not needed:
                break
            print(f"error: `{step}` exited with {code}", file=sys.stderr)
            return 3
    else:
        # Not every system has them: make android says what is left out.
        if optional:
            run(command(optional))
    return 0


def command(packages: list[str]) -> str:
    return f"apt-get install -y --no-install-recommends {' '.join(packages)}"


def run(step: str) -> int:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(step.split(), env=environment, stdout=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
