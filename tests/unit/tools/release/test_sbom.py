from __future__ import annotations

from pathlib import Path

from tools.release.sbom import Package, linked, spdx

DIGEST = "sha256:" + "a" * 64
PACKAGES = [
    Package("deb", "libc6", "2.36-9+deb12u13", ""),
    Package("pypi", "typing_extensions", "4.16.0", "PSF-2.0"),
    Package("android", "pytorch_android_lite", "1.12.2", ""),
]
NOTICES = (Path(__file__).parents[4] / "src/android/notices/README.txt").read_text()


def test_what_libraries_are_linked_with_is_in_it() -> None:
    found = {package.name: package for package in linked(NOTICES)}

    assert {"XNNPACK", "fbjni", "PyTorch", "ExecuTorch", "SoLoader's NativeLoader", "cpuinfo"} <= found.keys()
    assert len(found) == sum(line.endswith(".txt") for line in NOTICES.splitlines())
    assert found["fbjni"] == Package("linked", "fbjni", "", "Apache-2.0")
    assert found["XNNPACK"].license == ""
    (_, part) = spdx("pocketfit", DIGEST, "2026-11-27T12:00:00Z", [found["XNNPACK"]])["packages"]
    assert (part["name"], "versionInfo" in part, "externalRefs" in part) == ("XNNPACK", False, False)


def test_an_image_contains_its_packages() -> None:
    document = spdx("ghcr.io/pocketfit/pocketfit", DIGEST, "2026-11-27T12:00:00Z", PACKAGES)

    image, *parts = document["packages"]
    assert image["externalRefs"][0]["referenceLocator"] == (
        f"pkg:oci/pocketfit@{DIGEST}?repository_url=ghcr.io/pocketfit/pocketfit"
    )
    assert [(part["name"], part["versionInfo"], part["licenseDeclared"]) for part in parts] == [
        ("libc6", "2.36-9+deb12u13", "NOASSERTION"),
        ("typing_extensions", "4.16.0", "PSF-2.0"),
        ("pytorch_android_lite", "1.12.2", "NOASSERTION"),
    ]
    assert [ref["referenceLocator"] for part in parts for ref in part.get("externalRefs", [])] == [
        "pkg:deb/debian/libc6@2.36-9+deb12u13",
        "pkg:pypi/typing-extensions@4.16.0",
    ]
    identities = [package["SPDXID"] for package in document["packages"]]
    assert len(set(identities)) == 4
    assert [
        (relation["spdxElementId"], relation["relationshipType"], relation["relatedSpdxElement"])
        for relation in document["relationships"]
    ] == [
        ("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-image"),
        *(("SPDXRef-image", "CONTAINS", identity) for identity in identities[1:]),
    ]
