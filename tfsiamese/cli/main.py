"""The command `tfsiamese`."""

import argparse
import contextlib
import io
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version

from tfsiamese.cli import data, encode, evaluate, export, generate, inspect, label, launch, mine, plot, serve, train
from tfsiamese.cli.quiet import Once
from tfsiamese.errors import TfSiameseError

__all__ = ["main"]

_VERBS = (train, launch, evaluate, generate, mine, encode, export, inspect, label, serve, plot, data)
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one verb; returns the exit status: 0, 1 for an error, 2 for wrong usage, 130 after Ctrl-C."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that takes ASCII only shows the rest as escapes.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    os.environ["KERAS_BACKEND"] = "tensorflow"
    try:
        with _log_on_standard_error():
            options.run(options)
    except (TfSiameseError, OSError) as error:
        return _fail(error)
    except KeyboardInterrupt:
        print("tfsiamese: stopped", file=sys.stderr)
        return _INTERRUPTED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tfsiamese",
        description="Fine-tune text encoders on pairs of texts, measure what was gained, export to TensorFlow Serving.",
        epilog="Set TFSIAMESE_TRACEBACK=1 to see the traceback of an error.",
    )
    parser.add_argument("--version", action="version", version=f"tfsiamese {version('tfsiamese')}")
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for verb in _VERBS:
        verb.add_parser(verbs)
    return parser


@contextlib.contextmanager
def _log_on_standard_error() -> Iterator[None]:
    """Shows the package's own log; leaves the logger as it was."""
    logger = logging.getLogger("tfsiamese")
    before = logger.handlers, logger.level, logger.propagate
    handler = logging.StreamHandler()
    handler.addFilter(Once())
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.handlers, logger.propagate = before[0], before[2]
        logger.setLevel(before[1])


def _fail(error: Exception) -> int:
    if os.environ.get("TFSIAMESE_TRACEBACK"):
        raise error
    message = " ".join(str(error).split())
    if isinstance(error, OSError) and error.filename:
        message = f"{error.filename} cannot be used: {error.strerror}. Check the path, its permissions and the disk."
    print(f"tfsiamese: error: {message}", file=sys.stderr)
    return 1
