"""Files of texts to vectors on disk, of any size, in runs that can be interrupted and continued."""

import contextlib
import logging
import os
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tfsiamese.encoding.codes import ranges_beside
from tfsiamese.encoding.disk import check_apart, telling_of_the_disk
from tfsiamese.encoding.folder_lock import sole_writer
from tfsiamese.encoding.inputs import Sources, TextInput, Window, find_inputs, windows
from tfsiamese.encoding.progress import EncodingProgress
from tfsiamese.encoding.records import Columns
from tfsiamese.encoding.settings import EncodingSettings
from tfsiamese.encoding.shard_folder import ShardFolder
from tfsiamese.encoding.single_file import check_target, write_file
from tfsiamese.encoding.stored_vectors import StoredVectors, open_vectors
from tfsiamese.encoding.text_encoding import WindowEncoder
from tfsiamese.errors import DataError, SettingsError
from tfsiamese.pairs.prefetching import prefetched

if TYPE_CHECKING:
    from tfsiamese.encoders import Encoder

__all__ = ["check_inputs", "encode_files"]

_logger = logging.getLogger(__name__)


def encode_files(
    encoder: "Encoder",
    sources: Sources,
    out: str | os.PathLike[str],
    *,
    settings: EncodingSettings | None = None,
    overwrite: bool = False,
    show_progress: bool = False,
) -> StoredVectors:
    """Encodes the texts of files of any size; memory stays the same however many there are.

    Texts are encoded in windows of some thousand, in which batches are of similar length and equal texts are computed
    once; a thread reads ahead meanwhile. Vectors keep the order of the texts.

    A folder is written in shards, each of which appears whole. The same call after an interruption passes over the
    finished ones, checks that their texts are still the same, and ends with the same bytes as a run without one.

    Args:
        encoder: computes the vectors.
        sources: paths, or patterns such as "corpus/*.parquet"; "-" is standard input. Files ending in .csv, .tsv,
            .jsonl (or .ndjson, .json) and .parquet have columns; all others hold one text a line, of which a blank one
            is an empty text. All are UTF-8; those compressed with gzip are unpacked while they are read.
        out: an .npy file, or else a folder for shards with a `manifest.json`.
        settings: see `EncodingSettings`; its defaults if left out.
        overwrite: start anew in a folder that holds vectors already. They stay until the first new shard is finished;
            other files of the folder are left alone. A file is replaced anyway.
        show_progress: show texts a second and the time left on standard error.

    Returns:
        The vectors as `open_vectors` gives them: float32 [texts, dimension], or codes. Ranges for codes of eight bits
        are those of all vectors in a file, and of the first 32,768 vectors or so (at most a shard) in a folder, where a
        number out of range gets the nearest code.

    Raises:
        DataError: a file cannot be read, a row of it is no text, there is no text at all, or texts changed since the
            finished shards were written.
        DependencyError: Parquet is read or written and pyarrow is not installed.
        SettingsError: a setting cannot be used, the folder holds vectors of another encoder, other settings or other
            files (the message names what differs), another process writes there, or the disk is full.

    Example:
        >>> settings = EncodingSettings(column="title", normalize=True)
        >>> vectors = encode_files(encoder, "jobs/*.parquet", "vectors", settings=settings)
        >>> vectors.shape
        (1200000, 512)
    """
    settings = settings or EncodingSettings()
    if not os.fspath(out):
        raise SettingsError("The path to write to is empty. Expected --out (out= in Python) to be a file or a folder.")
    target = Path(out)
    is_file = _is_file(target, settings)
    columns = Columns(settings.column, settings.id_column)
    inputs = find_inputs(sources, columns)
    window_encoder = WindowEncoder(encoder, settings)
    with EncodingProgress(inputs, show_progress) as progress, window_encoder.counting_cut_texts():
        if is_file:
            check_apart(inputs, [target, ranges_beside(target)])
            with _reading_ahead(inputs, columns, None) as found:
                write_file(window_encoder, found, target, settings.precision, progress)
        else:
            with sole_writer(target):
                folder = ShardFolder(target, window_encoder, inputs, settings, overwrite=overwrite)
                _write_folder(folder, target, _reading_ahead(inputs, columns, settings.shard_size), progress)
    return open_vectors(target)


def check_inputs(sources: Sources, settings: EncodingSettings) -> None:
    """Raises what `encode_files` would raise of these files, before an encoder is loaded."""
    find_inputs(sources, Columns(settings.column, settings.id_column))


def _is_file(target: Path, settings: EncodingSettings) -> bool:
    if target.suffix != ".npy":
        return False
    check_target(target)
    if settings.format != "npy":
        raise SettingsError(
            f"The format {settings.format} is written in shards. Expected a folder as --out (out= in Python). "
            f"Received: {target}."
        )
    return True


@contextlib.contextmanager
def _reading_ahead(inputs: list[TextInput], columns: Columns, shard_size: int | None) -> Iterator[Iterator[Window]]:
    found = _with_text(inputs, windows(inputs, columns, shard_size))
    # A thread that waits for a pipe could not be ended by Ctrl-C.
    is_pipe = any(source.num_bytes is None for source in inputs)
    with contextlib.closing(found if is_pipe else prefetched(found)) as ahead:
        yield ahead


def _with_text(inputs: list[TextInput], found: Iterable[Window]) -> Generator[Window, None, None]:
    """The same windows, or a DataError at the end where all texts are blank."""
    has_text = False
    for window in found:
        has_text = has_text or any(text.strip() for text in window.texts)
        yield window
    if not has_text:
        what = (
            f"{inputs[0].path} holds no text" if len(inputs) == 1 else f"None of the {len(inputs)} files holds a text"
        )
        raise DataError(f"{what}. Expected one text a line, or a row.")


def _write_folder(
    folder: ShardFolder,
    target: Path,
    reading: contextlib.AbstractContextManager[Iterator[Window]],
    progress: EncodingProgress,
) -> None:
    try:
        with telling_of_the_disk(target, lambda: f"Make room. The run stopped with {folder.how_to_go_on}"):
            folder.begin()
            with reading as found:
                folder.write(found, progress)
    except (KeyboardInterrupt, SystemExit):
        _logger.warning("%s: stopped with %s", target, folder.how_to_go_on)
        raise
