"""A folder of shards: begun, continued, never mixed."""

import itertools
import logging
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from tfsiamese.encoding.codes import CALIBRATION_ROWS, layout_of, read_ranges, write_ranges
from tfsiamese.encoding.inputs import TextInput, Window
from tfsiamese.encoding.manifest import MANIFEST_FILE, RANGES_FILE, Manifest, Shard, TextDigest
from tfsiamese.encoding.npy_file import NpyFile
from tfsiamese.encoding.parquet_file import ParquetFile
from tfsiamese.encoding.progress import EncodingProgress
from tfsiamese.encoding.settings import EncodingSettings
from tfsiamese.encoding.text_encoding import WindowEncoder
from tfsiamese.errors import DataError, SettingsError
from tfsiamese.files import publish_file, remove_leftovers
from tfsiamese.search import Quantizer

__all__ = ["ShardFolder"]

_logger = logging.getLogger(__name__)

_SHARD_PATTERNS = ("vectors-*.npy", "vectors-*.parquet")

EncodedWindow = tuple[Window, np.ndarray]


class ShardFolder:
    """Writes shards, each of which appears whole, and notes each finished one in the manifest.

    Args:
        folder: made where it does not exist.
        encoder: computes the vectors.
        inputs: the files of texts.
        settings: of the run.
        overwrite: start anew where the folder holds vectors already.

    Raises:
        SettingsError: the folder is a file, holds something else, or vectors that were made otherwise.
        DataError: the folder's manifest cannot be read.
    """

    def __init__(
        self,
        folder: Path,
        encoder: WindowEncoder,
        inputs: Sequence[TextInput],
        settings: EncodingSettings,
        *,
        overwrite: bool = False,
    ):
        self._folder = folder
        self._encoder = encoder
        self._names = [found.name for found in inputs]
        self._settings = settings
        self._overwrite = overwrite
        self._layout = layout_of(settings.precision, encoder.dimension)
        self._quantizer: Quantizer | None = None
        if settings.precision.endswith("binary"):
            self._quantizer = Quantizer(settings.precision, encoder.dimension)
        self._manifest = self._checked_manifest(self._made_from(inputs))

    @property
    def num_finished(self) -> int:
        """Shards that are finished."""
        return len(self._manifest.shards)

    def begin(self) -> None:
        """Makes the folder, or makes it ready to go on in."""
        self._folder.mkdir(parents=True, exist_ok=True)
        remove_leftovers(self._folder)
        if not self._manifest.shards:
            stale = [path for pattern in _SHARD_PATTERNS for path in self._folder.glob(pattern)]
            for path in [self._folder / MANIFEST_FILE, *stale, self._folder / RANGES_FILE]:
                path.unlink(missing_ok=True)
        self._manifest.write(self._folder)

    def write(self, windows: Iterable[Window], progress: EncodingProgress) -> None:
        """Writes the shards that are missing.

        Raises:
            DataError: texts of a finished shard are not those it was made from, or there are too few to take ranges.
        """
        num_shards = 0
        for number, group in _shards(iter(windows)):
            num_shards = number + 1
            if self._manifest.has(number, self._folder):
                self._pass(number, group, progress)
            else:
                self._write_shard(number, group, progress)
        if self._manifest.shards and max(self._manifest.shards) >= num_shards:
            raise self._changed_texts(num_shards)
        self._manifest.complete = True
        self._manifest.write(self._folder)

    def _made_from(self, inputs: Sequence[TextInput]) -> dict[str, object]:
        settings = self._settings
        described = self._encoder.describe()
        described["vectors"] |= {"dtype": self._layout.dtype.name, "width": self._layout.width}
        return described | {
            "files": {
                "format": settings.format,
                "shard_size": settings.shard_size,
                "column": settings.column,
                "id_column": settings.id_column,
                "with_text": settings.with_text,
            },
            "inputs": [{"name": found.name, "bytes": found.num_bytes} for found in inputs],
        }

    def _checked_manifest(self, made_from: dict[str, object]) -> Manifest:
        folder = self._folder
        if folder.exists() and not folder.is_dir():
            raise SettingsError(
                f"{folder} is a file. Expected a folder for the vectors, or a path that does not exist."
            )
        if self._overwrite or not folder.is_dir():
            return Manifest(made_from)
        if not (folder / MANIFEST_FILE).is_file():
            if any(not path.name.startswith(".") for path in folder.iterdir()):
                raise SettingsError(
                    f"{folder} is not empty and has no {MANIFEST_FILE}, so no run can be continued in it. Name another "
                    "folder, or write into it all the same with --overwrite (overwrite=True)."
                )
            return Manifest(made_from)
        manifest = Manifest.read(folder)
        manifest.check_made_from(made_from, folder)
        if self._settings.precision in ("int8", "uint8") and manifest.shards:
            self._quantizer = self._read_quantizer()
        return manifest

    def _read_quantizer(self) -> Quantizer:
        ranges = read_ranges(self._folder / RANGES_FILE)
        return Quantizer(self._settings.precision, self._encoder.dimension, ranges)

    def _pass(self, number: int, group: Iterable[Window], progress: EncodingProgress) -> None:
        digest = TextDigest()
        for window in group:
            digest.add(window)
            progress.passed(window)
        if digest.hexdigest() != self._manifest.shards[number].texts:
            raise self._changed_texts(number)

    def _changed_texts(self, number: int) -> DataError:
        return DataError(
            f"Shard {number} of {self._folder} was made from other texts: a file has changed since. Bring it back as "
            "it was, or start anew with --overwrite (overwrite=True)."
        )

    def _write_shard(self, number: int, group: Iterable[Window], progress: EncodingProgress) -> None:
        target = self._folder / f"vectors-{number:05d}.{self._settings.format}"
        digest = TextDigest()
        rows = 0
        with publish_file(target) as path, self._opened(path) as file:
            for window, vectors in self._calibrated(self._encoded(group)):
                codes = vectors if self._quantizer is None else self._quantizer.quantize(vectors)
                if isinstance(file, ParquetFile):
                    file.append(window, codes)
                else:
                    file.append(codes)
                digest.add(window)
                rows += len(codes)
                progress.encoded(window)
        self._manifest.shards[number] = Shard(target.name, rows, target.stat().st_size, digest.hexdigest())
        self._manifest.write(self._folder)

    def _opened(self, path: Path) -> NpyFile | ParquetFile:
        if self._settings.format == "npy":
            return NpyFile(path, *self._layout)
        return ParquetFile(
            path,
            *self._layout,
            names=self._names,
            with_id=self._settings.id_column is not None,
            with_text=self._settings.with_text,
        )

    def _encoded(self, group: Iterable[Window]) -> Iterator[EncodedWindow]:
        for window in group:
            yield window, self._encoder.encode(window)

    def _calibrated(self, encoded: Iterator[EncodedWindow]) -> Iterator[EncodedWindow]:
        """The same windows; where ranges are needed, the first ones are kept back until these are known."""
        kept: list[EncodedWindow] = []
        if self._settings.precision in ("int8", "uint8") and self._quantizer is None:
            num_rows = 0
            for window, vectors in encoded:
                kept.append((window, vectors))
                num_rows += len(vectors)
                if num_rows >= CALIBRATION_ROWS:
                    break
            self._quantizer = Quantizer.fit(np.concatenate([vectors for _, vectors in kept]), self._settings.precision)
            write_ranges(self._folder / RANGES_FILE, self._quantizer)
        return itertools.chain(kept, encoded)


def _shards(windows: Iterator[Window]) -> Iterator[tuple[int, Iterator[Window]]]:
    """The windows by shard; what follows a shard is not read before it is written."""
    for window in windows:
        yield window.shard, _to_the_end(window, windows)


def _to_the_end(window: Window | None, windows: Iterator[Window]) -> Iterator[Window]:
    while window is not None:
        yield window
        window = None if window.ends_shard else next(windows, None)
