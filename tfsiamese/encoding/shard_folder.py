"""A folder of shards: begun, continued, never mixed."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from tfsiamese.encoding.codes import CALIBRATION_ROWS, fitted, layout_of, read_ranges, write_ranges
from tfsiamese.encoding.disk import check_apart
from tfsiamese.encoding.inputs import TextInput, Window
from tfsiamese.encoding.manifest import Manifest, Shard, TextDigest
from tfsiamese.encoding.npy_file import NpyFile
from tfsiamese.encoding.parquet_file import ParquetFile
from tfsiamese.encoding.progress import EncodingProgress
from tfsiamese.encoding.settings import EncodingSettings
from tfsiamese.encoding.shard_names import MANIFEST_FILE, RANGES_FILE, is_shard_name, shard_name
from tfsiamese.encoding.text_encoding import WindowEncoder
from tfsiamese.errors import DataError, SettingsError
from tfsiamese.files import publish_file, remove_leftovers
from tfsiamese.search import Quantizer

__all__ = ["ShardFolder"]

EncodedWindow = tuple[Window, np.ndarray]


class ShardFolder:
    """Writes shards, each of which appears whole, and notes each finished one in the manifest.

    Nothing in the folder changes before the first new shard can be put there; then what it replaces is removed.

    Args:
        folder: exists, and no other process writes there meanwhile.
        encoder: computes the vectors.
        inputs: the files of texts.
        settings: of the run.
        overwrite: start anew where the folder holds vectors already.

    Raises:
        SettingsError: the folder holds something else, vectors that were made otherwise, or the files of texts.
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
        self._replaced: list[str] = []
        check_apart(inputs, (path for path in folder.iterdir() if _is_output(path.name)))
        self._manifest = self._checked_manifest(self._made_from(inputs))

    @property
    def how_to_go_on(self) -> str:
        """What is finished, and what to do after an interruption, as the end of a message."""
        number = len(self._manifest.shards)
        if not number:
            return "no finished shard. The same command again starts anew."
        command = "The same command without --overwrite" if self._overwrite else "The same command again"
        return f"{number:,} finished shard{'s' * (number != 1)}. {command} goes on behind them."

    def begin(self) -> None:
        """Forgets shards that are lost or damaged, and removes what a killed run was writing."""
        remove_leftovers(self._folder)
        manifest = self._manifest
        lost = [number for number in manifest.shards if not manifest.has(number, self._folder)]
        if lost:
            for number in lost:
                del manifest.shards[number]
            manifest.complete = False
            manifest.write(self._folder)

    def write(self, windows: Iterable[Window], progress: EncodingProgress) -> None:
        """Writes the shards that are missing.

        Raises:
            DataError: texts of a finished shard are not those it was made from, or there are too few to take ranges.
        """
        num_shards = 0
        for number, group in _shards(iter(windows)):
            num_shards = number + 1
            if number in self._manifest.shards:
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
        has_manifest = (folder / MANIFEST_FILE).is_file()
        if self._overwrite:
            self._replaced = Manifest.read(folder).files() if has_manifest else []
            self._check_not_of_others()
            return Manifest(made_from)
        if not has_manifest:
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

    def _check_not_of_others(self) -> None:
        """Raises a SettingsError where a file that no manifest lists is called as one of the new ones will be."""
        for path in sorted(self._folder.iterdir()):
            if path.name not in (MANIFEST_FILE, *self._replaced) and _is_output(path.name):
                raise SettingsError(
                    f"{path} is there, and no {MANIFEST_FILE} beside it lists it, so it is not replaced. Move it away, "
                    "or name another folder."
                )

    def _read_quantizer(self) -> Quantizer:
        ranges = read_ranges(self._folder / RANGES_FILE)
        return Quantizer(self._settings.precision, self._encoder.dimension, ranges)

    def _pass(self, number: int, group: Iterable[Window], progress: EncodingProgress) -> None:
        digest = TextDigest()
        rows = 0
        for window in group:
            digest.add(window)
            rows += len(window.records)
            progress.passed(window)
        shard = self._manifest.shards[number]
        if (digest.hexdigest(), rows) != (shard.texts, shard.rows):
            raise self._changed_texts(number)

    def _changed_texts(self, number: int) -> DataError:
        return DataError(
            f"Shard {number} of {self._folder} was made from other texts: a file has changed since. Bring it back as "
            "it was, or start anew with --overwrite (overwrite=True)."
        )

    def _write_shard(self, number: int, group: Iterable[Window], progress: EncodingProgress) -> None:
        target = self._folder / shard_name(number, self._settings.format)
        digest = TextDigest()
        rows = 0
        with publish_file(target) as path:
            with self._opened(path) as file:
                for window, vectors in self._calibrated(self._encoded(group)):
                    codes = vectors if self._quantizer is None else self._quantizer.quantize(vectors)
                    if isinstance(file, ParquetFile):
                        file.append(window, codes)
                    else:
                        file.append(codes)
                    digest.add(window)
                    rows += len(codes)
                    progress.encoded(window)
            if not self._manifest.shards:
                self._take_over()
        self._manifest.shards[number] = Shard(target.name, rows, target.stat().st_size, digest.hexdigest())
        self._manifest.write(self._folder)

    def _take_over(self) -> None:
        """Makes the folder this run's, now that there is a shard to put there.

        The old manifest goes after all that it lists and before anything new, so that a process killed in between
        leaves no file under a manifest of another run.
        """
        for name in self._replaced:
            (self._folder / name).unlink(missing_ok=True)
        self._replaced = []
        self._manifest.write(self._folder)
        if self._quantizer is not None:
            write_ranges(self._folder / RANGES_FILE, self._quantizer)

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
            calibration = np.concatenate([vectors for _, vectors in kept])
            self._quantizer = fitted(calibration, self._settings.precision, "the first shard")
        return itertools.chain(kept, encoded)


def _is_output(name: str) -> bool:
    return name in (MANIFEST_FILE, RANGES_FILE) or is_shard_name(name)


def _shards(windows: Iterator[Window]) -> Iterator[tuple[int, Iterator[Window]]]:
    """The windows by shard; what follows a shard is not read before it is written."""
    for window in windows:
        yield window.shard, _to_the_end(window, windows)


def _to_the_end(window: Window | None, windows: Iterator[Window]) -> Iterator[Window]:
    while window is not None:
        yield window
        window = None if window.ends_shard else next(windows, None)
