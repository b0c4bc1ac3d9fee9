"""All vectors into one .npy file, a window at a time."""

import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from tfsiamese.encoding.codes import Ranges, fitted, layout_of, ranges_beside, write_ranges
from tfsiamese.encoding.disk import telling_of_the_disk
from tfsiamese.encoding.inputs import Window
from tfsiamese.encoding.npy_file import NpyFile
from tfsiamese.encoding.progress import EncodingProgress
from tfsiamese.encoding.text_encoding import WindowEncoder
from tfsiamese.errors import SettingsError
from tfsiamese.files import publish_file
from tfsiamese.search import Quantizer

__all__ = ["check_target", "write_file"]

_ROWS_AT_ONCE = 8_192
_TO_DO_ABOUT_THE_DISK = "What was there before stays as it is: make room, and run the same command again."


def check_target(target: Path) -> None:
    """Raises a SettingsError where an .npy file cannot be written because a folder stands in its place."""
    if target.is_dir():
        raise SettingsError(f"{target} is a folder. Expected the path of an .npy file to write.")


def write_file(
    encoder: WindowEncoder, windows: Iterable[Window], target: Path, precision: str, progress: EncodingProgress
) -> None:
    """Writes the vectors, or their codes, of all windows; the file appears when it is complete.

    Codes of eight bits need the range of each dimension over all vectors, so that the vectors go to a nameless file
    beside the target first, which needs four times the room of the codes.

    Raises:
        DataError: there are too few vectors to take ranges from.
        SettingsError: the disk is full.
    """
    with telling_of_the_disk(target, lambda: _TO_DO_ABOUT_THE_DISK), publish_file(target) as path:
        if precision in ("int8", "uint8"):
            write_ranges(ranges_beside(target), _write_codes(encoder, windows, path, precision, progress))
            return
        layout = layout_of(precision, encoder.dimension)
        quantizer = None if precision == "float32" else Quantizer(precision, encoder.dimension)
        with NpyFile(path, layout.dtype, layout.width) as file:
            for window in windows:
                vectors = encoder.encode(window)
                file.append(vectors if quantizer is None else quantizer.quantize(vectors))
                progress.encoded(window)


def _write_codes(
    encoder: WindowEncoder, windows: Iterable[Window], path: Path, precision: str, progress: EncodingProgress
) -> Quantizer:
    ranges = Ranges(encoder.dimension)
    with tempfile.TemporaryFile(dir=path.parent) as stage:
        for window in windows:
            vectors = encoder.encode(window)
            ranges.add(vectors)
            stage.write(np.ascontiguousarray(vectors).data)
            progress.encoded(window)
        stage.seek(0)
        row_bytes = 4 * encoder.dimension
        parts = iter(lambda: stage.read(_ROWS_AT_ONCE * row_bytes), b"")
        vectors_again = (np.frombuffer(part, np.float32).reshape(-1, encoder.dimension) for part in parts)
        quantizer = ranges.quantizer(precision)
        with NpyFile(path, *layout_of(precision, encoder.dimension)) as file:
            for vectors in vectors_again:
                if ranges.rows == len(vectors):  # few enough for all checks and warnings of a fit
                    quantizer = fitted(vectors, precision, "the files")
                file.append(quantizer.quantize(vectors))
    return quantizer
