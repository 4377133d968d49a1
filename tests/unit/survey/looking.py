"""A look at a few files, for tests."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from pocketfit.survey import FoundModel, Survey, look
from tests.repositories import write_repository


def look_at(folder: Path, files: dict[str, str]) -> Survey:
    write_repository(folder, files)
    return look(folder, sorted(PurePosixPath(name) for name in files))


def only_model(folder: Path, files: dict[str, str]) -> FoundModel:
    (model,) = look_at(folder, files).models
    return model


def shapes(model: FoundModel) -> list[tuple[int, ...] | None]:
    assert model.inputs is not None
    return [one.guess.shape if one.guess else None for one in model.inputs.inputs]


def dtypes(model: FoundModel) -> list[str | None]:
    assert model.inputs is not None
    return [one.guess.dtype if one.guess else None for one in model.inputs.inputs]
