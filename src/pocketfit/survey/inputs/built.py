"""What a module takes, by the expression that makes it: a layer of torch's, a row of them, or another module."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from pocketfit.survey.code import Code
from pocketfit.survey.inputs.layers import IMAGE, WAVE, Guess, is_neutral, taken_by
from pocketfit.survey.inputs.shapes import Step, undone
from pocketfit.survey.libraries import CHAINED, is_module_class
from pocketfit.survey.makers import Made, made_by, maker_of
from pocketfit.survey.values import Scope, assigned

# What a module of the repository's takes as its argument at a place.
Enter = Callable[[Made, int | None], Guess | None]
FLAT = Step("flat")


@dataclass(frozen=True)
class Built:
    """Looks at expressions; `enter` looks into a module of the repository's."""

    code: Code
    enter: Enter

    def takes(self, node: ast.AST | None, scope: Scope, place: int | None = None) -> Guess | None:
        """What the module that an expression makes takes, as its argument at `place`; None where that is not known."""
        match node:
            case ast.Name(id=name) if scope.function is not None:
                return self.takes(assigned(scope.function, name, node.lineno), scope, place)
            case ast.IfExp(body=body):
                return self.takes(body, scope, place)
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                return self.first_takes(parts, scope, place)
            case ast.ListComp(elt=part) | ast.GeneratorExp(elt=part):
                return self.takes(part, scope, place)
            case ast.Call():
                return self._call_takes(node, scope, place)
            case ast.Attribute():
                return IMAGE if made_by(self.code, node, scope) else None
        return None

    def first_takes(self, nodes: list[ast.expr], scope: Scope, place: int | None = None) -> Guess | None:
        """What the first of several layers takes, or the one after those that take anything."""
        done: tuple[Step, ...] = ()
        for node in nodes:
            part = node.elts[1] if isinstance(node, ast.Tuple) and len(node.elts) == 2 else node
            part = part.value if isinstance(part, ast.Starred) else part
            if self.library_name(part, scope) == "Flatten":
                done = (FLAT,)
            elif not is_neutral(self.library_name(part, scope)):
                guess = self.takes(part, scope, place)
                return undone(done, guess) if guess else None
        return None

    def library_name(self, node: ast.AST, scope: Scope) -> str:
        """The last name of a library's class that an expression makes; "" for any other."""
        meaning = self.code.meaning(node.func, scope.source) if isinstance(node, ast.Call) else None
        return meaning.rpartition(".")[2] if isinstance(meaning, str) else ""

    def _call_takes(self, call: ast.Call, scope: Scope, place: int | None) -> Guess | None:
        meaning = self.code.meaning(call.func, scope.source)
        if isinstance(meaning, str):
            last = meaning.rpartition(".")[2]
            if last in ("Sequential", "ModuleList", "OrderedDict"):
                return self.first_takes(call.args, scope, place)
            if meaning.startswith("torchaudio."):
                return WAVE
            if meaning.startswith("torch.nn.") and is_module_class(meaning):
                return taken_by(self.code, last, call, scope)
        if isinstance(call.func, ast.Attribute) and call.func.attr in CHAINED:
            return self.takes(call.func.value, scope, place)
        made = made_by(self.code, call, scope)
        if made is None and meaning is not None and not isinstance(meaning, str) and meaning.is_function:
            made = maker_of(self.code, meaning)  # type: ignore[arg-type]
        return self.enter(made, place) if made else None
