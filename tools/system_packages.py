"""Installs the programs that Pocketfit's build needs, by apt where we are root; else one sentence naming them.

Standard library only: it runs before there is a virtual environment.
"""

import os
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
    missing = missing_packages()
    if not missing:
        return 0
    command = f"apt-get install -y --no-install-recommends {' '.join(missing)}"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print(f"error: {', '.join(missing)} missing; as root: {command}", file=sys.stderr)
        return 3
    print(f"installing {' '.join(missing)}", file=sys.stderr)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in ("apt-get update -q", command):
        done = subprocess.run(step.split(), env=environment, stdout=subprocess.DEVNULL, check=False)
        if done.returncode:
            print(f"error: `{step}` exited with {done.returncode}", file=sys.stderr)
            return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
