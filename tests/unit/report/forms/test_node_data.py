"""Node data for Model Explorer, under the names that its adapter for .pte files gives to graphs and nodes."""

from __future__ import annotations

import json
from dataclasses import replace

from pocketfit.records import Anatomy, Built, LayerLoss, Variant
from pocketfit.report.forms.node_data import node_data
from tests.unit.report.test_compare import built, with_export

PTE = Variant("net", "executorch", "int8")
# Instruction 1 is a kernel; 0 and 2 are XNNPACK's, with a ReLU of no module of its own in the first.
PLACES = {"1": "head.pool", "0/1": "body.0.conv", "0/2": "body.0.conv", "0/3": "body.1", "2/0": "head.fc", "2/1": "odd"}


def artifact(**changes: object) -> Built:
    made = replace(built(variant=PTE), file="net.executorch.int8.pte")
    anatomy = Anatomy(modules={"body.0": 400, "body.1": 30, "head.fc": 5}, macs={"body.0": 9000, "head.fc": 50})
    return with_export(made, places=PLACES, anatomy=anatomy, **changes)


def results(text: str) -> dict[str, dict[str, float]]:
    graphs = json.loads(text)
    return {graph: {key: one["value"] for key, one in data["results"].items()} for graph, data in graphs.items()}


def test_a_node_has_its_modules_number_and_a_part_of_xnnpacks_that_of_all_in_it() -> None:
    made = node_data(artifact())
    assert list(made) == ["bytes", "macs"]
    assert results(made["bytes"]) == {
        "net.executorch.int8.pte::forward_0_0": {"1": 400, "2": 400, "3": 30},
        "net.executorch.int8.pte::forward_0_2": {"0": 5},
        # Two nodes of body.0 count it once.
        "forward": {"forward_0_0": 430, "forward_0_2": 5},
    }
    assert results(made["macs"])["forward"] == {"forward_0_0": 9000, "forward_0_2": 50}


def test_what_a_layer_loses_is_at_its_own_nodes_and_the_worst_counts() -> None:
    losses = (LayerLoss("body.0.conv", 60.0, 39.0), LayerLoss("body.1", 39.0, 37.46), LayerLoss("head", 30.0, 10.0))
    lost = node_data(artifact(layer_losses=losses))["lost-db"]
    # That of `head` is what it adds around head.fc and head.pool.
    assert results(lost) == {
        "net.executorch.int8.pte::forward_0_0": {"1": 21.0, "2": 21.0, "3": 1.5},
        "forward": {"forward_0_0": 21.0},
    }
    assert json.loads(lost)["forward"]["name"] == "SQNR that the layer loses, dB"


def test_sums_that_would_count_a_module_twice_are_hidden_and_the_largest_is_the_darkest() -> None:
    data = json.loads(node_data(artifact())["bytes"])["forward"]
    assert data["hideAggregatedStats"] == ["sum", "avg"]
    assert [stop["stop"] for stop in data["gradient"]] == [0, 1]


def test_a_kernel_left_out_of_xnnpack_has_its_modules_number() -> None:
    made = with_export(artifact(), anatomy=Anatomy(modules={"head.pool": 7}))
    assert results(node_data(made)["bytes"]) == {"forward": {"forward_0_1": 7}}


def test_a_file_whose_nodes_nobody_knows_has_none() -> None:
    assert node_data(with_export(artifact(), places={})) == {}
    assert node_data(with_export(artifact(), anatomy=None)) == {}
