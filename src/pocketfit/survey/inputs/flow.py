"""What forward does first with an argument: the layer that takes it says what it is."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pocketfit.survey.binding import bound_values
from pocketfit.survey.classes import bases_of, constructor, lineage, method_of
from pocketfit.survey.code import Code
from pocketfit.survey.inputs.built import FLAT, Built
from pocketfit.survey.inputs.layers import WAVE, Guess, is_neutral
from pocketfit.survey.inputs.shapes import UNSHAPED, Step, step_of, undone
from pocketfit.survey.values import Scope, parameters

if TYPE_CHECKING:
    import griffe

MOST_STEPS = 12
# Modules of torch's functions that hear.
HEARING = ("torchaudio.", "torch.stft", "torch.fft.")
SAME = frozenset({
    "relu", "gelu", "silu", "tanh", "sigmoid", "dropout", "interpolate", "pad", "normalize", "log", "log1p", "exp",
    "abs", "clamp", "leaky_relu", "layer_norm", "softmax", "sqrt",
})  # fmt: skip


class _Taken(Exception):
    """A layer takes the value."""

    def __init__(self, guess: Guess | None) -> None:
        super().__init__()
        self.guess = guess


@dataclass
class Flow:
    """Follows one argument of a module's method, in the order of the text.

    `owner` defines the method; `target` is the class that is made, with these values of its constructor's arguments.
    `above` says what a base's forward takes.
    """

    code: Code
    target: griffe.Class
    owner: griffe.Class
    bound: Mapping[str, Any]
    built: Built
    above: Callable[[griffe.Class | str], Guess | None]
    steps: int = MOST_STEPS
    tracked: dict[str, tuple[Step, ...]] = field(default_factory=dict)
    loops: dict[str, ast.expr] = field(default_factory=dict)

    def through(self, function: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> Guess | None:
        """What `name` must be, by the first layer that takes it in this function."""
        self.tracked = {name: ()}
        try:
            for statement in function.body:
                self._statement(statement)
        except _Taken as taken:
            return taken.guess
        return None

    def _statement(self, node: ast.AST) -> None:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                done = self._follow(value)
                if done is None:
                    self.tracked.pop(name, None)
                else:
                    self.tracked[name] = done
            case ast.For(target=ast.Name(id=name), iter=what):
                self.loops[name] = what
                for inner in node.body:
                    self._statement(inner)
            case ast.If(body=body, orelse=orelse):
                for inner in (*body, *orelse):
                    self._statement(inner)
            case ast.With(body=body) | ast.Try(body=body):
                for inner in body:
                    self._statement(inner)
            case ast.Assign(value=value) | ast.AugAssign(value=value) | ast.Expr(value=value):
                self._follow(value)
            case ast.Return(value=ast.expr() as value):
                self._follow(value)

    def _follow(self, node: ast.AST) -> tuple[Step, ...] | None:
        """The steps from the argument to this expression, None where it is something else; raises _Taken."""
        match node:
            case ast.Name(id=name):
                return self.tracked.get(name)
            case ast.Call(func=ast.Attribute(value=value, attr=attr)) if (done := self._follow(value)) is not None:
                return (*done, step) if (step := step_of(attr, node)) is not UNSHAPED else None
            case ast.Call():
                return self._call(node)
            case ast.BinOp(left=left, right=right):
                one, other = self._follow(left), self._follow(right)
                return one if one is not None else other
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part in parts:
                    self._follow(part)
                return None
            case ast.UnaryOp(operand=operand):
                return self._follow(operand)
            case ast.IfExp(body=body, orelse=orelse):
                one, other = self._follow(body), self._follow(orelse)
                return one if one is not None else other
            case ast.Subscript(value=value, slice=ast.Tuple(elts=parts)) if _new_axis(parts) is not None:
                done = self._follow(value)
                return (*done, Step("unsqueeze", (_new_axis(parts) or 0,))) if done is not None else None
            case ast.Subscript(value=value):
                # A part of it: no layer's numbers are the argument's own any more.
                self._follow(value)
                return None
        return None

    def _call(self, call: ast.Call) -> tuple[Step, ...] | None:
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        for place, node in enumerate(given):
            done = self._follow(node)
            if done is None:
                continue
            after = self._taken(call, place, done)
            if after is not None:
                return after
        return None

    def _taken(self, call: ast.Call, place: int, done: tuple[Step, ...]) -> tuple[Step, ...] | None:
        """What becomes of the value in a call: the same, something else, or a layer takes it (_Taken)."""
        function = call.func
        while isinstance(function, ast.Subscript):
            function = function.value
        if isinstance(function, ast.Name) and function.id in self.loops:
            function = self.loops[function.id]
        if isinstance(function, ast.Attribute) and getattr(function.value, "id", "") == "self":
            return self._by_member(function.attr, place, done)
        if is_super(call, "forward"):
            guesses = map(self.above, bases_of(self.code, self.owner))
            raise _Taken(_after(done, next((guess for guess in guesses if guess), None)))
        meaning = self.code.meaning(function, self.code.source_of(self.owner))
        if isinstance(meaning, str):
            last = meaning.rpartition(".")[2]
            if meaning.startswith(HEARING):
                raise _Taken(_after(done, WAVE))
            if last in SAME:
                return done
            step = step_of(last, call, function=True)
            return (*done, step) if step is not UNSHAPED else None
        if meaning is not None and meaning.is_function and self.steps:
            definition = self.code.definition(meaning)
            names = [name for name, _ in parameters(definition)] if isinstance(definition, ast.FunctionDef) else []
            if place < len(names):
                inner = replace(self, steps=self.steps - 1, tracked={}, loops={})
                if guess := inner.through(definition, names[place]):  # type: ignore[arg-type]
                    raise _Taken(_after(done, guess))
        return None

    def _by_member(self, name: str, place: int, done: tuple[Step, ...]) -> tuple[Step, ...] | None:
        """The value is given to a layer or method of the module itself."""
        if method := method_of(self.code, self.target, name):
            names = [each for each, _ in parameters(method[1])][1:]
            if self.steps and place < len(names):
                inner = replace(self, owner=method[0], steps=self.steps - 1, tracked={}, loops={})
                if guess := inner.through(method[1], names[place]):
                    raise _Taken(_after(done, guess))
            return None
        found = self._member(name)
        if found is None:
            return None
        expression, scope = found
        layer = self.built.library_name(expression, scope)
        if layer == "Flatten":
            return (*done, FLAT)
        if is_neutral(layer):
            return done
        raise _Taken(_after(done, self.built.takes(expression, scope, place)))

    def _member(self, name: str) -> tuple[ast.expr, Scope] | None:
        """What `self.NAME` is given in a constructor, or another method, of the class or its bases."""
        for owner in lineage(self.code, self.target)[0]:
            definition = self.code.definition(owner)
            for method in definition.body if definition else ():
                if not isinstance(method, ast.FunctionDef):
                    continue
                for node in ast.walk(method):
                    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
                    if isinstance(node, (ast.Assign, ast.AnnAssign)) and any(_is_self(one, name) for one in targets):
                        bound = self.bound if method.name == "__init__" else {}
                        if node.value is None:
                            continue
                        return node.value, Scope(
                            self.code.source_of(owner), method, self._bound_of(owner, bound), owner
                        )
        return None

    def _bound_of(self, owner: griffe.Class, bound: Mapping[str, Any]) -> Mapping[str, Any]:
        """The values of a base's constructor, as the class below hands them on."""
        made = constructor(self.code, self.target)
        if owner is self.target or made is None or made[0] is owner:
            return bound
        above = constructor(self.code, owner)
        scope = Scope(self.code.source_of(made[0]), made[1], self.bound, made[0])
        call = next((node for node in ast.walk(made[1]) if is_super(node, "__init__")), None)
        if above is None or not isinstance(call, ast.Call):
            return {}
        return bound_values(self.code, above[1], call, scope, Scope(self.code.source_of(above[0])))


def _after(done: tuple[Step, ...], guess: Guess | None) -> Guess | None:
    return undone(done, guess) if guess is not None else None


def _new_axis(parts: list[ast.expr]) -> int | None:
    """The place of None among the parts of an index that else takes all."""
    if not all(
        isinstance(part, ast.Slice) or (isinstance(part, ast.Constant) and part.value is None) for part in parts
    ):
        return None
    return next((place for place, part in enumerate(parts) if isinstance(part, ast.Constant)), None)


def _is_self(node: ast.AST | None, name: str) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == name and getattr(node.value, "id", "") == "self"


def is_super(node: ast.AST, method: str) -> bool:
    """super().METHOD(...)"""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == method
        and isinstance(node.func.value, ast.Call)
        and getattr(node.func.value.func, "id", "") == "super"
    )
