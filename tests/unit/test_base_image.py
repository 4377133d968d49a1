from __future__ import annotations

from tests.e2e.base_image import BUNDLE, registry_environment


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
