"""The errors a user can meet.

Each message is one line: what happened, what was expected, what to do; with file and row where there is one.
"""

__all__ = [
    "DataError",
    "DependencyError",
    "DownloadError",
    "EncoderError",
    "ExportError",
    "GenerationError",
    "ServingError",
    "SettingsError",
    "TfSiameseError",
    "TrainingError",
]


class TfSiameseError(Exception):
    """Base of every error that tfsiamese raises on purpose."""


class DataError(TfSiameseError):
    """A file of texts, pairs or scores cannot be used as it is."""


class EncoderError(TfSiameseError):
    """An encoder source cannot be found, loaded, called or trained."""


class SettingsError(TfSiameseError):
    """A setting is unknown, out of range, or at odds with another."""


class TrainingError(TfSiameseError):
    """Training stopped before its end."""


class ExportError(TfSiameseError):
    """An encoder cannot be exported, or the target folder cannot take it."""


class GenerationError(TfSiameseError):
    """Pairs could not be written, or writing them stopped before its end."""


class ServingError(TfSiameseError):
    """A model cannot be served, or a server cannot be reached, or refuses a request."""


class DownloadError(TfSiameseError):
    """A file could not be fetched, or is not the file that was expected."""


class DependencyError(TfSiameseError):
    """A package that this feature needs is not installed, or has the wrong version."""
