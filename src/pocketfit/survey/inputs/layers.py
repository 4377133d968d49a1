"""What torch's own layers take, by the arguments that they are made with."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pocketfit.survey.code import Code
from pocketfit.survey.options import UNKNOWN
from pocketfit.survey.values import Scope, value_of

IMAGE_SIZE, FRAMES, TOKENS, STEPS = 224, 100, 16, 20
WAVEFORM = 16_000


@dataclass(frozen=True)
class Guess:
    """One input: its shape and dtype; `low` and `high` bound the values of integers. `spatial` says that the last two
    lengths are those of a picture, which could be others; `time` is the place of a length that could be another.
    """

    shape: tuple[int, ...]
    dtype: str = "float32"
    low: int | None = None
    high: int | None = None
    spatial: bool = False
    time: int | None = None


IMAGE = Guess((1, 3, IMAGE_SIZE, IMAGE_SIZE), spatial=True)
WAVE = Guess((1, WAVEFORM), time=1)
# They take what comes before them, or leave its shape.
NEUTRAL = frozenset({
    "Identity", "ReLU", "ReLU6", "LeakyReLU", "PReLU", "ELU", "GELU", "SiLU", "Tanh", "Sigmoid", "Hardswish", "Softmax",
    "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "LayerNorm", "BatchNorm1d", "GroupNorm", "MaxPool1d", "MaxPool2d",
    "AvgPool1d", "AvgPool2d", "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveMaxPool2d", "ZeroPad2d",
    "ReflectionPad1d", "ReflectionPad2d", "ConstantPad1d", "Upsample", "InstanceNorm1d",
})  # fmt: skip
# Of what each makes its first argument.
FIRST = {
    **dict.fromkeys(("Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d"), "in_channels"),
    **dict.fromkeys(("BatchNorm2d", "BatchNorm3d", "InstanceNorm2d"), "num_features"),
    "Linear": "in_features",
    "Embedding": "num_embeddings",
    "EmbeddingBag": "num_embeddings",
    **dict.fromkeys(("LSTM", "GRU", "RNN", "LSTMCell", "GRUCell"), "input_size"),
    "TransformerEncoderLayer": "d_model",
    "MultiheadAttention": "embed_dim",
}
LAZY: Mapping[str, Guess] = {"LazyConv2d": IMAGE}


def is_neutral(layer: str) -> bool:
    return layer in NEUTRAL


def taken_by(code: Code, layer: str, call: ast.Call, scope: Scope) -> Guess | None:
    """What a layer of torch's, `layer` by its last name, takes; None where its numbers are not known."""
    if layer in LAZY:
        return LAZY[layer]
    if layer == "TransformerEncoder":
        return _of_encoder(code, call, scope)
    if layer not in FIRST:
        return None
    first = _argument(code, call, FIRST[layer], 0, scope)
    if layer.startswith("Embedding"):
        guess = Guess((1, TOKENS), "int64", time=1)
        return replace(guess, low=0, high=first - 1) if isinstance(first, int) and first > 1 else guess
    if not isinstance(first, int) or isinstance(first, bool) or first < 1:
        return None
    # torch's own order is time first.
    batch_first = _argument(code, call, "batch_first", 99, scope) is True
    match layer:
        case "Conv1d" | "ConvTranspose1d":
            return Guess((1, first, FRAMES), time=2)
        case "Conv2d" | "BatchNorm2d" | "InstanceNorm2d":
            return Guess((1, first, IMAGE_SIZE, IMAGE_SIZE), spatial=True)
        case "ConvTranspose2d":
            return Guess((1, first, 8, 8))
        case "Conv3d" | "BatchNorm3d":
            return Guess((1, first, 16, 112, 112))
        case "LSTM" | "GRU" | "RNN":
            return Guess((1, STEPS, first), time=1) if batch_first else Guess((STEPS, 1, first), time=0)
        case "TransformerEncoderLayer" | "MultiheadAttention":
            return Guess((1, TOKENS, first), time=1) if batch_first else Guess((TOKENS, 1, first), time=0)
    return Guess((1, first))


def _of_encoder(code: Code, call: ast.Call, scope: Scope) -> Guess | None:
    from pocketfit.survey.values import assigned

    layer: ast.AST | None = call.args[0] if call.args else None
    if isinstance(layer, ast.Name) and scope.function is not None:
        layer = assigned(scope.function, layer.id, layer.lineno)
    return taken_by(code, "TransformerEncoderLayer", layer, scope) if isinstance(layer, ast.Call) else None


def _argument(code: Code, call: ast.Call, name: str, place: int, scope: Scope) -> Any:
    given = next((keyword.value for keyword in call.keywords if keyword.arg == name), None)
    if given is None and place < len(call.args):
        given = call.args[place]
    return value_of(code, given, scope) if given is not None else UNKNOWN
