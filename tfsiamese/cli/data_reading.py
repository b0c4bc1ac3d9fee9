"""Reads the data sets of a recipe and holds out a part of each: streamed, or in memory."""

import os
from typing import Any

from tfsiamese.errors import SettingsError
from tfsiamese.pairs import AnyExamples, Examples, read_examples, stream_examples
from tfsiamese.pairs.shards import is_sharded
from tfsiamese.pairs.streaming import is_large, read_shards
from tfsiamese.training.recipe import DataRecipe

__all__ = ["read_and_split"]


def read_and_split(one: DataRecipe, seed: int) -> tuple[AnyExamples, Examples | None]:
    """The rows for training, and those held out, which are in memory; None where there are none.

    Raises:
        DataError: a file cannot be used.
        SettingsError: the part to hold out is neither a fraction, nor a number of rows, nor a file.
    """
    examples = _read(one.file, one.reading, one.stream)
    try:
        part = float(one.validation)
    except ValueError:
        return examples, _read_into_memory(one.validation, one.reading)
    if part == 0:
        return examples, None
    if part < 0 or (part >= 1 and not part.is_integer()):
        raise SettingsError(
            "Expected --validation to be a fraction below 1, a number of rows, 0, or a file. "
            f"Received: {one.validation}."
        )
    return examples.split(int(part) if part >= 1 else part, seed=seed)


def _read(file: str, reading: dict[str, Any], stream: bool | None) -> AnyExamples:
    """The rows of a file, or of all files of a pattern or a folder; streamed if asked for, or if they are large."""
    _require_path(file)
    if stream or (stream is None and is_large(file)):
        return stream_examples(file, **reading)
    return _read_into_memory(file, reading)


def _read_into_memory(file: str, reading: dict[str, Any]) -> Examples:
    _require_path(file)
    return read_shards(file, **reading) if is_sharded(file) else read_examples(file, **reading)


def _require_path(file: str) -> None:
    if not os.fspath(file).strip():
        raise SettingsError("The path of a file of examples is empty. Expected a path: '.' is the current folder.")
