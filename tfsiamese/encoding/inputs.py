"""From paths and patterns to the files that are read, and from those to windows of some thousand texts."""

import contextlib
import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tfsiamese.encoding.line_reader import STANDARD_INPUT, LineReader
from tfsiamese.encoding.parquet_records import ParquetReader
from tfsiamese.encoding.records import Columns, Record, delimited_records, json_records, line_records
from tfsiamese.errors import DataError, SettingsError

__all__ = ["Sources", "TextInput", "Window", "find_inputs", "windows"]

Sources = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]

_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_JSON_LINES = (".jsonl", ".ndjson", ".json")
_PARQUET = ".parquet"

_WINDOW_ROWS = 8_192
_WINDOW_CHARACTERS = 2**24


@dataclass(frozen=True)
class TextInput:
    """A file of texts.

    Attributes:
        path: as the user wrote it, or as a pattern found it; "-" for standard input.
        num_bytes: its size; None for a pipe, which can be read only once.
    """

    path: str
    num_bytes: int | None = None

    @property
    def name(self) -> str:
        """The file's own name, which stays when its folder is moved."""
        return Path(self.path).name

    @property
    def kind(self) -> str:
        """The suffix that decides how the file is read; empty for plain lines."""
        name = self.path.lower().removesuffix(".gz")
        suffix = Path(name).suffix
        return suffix if suffix in (*_DELIMITERS, *_JSON_LINES, _PARQUET) else ""


@dataclass
class Window:
    """Neighbouring texts of one shard that are encoded together.

    Attributes:
        shard: the number of the shard, from 0.
        files: for each text the number of its file.
        records: the texts.
        position: how many bytes of all files were read when the window ended.
        ends_shard: whether it is known to be the last of its shard; the last of all need not be known as such.
    """

    shard: int
    files: list[int] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    position: int = 0
    ends_shard: bool = False

    @property
    def texts(self) -> list[str]:
        """The texts, in their order."""
        return [record.text for record in self.records]


def find_inputs(sources: Sources, columns: Columns) -> list[TextInput]:
    """The files behind paths and patterns such as "corpus/*.parquet"; what a pattern finds is sorted.

    The first text of each file is read, so that a wrong column is found before anything is encoded.

    Raises:
        DataError: a file is missing or cannot be read, has no such column, or a pattern finds nothing.
        SettingsError: there are no sources, standard input is named twice, or no file has columns where one is named.
        DependencyError: a file is Parquet and pyarrow is not installed.
    """
    names = [sources] if isinstance(sources, (str, os.PathLike)) else list(sources)
    inputs = [found for name in names for found in _expanded(os.fspath(name))]
    if not inputs:
        raise SettingsError("There are no files to read. Expected at least one path, pattern, or - for standard input.")
    if sum(found.path == STANDARD_INPUT for found in inputs) > 1:
        raise SettingsError("Standard input is named more than once. Expected - at most once.")
    if columns != Columns() and not any(found.kind for found in inputs):
        raise SettingsError(
            f"{inputs[0].path} is read as one text a line, without columns. Leave out --column and --id-column "
            "(column= and id_column= in Python)."
        )
    for found in inputs:
        if found.num_bytes is not None:
            with _open(found, columns) as (records, _):
                next(records, None)
    return inputs


def _expanded(name: str) -> list[TextInput]:
    if not name:
        raise SettingsError("The path of a file of texts is empty. Expected a path, a pattern, or -.")
    path = Path(name)
    if name == STANDARD_INPUT:
        return [TextInput(name)]
    if not path.exists() and glob.has_magic(name):
        matches = glob.iglob(name, recursive=True)  # noqa: PTH207  Path.glob takes no absolute patterns
        found = sorted(match for match in matches if Path(match).is_file())
        if not found:
            raise DataError(f"{name} matches no file. Expected a pattern over files of texts: check the path.")
        return [TextInput(match, Path(match).stat().st_size) for match in found]
    if path.is_dir():
        raise DataError(f"{name} cannot be read: it is a folder. Name its files, such as {path / '*.txt'}.")
    if path.exists() and not path.is_file():
        return [TextInput(name)]
    try:
        return [TextInput(name, path.stat().st_size)]
    except OSError as error:
        raise DataError(
            f"{name} cannot be read: {error.strerror}. Expected a file of texts: check the path."
        ) from error


@contextlib.contextmanager
def _open(source: TextInput, columns: Columns) -> Iterator[tuple[Iterator[Record], LineReader | ParquetReader]]:
    """The records of a file, and what knows how far they have been read."""
    if source.kind == _PARQUET:
        with contextlib.closing(ParquetReader(source.path, columns, source.num_bytes or 0)) as table:
            yield iter(table), table
        return
    with LineReader(source.path) as lines:
        if source.kind in _DELIMITERS:
            yield delimited_records(lines, columns, source.path, _DELIMITERS[source.kind]), lines
        elif source.kind in _JSON_LINES:
            yield json_records(lines, columns, source.path), lines
        else:
            yield line_records(lines), lines


def windows(
    inputs: Sequence[TextInput], columns: Columns, shard_size: int | None, rows: int = _WINDOW_ROWS
) -> Iterator[Window]:
    """All texts in their order, as windows that end where a shard ends.

    The windows of a shard depend on its own texts alone, so that a run that continues makes the same ones.

    Args:
        inputs: the files.
        columns: what to read of those with columns.
        shard_size: rows of a shard; None for one that holds all.
        rows: of a window at most; a window of long texts has fewer.
    """
    window = Window(0)
    num_rows = num_characters = bytes_before = 0
    for number, source in enumerate(inputs):
        with _open(source, columns) as (records, reader):
            for record in records:
                window.files.append(number)
                window.records.append(record)
                num_rows += 1
                num_characters += len(record.text)
                ends_shard = num_rows == shard_size
                if ends_shard or len(window.records) == rows or num_characters > _WINDOW_CHARACTERS:
                    window.position, window.ends_shard = bytes_before + reader.bytes_read, ends_shard
                    yield window
                    window = Window(window.shard + ends_shard)
                    num_rows, num_characters = 0 if ends_shard else num_rows, 0
            bytes_before += reader.bytes_read
    if window.records:
        window.position = bytes_before
        yield window
