"""A run that kills its own process at a chosen moment.

python -m tests.training.killed_program FOLDER OUT STRATEGY MOMENT

MOMENT is `step`, `checkpoint` or `evaluation` with the number of the one to die in, such as `step:4`; `none` lives on.
`data` trains on other data, `stop` asks for the end of the training in its first epoch.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import keras
import numpy as np

from tests.training.distributed_program import MeanCosine, pairs
from tfsiamese.encoders import Encoder, load_encoder
from tfsiamese.errors import TfSiameseError
from tfsiamese.siamese import Siamese
from tfsiamese.training import fit
from tfsiamese.training.strategies import make_strategy

SETTINGS: dict[str, Any] = {
    "epochs": 4,
    "batch_size": 7,
    "learning_rate": 0.02,
    "warmup": 3,
    "decay": "cosine",
    "seed": 5,
    "validation": pairs().take(range(9)),
}


class Death:
    """Comes the n-th time that it is met at its moment."""

    def __init__(self, moment: str):
        self._kind, _, number = moment.partition(":")
        self._left = int(number or 0)

    def meet(self, kind: str) -> bool:
        """Whether this is the moment."""
        if kind == self._kind:
            self._left -= 1
        return kind == self._kind and self._left == 0

    def come(self) -> None:
        """Kills the process."""
        os.kill(os.getpid(), signal.SIGKILL)


class InAStep(keras.callbacks.Callback):
    """Dies before a batch, when the other workers have begun it."""

    def __init__(self, death: Death):
        super().__init__()
        self._death = death

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if self._death.meet("step"):
            self._death.come()


class InAnEvaluation(MeanCosine):
    """Dies when some texts are encoded."""

    def __init__(self, death: Death):
        self._death = death

    def __call__(self, encoder: Encoder) -> dict[str, float]:
        metrics = super().__call__(encoder)
        if self._death.meet("evaluation"):
            self._death.come()
        return metrics


class StopEarly(keras.callbacks.Callback):
    """Asks for the end of the training."""

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.model.stop_training = True


def die_in_a_checkpoint(death: Death) -> None:
    """Half of an array is written when death comes."""
    save = np.savez

    def savez(file: Path, **arrays: Any) -> None:
        save(file, **arrays)
        if Path(file).name == "optimizer.npz" and death.meet("checkpoint"):
            Path(file).write_bytes(Path(file).read_bytes()[:100])
            death.come()

    np.savez = savez


def main(folder: str, out: str, strategy: str, moment: str) -> int:
    """Trains on; the exit status is 1 for an error of the package."""
    death = Death(moment)
    die_in_a_checkpoint(death)
    chosen = make_strategy(strategy)
    model = Siamese(load_encoder(folder))
    callbacks: list[keras.callbacks.Callback] = [InAStep(death)]
    if moment == "stop":
        callbacks.append(StopEarly())
    data = pairs().take(range(36, -1, -1)) if moment == "data" else pairs()
    try:
        fit(
            model,
            data,
            evaluator=InAnEvaluation(death),
            callbacks=callbacks,
            strategy=chosen,
            out=out,
            resume=True,
            checkpoint_steps=1,
            **SETTINGS,
        )
    except TfSiameseError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
