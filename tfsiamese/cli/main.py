"""The command `tfsiamese`."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

from tfsiamese.cli import data, encode, evaluate, export, plot, train
from tfsiamese.errors import TfSiameseError

__all__ = ["main"]

_VERBS = (train, evaluate, encode, export, plot, data)
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one verb; returns the exit status: 0, 1 for an error, 2 for wrong usage, 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    _show_log()
    try:
        options.run(options)
    except (TfSiameseError, OSError) as error:
        return _fail(error)
    except KeyboardInterrupt:
        print("tfsiamese: stopped; train continues with --resume", file=sys.stderr)
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


def _show_log() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("tfsiamese")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False


def _fail(error: Exception) -> int:
    if os.environ.get("TFSIAMESE_TRACEBACK"):
        raise error
    message = " ".join(str(error).split())
    print(f"tfsiamese: error: {message}", file=sys.stderr)
    return 1
