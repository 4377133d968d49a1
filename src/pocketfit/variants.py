"""A configuration's variants: all of them, those that a user names in words, and those that can't be built at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import PurePath

from pocketfit.config import parse_config
from pocketfit.config.names import MODEL_NAME_LENGTH, is_model_name, known_format, known_precision
from pocketfit.config.toml import Place
from pocketfit.errors import ConfigError
from pocketfit.files.saved import TORCHSCRIPT_SUFFIXES, is_saved
from pocketfit.formats import FORMATS
from pocketfit.records import INPUT_DTYPES, Config, InputSpec, ModelSpec, Variant
from pocketfit.runtimes.library import library_for

# What the keys of a configuration are called on the command line, where that is something else.
OPTIONS = {"inputs": "shape", "formats": "format", "precisions": "precision"}


def variants(config: Config) -> Iterator[tuple[Variant, ModelSpec]]:
    """Every variant of every model, in the configuration's order."""
    for spec in config.models:
        for format_name in spec.formats:
            for precision in spec.precisions:
                yield Variant(spec.name, format_name, precision), spec


def count_variants(config: Config) -> int:
    return sum(1 for _ in variants(config))


def parse_variants(words: Iterable[str], where: str) -> tuple[Variant, ...]:
    """Variants written MODEL/FORMAT/PRECISION, several separated by commas; raises ConfigError."""
    return tuple(dict.fromkeys(_parse_variant(word.strip(), where) for word in ",".join(words).split(",")))


def _parse_variant(word: str, where: str) -> Variant:
    shown = repr(word[:100])
    model, *rest = word.split("/")
    if len(rest) != 2 or not is_model_name(model):
        raise ConfigError(f"{where}: {shown} is no variant: write it like resnet18/lite/fp32")
    try:
        return Variant(model, known_format(rest[0][:100]), known_precision(rest[1][:100]))
    except ValueError as error:
        raise ConfigError(f"{where}: {shown} is no variant: {error}") from error


def parse_shapes(texts: Iterable[str], where: str) -> tuple[InputSpec, ...]:
    """Shapes written `1,3,224,224` or `1, 16 : int64`, one for each input; raises ConfigError that names `where`."""
    return tuple(_parse_shape(text, where) for text in texts)


def _parse_shape(text: str, where: str) -> InputSpec:
    lengths, _, dtype = (part.strip() for part in text.partition(":"))
    # Ten digits are more than any memory holds, and Python refuses to read thousands of them.
    if not re.fullmatch(r"[1-9]\d{0,9}(\s*,\s*[1-9]\d{0,9})*", lengths, re.ASCII):
        raise ConfigError(
            f"{where} {text.strip()!r} is no shape: write lengths with commas, e.g. 1,3,224,224 or 1,16:int64"
        )
    if dtype and dtype not in INPUT_DTYPES:
        raise ConfigError(f"{where} {text.strip()!r}: unknown dtype {dtype!r}; use one of {', '.join(INPUT_DTYPES)}")
    return InputSpec(tuple(map(int, lengths.split(","))), dtype or "float32")


def model_name(source: str) -> str:
    """The name of a model that nobody named: its callable, or its file without the suffix."""
    last = source.rpartition(":")[2] if ":" in source else PurePath(source).stem
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", last)
    return (name if name[:1].isalnum() else f"model{name}")[:MODEL_NAME_LENGTH]


def one_model(source: str, shapes: Sequence[str], formats: Sequence[str], precisions: Sequence[str]) -> Config:
    """The configuration of one model that the command line names; what is empty has the configuration's default.

    It goes through the configuration's own door, so that the same words give the same errors. Raises ConfigError.
    """
    if not source:
        raise ConfigError("--source is empty: write module:callable, path/to/file.py:callable, or a saved file")
    table = {
        "source": source,
        "inputs": [{"shape": list(spec.shape), "dtype": spec.dtype} for spec in parse_shapes(shapes, "--shape")],
        "formats": list(formats),
        "precisions": list(precisions),
    }
    given = {key: value for key, value in table.items() if value or key == "source"}
    config = parse_config({"models": {model_name(source): given}}, "command line", _option)
    return replace(config, models=tuple(replace(spec, by_options=True) for spec in config.models))


def _option(place: Place) -> str:
    """The option that a key of such a configuration was written as."""
    return f"--{OPTIONS.get(str(place[2]), place[2])}" if len(place) > 2 else "--source"


def select_variants(config: Config, chosen: Sequence[Variant]) -> Config:
    """Only these variants, each as a model of its own: not every format of a model need go with every precision."""
    if not chosen:
        return config
    models = [
        replace(spec, formats=(variant.format,), precisions=(variant.precision,))
        for variant, spec in variants(config)
        if variant in chosen
    ]
    return replace(config, models=tuple(models))


def select_models(config: Config, names: Sequence[str], file: str) -> Config:
    """Only the models of these names, all where there are none; raises ConfigError for one that `file` lacks."""
    known = [spec.name for spec in config.models]
    if unknown := [name for name in names if name not in known]:
        raise ConfigError(f"{file} has no model {unknown[0]!r}: it has {', '.join(known)}")
    return replace(config, models=tuple(spec for spec in config.models if not names or spec.name in names))


def skip_reason(spec: ModelSpec, format_name: str, precision: str) -> str | None:
    """Why this model can't be built in this format and precision, whatever its code does, or None."""
    facts = FORMATS.get(format_name)
    if facts is None:
        return f"format {format_name} is not in this version of Pocketfit"
    if not facts.from_torchscript and is_saved(spec.source, TORCHSCRIPT_SUFFIXES):
        return (
            f"{spec.source} is a saved TorchScript file, which torch.export does not take: "
            "name a callable that builds the module, or a .pt2 file that torch.export.save wrote"
        )
    if lacking := facts.lacks.get(precision):
        return f"{library_for(format_name) or f'the Android runtime of {format_name}'} has {lacking}"
    return None
