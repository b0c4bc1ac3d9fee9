"""`tfsiamese export`: writes an encoder as the next version of a SavedModel for TensorFlow Serving."""

import argparse
from typing import Any

from tfsiamese.cli.options import add_encoder_options, encoder_options
from tfsiamese.cli.quiet import import_tensorflow

__all__ = ["add_parser"]


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser("export", help="write a SavedModel for TensorFlow Serving", description=__doc__)
    parser.add_argument("encoder", metavar="E", help="built-in name, SavedModel folder, run folder or handle")
    parser.add_argument("--out", required=True, metavar="DIR", help="the folder of the versions")
    parser.add_argument("--version", type=int, metavar="N", help="the version (one more than the highest)")
    parser.add_argument(
        "--head",
        default="angular",
        choices=("angular", "cosine", "dot"),
        help="the score of the signature `similarity` (angular)",
    )
    add_encoder_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Runs the verb."""
    import_tensorflow()
    from tfsiamese.encoders import load_encoder
    from tfsiamese.export import export_saved_model

    encoder = load_encoder(options.encoder, **encoder_options(options))
    print(export_saved_model(encoder, options.out, options.version, options.head))
