from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.base_image import BUNDLE, make_slim, npm_settings, registry_environment


def test_what_a_base_image_takes_over_from_this_machine() -> None:
    environ = {
        "PATH": "/usr/bin",
        "HOME": "/root",
        "PIP_INDEX_URL": "https://pypi.example/simple",
        "PIP_CERT": "/opt/company.pem",
        "PIP_FIND_LINKS": "/opt/wheels",
        "MAVEN_OPTS": "-Xmx1g",
        "https_proxy": "http://proxy.example:3128",
        "SSL_CERT_FILE": "/opt/company.pem",
    }
    assert registry_environment(environ) == {
        "PIP_INDEX_URL": "https://pypi.example/simple",
        "PIP_CERT": BUNDLE,
        "MAVEN_OPTS": "-Xmx1g",
        "https_proxy": "http://proxy.example:3128",
        "SSL_CERT_FILE": BUNDLE,
    }


def test_an_ordinary_machine_has_nothing_to_take_over() -> None:
    assert registry_environment({"PATH": "/usr/bin", "HOME": "/root"}) == {}


def npm(folder: Path, registry: str, certificates: str) -> None:
    script = folder / "npm"
    script.write_text(f"#!/bin/sh\ncase $3 in registry) echo {registry};; cafile) echo {certificates};; esac\n")
    script.chmod(0o755)


def test_npm_asks_the_same_registry_in_a_base_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    npm(tmp_path, "https://npm.example/", "/opt/company.pem")
    assert npm_settings() == {"NPM_CONFIG_REGISTRY": "https://npm.example/", "NPM_CONFIG_CAFILE": BUNDLE}
    npm(tmp_path, "https://npm.example/", "null")
    assert npm_settings() == {"NPM_CONFIG_REGISTRY": "https://npm.example/"}
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert npm_settings() == {}


def test_a_base_image_is_as_slim_as_debians(tmp_path: Path) -> None:
    left_out = (
        "usr/share/doc/git/README", "usr/share/doc/git/contrib/a.pl", "usr/share/locale/de/LC_MESSAGES/git.mo",
        "usr/share/man/man1/git.1.gz", "var/cache/apt/archives/git.deb", "var/lib/apt/lists/deb.debian.org_Packages",
    )  # fmt: skip
    kept = ("usr/bin/git", "usr/share/doc/git/copyright", "var/lib/apt/lists/partial/x")
    for name in (*left_out, *kept):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    # Packages of one source share a folder, and with it the licence.
    (tmp_path / "usr/share/doc/git-man").symlink_to("git")
    make_slim(tmp_path)
    assert [name for name in left_out if (tmp_path / name).exists()] == []
    assert [name for name in kept if not (tmp_path / name).exists()] == []
    assert (tmp_path / "usr/share/doc/git-man/copyright").is_file()
