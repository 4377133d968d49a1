"""The tables inside of a model's: inputs, limits and pruning, and what all tables have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from pocketfit.config.bounds import Bound, bounds_problem
from pocketfit.config.names import known_word
from pocketfit.config.toml import written
from pocketfit.records import INPUT_DTYPES, OLD_FAILURES, PRUNE_METHODS, Growth, InputSpec, Limits
from pocketfit.units import PERCENT, SIZE, parse_growth, parse_percent, parse_size


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


def one_of(known: Sequence[str]) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": list(known)})


def _written_as(parse: Callable[[str], Any], *forms: Mapping[str, Any]) -> tuple[BeforeValidator, WithJsonSchema]:
    """Read by `parse`, and written in one of `forms`."""
    return (
        BeforeValidator(lambda value: parse(value if isinstance(value, str) else written(value))),
        WithJsonSchema({"anyOf": list(forms)}),
    )


BYTES = {"type": "integer", "minimum": 0}
SIZE_TEXT = {"type": "string", "pattern": f"^{SIZE}$"}
PERCENT_TEXT = {"type": "string", "pattern": f"^{PERCENT}$"}


# Whole numbers stay whole.
Number = Annotated[int | float | None, WithJsonSchema({"type": "number"})]


class InputTable(Table):
    shape: list[Annotated[int, Field(ge=1)]] = Field(
        max_length=8, description="The length of each dimension, the batch among them.", examples=[[1, 3, 224, 224]]
    )
    dtype: Annotated[str, one_of(INPUT_DTYPES)] = Field(
        default="float32", description="torch's name of the type.", examples=["int64"]
    )
    low: Number = Field(
        default=None, description="The least value that is made up, with high; 0 if that is alone.", examples=[0]
    )
    high: Number = Field(default=None, description="The largest value that is made up.", examples=[29_999])
    value: Number = Field(
        default=None,
        # What bounds it is looked at where it is not given, too.
        validate_default=True,
        description="All values, instead of made-up ones.",
        examples=[16_000],
    )

    @field_validator("dtype")
    @classmethod
    def _known(cls, dtype: str) -> str:
        return known_word(dtype, INPUT_DTYPES, "dtype")

    @field_validator("value")
    @classmethod
    def _bounded(cls, value: Bound, info: ValidationInfo) -> Bound:
        """Look at all that bounds values, once the last of them is there."""
        given = info.data
        if {"dtype", "low", "high"} <= set(given) and (
            problem := bounds_problem(given["dtype"], given["low"], given["high"], value)
        ):
            raise ValueError(problem)
        return value

    def spec(self) -> InputSpec:
        if self.value is not None:
            return InputSpec(tuple(self.shape), self.dtype, self.value, self.value)
        low = 0 if self.low is None and self.high is not None else self.low
        return InputSpec(tuple(self.shape), self.dtype, low, self.high)


# Tables or a callable; what is neither is held to be tables, so that one thing is wrong with it and not two.
Inputs = Annotated[
    Annotated[list[InputTable], Tag("tables")] | Annotated[str, Tag("callable")],
    Discriminator(lambda value: "callable" if isinstance(value, str) else "tables"),
]


class LimitsTable(Table):
    size: Annotated[int | None, *_written_as(parse_size, BYTES, SIZE_TEXT)] = Field(
        default=None, description="Bytes of the file, at most.", examples=["48 MB"]
    )
    size_growth: Annotated[Growth | None, *_written_as(parse_growth, BYTES, SIZE_TEXT, PERCENT_TEXT)] = Field(
        default=None, description="How much larger than base's the file may be.", examples=["1%", "200 kB"]
    )
    latency_growth: Annotated[float | None, *_written_as(parse_percent, PERCENT_TEXT)] = Field(
        default=None, description="How much slower than base it may be, where that can be told.", examples=["10%"]
    )
    max_abs_diff: float | None = Field(
        default=None, ge=0, description="Largest absolute difference from eager.", examples=[1e-3]
    )
    min_sqnr_db: float | None = Field(default=None, description="Lowest SQNR against eager, in dB.", examples=[60.0])
    metric_drop: float | None = Field(
        default=None, ge=0, description="How much lower the metric may be: 0.01 is one point.", examples=[0.01]
    )
    peak_memory_growth: Annotated[Growth | None, *_written_as(parse_growth, BYTES, SIZE_TEXT, PERCENT_TEXT)] = Field(
        default=None, description="How much more memory than base its process may take.", examples=["5%", "4 MB"]
    )
    planned_memory_growth: Annotated[Growth | None, *_written_as(parse_growth, BYTES, SIZE_TEXT, PERCENT_TEXT)] = Field(
        default=None, description="How much more memory than base's a .pte may plan.", examples=["0%", "200 kB"]
    )
    old_failures: Annotated[str, one_of(OLD_FAILURES)] = Field(
        default="ignore",
        description="Whether a variant that fails on base too, in the same way, fails the check.",
        examples=["fail"],
    )

    @field_validator("old_failures")
    @classmethod
    def _known(cls, word: str) -> str:
        return known_word(word, OLD_FAILURES, "old_failures")

    def limits(self, default: LimitsTable) -> Limits:
        mine = {
            name: getattr(self if name in self.model_fields_set else default, name) for name in type(self).model_fields
        }
        return Limits(size_bytes=mine.pop("size"), **mine)


class PruneTable(Table):
    amount: float = Field(gt=0, lt=1, description="The share of weights that is set to zero.", examples=[0.3])
    method: Annotated[str, one_of(PRUNE_METHODS)] = Field(
        default="unstructured", description="Single weights, or whole output channels.", examples=["structured"]
    )

    @field_validator("method")
    @classmethod
    def _known(cls, method: str) -> str:
        return known_word(method, PRUNE_METHODS, "method")
