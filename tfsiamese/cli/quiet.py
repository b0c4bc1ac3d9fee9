"""What a command need not say: TensorFlow's lines at its import, and what an encoder says again and again."""

import contextlib
import importlib
import logging
import os
import sys
import tempfile
from collections.abc import Iterator

__all__ = ["Once", "import_tensorflow", "only_training_texts_are_cut"]

_ENCODER_LOG = "tfsiamese.encoders.encoder"


def import_tensorflow() -> None:
    """Imports TensorFlow; what its C++ parts say meanwhile is dropped, unless the import fails.

    Those lines are written to the file descriptor before any logging level applies.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with tempfile.TemporaryFile() as said:
        kept = os.dup(2)
        try:
            os.dup2(said.fileno(), 2)
            for name in ("tensorflow", "tensorflow_text", "keras"):
                importlib.import_module(name)
            # Looks for GPUs now, since a machine without any is reported to standard error at the first look.
            importlib.import_module("tensorflow").config.list_physical_devices()
        except Exception:
            os.dup2(kept, 2)
            said.seek(0)
            sys.stderr.write(said.read().decode("utf-8", "replace"))
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    importlib.import_module("absl.logging").set_verbosity("error")


class Once(logging.Filter):
    """Passes each warning once: an encoder says of the same texts at every evaluation how many it cut."""

    def __init__(self) -> None:
        super().__init__()
        self._said: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is news."""
        if record.levelno < logging.WARNING:
            return True
        message = record.getMessage()
        is_new = message not in self._said
        self._said.add(message)
        return is_new


@contextlib.contextmanager
def only_training_texts_are_cut() -> Iterator[None]:
    """Leaves the number of cut texts to the run, which counts all training texts once, instead of each evaluation."""
    logger = logging.getLogger(_ENCODER_LOG)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
