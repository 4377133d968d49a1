from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from pocketfit.exporter.executorch import pairs
from pocketfit.exporter.executorch.pairs import PAIRS, unknown_pair

REQUIREMENTS = Path(__file__).parents[4] / "requirements"


def install(monkeypatch: pytest.MonkeyPatch, **versions: str) -> None:
    def version(name: str) -> str:
        try:
            return versions[name]
        except KeyError:
            raise PackageNotFoundError(name) from None

    monkeypatch.setattr(pairs, "version", version)


@pytest.mark.parametrize(
    ("torch", "executorch"), [("2.12.1", "1.3.1"), ("2.12.1+cpu", "1.3.1"), ("2.14.0", "1.5.1"), ("2.14.1", "1.5.0")]
)
def test_a_pair_is_known_by_its_minor_versions(torch: str, executorch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, torch=torch, executorch=executorch)
    assert unknown_pair() is None


@pytest.mark.parametrize(("torch", "executorch"), [("2.14.0", "1.3.1"), ("2.13.0", "1.4.1"), ("2.1.0", "1.3.1")])
def test_any_other_is_refused_with_those_that_are(torch: str, executorch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, torch=torch, executorch=executorch)
    assert unknown_pair() == (
        f"executorch {executorch} with torch {torch} is no pair that Pocketfit was tried with: "
        "install executorch 1.3.1 with torch 2.12.1 or executorch 1.5.1 with torch 2.14.0"
    )


def test_packages_without_metadata_are_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, torch="2.13.0")
    assert unknown_pair() is None


def test_the_pairs_are_those_that_are_installed_and_tested() -> None:
    ours, second = PAIRS
    assert f"torch=={ours.torch}" in (REQUIREMENTS / "torch.txt").read_text().split()
    assert f"executorch=={ours.executorch}" in (REQUIREMENTS / "executorch.in").read_text().split()
    assert f"torch=={second.torch}" in (REQUIREMENTS / "second-pair-torch.in").read_text().split()
    assert f"executorch=={second.executorch}" in (REQUIREMENTS / "second-pair-executorch.in").read_text().split()
