"""The tables of a model's inputs: their shapes and values, and the dimensions of them that may vary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import (
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from pocketfit.config.bounds import Bound, bounds_problem
from pocketfit.config.names import known_word
from pocketfit.config.parts import Table, one_of
from pocketfit.records import INPUT_DTYPES, Dimension, InputSpec

DIMENSION_NAME = "[A-Za-z_][A-Za-z0-9_]*"
# No key of a file: what people call their dimensions stands beside shape and dtype there.
NAMED = "(dimensions)"
LONGEST = 2**31 - 1


def _with_dimensions(schema: dict[str, Any]) -> None:
    """Any other key of the table is a dimension."""
    named = schema["properties"].pop(NAMED)
    schema["additionalProperties"] = named["additionalProperties"]


def _without_dimensions(schema: dict[str, Any]) -> None:
    schema["properties"].pop(NAMED)


# Whole numbers stay whole.
Number = Annotated[int | float | None, WithJsonSchema({"type": "number"})]


class DimensionTable(Table):
    min: int = Field(ge=1, le=LONGEST, description="The least length.", examples=[1])
    max: int = Field(ge=1, le=LONGEST, description="The largest length, which memory is planned for.", examples=[512])
    example: int | None = Field(
        default=None, description="The length of the example inputs; max if it is left out.", examples=[64]
    )

    @model_validator(mode="after")
    def _in_order(self) -> DimensionTable:
        if self.min > self.max:
            raise ValueError(f"min = {self.min} is above max = {self.max}")
        if not self.min <= self.length <= self.max:
            raise ValueError(f"example = {self.example} is not between min = {self.min} and max = {self.max}")
        return self

    @property
    def length(self) -> int:
        """The length in the example inputs."""
        return self.max if self.example is None else self.example


class InputTable(Table):
    model_config = ConfigDict(json_schema_extra=_with_dimensions)

    shape: list[Annotated[int, Field(ge=1)] | Annotated[str, Field(pattern=f"^{DIMENSION_NAME}$")]] = Field(
        max_length=8,
        description="The length of each dimension, the batch among them; a name where it may vary.",
        examples=[[1, 3, 224, 224]],
    )
    dimensions: dict[str, DimensionTable] = Field(default_factory=dict, alias="(dimensions)", exclude=True)
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

    @model_validator(mode="before")
    @classmethod
    def _named(cls, raw: Any) -> Any:
        """Put the tables of dimensions, whose keys people choose, in one field: any other key is an unknown one."""
        shape = raw.get("shape") if isinstance(raw, Mapping) else None
        if not isinstance(shape, list):
            return raw
        names = {item for item in shape if isinstance(item, str)}
        if clash := sorted(names & KEYS):
            raise ValueError(f"{clash[0]!r} in shape can't name a dimension, since it is a key of inputs itself")
        others = {key: value for key, value in raw.items() if key not in names}
        return others | {NAMED: {key: value for key, value in raw.items() if key in names}}

    @property
    def names(self) -> list[str]:
        """The names in the shape."""
        return [length for length in self.shape if isinstance(length, str)]

    def spec(self, dimensions: Mapping[str, DimensionTable]) -> InputSpec:
        """`dimensions` are those of all inputs, which share them."""
        varying = tuple(
            Dimension(axis, length, dimensions[length].min, dimensions[length].max)
            for axis, length in enumerate(self.shape)
            if isinstance(length, str)
        )
        shape = tuple(dimensions[length].length if isinstance(length, str) else length for length in self.shape)
        low, high = (self.low, self.high) if self.value is None else (self.value, self.value)
        return InputSpec(shape, self.dtype, 0 if low is None and high is not None else low, high, varying)


class OneSizeTable(InputTable):
    """An input of check_inputs, all of whose lengths are numbers: see tables.py for who names one."""

    model_config = ConfigDict(json_schema_extra=_without_dimensions)


KEYS = frozenset(InputTable.model_fields)


def _tables_or_callable(value: Any) -> str:
    """What is neither is held to be tables, so that one thing is wrong with it and not two."""
    return "callable" if isinstance(value, str) else "tables"


Callable = Annotated[str, Tag("callable")]
Inputs = Annotated[Annotated[list[InputTable], Tag("tables")] | Callable, Discriminator(_tables_or_callable)]
OneSize = Annotated[Annotated[list[OneSizeTable], Tag("tables")] | Callable, Discriminator(_tables_or_callable)]


def dimensions_of(tables: Sequence[InputTable]) -> dict[str, DimensionTable]:
    """The dimensions of all inputs of a model by their names."""
    return {name: dimension for table in tables for name, dimension in table.dimensions.items()}


def dimensions_problem(tables: Sequence[InputTable]) -> str | None:
    """Say which name in a shape is not one dimension, or None."""
    known = dimensions_of(tables)
    for table in tables:
        for name in table.names:
            if name not in known:
                return (
                    f"shape has {name!r}, and nothing says how long that is: "
                    f"add {name} = {{ min = 1, max = 512 }} beside it, or write a number"
                )
            if table.dimensions.get(name, known[name]) != known[name]:
                return f"{name} is written twice, and differently: say it once, which counts for all inputs"
    return None


def specs_of(tables: Sequence[InputTable] | str | None) -> tuple[InputSpec, ...] | str | None:
    """Inputs as the exporter takes them."""
    if tables is None or isinstance(tables, str):
        return tables
    known = dimensions_of(tables)
    return tuple(table.spec(known) for table in tables)
