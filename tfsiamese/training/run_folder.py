"""The folder of one run: settings, history, metrics, checkpoints, the encoder.

Every file in it appears whole or not at all.
"""

import csv
import json
import logging
import platform
import re
import shutil
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfsiamese.encoders import (
    CHECKPOINT_FOLDER,
    CheckpointEncoder,
    Encoder,
    write_checkpoint,
    write_reusable_saved_model,
)
from tfsiamese.errors import SettingsError, TrainingError
from tfsiamese.files import SAMPLE_TEXTS_FILE, publish_file, publish_folder, remove_leftovers
from tfsiamese.installed import installed_versions
from tfsiamese.training.run_state import RunState
from tfsiamese.training.weights import Arrays

__all__ = ["Checkpoint", "RunFolder", "unreadable_checkpoint"]

_logger = logging.getLogger(__name__)

_MOST_DIFFERENCES = 6

Checkpoint = tuple[RunState, Arrays, Arrays, Arrays]


class RunFolder:
    """Reads and writes a run folder. Nothing is written before `begin`.

    Args:
        folder: made where it does not exist.
        config: all that decides the outcome of the run, as a JSON object.
        resume: continue the run that the folder holds.
        keeps_encoder: `write_encoder` writes one.
        checkpoints_kept: how many of the last checkpoints stay.

    Attributes:
        is_written: whether this process writes; of several workers one does, and the others only read.

    Raises:
        SettingsError: the folder holds something and `resume` is false, or the run in it was started with another
            configuration.
    """

    def __init__(
        self,
        folder: str | Path,
        config: dict[str, Any],
        resume: bool = False,
        *,
        keeps_encoder: bool = True,
        checkpoints_kept: int = 2,
    ):
        self.path = Path(folder)
        self.is_written = True
        self._keeps_encoder = keeps_encoder
        self._checkpoints_kept = checkpoints_kept
        self._kept: dict[str, np.ndarray] = {}
        if self.path.exists() and not self.path.is_dir():
            raise SettingsError(f"{folder} is a file. Expected a folder for the run, or a path that does not exist.")
        if self.path.is_dir() and any(self.path.iterdir()) and not resume:
            raise SettingsError(
                f"{folder} is not empty. Continue the run in it with --resume (resume=True), or name another folder."
            )
        self._config = config
        self._compare_config()

    def begin(self) -> None:
        """Makes the folder, or makes it ready to go on in."""
        if not self.is_written:
            return
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(
                f"The run folder {self.path} cannot be made: {error.strerror}. Name another one."
            ) from error
        for place in (self.path, self.path / "checkpoints", self.path / "encoder"):
            remove_leftovers(place)
        if not (self.path / "config.json").is_file():
            self._write_json("config.json", self._config | {"versions": _versions()})
        for name, array in self._kept.items():
            with publish_file(self.path / "checkpoints" / f"{name}.npy") as path:
                np.save(path, array)

    @property
    def logs(self) -> Path:
        """Where TensorBoard's files go."""
        return self.path / "logs"

    def keep_array(self, name: str, compute: Callable[[], np.ndarray]) -> np.ndarray:
        """An array that a resumed run must have again: read where it is, else computed, and written by `begin`."""
        path = self.path / "checkpoints" / f"{name}.npy"
        if path.is_file():
            try:
                return np.load(path, allow_pickle=False)
            except (OSError, ValueError, EOFError) as error:
                raise TrainingError(
                    f"{path} cannot be read ({error}). Start the run anew in another folder."
                ) from error
        self._kept[name] = compute()
        return self._kept[name]

    def save_checkpoint(self, state: RunState, weights: Arrays, optimizer: Arrays, best: Arrays) -> None:
        """Writes a checkpoint and drops all but the last few."""
        target = self.path / "checkpoints" / f"{state.step:09d}-{len(state.history):05d}-{int(state.finished)}"
        if target.exists() or not self.is_written:
            return
        try:
            with publish_folder(target) as folder:
                for name, arrays in (("weights", weights), ("optimizer", optimizer), ("best", best)):
                    np.savez(folder / f"{name}.npz", allow_pickle=False, **arrays)
                (folder / "state.json").write_text(json.dumps(state.to_json()), encoding="utf-8")
        except OSError as error:
            raise TrainingError(
                f"The checkpoint {target} cannot be written: {error.strerror or error}. Make room, then continue from "
                "the one before with --resume (resume=True)."
            ) from error
        for old in self._checkpoints()[: -self._checkpoints_kept]:
            shutil.rmtree(old, ignore_errors=True)

    def load_checkpoint(self) -> Checkpoint | None:
        """The newest checkpoint, or None where there is none."""
        checkpoints = self._checkpoints()
        if not checkpoints:
            return None
        folder = checkpoints[-1]
        try:
            state = RunState.from_json(json.loads((folder / "state.json").read_text(encoding="utf-8")))
            weights, optimizer, best = (_read_arrays(folder / f"{name}.npz") for name in _ARRAY_FILES)
        except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise unreadable_checkpoint(folder, error) from error
        return state, weights, optimizer, best

    def write_history(self, history: list[dict[str, float]]) -> None:
        """Writes `history.csv`: a row for each epoch, counted from 1 over all stages."""
        if not self.is_written:
            return
        columns = list(dict.fromkeys(name for logs in history for name in logs))
        with publish_file(self.path / "history.csv") as path, path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, ["epoch", *columns])
            writer.writeheader()
            writer.writerows({"epoch": index + 1, **logs} for index, logs in enumerate(history))

    def write_metrics(self, metrics: dict[str, Any]) -> None:
        """Writes `metrics.json`."""
        self._write_json("metrics.json", metrics)

    def write_encoder(self, encoder: Encoder, head: str) -> None:
        """Writes `encoder/1/` and, for a checkpoint, the same in its own layout, unless they are there already."""
        if not (self._keeps_encoder and self.is_written):
            return
        target = self.path / "encoder" / "1"
        if not (target / "saved_model.pb").is_file():
            with publish_folder(target) as folder:
                write_reusable_saved_model(folder, encoder.reusable_parts(), head)
        checkpoint = self.path / CHECKPOINT_FOLDER
        if isinstance(encoder, CheckpointEncoder) and not checkpoint.exists():
            with publish_folder(checkpoint) as folder:
                write_checkpoint(folder, encoder)

    def write_sample_texts(self, texts: Sequence[str]) -> None:
        """Writes some texts of the training data, which exports warm a server up with."""
        if self._keeps_encoder:
            self._write_json(SAMPLE_TEXTS_FILE, list(texts))

    def _checkpoints(self) -> list[Path]:
        folders = (self.path / "checkpoints").glob("[0-9]*")
        return sorted(path for path in folders if _CHECKPOINT_NAME.fullmatch(path.name) and path.is_dir())

    @property
    def newest_checkpoint(self) -> Path | None:
        """The folder that `load_checkpoint` reads."""
        return max(self._checkpoints(), default=None)

    def _compare_config(self) -> None:
        path = self.path / "config.json"
        if not path.is_file():
            if any((self.path / name).exists() for name in ("history.csv", "checkpoints", "metrics.json")):
                raise SettingsError(f"{self.path} holds no config.json, so the run in it cannot be continued.")
            return
        try:
            before = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise SettingsError(f"{path} is not JSON ({error}). Name another run folder.") from error
        if not isinstance(before, dict):
            raise SettingsError(f"{path} is not a JSON object. Name another run folder.")
        if before.pop("versions", None) != _versions():
            _logger.warning("%s was started with other versions of packages; results may differ", self.path)
        differences = _differences(before, json.loads(json.dumps(self._config)))
        if differences:
            more = [f"and {len(differences) - _MOST_DIFFERENCES} more"] if len(differences) > _MOST_DIFFERENCES else []
            shown = "; ".join(differences[:_MOST_DIFFERENCES] + more)
            raise SettingsError(
                f"The run in {self.path} was started with other settings: {shown}. "
                "Resume with the same settings, or name another folder."
            )

    def _write_json(self, name: str, content: dict[str, Any] | list[str]) -> None:
        if not self.is_written:
            return
        with publish_file(self.path / name) as path:
            path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


_CHECKPOINT_NAME = re.compile("[0-9]{9,}-[0-9]{5,}-[01]")
_ARRAY_FILES = ("weights", "optimizer", "best")


def unreadable_checkpoint(folder: Path | None, error: Exception) -> TrainingError:
    """What is said of a checkpoint that is damaged, or holds other arrays than the run wants."""
    return TrainingError(
        f"The checkpoint {folder} cannot be read ({error}). Delete that folder to continue from the one before."
    )


def _read_arrays(path: Path) -> Arrays:
    with np.load(path) as archive:
        return {name: archive[name] for name in archive.files}


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **installed_versions()}


def _differences(before: dict[str, Any], now: dict[str, Any], prefix: str = "") -> list[str]:
    """Names what differs between two nested objects, as "a.b was 1, is 2". A "source" may move."""
    differences = []
    for key in sorted({*before, *now} - {"source"}):
        old, new = before.get(key), now.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            differences += _differences(old, new, f"{prefix}{key}.")
        elif old != new:
            differences.append(f"{prefix}{key} was {_brief(old)}, is {_brief(new)}")
    return differences


def _brief(value: Any) -> str:
    """A value as a message quotes it, without the middle of a long one."""
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:40]}…{text[-50:]}"
