"""What forward returns, from `x` (batch, channels) and `y`, what the layers made before it was pooled."""

from __future__ import annotations

from tests.differential.grammar.draft import Draft

OUTPUTS = {
    "tensor": "x",
    "tuple": "x, y",
    "list": "[x, y]",
    "dict": '{"scores": x, "features": y}',
    "unsorted_dict": '{"b": x, "a": y}',
    "nested": '{"out": (x, [y, x * 2]), "aux": x.softmax(-1)}',
    "nested_tuple": "x, (y, (x.softmax(-1), y + 1))",
    "with_none": "x, None, y",
    "none_in_dict": '{"loss": None, "logits": x}',
    "twice": "x, x",
    "numbers": "x, x.shape[0], 0.5",
    "record": "Record(x, y)",
    "int_keys": "{8: x, 16: y}",
    "input_back": "x, given",
    "constant": "x, self.labels",
    "view": "x, x[:, :2]",
}
REASONS = {
    "with_none": r"None",
    "none_in_dict": r"None",
    "numbers": r"number|int|float",
    "record": r"Record|named ?tuple|data ?class",
    "int_keys": r"key",
    "input_back": r"input|alias|returns",
    "constant": r"constant|same for all|means nothing",
}
RECORD = 'Record = namedtuple("Record", "scores features")'


def write_output(draft: Draft) -> None:
    """Plain tensors half the time, which are what most people return."""
    kind = "tensor" if draft.chance(0.4) else draft.pick(tuple(OUTPUTS))
    if kind == "constant":
        draft.init.append('self.register_buffer("labels", torch.tensor([1.5, 2.5, 3.5]))')
    if kind == "record":
        draft.imports.add("from collections import namedtuple")
        draft.tidy.append(RECORD)
    draft.step(f"return {OUTPUTS[kind]}")
    if kind in REASONS:
        draft.plant(f"output_{kind}", REASONS[kind])
