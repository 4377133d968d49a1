from __future__ import annotations

import pytest

from pocketfit.exporter.importing.plain import is_plain, plain_name, unreadable


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (("net",), "net"),
        (("models", "net"), "models.net"),
        (("ml-models", "net"), "ml_2d_models.net"),
        (("2d pose", "net"), "_2d_20_pose.net"),
        (("03_export",), "_03_export"),
        (("modèle", "net"), "mod_e8_le.net"),
        # As a Mac writes the same letter.
        (("mode\N{COMBINING GRAVE ACCENT}le", "net"), "mod_e8_le.net"),
        (("class", "net"), "class_.net"),
        (("v1.2", "net"), "v1_2e_2.net"),
        # Names that Python, torch or we have already; inside of a folder they are free.
        (("torchao",), "torchao_"),
        (("profile",), "profile_"),
        (("exporters", "executorch"), "exporters.executorch"),
        (("numpy", "net"), "numpy_.net"),
    ],
)
def test_the_name_of_a_module(parts: tuple[str, ...], name: str) -> None:
    assert plain_name(parts) == name
    assert is_plain(name)
    assert name.isascii()
    assert all(part.isidentifier() for part in name.split("."))


@pytest.mark.parametrize(
    "name",
    ["", "net.", ".net", "a..b", "ml-models.net", "03_export", "net.2d", "class", "net.import", "modèle", "net\n"],
)
def test_a_modules_name_that_torchscript_can_not_read_back(name: str) -> None:
    assert not is_plain(name)


def test_names_that_differ_stay_different() -> None:
    assert len({plain_name((name,)) for name in ("a-b", "a b", "a_b", "a.b", "äb", "ab")}) == 6


def test_a_name_that_cannot_be_read_back() -> None:
    code = "class Net(Module):\n  def forward(self: __torch__.Net,\n    x_θ: Tensor) -> Tensor:\n"
    assert unreadable(code, {"x_θ": "argument"}) == (
        "the argument x_θ has the letter θ, and torch can't read such a TorchScript file back: "
        "rename it with letters of ASCII, or use format lite"
    )
    assert (unreadable(code, {}) or "").startswith("the variable x_θ ")
    assert unreadable("def forward(self, x: Tensor)", {"x_θ": "argument"}) is None
