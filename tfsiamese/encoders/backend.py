"""Keras runs on one of several backends, and it has to be TensorFlow. Imported before anything that imports Keras."""

import os

from tfsiamese.errors import DependencyError

__all__ = ["require_tensorflow"]


def require_tensorflow(backend: str | None) -> None:
    """Raises a DependencyError unless the backend is TensorFlow or not chosen yet."""
    if backend not in (None, "", "tensorflow"):
        raise DependencyError(
            f"Keras runs on {backend!r}, and tfsiamese needs 'tensorflow'. "
            "Set the environment variable KERAS_BACKEND=tensorflow."
        )


require_tensorflow(os.environ.get("KERAS_BACKEND"))
