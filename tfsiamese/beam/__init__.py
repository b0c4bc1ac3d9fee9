"""Encoding as a step of an Apache Beam pipeline; needs the extra `beam`."""

from tfsiamese.errors import DependencyError

try:
    import apache_beam  # noqa: F401
except ImportError as error:
    raise DependencyError(
        f"tfsiamese.beam needs apache-beam, which cannot be imported ({error}). "
        'Install it with pip install "tfsiamese[beam]".'
    ) from error

from tfsiamese.beam.encode import Encode

__all__ = ["Encode"]
