"""What is in an image, asked of the image itself, as SPDX 2.3."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pocketfit.process import run

TIMEOUT_S = 300
# Run inside of the image, whose Python has no module of ours for it.
LOOK = """
import json, os, pathlib, subprocess
from importlib.metadata import distributions
found = [["pypi", d.metadata["Name"], d.version, d.metadata["License-Expression"] or ""] for d in distributions()]
asked = ["dpkg-query", "-W", "-f", "${Package} ${Version}\\\\n"]
listed = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
found += [["deb", *line.split(), ""] for line in listed.splitlines()]
android = pathlib.Path(os.environ.get("POCKETFIT_ANDROID", "/nowhere"), "runtimes.json")
if android.is_file():
    told = json.loads(android.read_text())
    all_of_them = [*told["runtimes"].values(), *told.get("older", {}).values()]
    found += [["android", one["artifact"], one["version"], ""] for one in all_of_them]
for release in pathlib.Path("/usr/lib/jvm").glob("*/release"):
    values = dict(line.split("=", 1) for line in release.read_text().splitlines() if "=" in line)
    found.append(["jvm", "openjdk", values["JAVA_VERSION"].strip('"'), ""])
notices = pathlib.Path("/usr/share/licenses/notices/README.txt")
print(json.dumps([found, notices.read_text("utf-8") if notices.is_file() else ""]))
"""
# Of the licences beside the Android libraries, those that SPDX has by the file's name.
KNOWN_LICENSES = ("Apache-2.0",)


@dataclass(frozen=True, order=True)
class Package:
    """One package of an image; `kind` is that of its address, pypi or deb, else android, jvm or linked.

    What is linked into a library says no `version`: it is empty.
    """

    kind: str
    name: str
    version: str
    license: str


def packages_of(image: str) -> list[Package]:
    said = run("docker", "run", "--rm", "--entrypoint", "python", image, "-c", LOOK, timeout=TIMEOUT_S)
    packages, notices = json.loads(said)
    return sorted({*(Package(*one) for one in packages), *linked(notices)})


def linked(notices: str) -> Iterator[Package]:
    """What the Android libraries are made of, from the table in the README.txt of their licences' folder."""
    for line in notices.splitlines():
        match re.split(r" {2,}", line.strip()):
            case [_, name, file] if file.endswith(".txt"):
                license = file.removesuffix(".txt")
                yield Package("linked", name, "", license if license in KNOWN_LICENSES else "")


def spdx(name: str, digest: str, made: str, packages: Iterable[Package]) -> dict[str, Any]:
    """Return the document for an image; `made` is a time, as in 2026-11-27T12:00:00Z."""
    image = {
        **_package("SPDXRef-image", name, digest, ""),
        "externalRefs": [_reference(f"pkg:oci/{name.rpartition('/')[2]}@{digest}?repository_url={name}")],
    }
    parts = [
        {
            **_package(f"SPDXRef-{number}", package.name, package.version, package.license),
            **({"externalRefs": [_reference(address)]} if (address := _address(package)) else {}),
        }
        for number, package in enumerate(packages, 1)
    ]
    described = [_relation("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-image")]
    contained = [_relation("SPDXRef-image", "CONTAINS", part["SPDXID"]) for part in parts]
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": name,
        "documentNamespace": f"https://github.com/pocketfit/pocketfit/sbom/{digest}",
        "creationInfo": {"created": made, "creators": ["Tool: pocketfit-tools-release"]},
        "packages": [image, *parts],
        "relationships": [*described, *contained],
    }


def _package(identity: str, name: str, version: str, license: str) -> dict[str, Any]:
    return {
        "SPDXID": identity,
        "name": name,
        **({"versionInfo": version} if version else {}),
        "downloadLocation": "NOASSERTION",
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": license or "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "filesAnalyzed": False,
    }


def _address(package: Package) -> str | None:
    match package.kind:
        case "pypi":
            return f"pkg:pypi/{package.name.lower().replace('_', '-')}@{package.version}"
        case "deb":
            return f"pkg:deb/debian/{package.name}@{package.version}"
    return None


def _reference(address: str) -> dict[str, str]:
    return {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": address}


def _relation(one: str, kind: str, other: str) -> dict[str, str]:
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
