"""pocketfit.toml, or [tool.pocketfit] of pyproject.toml, as one frozen value. Nothing past here sees a raw dict."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from pocketfit.devices.choose import CHOICES
from pocketfit.errors import ConfigError
from pocketfit.formats import FORMATS, PRECISIONS
from pocketfit.records import Config, DeviceSpec, Growth, InputSpec, Limits, ModelSpec, Prune
from pocketfit.units import parse_growth, parse_percent, parse_size

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

WAYS = ("trace", "script")
PRUNE_METHODS = ("structured", "unstructured")
# What a Java program can hand to a model as a tensor; bool goes as uint8, see exporter/java_types.py.
DTYPES = ("float32", "float64", "int64", "int32", "int8", "uint8", "bool")

MODEL_NAME_LENGTH = 80
MODEL_NAME = rf"[A-Za-z0-9][A-Za-z0-9_.-]{{0,{MODEL_NAME_LENGTH - 1}}}"
EXAMPLE = '[models.resnet18] with source = "torchvision.models:resnet18" and inputs = [{ shape = [1, 3, 224, 224] }]'


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Input(_Table):
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
        return _one_of(dtype, DTYPES, "dtype")

    def spec(self) -> InputSpec:
        return InputSpec(tuple(self.shape), self.dtype)


def _written_as(parse: Callable[[str], Any]) -> BeforeValidator:
    return BeforeValidator(lambda value: parse(str(value)))


class _Limits(_Table):
    size: Annotated[int | None, _written_as(parse_size)] = None
    size_growth: Annotated[Growth | None, _written_as(parse_growth)] = None
    latency_growth: Annotated[float | None, _written_as(parse_percent)] = None
    max_abs_diff: float | None = Field(default=None, ge=0)
    min_sqnr_db: float | None = None
    metric_drop: float | None = Field(default=None, ge=0)

    def limits(self, default: _Limits) -> Limits:
        mine = {
            name: getattr(self if name in self.model_fields_set else default, name) for name in type(self).model_fields
        }
        return Limits(size_bytes=mine.pop("size"), **mine)


class _Prune(_Table):
    amount: float = Field(gt=0, lt=1)
    method: str = "unstructured"

    @field_validator("method")
    @classmethod
    def _known(cls, method: str) -> str:
        return _one_of(method, PRUNE_METHODS, "method")


class _Model(_Table):
    source: str = Field(min_length=1)
    arguments: dict[str, Any] = Field(default_factory=dict)
    inputs: list[_Input] | str | None = None
    formats: list[str] = Field(default=["lite"], min_length=1)
    precisions: list[str] = Field(default=["fp32"], min_length=1)
    calibration: str | None = None
    preserve_methods: list[str] = Field(default_factory=list)
    metric: str | None = None
    check_inputs: list[_Input] | str | None = None
    limits: _Limits = Field(default_factory=_Limits)
    how: str = "trace"
    prune: _Prune | None = None

    @field_validator("how")
    @classmethod
    def _known_way(cls, how: str) -> str:
        return _one_of(how, WAYS, "how")

    @field_validator("formats", "precisions")
    @classmethod
    def _known(cls, names: list[str], info: Any) -> list[str]:
        known = tuple(FORMATS) if info.field_name == "formats" else PRECISIONS
        return list(dict.fromkeys(_one_of(name, known, info.field_name.removesuffix("s")) for name in names))

    def spec(self, name: str, limits: _Limits) -> ModelSpec:
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
        )


class _Device(_Table):
    kind: str = "auto"
    threads: int = Field(default=1, ge=1, le=256)
    api_level: int = Field(default=33, ge=1, le=99)
    latency_budget_s: float = Field(default=30, gt=0, le=3600)

    @field_validator("kind")
    @classmethod
    def _known(cls, kind: str) -> str:
        return _one_of(kind, CHOICES, "device")


class _File(_Table):
    models: dict[str, _Model] = Field(min_length=1)
    limits: _Limits = Field(default_factory=_Limits)
    device: _Device = Field(default_factory=_Device)

    @field_validator("models")
    @classmethod
    def _names(cls, models: dict[str, _Model]) -> dict[str, _Model]:
        for name in models:
            if not is_model_name(name):
                raise ValueError(
                    f"{name!r} can't name a model, since files are named after it: use letters, digits, _ . -"
                )
        return models


def is_model_name(name: str) -> bool:
    return re.fullmatch(MODEL_NAME, name) is not None


def find_config(root: Path, given: Path | None = None) -> Path:
    """The configuration of the repository at `root`; raises ConfigError where there is none."""
    if given is not None:
        if not given.is_file():
            raise ConfigError(f"{given}: no such file")
        return given
    plain, project = root / "pocketfit.toml", root / "pyproject.toml"
    if plain.is_file():
        return plain
    if project.is_file() and "pocketfit" in _load(project).get("tool", {}):
        return project
    raise ConfigError(f"no pocketfit.toml (nor [tool.pocketfit] in pyproject.toml) in {root}: write one with {EXAMPLE}")


def read_config(path: Path) -> Config:
    """Parse the file at `path`; raises ConfigError that names the file, the key and what to write instead."""
    raw = _load(path)
    if path.name == "pyproject.toml":
        raw = raw.get("tool", {}).get("pocketfit", {})
    return parse_config(raw, path.name)


def parse_config(raw: Mapping[str, Any], name: str) -> Config:
    try:
        file = _File.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(f"{name}: {_sentence(error, raw)}") from error
    models = tuple(model.spec(model_name, file.limits) for model_name, model in file.models.items())
    return Config(models, DeviceSpec(**file.device.model_dump()))


def _load(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"{path.name}: {error}") from error


def _inputs(given: list[_Input] | str | None) -> tuple[InputSpec, ...] | str | None:
    return tuple(one.spec() for one in given) if isinstance(given, list) else given


def _one_of(word: str, known: tuple[str, ...], what: str) -> str:
    if word not in known:
        near = get_close_matches(word, known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(known)}"
        raise ValueError(f"unknown {what} {word!r}: {hint}")
    return word


def _sentence(error: ValidationError, raw: Mapping[str, Any]) -> str:
    """The first thing that is wrong, where it stands, and what to do."""
    # A union such as inputs reports every alternative: the one that got furthest is what the user meant.
    first = max(error.errors(), key=lambda one: (one["type"] == "extra_forbidden", len(one["loc"])))
    place = _place(first, raw)
    if first["type"] == "extra_forbidden":
        table, key = place[:-1], str(place[-1])
        near = get_close_matches(key, known_keys(table), 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known_keys(table))}"
        return f"unknown key {key!r} in {_table(table)}; {hint}"
    if first["type"] == "missing":
        return f"{str(place[-1])!r} is missing in {_table(place[:-1])}" + (
            f": add {EXAMPLE}" if place == ["models"] else ""
        )
    said = first["msg"].removeprefix("Value error, ")
    return f"{'.'.join(map(str, place))}: {said[0].lower() + said[1:]}"


def _place(problem: ErrorDetails, raw: Mapping[str, Any]) -> list[Any]:
    """The parts of pydantic's place that stand in the file; the others are pydantic's names for members of a union."""
    place: list[Any] = []
    here: Any = raw
    for part in problem["loc"]:
        in_table = isinstance(here, Mapping) and part in here
        in_list = isinstance(here, list) and isinstance(part, int)
        if in_table or in_list:
            here = here[part]
            place.append(part)
    # A key that is missing stands nowhere in the file.
    return [*place, problem["loc"][-1]] if problem["type"] == "missing" else place


def _table(place: list[Any]) -> str:
    return f"[{'.'.join(map(str, place))}]" if place else "the file"


def known_keys(table: list[Any]) -> list[str]:
    """The keys that the table at this place takes."""
    match [part for part in table if not isinstance(part, int)]:
        case []:
            return list(_File.model_fields)
        case ["limits"] | ["models", _, "limits"]:
            return list(_Limits.model_fields)
        case ["models", _, "prune"]:
            return list(_Prune.model_fields)
        case ["device"]:
            return list(_Device.model_fields)
        case ["models", _]:
            return list(_Model.model_fields)
        case _:
            return list(_Input.model_fields)
