"""What versions of ExecuTorch are said to make of a .pte, before and after it was tried."""

from __future__ import annotations

from pathlib import Path

from pocketfit.records import DeviceSpec, Parity, RunsOn, Smoke
from pocketfit.runtimes.predicted import judged, predict, seen, unknown_of
from pocketfit.runtimes.pte import Program
from pocketfit.runtimes.versions import NEWEST, VERSIONS

DATA = Path("tests/data/executorch-1.3.1")
BY_KIND = "what XNNPACK was given is looked at by kind of node alone"
ONE_0, ONE_3 = str(VERSIONS["1.0"]), str(VERSIONS["1.3"])


def test_a_kernel_that_the_older_two_lack() -> None:
    found = predict(DATA / "pool.pte", "executorch", VERSIONS)
    assert {version: one.status for version, one in found.items()} == {
        "1.0": "refused",
        "1.1": "refused",
        "1.3": "runs",
    }
    assert found["1.0"] == RunsOn(
        "refused",
        "prediction",
        ONE_0,
        f"aten::_adaptive_avg_pool2d.out is not in {ONE_0}: leave the operator out of the model, or build the app's "
        "runtime with its kernel",
        ("aten::_adaptive_avg_pool2d.out",),
    )
    # Nothing of it is inside of a backend.
    assert found["1.3"].reason == ""


def test_a_node_that_the_oldest_xnnpack_lacks() -> None:
    found = predict(DATA / "sin.pte", "executorch", VERSIONS)
    assert {version: (one.status, one.lacks) for version, one in found.items()} == {
        "1.0": ("refused", ("XNNPACK's XNNSin",)),
        "1.1": ("runs", ()),
        "1.3": ("runs", ()),
    }
    assert found["1.1"].reason == BY_KIND


def test_only_versions_that_are_asked_for_and_only_programs() -> None:
    assert list(predict(DATA / "mlp.pte", "executorch", ("1.1",))) == ["1.1"]
    assert predict(DATA / "mlp.pte", "lite", VERSIONS) == {}
    assert predict(DATA / "mlp.pte", "onnx", VERSIONS) == {}
    assert DeviceSpec().runtimes == (NEWEST,)


def test_what_cant_be_read_or_is_of_no_known_version_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "net.pte").write_bytes(b"")
    found = predict(tmp_path / "net.pte", "executorch", ("1.0",))
    assert (found["1.0"].status, found["1.0"].reason) == (
        "unknown",
        "the file can't be read: it is no ExecuTorch program, which has ET and two digits at byte 4",
    )
    assert predict(DATA / "mlp.pte", "executorch", ("9.9",))["9.9"] == RunsOn(
        "unknown", "prediction", "ExecuTorch 9.9", "nobody has read what ExecuTorch 9.9 has"
    )


def test_what_a_backend_was_given_is_said_to_be_unseen() -> None:
    assert unknown_of(Program("ET12", 1, ("aten::mean.out",), ())) == ""
    assert unknown_of(Program("ET12", 1, (), ("XnnpackBackend",), (2,))) == BY_KIND
    assert unknown_of(Program("ET12", 1, (), ("XnnpackBackend",))) == "what XNNPACK was given can't be looked into"
    assert unknown_of(Program("ET12", 1, (), ("VulkanBackend", "XnnpackBackend"), (2,))) == (
        "what VulkanBackend was given can't be looked into"
    )


def test_what_was_seen_counts_before_what_was_predicted() -> None:
    predicted = predict(DATA / "sin.pte", "executorch", VERSIONS)
    refused = seen(Smoke("failed", "it can't read that", runtime=ONE_0), predicted["1.0"])
    assert refused == RunsOn("refused", "run", ONE_0, "it can't read that", ("XNNPACK's XNNSin",))
    wrong = seen(Smoke("failed", "it is far off", runtime=ONE_0, parity=Parity(3.0, 1.0)), predicted["1.0"])
    assert wrong == RunsOn("differs", "run", ONE_0, "it is far off", (), 3.0, 1.0)
    assert seen(Smoke("infra-error", "no java"), predicted["1.0"]) == predicted["1.0"]

    own = Smoke("passed", "", runtime=ONE_3, parity=Parity(1e-6, 120.0))
    found = judged(predicted, {"1.0": refused, "0.7": refused}, own)
    assert found == {
        "1.0": refused,
        "1.1": predicted["1.1"],
        "1.3": RunsOn("runs", "run", ONE_3, "", (), 1e-6, 120.0),
    }
    # Another runtime than any that was asked for.
    assert judged(predicted, {}, Smoke("passed", runtime="pytorch_android 1.13.1")) == predicted
