from __future__ import annotations

from types import SimpleNamespace

from pocketfit.exporter.executorch.plain_names import make_plain


def test_names_stay_apart_and_plain_ones_stay() -> None:
    names = ["a-0.weight", "a_0.weight", "a.0.weight", "bü.bias", "a-0.weight"]
    program = SimpleNamespace(
        graph_signature=SimpleNamespace(
            input_specs=[*(SimpleNamespace(target=name) for name in names), SimpleNamespace(target=None)],
            output_specs=[SimpleNamespace(target="count-0"), SimpleNamespace(target=None)],
        ),
        state_dict={"a-0.weight": 1, "a_0.weight": 2, "a.0.weight": 3, "unused-0": 4},
        constants={"bü.bias": 5},
    )
    program.graph_signature.input_specs.append(SimpleNamespace(target="count-0"))

    make_plain(program)

    targets = [one.target for one in program.graph_signature.input_specs]
    assert targets == ["a_0.weight", "a_0.weight_1", "a.0.weight_2", "b_.bias", "a_0.weight", None, "count_0"]
    assert [one.target for one in program.graph_signature.output_specs] == ["count_0", None]
    assert program.state_dict == {"a_0.weight": 1, "a_0.weight_1": 2, "a.0.weight_2": 3, "unused-0": 4}
    assert program.constants == {"b_.bias": 5}
