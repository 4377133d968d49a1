"""The base image that the Dockerfile asks for, made on this machine where no image registry answers.

It is Debian's minimal system with Debian's Python, which is close to what `python:*-slim-bookworm` is.
Machines without an image registry often reach the package registries only with certificates and settings of
their own, which it carries; the Dockerfile knows nothing of them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from pocketfit.errors import CommandError
from pocketfit.process import finish, run

SUITE = "bookworm"
LABEL = "pocketfit.base-image"
PACKAGES = "ca-certificates,python3,python3-venv,python3-pip"
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
CERTIFICATE_VARIABLES = (
    "PIP_CERT",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
)
PROXY_VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
# As `npm config get` says it.
UNSET = ("", "null", "undefined")
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


def ensure_base_image(name: str) -> None:
    """See to it that `docker build` finds `name` here: what is there, the real one, or one made here."""
    inspected = finish(["docker", "image", "inspect", "--format", "{{json .Config}}", name], timeout=30)
    if inspected.code == 0:
        config = json.loads(inspected.stdout)
        if LABEL in (config.get("Labels") or {}):
            _renew_settings(name, config.get("Env") or [])
        return
    if finish(["docker", "pull", "--quiet", name], timeout=120).code == 0:
        return
    with tempfile.TemporaryDirectory(prefix="pocketfit-base-image-") as temporary:
        root = Path(temporary) / "root"
        build_root(root)
        archive = Path(temporary) / "root.tar"
        run("tar", "-C", root, "-cf", archive, ".", timeout=300)
        options = [word for change in [*_changes(), f"LABEL {LABEL}=1"] for word in ("--change", change)]
        run("docker", "import", *options, archive, name, timeout=300)


def _changes() -> list[str]:
    settings = registry_environment(os.environ) | npm_settings()
    return [f"ENV {key}={value}" for key, value in sorted(settings.items())]


def _renew_settings(name: str, environment: list[str]) -> None:
    """One that was made here before may lack a setting that has come since: made anew, it would take minutes."""
    missing = [change for change in _changes() if change.removeprefix("ENV ") not in environment]
    if missing:
        with tempfile.TemporaryDirectory(prefix="pocketfit-base-image-") as folder:
            (Path(folder) / "Dockerfile").write_text("\n".join([f"FROM {name}", *missing, ""]))
            run("docker", "build", "--quiet", "--tag", name, folder, timeout=120)


def build_root(root: Path) -> None:
    """Debian in a folder, with `python` where the official image has it, and this machine's settings."""
    mirror = [uri] if (uri := _mirror()) else []
    run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, root, *mirror, timeout=900)
    make_slim(root)
    (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")
    _copy_certificates(root)
    _copy_first(
        root / "etc/pip.conf",
        os.environ.get("PIP_CONFIG_FILE", ""),
        "/etc/pip.conf",
        "~/.config/pip/pip.conf",
        "~/.pip/pip.conf",
    )
    _copy_first(root / "root/.m2/settings.xml", "~/.m2/settings.xml")


def make_slim(root: Path) -> None:
    """Take out what Debian's slim images leave out: apt's files, documents but licences, translations."""
    for place in ("var/cache/apt/archives", "usr/share/info", "usr/share/locale", "usr/share/man"):
        shutil.rmtree(root / place, ignore_errors=True)
    for path in (root / "var/lib/apt/lists").glob("*_*"):
        path.unlink()
    for path in (root / "usr/share/doc").rglob("*"):
        if path.name != "copyright" and path.is_file() and not path.is_symlink():
            path.unlink()


def registry_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that make pip, Maven and the rest work here, with certificates where the image has them."""
    kept = {
        key: value
        for key, value in environ.items()
        if (key.startswith(("PIP_", "MAVEN_")) or key in PROXY_VARIABLES) and not _is_local(value)
    }
    return kept | {key: BUNDLE for key in CERTIFICATE_VARIABLES if key in environ}


def npm_settings() -> dict[str, str]:
    """The registry that npm asks here, and that it needs certificates of this machine's own; nothing where npm isn't."""
    if shutil.which("npm") is None:
        return {}
    registry, certificates = (run("npm", "config", "get", name, timeout=60).strip() for name in ("registry", "cafile"))
    settings = {} if registry in UNSET else {"NPM_CONFIG_REGISTRY": registry}
    return settings if certificates in UNSET else settings | {"NPM_CONFIG_CAFILE": BUNDLE}


def _is_local(value: str) -> bool:
    """A folder or file of this machine, which means nothing inside the image."""
    return Path(value).is_absolute()


def _mirror() -> str | None:
    """Where this machine's apt finds the suite; None leaves it to debootstrap."""
    try:
        listing = run("apt-get", "indextargets", "--format", "$(CODENAME) $(COMPONENT) $(REPO_URI)", timeout=60)
    except CommandError:
        return None
    return next(
        (line.split()[2] for line in listing.splitlines() if line.startswith(f"{SUITE} main ") and "debian" in line),
        None,
    )


def _copy_certificates(root: Path) -> None:
    """Add what this machine trusts beyond Debian's own, one certificate a file, as Java's trust store needs."""
    known = set(_certificates(root / BUNDLE.lstrip("/")))
    files = {Path(os.environ[key]) for key in CERTIFICATE_VARIABLES if key in os.environ}
    extra = {text for file in files for text in _certificates(file)} - known
    for number, text in enumerate(sorted(extra)):
        (root / f"usr/local/share/ca-certificates/base-image-{number}.crt").write_text(text + "\n")
    run("chroot", root, "update-ca-certificates", timeout=120)


def _certificates(bundle: Path) -> Iterator[str]:
    if bundle.is_file():
        yield from CERTIFICATE.findall(bundle.read_text(errors="replace"))


def _copy_first(target: Path, *sources: str) -> None:
    """Copy the first of this machine's files that exists."""
    found = next((path for source in sources if (path := Path(source).expanduser()).is_file()), None)
    if found is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(found, target)
