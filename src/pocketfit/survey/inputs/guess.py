"""The inputs of a model: by an example in a script, by the layer that takes each first, or by its name."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pocketfit.survey.classes import lineage, method_of
from pocketfit.survey.code import Code
from pocketfit.survey.inputs.examples import examples_of, image_size
from pocketfit.survey.inputs.first_use import first_use
from pocketfit.survey.inputs.layers import TOKENS, WAVE, WAVEFORM, Guess
from pocketfit.survey.makers import Made
from pocketfit.survey.values import parameters

if TYPE_CHECKING:
    import griffe

IDS = re.compile(r"(^|_)(ids?|tokens?|input_ids|token_ids|indices|index|idx|words?|src|tgt|text|chars?|item|user)$")
MASK = re.compile(r"mask$")
LENGTHS = re.compile(r"(^|_)(lengths?|lens?|num_frames|n_frames|durations?|sizes?)$")
WAVES = re.compile(r"^(waveforms?|audios?|wavs?|waves?|signals?|pcm|speech|raw_audio|audio_\w+)$")
# How a mask is used that must be bool.
AS_BOOL = ("masked_fill", "masked_fill_", "where", "masked_select", "logical_not")
BOOL_ARGUMENTS = ("src_key_padding_mask", "key_padding_mask", "memory_key_padding_mask", "attn_mask")


@dataclass(frozen=True)
class Input:
    """One argument of forward; `guess` is None where nobody but the user knows what it takes."""

    name: str
    guess: Guess | None


@dataclass(frozen=True)
class Inputs:
    """What forward takes, and where that is written: `seen_in` is a place in a script, empty for a guess."""

    inputs: tuple[Input, ...]
    seen_in: str = ""

    @property
    def known(self) -> bool:
        return bool(self.inputs) and all(one.guess for one in self.inputs)


def inputs_of(code: Code, made: Made, bound: Mapping[str, Any]) -> Inputs:
    """The inputs of a model of this class, made with these values of its constructor's arguments."""
    names = needed_by_forward(code, made.target)
    count = max(len(names), 1)
    if seen := examples_of(code, made.target, count):
        return Inputs(tuple(Input(name, guess) for name, guess in zip(names or ("x",), seen[0], strict=True)), seen[1])
    used = {name: first_use(code, made, name, bound) for name in names or ("x",)}
    guesses = {name: _plain(code, name, guess, bound) for name, guess in used.items()}
    steps = _steps(guesses.values())
    return Inputs(
        tuple(Input(name, guess or _beside(code, made.target, name, steps)) for name, guess in guesses.items())
    )


def needed_by_forward(code: Code, target: griffe.Class | str) -> tuple[str, ...]:
    """The names of what forward can't do without."""
    forward = method_of(code, target, "forward") if not isinstance(target, str) else None
    if forward is None:
        return ()
    return tuple(name for name, default in list(parameters(forward[1]))[1:] if default is None)


def _plain(code: Code, name: str, guess: Guess | None, bound: Mapping[str, Any]) -> Guess | None:
    """What an argument is by its first use, held against its name."""
    if LENGTHS.search(name) or MASK.search(name):
        return None
    if WAVES.match(name):
        if guess is None or guess.time is None:
            return WAVE
        shape = list(guess.shape)
        shape[guess.time] = WAVEFORM
        return replace(guess, shape=tuple(shape))
    if guess is None:
        return Guess((1, TOKENS), "int64", time=1) if IDS.search(name) else None
    if guess.spatial and (size := image_size(code, bound)):
        return replace(guess, shape=(*guess.shape[:-2], size, size))
    return guess


def _steps(guesses: Any) -> int | None:
    """The length in time of the first input that has one."""
    return next((guess.shape[guess.time] for guess in guesses if guess and guess.time is not None), None)


def _beside(code: Code, target: griffe.Class | str, name: str, steps: int | None) -> Guess | None:
    """A mask or the lengths of another input."""
    if LENGTHS.search(name) and steps:
        # Short ones too, but none that is empty.
        return Guess((1,), "int64", max(steps // 2, 1), steps)
    if MASK.search(name) and steps:
        dtype = "bool" if _is_bool(code, target, name) else "int64"
        return Guess((1, steps), dtype)
    return None


def _is_bool(code: Code, target: griffe.Class | str, name: str) -> bool:
    """Whether a mask is used as only a bool can be."""
    classes: Sequence[griffe.Class] = [] if isinstance(target, str) else lineage(code, target)[0]
    for found in classes:
        for node in ast.walk(code.definition(found) or ast.Pass()):
            match node:
                case ast.UnaryOp(op=ast.Invert(), operand=ast.Name(id=used)) if used == name:
                    return True
                case ast.Call(func=ast.Attribute(attr=attr), args=args, keywords=keywords):
                    direct = attr in AS_BOOL and any(getattr(arg, "id", "") == name for arg in args)
                    if direct or any(
                        word.arg in BOOL_ARGUMENTS and getattr(word.value, "id", "") == name for word in keywords
                    ):
                        return True
    return False
