"""TensorFlow without the lines that it writes to standard error when it is imported."""

import importlib
import logging
import os
import sys
import tempfile

__all__ = ["import_tensorflow"]


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
        except BaseException:
            os.dup2(kept, 2)
            said.seek(0)
            sys.stderr.write(said.read().decode("utf-8", "replace"))
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    importlib.import_module("absl.logging").set_verbosity("error")
