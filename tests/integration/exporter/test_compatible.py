"""What is predicted of a file is what the real runtime says of it, and what is rewritten computes the same."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
import torch.nn.functional as F  # noqa: E402
from torch import Tensor, nn  # noqa: E402

from pocketfit.devices.jvm import FLAGS  # noqa: E402
from pocketfit.devices.program import here, parse_answer, words  # noqa: E402
from pocketfit.devices.reason import condense  # noqa: E402
from pocketfit.exporter.builder import BuildOrder  # noqa: E402
from pocketfit.exporter.compatible import Target, find_target, refused, refused_outputs  # noqa: E402
from pocketfit.exporter.tensors import flatten  # noqa: E402
from pocketfit.exporter.torchscript import recipe, remedies  # noqa: E402
from pocketfit.formats import FORMATS  # noqa: E402
from pocketfit.process import finish  # noqa: E402
from pocketfit.records import ModelSpec, SmokeInput  # noqa: E402
from pocketfit.runtimes.library import find_android, library_for  # noqa: E402
from tests.integration.conftest import require  # noqa: E402
from tests.integration.devices.conftest import write_inputs  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")

BOTH = ("lite", "torchscript")
both = pytest.mark.parametrize("format", BOTH)
Inputs = tuple[Tensor, ...]


class Calls(nn.Module):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *given: Tensor) -> Any:
        return self.function(*given)


@dataclass(frozen=True)
class Case:
    """`rewritten` are the formats in which something has to be."""

    name: str
    module: nn.Module
    inputs: Inputs
    rewritten: tuple[str, ...] = ()


def seeded(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(len(shape)))


X, IMAGE, HEADS, FEW = seeded(2, 4, 8), seeded(1, 4, 8, 8), seeded(1, 4, 6, 8), seeded(1, 2, 6, 8)
MASK = (torch.arange(36).view(1, 1, 6, 6) % 3 > 0).to(torch.uint8)
EMPTY_ROW = MASK.clone()
EMPTY_ROW[..., 2, :] = 0
attend = F.scaled_dot_product_attention


def encoder(norm_first: bool) -> nn.Module:
    return nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=norm_first)


def cases() -> list[Case]:
    torch.manual_seed(0)
    return [
        Case("attention", Calls(lambda q: attend(q, q, q)), (HEADS,), BOTH),
        Case("causal", Calls(lambda q: attend(q, q, q, is_causal=True, scale=0.5)), (HEADS,), BOTH),
        Case("grouped", Calls(lambda q, k: attend(q, k, k, enable_gqa=True)), (HEADS, FEW), BOTH),
        Case("bool mask", Calls(lambda q, m: attend(q, q, q, attn_mask=m.bool())), (HEADS, MASK), BOTH),
        Case("masked row", Calls(lambda q, m: attend(q, q, q, attn_mask=m.bool())), (HEADS, EMPTY_ROW), BOTH),
        Case("float mask", Calls(lambda q, m: attend(q, q, q, attn_mask=m)), (HEADS, seeded(6, 6)), BOTH),
        Case("rms_norm", nn.RMSNorm(8), (X,), BOTH),
        Case("rms_norm of two", Calls(lambda a: F.rms_norm(a, (4, 8), eps=1e-3)), (X,), BOTH),
        Case("squeeze.dims", Calls(lambda a: a[:, :1, :1].squeeze((1, -1))), (X,), BOTH),
        Case("any.dims", Calls(lambda a: (a > 1).any(dim=(0, -1), keepdim=True).float()), (X,), BOTH),
        Case("all.dims", Calls(lambda a: (a > -1).all(dim=(1, 2)).float()), (X,), BOTH),
        Case("argsort", Calls(lambda a: torch.argsort(a, dim=-1, stable=True)), (X,), ("lite",)),
        Case("sum of None", Calls(lambda a: torch.sum(a, dim=None, keepdim=True)), (X,), ("lite",)),
        Case("mean of None", Calls(lambda a: torch.mean(a, dim=None, keepdim=True)), (X,), ("lite",)),
        Case("var", Calls(torch.var), (X,), ("lite",)),
        Case("std of None", Calls(lambda a: torch.std(a, dim=None, unbiased=False)), (X,), ("lite",)),
        Case("norm_first", encoder(norm_first=True), (X,), BOTH[:1]),
        Case("encoder", encoder(norm_first=False), (X,)),
        Case("decoder", nn.TransformerDecoderLayer(8, 2, 16, batch_first=True), (X, X), BOTH),
        Case("attention layer", nn.MultiheadAttention(8, 2, batch_first=True), (X, X, X)),
        Case("lstm", nn.LSTM(8, 8, 2, batch_first=True), (X,)),
        Case("gru", nn.GRU(8, 8, batch_first=True, bidirectional=True), (X,)),
        Case("embedding", nn.Embedding(10, 4), (torch.tensor([[1, 2]]),)),
        Case("convolution", nn.Sequential(nn.Conv2d(4, 4, 3, padding="same"), nn.Hardswish()), (IMAGE,)),
        Case("smaller", Calls(lambda a: F.interpolate(a, size=(5, 5), mode="bilinear", antialias=True)), (IMAGE,)),
        Case("dict", Calls(lambda a: {"b": a + 1, "a": a * 2}), (X,)),
        Case("einsum", Calls(lambda a: torch.einsum("bij,bkj->bik", a, a)), (X,)),
        Case("unflatten", nn.Unflatten(2, (2, 4)), (X,)),
        Case("where", Calls(lambda a: torch.where(a > 0, a, 0.0)), (X,)),
        Case("gelu", nn.GELU("tanh"), (X,)),
        Case("inverse", Calls(lambda a: torch.linalg.inv(torch.eye(4) + 0 * a[0, :, :4])), (X,)),
        Case("svd", Calls(torch.linalg.svdvals), (X,)),
    ]


NO_LAPACK = ("inverse", "svd")


@pytest.fixture(scope="module", params=BOTH)
def target(request: pytest.FixtureRequest) -> Target:
    require(Path("build/android/runtimes.json").exists(), "the Android side is not built: make android")
    found, notes = find_target(request.param, library_for(request.param))
    assert found
    assert notes == ()
    return found


def save(module: Any, format: str, path: Path) -> Path:
    module._save_for_lite_interpreter(str(path)) if format == "lite" else module.save(str(path))
    return path


def traced(case: Case) -> Any:
    with torch.no_grad():
        return torch.jit.trace(case.module.eval(), case.inputs, strict=False, check_trace=False)


def verdicts(format: str, given: Sequence[SmokeInput], folder: Path) -> list[tuple[str, list[Any]]]:
    """What the real runtime says of each file ("" where it ran), and its outputs, all in one JVM."""
    android, runtime = find_android(), FORMATS[format].runtime
    arguments = words(
        given,
        here,
        runtime=runtime,
        threads=1,
        libraries=str(android.libraries(runtime, android.desktop_abi)),
        shim=str(android.shim),
    )
    for index, one in enumerate(given):
        (folder / f"out{index}").mkdir()
        # The program's outputs belong to the artifact before them.
        place = arguments.index(f"artifact={one.artifact.absolute()}") + 1 + len(one.inputs)
        arguments.insert(place, f"outputs={folder / f'out{index}'}")
    command = ["java", *FLAGS, "-cp", android.desktop_classpath("lite"), "dev.pocketfit.Desktop", *arguments]
    done = finish(command, timeout=120, cwd=folder, env={**os.environ, "LC_ALL": "C.UTF-8"})
    answer = parse_answer(done.stdout, artifacts=len(given))
    assert answer, done.stdout + done.stderr
    return [
        (
            condense(one.error, "it") if one.error else "",
            [np.fromfile(folder / f"out{index}" / out.file, out.dtype).reshape(out.shape) for out in one.outputs],
        )
        for index, one in enumerate(answer.artifacts)
    ]


def smoke_input(case: Case, format: str, path: Path, folder: Path) -> SmokeInput:
    place = folder / path.stem
    place.mkdir()
    return SmokeInput(format, path, write_inputs(place, *case.inputs), place)


def test_what_is_predicted_is_what_the_runtime_says(target: Target, tmp_path: Path) -> None:
    given, predicted = [], {}
    for index, case in enumerate(cases()):
        module = torch.jit.freeze(traced(case))
        path = save(module, target.format, tmp_path / f"case{index}.{target.format}")
        predicted[case.name] = refused(target, path, module)
        given.append(smoke_input(case, target.format, path, tmp_path))

    said = dict(zip(predicted, verdicts(target.format, given, tmp_path), strict=True))

    assert {name: bool(sentences) for name, sentences in predicted.items()} == {
        name: bool(reason) for name, (reason, _) in said.items()
    }, {name: (sentences, said[name][0]) for name, sentences in predicted.items()}
    needing = {name for name, sentences in predicted.items() if sentences}
    assert needing == {case.name for case in cases() if target.format in case.rewritten} | set(NO_LAPACK)


def test_what_is_rewritten_runs_and_agrees(target: Target, tmp_path: Path) -> None:
    given, expected, reasons = [], {}, {}
    some = [case for case in cases() if target.format in case.rewritten]
    for index, case in enumerate(some):
        order = BuildOrder(case.module.eval(), case.inputs, ModelSpec("net", "x:y"), target=target)
        with torch.no_grad():
            expected[case.name] = case.module(*case.inputs)
        optimized = recipe.optimize(order, lambda _: None)
        path = save(optimized.module, target.format, tmp_path / f"case{index}.{target.format}")
        assert refused(target, path, optimized.module) == ()
        reasons[case.name] = optimized.reasons
        given.append(smoke_input(case, target.format, path, tmp_path))

    for (name, tensor), (reason, outputs) in zip(
        expected.items(), verdicts(target.format, given, tmp_path), strict=True
    ):
        assert reason == "", name
        np.testing.assert_allclose(outputs[0], tensor.numpy(), atol=2e-6, err_msg=name)

    library = target.runtime.library
    assert reasons["decoder"][-1] == f"rewritten for {library}: 1 x scaled_dot_product_attention"
    assert reasons["any.dims"] == (f"rewritten for {library}: 1 x any.dims",)
    if target.format == "lite":
        assert reasons["norm_first"][-2] == (
            f"traced without aten::_transformer_encoder_layer_fwd, which {library} refuses"
        )


def test_what_the_runtime_has_stays_as_it_is(target: Target) -> None:
    for case in cases():
        if target.format not in case.rewritten:
            module = traced(case)
            before = str(module.inlined_graph)
            assert remedies.rewrite(module, target) == ()
            assert module.inlined_graph.str().count("aten::") == before.count("aten::"), case.name


@pytest.mark.parametrize(
    ("dtype", "refused"),
    [(torch.bool, True), (torch.int16, True), (torch.float16, True), (torch.uint8, False), (torch.float64, False)],
    ids=str,
)
def test_outputs_that_java_has_no_tensors_for(
    target: Target, tmp_path: Path, dtype: torch.dtype, refused: bool
) -> None:
    case = Case("output", Calls(lambda a: (a, a.to(dtype))), (X,))
    path = save(traced(case), target.format, tmp_path / f"model.{target.format}")
    predicted = refused_outputs(target, flatten(case.module(X)))

    ((reason, _),) = verdicts(target.format, [smoke_input(case, target.format, path, tmp_path)], tmp_path)

    assert (bool(predicted), bool(reason)) == (refused, refused), reason
    if dtype == torch.bool:
        assert predicted == ("output [1] is bool, which Java has no tensors for: convert it in forward, to uint8",)


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.RMSNorm(8)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x)


def test_a_refusal_names_layers_and_remedy(target: Target, tmp_path: Path) -> None:
    module = torch.jit.freeze(torch.jit.trace(nn.Sequential(Block(), Block(), Block()).eval(), (X,)))
    path = save(module, target.format, tmp_path / "model")
    assert refused(target, path, module) == (
        f"aten::rms_norm (in 0.norm, +2 more) is not in {target.runtime.library}: "
        'use how = "trace", under which it is rewritten as x * rsqrt(mean(x * x) + eps) * weight',
    )


class Inverse(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.linalg.inv(x)


class Sometimes(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inverse = Inverse()

    def forward(self, x: Tensor) -> Tensor:
        if bool(x.sum() > 0):
            return self.inverse(x)
        return x


def test_a_refusal_names_the_layers_of_a_script_too(target: Target, tmp_path: Path) -> None:
    model = nn.Sequential(Sometimes(), nn.Linear(8, 8), Sometimes()).eval()
    order = BuildOrder(model, (seeded(8, 8),), ModelSpec("net", "x:y", how="script"), target=target)
    optimized = recipe.optimize(order, lambda _: None)
    path = save(optimized.module, target.format, tmp_path / "model")
    assert refused(target, path, optimized.module, optimized.layers) == (
        f"aten::linalg_inv (in 0.inverse, +1 more) needs LAPACK, which {target.runtime.library} was built without",
    )
