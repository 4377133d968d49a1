from __future__ import annotations

import pytest

from pocketfit.exporter.described import describe, gist, keys_of, some


def of_state_dict(*problems: str) -> RuntimeError:
    return RuntimeError("Error(s) in loading state_dict for Net:\n\t" + "\n\t".join(problems))


MISMATCH = (
    "size mismatch for {}.weight: copying a param with shape torch.Size([4, 3]) from checkpoint, "
    "the shape in current model is torch.Size([5, 3])."
)


def test_all_that_load_state_dict_says() -> None:
    error = of_state_dict(
        'Missing key(s) in state_dict: "a", "b". ', 'Unexpected key(s) in state_dict: "c". ', MISMATCH.format("head")
    )
    assert gist(error) == (
        'RuntimeError: Error(s) in loading state_dict for Net: Missing key(s) in state_dict: "a", "b"; '
        'Unexpected key(s) in state_dict: "c"; size mismatch for head.weight: [4, 3] in the checkpoint, [5, 3] in the model'
    )
    assert keys_of(error) == (["a", "b"], ["c"])


def test_a_long_list_is_counted() -> None:
    keys = [f"layer{index}.weight" for index in range(40)]
    quoted = ", ".join(f'"{key}"' for key in keys)
    error = of_state_dict(f"Missing key(s) in state_dict: {quoted}. ", MISMATCH.format("a"), MISMATCH.format("b"))
    said = gist(error)
    assert 'Missing key(s) in state_dict: "layer0.weight" and 39 more; size mismatch for a' in said
    assert len(said) <= 240
    assert keys_of(error)[0] == keys


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("one line", "one line"),
        ("\n  two:\nlines\n", "two: lines"),
        ("first\nsecond", "first; second"),
        ("it failed\nException raised from check at /pytorch/x.cpp:1 (most recent call first):\nframe #0", "it failed"),
        (f"first\n{'x' * 300}\nlast", "first (2 more lines)"),
        (f"first\n{'x' * 300}", "first (1 more line)"),
        ("x" * 300, "x" * 225 + "…"),
        (
            "The following operation failed in the TorchScript interpreter.\nTraceback:\n  File x\nRuntimeError: no",
            "no",
        ),
        (
            "Weights only load failed. This file can still be loaded, to do so you have two options\n"
            "\t(1) do this\n\tWeightsUnpickler error: Unsupported global: GLOBAL net.Net was not an allowed global",
            "Weights only load failed: Unsupported global: GLOBAL net.Net was not an allowed global",
        ),
    ],
)
def test_messages_of_several_lines(text: str, said: str) -> None:
    assert gist(RuntimeError(text)) == f"RuntimeError: {said}"


def test_an_exception_that_says_nothing() -> None:
    assert gist(NotImplementedError()) == "NotImplementedError"
    assert describe(NotImplementedError("\n")) == "NotImplementedError"


def test_a_tools_complaint_is_its_first_line() -> None:
    assert describe(RuntimeError("it fails\nhere")) == "RuntimeError: it fails"


def test_what_the_walls_refuse() -> None:
    assert gist(PermissionError(13, "Permission denied")) == (
        "PermissionError: Permission denied "
        "(a model's process has no network, no sockets and no shared memory: docs/sandbox.md)"
    )
    assert gist(PermissionError(13, "Permission denied", "/data")) == (
        "PermissionError: [Errno 13] Permission denied: '/data'"
    )
    assert gist(OSError(24, "Too many open files")).startswith("OSError: it opened more than ")


def test_a_few_of_many() -> None:
    assert some(["a", "b"]) == "a, b"
    assert some(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
    assert some(["a", "b"], 1) == "a and 1 more"
