from __future__ import annotations

from types import SimpleNamespace

import pytest

from pocketfit.exporter.anatomy.names import input_names, output_name


@pytest.mark.parametrize(
    ("forward", "count", "names"),
    [
        (lambda x: x, 1, ("x",)),
        (lambda ids, mask=None, scale=1.0: ids, 2, ("ids", "mask")),
        (lambda first, *rest: first, 3, ("first", "rest[0]", "rest[1]")),
        (lambda *, only: only, 1, ("input[0]",)),
    ],
)
def test_input_names(forward: object, count: int, names: tuple[str, ...]) -> None:
    assert input_names(SimpleNamespace(forward=forward), count) == names


def test_torchscript_says_its_names_in_a_schema() -> None:
    def forward() -> None: ...

    forward.schema = SimpleNamespace(arguments=[SimpleNamespace(name=name) for name in ("self", "ids", "mask")])  # type: ignore[attr-defined]
    assert input_names(SimpleNamespace(forward=forward), 2) == ("ids", "mask")
    assert input_names(SimpleNamespace(forward=forward), 3) == ("ids", "mask", "input2")
    assert input_names(SimpleNamespace(forward=3), 1) == ("input0",)


@pytest.mark.parametrize(
    ("path", "name"),
    [("", "output"), ("[0]", "0"), ("['aux']", "aux"), ("[1]['features'][0]", "1.features.0"), ("['a.b']", "a.b")],
)
def test_output_name(path: str, name: str) -> None:
    assert output_name(path) == name
