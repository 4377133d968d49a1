"""The tables of pocketfit.toml, as pydantic checks them: each key with its type, its default and its bounds."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated, Any, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from pocketfit.devices.choose import CHOICES
from pocketfit.formats import FORMATS, PRECISIONS
from pocketfit.records import (
    INPUT_DTYPES,
    OLD_FAILURES,
    PRUNE_METHODS,
    WAYS,
    Growth,
    InputSpec,
    Limits,
    ModelSpec,
    Prune,
)
from pocketfit.units import parse_growth, parse_percent, parse_size

MODEL_NAME_LENGTH = 80
MODEL_NAME = rf"[A-Za-z0-9][A-Za-z0-9_.-]{{0,{MODEL_NAME_LENGTH - 1}}}"

# Tokens and the action's inputs are among them: see docs/action.md.
JOBS_VARIABLES = ("GITHUB_", "ACTIONS_", "INPUT_", "RUNNER_")
OUR_VARIABLES = ("PATH", "HOME", "TMPDIR", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class InputTable(Table):
    shape: list[int] = Field(max_length=8)
    dtype: str = "float32"

    @field_validator("shape")
    @classmethod
    def _positive(cls, shape: list[int]) -> list[int]:
        if any(length < 1 for length in shape):
            raise ValueError("every length must be at least 1")
        return shape

    @field_validator("dtype")
    @classmethod
    def _known(cls, dtype: str) -> str:
        return _one_of(dtype, INPUT_DTYPES, "dtype")

    def spec(self) -> InputSpec:
        return InputSpec(tuple(self.shape), self.dtype)


def _written_as(parse: Callable[[str], Any]) -> BeforeValidator:
    return BeforeValidator(lambda value: parse(str(value)))


class LimitsTable(Table):
    size: Annotated[int | None, _written_as(parse_size)] = None
    size_growth: Annotated[Growth | None, _written_as(parse_growth)] = None
    latency_growth: Annotated[float | None, _written_as(parse_percent)] = None
    max_abs_diff: float | None = Field(default=None, ge=0)
    min_sqnr_db: float | None = None
    metric_drop: float | None = Field(default=None, ge=0)
    old_failures: str = "ignore"

    @field_validator("old_failures")
    @classmethod
    def _known(cls, word: str) -> str:
        return _one_of(word, OLD_FAILURES, "old_failures")

    def limits(self, default: LimitsTable) -> Limits:
        mine = {
            name: getattr(self if name in self.model_fields_set else default, name) for name in type(self).model_fields
        }
        return Limits(size_bytes=mine.pop("size"), **mine)


class PruneTable(Table):
    amount: float = Field(gt=0, lt=1)
    method: str = "unstructured"

    @field_validator("method")
    @classmethod
    def _known(cls, method: str) -> str:
        return _one_of(method, PRUNE_METHODS, "method")


class ModelTable(Table):
    source: str = Field(min_length=1)
    arguments: dict[str, Any] = Field(default_factory=dict)
    inputs: list[InputTable] | str | None = None
    formats: list[str] = Field(default=["lite"], min_length=1)
    precisions: list[str] = Field(default=["fp32"], min_length=1)
    calibration: str | None = None
    preserve_methods: list[str] = Field(default_factory=list)
    metric: str | None = None
    check_inputs: list[InputTable] | str | None = None
    limits: LimitsTable = Field(default_factory=LimitsTable)
    how: str = "trace"
    prune: PruneTable | None = None
    env: dict[str, str] = Field(default_factory=dict)
    network: bool = False
    trust: bool = False

    @field_validator("env")
    @classmethod
    def _passed_on(cls, env: dict[str, str]) -> dict[str, str]:
        for name in env:
            if problem := variable_problem(name):
                raise ValueError(problem)
        return env

    @field_validator("how")
    @classmethod
    def _known_way(cls, how: str) -> str:
        return _one_of(how, WAYS, "how")

    @field_validator("formats", "precisions")
    @classmethod
    def _known(cls, names: list[str], info: Any) -> list[str]:
        known = tuple(FORMATS) if info.field_name == "formats" else PRECISIONS
        return list(dict.fromkeys(_one_of(name, known, info.field_name.removesuffix("s")) for name in names))

    def spec(self, name: str, limits: LimitsTable) -> ModelSpec:
        return ModelSpec(
            name=name,
            source=self.source,
            arguments=self.arguments,
            inputs=_inputs(self.inputs),
            formats=tuple(self.formats),
            precisions=tuple(self.precisions),
            calibration=self.calibration,
            preserve_methods=tuple(self.preserve_methods),
            metric=self.metric,
            check_inputs=_inputs(self.check_inputs),
            limits=self.limits.limits(limits),
            how=cast(Any, self.how),
            prune=Prune(self.prune.amount, cast(Any, self.prune.method)) if self.prune else None,
            env=self.env,
            network=self.network,
            trust=self.trust,
        )


class DeviceTable(Table):
    kind: str = "auto"
    threads: int = Field(default=1, ge=1, le=256)
    api_level: int = Field(default=33, ge=1, le=99)
    latency_budget_s: float = Field(default=30, gt=0, le=3600)

    @field_validator("kind")
    @classmethod
    def _known(cls, kind: str) -> str:
        return _one_of(kind, CHOICES, "device")


class FileTable(Table):
    models: dict[str, ModelTable] = Field(min_length=1)
    limits: LimitsTable = Field(default_factory=LimitsTable)
    device: DeviceTable = Field(default_factory=DeviceTable)

    @field_validator("models")
    @classmethod
    def _names(cls, models: dict[str, ModelTable]) -> dict[str, ModelTable]:
        for name in models:
            if not is_model_name(name):
                raise ValueError(
                    f"{name!r} can't name a model, since files are named after it: use letters, digits, _ . -"
                )
        return models


# Each table by its place in the file, where a model's name is *.
TABLES: Mapping[tuple[str, ...], type[Table]] = {
    (): FileTable,
    ("limits",): LimitsTable,
    ("device",): DeviceTable,
    ("models", "*"): ModelTable,
    ("models", "*", "inputs"): InputTable,
    ("models", "*", "check_inputs"): InputTable,
    ("models", "*", "limits"): LimitsTable,
    ("models", "*", "prune"): PruneTable,
}


def known_keys(place: Sequence[Any]) -> list[str]:
    """The keys that the table at this place of the file takes; numbers in it are places in lists."""
    names = [part for part in place if not isinstance(part, int)]
    if names[:1] == ["models"]:
        names[1:2] = ["*"]
    return list(TABLES[tuple(names)].model_fields)


def variable_problem(name: str) -> str | None:
    """Say why a model's process can't be given an environment variable of this name, or None."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        return f"{name!r} can't name an environment variable: use letters, digits and _"
    if name.startswith(JOBS_VARIABLES) or name == "GITHUB_TOKEN":
        return f"a model's process must not have {name}, which is the job's: call yours by another name"
    if name in OUR_VARIABLES or name.startswith(("PYTHON", "LD_")):
        return f"a model can't change {name}: Pocketfit sets it, so that results are the same everywhere"
    return None


def is_model_name(name: str) -> bool:
    return re.fullmatch(MODEL_NAME, name) is not None


def _inputs(written: list[InputTable] | str | None) -> tuple[InputSpec, ...] | str | None:
    return tuple(table.spec() for table in written) if isinstance(written, list) else written


def _one_of(word: str, known: tuple[str, ...], kind: str) -> str:
    """The word, where it is known; else ValueError with a sentence that calls it a `kind`."""
    if word not in known:
        near = get_close_matches(word, known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(known)}"
        raise ValueError(f"unknown {kind} {word!r}: {hint}")
    return word
