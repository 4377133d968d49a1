"""The paths that every program needs to run at all, and those of an interpreter and of a repository."""

from __future__ import annotations

import glob
import os
import site
import sys
from pathlib import Path

import pocketfit
from pocketfit.sandbox.order import Walls

# Of /etc what programs look up and nothing that could hold a password.
SYSTEM = (
    "/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/nix/store", "/proc", "/sys/devices/system",
    "/sys/fs/cgroup", "/sys/kernel/mm", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d",
    "/etc/ld.so.preload", "/etc/localtime", "/etc/timezone", "/etc/passwd", "/etc/group", "/etc/nsswitch.conf",
    "/etc/hosts", "/etc/host.conf", "/etc/resolv.conf", "/etc/gai.conf", "/etc/services", "/etc/protocols",
    "/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/ca-certificates", "/etc/pki/tls/certs", "/etc/pki/ca-trust",
    "/etc/debian_version", "/etc/mime.types", "/etc/magic", "/etc/fonts", "/etc/alternatives", "/etc/locale.alias",
    "/etc/os-release", "/etc/java*", "/etc/python3*",
)  # fmt: skip
# Files and folders that these name are needed to speak to servers, or to load libraries.
NAMED = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT", "LD_LIBRARY_PATH")
# Where git-annex keeps what links in the tree lead to.
ANNEX = ".git/annex/objects"


def of_system() -> tuple[str, ...]:
    """The system's programs, libraries and settings, and what our own environment names."""
    system = [path for pattern in SYSTEM for path in (glob.glob(pattern) if "*" in pattern else [pattern])]
    named = [path for name in NAMED for path in os.environ.get(name, "").split(os.pathsep) if path]
    return (*system, *named)


def of_interpreter(python: Path | None = None) -> tuple[str, ...]:
    """Our interpreter and its packages, and those of `python`, a layer over ours; never the folder that we are in."""
    ours = [sys.prefix, sys.base_prefix, sys.exec_prefix, *site.getsitepackages(), str(Path(pocketfit.__file__).parent)]
    if site.ENABLE_USER_SITE:
        ours.append(site.getusersitepackages())
    # What .pth files add; the first is a script's folder, or the one that we were started in.
    here = os.getcwd()
    added = [path for path in sys.path[1:] if os.path.isdir(path) and os.path.realpath(path) != here]
    layer = [str(python.absolute().parents[2])] if python else []
    return tuple(dict.fromkeys([*ours, *added, *layer]))


def of_repository(root: Path, without: Path | None = None) -> Walls:
    """All of a tree but what is hidden at its top: git's folder can hold a password, and so can files such as .env.

    A link gives nothing but itself: whoever wrote the tree chose where it leads. `without` is a folder at its top that
    is not the tree's own.
    """
    try:
        shown = tuple(
            str(path)
            for path in sorted(root.iterdir())
            if not path.name.startswith(".") and not path.is_symlink() and path != without
        )
    except OSError:
        shown = ()
    annex = root.resolve() / ANNEX
    return Walls((*shown, *([str(annex)] if annex.resolve() == annex else [])), (str(root),))
