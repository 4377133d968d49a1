"""The tables of pocketfit.toml, as pydantic checks them: each key with its type, its default, its bounds, and an
example of it as TOML has it. What each says of itself is what an editor shows (config/schema.py)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, cast

from pydantic import Field, field_validator, model_validator

from pocketfit.config.inputs import (
    DimensionTable,
    Inputs,
    InputTable,
    OneSize,
    OneSizeTable,
    dimensions_problem,
    specs_of,
)
from pocketfit.config.names import (
    MODEL_NAME,
    VARIABLE_NAME,
    is_model_name,
    known_format,
    known_precision,
    known_word,
    variable_problem,
)
from pocketfit.config.parts import (
    AcceptedTable,
    GrowthOverTable,
    LimitsTable,
    ModelLimitsTable,
    PruneTable,
    Table,
    one_of,
)
from pocketfit.devices import ABIS
from pocketfit.devices.choose import CHOICES
from pocketfit.devices.java import EMULATOR
from pocketfit.formats import FORMATS, PRECISIONS, listed
from pocketfit.records import DEFAULT_CPU, WAYS, DeviceSpec, ModelSpec, Prune
from pocketfit.runtimes.versions import NEWEST, VERSIONS

CALLABLE = "module:callable"
CPU_NAME = "[A-Za-z0-9_-]{1,40}"


class ModelTable(Table):
    source: str = Field(
        min_length=1,
        description=f"What gives the nn.Module: {CALLABLE}, path/to/file.py:callable, or a saved file.",
        examples=["path/to/file.py:callable", "torchvision.models:resnet18"],
    )
    arguments: dict[str, Any] = Field(
        default_factory=dict, description="Keyword arguments of the callable.", examples=[{"num_classes": 1000}]
    )
    inputs: Inputs | None = Field(
        default=None,
        description=f"What forward takes: a table for each tensor, or {CALLABLE} that returns them.",
        examples=[[{"shape": [1, 3, 224, 224]}], CALLABLE],
    )
    formats: list[Annotated[str, one_of(tuple(FORMATS))]] = Field(
        default=["lite"],
        min_length=1,
        description=f"What is built: {', '.join(f'{facts.name} ({facts.suffix})' for facts in FORMATS.values())}.",
        examples=[["lite"]],
    )
    precisions: list[Annotated[str, one_of(PRECISIONS)]] = Field(
        default=["fp32"], min_length=1, description=f"In which: {listed(PRECISIONS, 'and')}.", examples=[["fp32"]]
    )
    calibration: str | None = Field(
        default=None,
        description="For int8: what returns an iterable of input tuples.",
        examples=[CALLABLE],
    )
    preserve_methods: list[str] = Field(
        default_factory=list, description="Methods to keep beside forward.", examples=[["encode"]]
    )
    metric: str | None = Field(
        default=None, description="A measure of your own, such as accuracy, higher being better.", examples=[CALLABLE]
    )
    check_inputs: OneSize | None = Field(
        default=None,
        description="Inputs of another size that the file must take too, written like inputs.",
        examples=[[{"shape": [2, 3, 224, 224]}], CALLABLE],
    )
    limits: ModelLimitsTable = Field(
        default_factory=ModelLimitsTable,
        description="What makes this model's rows fail; [limits] has what counts for all.",
        examples=[{"size_growth": "1%"}],
    )
    how: Annotated[str, one_of(WAYS)] = Field(
        default="trace", description="What makes TorchScript of it: torch.jit's trace or script.", examples=["script"]
    )
    prune: PruneTable | None = Field(
        default=None, description="Set the smallest weights to zero first.", examples=[{"amount": 0.3}]
    )
    env: dict[str, str] = Field(
        default_factory=dict,
        description="Environment variables of this model's process.",
        examples=[{"WIDTH": "8"}],
        json_schema_extra={"propertyNames": {"pattern": f"^{VARIABLE_NAME}$"}},
    )
    network: bool = Field(default=False, description="Whether its code may use the network.", examples=[True])
    trust: bool = Field(
        default=False, description="Whether a saved .pt2 may hold more than tensors, which runs code.", examples=[True]
    )

    @field_validator("inputs")
    @classmethod
    def _known_lengths(cls, inputs: Inputs | None) -> Inputs | None:
        if isinstance(inputs, list) and (problem := dimensions_problem(inputs)):
            raise ValueError(problem)
        return inputs

    @field_validator("check_inputs")
    @classmethod
    def _one_size(cls, inputs: OneSize | None) -> OneSize | None:
        if isinstance(inputs, list) and (names := [name for table in inputs for name in table.names]):
            raise ValueError(
                f"they are of one size, and {names[0]!r} is none: write a number; what inputs says of {names[0]} is "
                "checked anyway, at its min, its max and between"
            )
        return inputs

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
        return known_word(how, WAYS, "how")

    @field_validator("formats", "precisions")
    @classmethod
    def _known(cls, names: list[str], info: Any) -> list[str]:
        known = known_format if info.field_name == "formats" else known_precision
        return list(dict.fromkeys(map(known, names)))

    def spec(self, name: str, limits: LimitsTable) -> ModelSpec:
        return ModelSpec(
            name=name,
            source=self.source,
            arguments=self.arguments,
            inputs=specs_of(self.inputs),
            formats=tuple(self.formats),
            precisions=tuple(self.precisions),
            calibration=self.calibration,
            preserve_methods=tuple(self.preserve_methods),
            metric=self.metric,
            check_inputs=specs_of(self.check_inputs),
            limits=self.limits.limits(limits),
            how=cast(Any, self.how),
            prune=Prune(self.prune.amount, cast(Any, self.prune.method)) if self.prune else None,
            env=self.env,
            network=self.network,
            trust=self.trust,
            accepted=self.limits.accepted.accepted() if self.limits.accepted else None,
        )


class DeviceTable(Table):
    kind: Annotated[str, one_of(CHOICES)] = Field(
        default="auto", description="Where artifacts are tried.", examples=["jvm"]
    )
    threads: int = Field(default=1, ge=1, le=256, description="Threads of the runtime.", examples=[1])
    api_level: int = Field(default=33, ge=1, le=99, description="Of the emulator.", examples=[33])
    latency_budget_s: float = Field(
        default=30, gt=0, le=3600, description="Seconds for timing one changed variant.", examples=[30]
    )
    abi: Annotated[str | None, one_of(ABIS)] = Field(
        default=None, description="Of the JVM's Android libraries; else this machine's own.", examples=["arm64-v8a"]
    )
    also: list[Annotated[str, one_of(ABIS)]] = Field(
        default_factory=list,
        description="ABIs that each artifact is tried on in a JVM besides, untimed.",
        examples=[["arm64-v8a"]],
    )
    cpu: str = Field(
        default=DEFAULT_CPU,
        description="The core that QEMU shows to an ABI that is not this machine's own.",
        examples=[DEFAULT_CPU],
        json_schema_extra={"pattern": f"^{CPU_NAME}$"},
    )
    work_budget_s: float = Field(
        default=120, gt=0, le=3600, description="Seconds for counting the work of one variant.", examples=[120]
    )

    runtimes: list[Annotated[str, one_of(tuple(VERSIONS))]] = Field(
        default=[NEWEST],
        min_length=1,
        description="The versions of ExecuTorch that a .pte is for: what each makes of it is predicted, and tried.",
        examples=[list(VERSIONS)],
    )

    @field_validator("runtimes")
    @classmethod
    def _known_versions(cls, versions: list[str]) -> list[str]:
        for version in versions:
            if version not in VERSIONS:
                raise ValueError(
                    f"ExecuTorch {version!r} is none that is known here: use some of {listed(VERSIONS, 'and')}"
                )
        return [version for version in VERSIONS if version in versions]

    @field_validator("kind")
    @classmethod
    def _known(cls, kind: str) -> str:
        return known_word(kind, CHOICES, "device")

    @field_validator("abi")
    @classmethod
    def _known_abi(cls, abi: str | None) -> str | None:
        return abi if abi is None else known_word(abi, ABIS, "ABI")

    @model_validator(mode="after")
    def _abi_of_a_jvm(self) -> DeviceTable:
        if self.abi and self.kind in ("adb", "emulator"):
            raise ValueError(f'abi is of a JVM, and {self.kind} has its own: write kind = "jvm", or leave abi out')
        return self

    @field_validator("also")
    @classmethod
    def _known_abis(cls, abis: list[str]) -> list[str]:
        return list(dict.fromkeys(known_word(abi, ABIS, "ABI") for abi in abis))

    @field_validator("cpu")
    @classmethod
    def _names_a_core(cls, cpu: str) -> str:
        if not re.fullmatch(CPU_NAME, cpu):
            raise ValueError(f"{cpu!r} can't name a core: `{EMULATOR} -cpu help` lists them")
        return cpu

    def spec(self) -> DeviceSpec:
        lists = {"also", "runtimes"}
        return DeviceSpec(**self.model_dump(exclude=lists), also=tuple(self.also), runtimes=tuple(self.runtimes))


class FileTable(Table):
    models: dict[str, ModelTable] = Field(
        min_length=1,
        description="The models, each a table [models.NAME].",
        examples=[{"resnet18": {"source": "torchvision.models:resnet18", "inputs": [{"shape": [1, 3, 224, 224]}]}}],
        json_schema_extra={"propertyNames": {"pattern": f"^{MODEL_NAME}$"}},
    )
    limits: LimitsTable = Field(
        default_factory=LimitsTable,
        description="What makes a row of any model fail.",
        examples=[{"size_growth": "1%"}],
    )
    device: DeviceTable = Field(
        default_factory=DeviceTable, description="What artifacts are tried on.", examples=[{"kind": "jvm"}]
    )

    @field_validator("models")
    @classmethod
    def _names(cls, models: dict[str, ModelTable]) -> dict[str, ModelTable]:
        for name in models:
            if not is_model_name(name):
                raise ValueError(
                    f"{name!r} can't name a model, since files are named after it: use letters, digits, _ . -"
                )
        return models


# Each table by its place in the file, where a name of the user's is *.
TABLES: Mapping[tuple[str, ...], type[Table]] = {
    (): FileTable,
    ("limits",): LimitsTable,
    ("limits", "size_growth_over"): GrowthOverTable,
    ("device",): DeviceTable,
    ("models", "*"): ModelTable,
    ("models", "*", "inputs"): InputTable,
    ("models", "*", "check_inputs"): OneSizeTable,
    ("models", "*", "inputs", "*"): DimensionTable,
    ("models", "*", "limits"): ModelLimitsTable,
    ("models", "*", "limits", "accepted"): AcceptedTable,
    ("models", "*", "limits", "size_growth_over"): GrowthOverTable,
    ("models", "*", "prune"): PruneTable,
}


def table_at(place: Sequence[Any]) -> type[Table] | None:
    """The table at this place of the file, if one is there; numbers in it are places in lists."""
    names = [part for part in place if not isinstance(part, int)]
    if names[:1] == ["models"]:
        names[1:2] = ["*"]
    if names[2:3] == ["inputs"] and names[3:]:
        names[3] = "*"
    return TABLES.get(tuple(names))


def known_keys(place: Sequence[Any]) -> list[str]:
    """The keys that the table at this place takes."""
    table = table_at(place)
    assert table is not None
    return [name for name, field in table.model_fields.items() if not field.exclude]
