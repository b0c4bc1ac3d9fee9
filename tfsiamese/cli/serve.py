"""`tfsiamese serve`: a development server that speaks TensorFlow Serving's REST API."""

import argparse
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfsiamese.cli.quiet import import_tensorflow

if TYPE_CHECKING:
    from tfsiamese.serving import RunningServer

__all__ = ["add_parser"]

_SETTINGS = (
    "host",
    "port",
    "name",
    "max_batch_size",
    "batch_timeout_ms",
    "max_queue",
    "max_request_bytes",
    "timeout",
    "poll_seconds",
    "threads",
)


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser("serve", help="serve a model for development", description=__doc__)
    parser.add_argument("folder", metavar="DIR", help="the folder of the versions, of one version, or of a run")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8501, metavar="N", help="0 for any that is free (8501)")
    parser.add_argument("--name", help="the model's name in the URLs (that of models.config, or of the folder)")
    parser.add_argument(
        "--poll-seconds", type=float, default=1.0, metavar="S", help="look for new versions every S (1)"
    )
    batches = parser.add_argument_group("batches", "over DIR/batching_parameters.txt")
    batches.add_argument("--max-batch-size", type=int, metavar="N", help="join requests up to N rows (64)")
    batches.add_argument("--batch-timeout-ms", type=float, metavar="MS", help="wait so long for others to join (2)")
    batches.add_argument("--max-queue", type=int, metavar="N", help="N full batches may wait; then 503 (100)")
    batches.add_argument("--threads", type=int, metavar="N", help="batches that run at a time (2)")
    limits = parser.add_argument_group("limits of a request")
    limits.add_argument(
        "--max-request-bytes", type=int, default=32 * 2**20, metavar="N", help="larger bodies: 413 (33554432)"
    )
    limits.add_argument("--timeout", type=float, default=30.0, metavar="S", help="later answers: 504 (30)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Runs the verb."""
    from tfsiamese.serving import ServerSettings, serve

    settings = ServerSettings(**{name: getattr(options, name) for name in _SETTINGS})
    import_tensorflow()
    is_loading = serve(options.folder, settings, lambda server: _report(server, Path(options.folder)))
    if is_loading:  # Python's own end would abort in the midst of TensorFlow
        sys.stdout.flush()
        os._exit(0)


def _report(server: "RunningServer", folder: Path) -> None:
    labels = ", ".join(f"{label} = {version}" for label, version in sorted(server.labels.items())) or "none"
    guide = folder / "README.md"
    place = f" The docker command is in {guide}." if guide.is_file() else ""
    request = shlex.quote('{"instances": ["first text", "second text"]}')
    print(f"{server.url}/v1/models/{server.model}")
    print(f"versions {', '.join(map(str, server.versions))}; labels {labels}")
    print(f"curl -d {request} {server.url}/v1/models/{server.model}:predict")
    print(f"This server is for development. Production is TensorFlow Serving, with the same requests.{place}")
    print("Ctrl-C ends it.", flush=True)
