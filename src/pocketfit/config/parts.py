"""The tables inside of a model's: limits and pruning, and what all tables have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, field_validator, model_validator

from pocketfit.config.names import known_word
from pocketfit.config.toml import written
from pocketfit.records import OLD_FAILURES, PRUNE_METHODS, Accepted, Growth, GrowthOver, Limits
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


def parse_minimum(text: str) -> float:
    """A percentage below 100, as a ratio. Raises ValueError with a sentence."""
    ratio = parse_percent(text)
    if ratio >= 1:
        raise ValueError(f'"{text}" would hide a file that vanishes: write less than "100%", such as "0.5%"')
    return ratio


def _day(value: Any) -> date:
    """A date as TOML has it, or the same as text. Raises ValueError with a sentence."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise ValueError(f"{written(value)} is no day: write it like until = 2030-12-31")


class GrowthTable(Table):
    """The limits that growth passes, which can be accepted for a while."""

    size: Annotated[int | None, *_written_as(parse_size, BYTES, SIZE_TEXT)] = Field(
        default=None, description="Bytes of the file, at most.", examples=["48 MB"]
    )
    size_growth: Annotated[Growth | None, *_written_as(parse_growth, BYTES, SIZE_TEXT, PERCENT_TEXT)] = Field(
        default=None, description="How much larger than base's the file may be.", examples=["1%", "200 kB"]
    )
    latency_growth: Annotated[float | None, *_written_as(parse_percent, PERCENT_TEXT)] = Field(
        default=None, description="How much slower than base it may be, where that can be told.", examples=["10%"]
    )
    metric_drop: float | None = Field(
        default=None, ge=0, description="How much lower the metric may be: 0.01 is one point.", examples=[0.01]
    )
    peak_memory_growth: Annotated[Growth | None, *_written_as(parse_growth, BYTES, SIZE_TEXT, PERCENT_TEXT)] = Field(
        default=None, description="How much more memory than base its process may take.", examples=["5%", "4 MB"]
    )
    planned_memory_growth: Annotated[Growth | None, *_written_as(parse_growth, BYTES, SIZE_TEXT, PERCENT_TEXT)] = Field(
        default=None, description="How much more memory than base's a .pte may plan.", examples=["0%", "200 kB"]
    )
    instructions_growth: Annotated[float | None, *_written_as(parse_percent, PERCENT_TEXT)] = Field(
        default=None, description="How many more instructions than base's a forward may execute.", examples=["1%"]
    )
    memory_traffic_growth: Annotated[float | None, *_written_as(parse_percent, PERCENT_TEXT)] = Field(
        default=None, description="How many more bytes than base's a forward may load and store.", examples=["5%"]
    )


class GrowthOverTable(Table):
    growth: Annotated[Growth, *_written_as(parse_growth, BYTES, SIZE_TEXT, PERCENT_TEXT)] = Field(
        description="How much larger the file may be than the smallest of the last commits.", examples=["5%", "1 MB"]
    )
    last: int = Field(
        default=20, ge=1, le=60, description="How many commits of the history are looked at.", examples=[20]
    )


class LimitsTable(GrowthTable):
    max_abs_diff: float | None = Field(
        default=None, ge=0, description="Largest absolute difference from eager.", examples=[1e-3]
    )
    min_sqnr_db: float | None = Field(default=None, description="Lowest SQNR against eager, in dB.", examples=[60.0])
    old_failures: Annotated[str, one_of(OLD_FAILURES)] = Field(
        default="ignore",
        description="Whether a variant that fails on base too, in the same way, fails the check.",
        examples=["fail"],
    )
    minimum_change: Annotated[float | None, *_written_as(parse_minimum, PERCENT_TEXT)] = Field(
        default=None, description="What changed by less gets no line of its own in the comment.", examples=["0.5%"]
    )

    size_growth_over: GrowthOverTable | None = Field(
        default=None,
        description="How much the file may grow over the last commits of a history (--history).",
        examples=[{"growth": "5%", "last": 20}],
    )

    @field_validator("old_failures")
    @classmethod
    def _known(cls, word: str) -> str:
        return known_word(word, OLD_FAILURES, "old_failures")

    def limits(self, default: LimitsTable) -> Limits:
        mine = {
            name: getattr(self if name in self.model_fields_set else default, name) for name in LimitsTable.model_fields
        }
        over = mine.pop("size_growth_over")
        return Limits(
            size_bytes=mine.pop("size"), size_growth_over=GrowthOver(over.growth, over.last) if over else None, **mine
        )


class AcceptedTable(GrowthTable):
    until: Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})] = Field(
        description="The last day, in UTC, on which these limits count.", examples=["2030-12-31"]
    )

    @model_validator(mode="after")
    def _accepts_something(self) -> AcceptedTable:
        if self.model_fields_set == {"until"}:
            raise ValueError('it accepts nothing: write a limit beside until, such as size_growth = "45%"')
        return self

    def accepted(self) -> Accepted:
        mine = {name: getattr(self, name) for name in GrowthTable.model_fields}
        return Accepted(self.until.isoformat(), Limits(size_bytes=mine.pop("size"), **mine))


class ModelLimitsTable(LimitsTable):
    accepted: AcceptedTable | None = Field(
        default=None,
        description="Limits in place of these until a day; pocketfit accept writes them.",
        examples=[{"size_growth": "45%", "until": "2030-12-31"}],
    )


class PruneTable(Table):
    amount: float = Field(gt=0, lt=1, description="The share of weights that is set to zero.", examples=[0.3])
    method: Annotated[str, one_of(PRUNE_METHODS)] = Field(
        default="unstructured", description="Single weights, or whole output channels.", examples=["structured"]
    )

    @field_validator("method")
    @classmethod
    def _known(cls, method: str) -> str:
        return known_word(method, PRUNE_METHODS, "method")
