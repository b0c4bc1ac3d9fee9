"""`tfsiamese export`: writes an encoder for TensorFlow Serving, or as a checkpoint for sentence-transformers."""

import argparse
from typing import Any

from tfsiamese.cli.options import ENCODER_SOURCES, add_encoder_options, encoder_options
from tfsiamese.cli.quiet import import_tensorflow
from tfsiamese.errors import SettingsError

__all__ = ["add_parser"]


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser("export", help="write a SavedModel or a checkpoint", description=__doc__)
    parser.add_argument("encoder", metavar="E", help=ENCODER_SOURCES)
    parser.add_argument("--out", required=True, metavar="DIR", help="the folder of the versions, or of the checkpoint")
    parser.add_argument("--version", type=int, metavar="N", help="the version (one more than the highest)")
    parser.add_argument(
        "--format",
        default="saved-model",
        choices=("saved-model", "sentence-transformers"),
        help="a version for TensorFlow Serving, or a checkpoint folder, of a checkpoint only (saved-model)",
    )
    parser.add_argument(
        "--head",
        choices=("angular", "cosine", "dot"),
        help="the score of the signature `similarity` (angular)",
    )
    add_encoder_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Runs the verb."""
    is_checkpoint = options.format == "sentence-transformers"
    if is_checkpoint:
        _refuse_options_of_saved_models(options)
    import_tensorflow()
    from tfsiamese.encoders import load_encoder
    from tfsiamese.export import export_checkpoint, export_saved_model

    encoder = load_encoder(options.encoder, **encoder_options(options))
    if is_checkpoint:
        print(export_checkpoint(encoder, options.out))
    else:
        print(export_saved_model(encoder, options.out, options.version, options.head))


def _refuse_options_of_saved_models(options: argparse.Namespace) -> None:
    reasons = {"version": "a checkpoint has no versions", "head": "a checkpoint gives vectors and no scores"}
    for name, reason in reasons.items():
        if getattr(options, name) is not None:
            raise SettingsError(f"--{name} is for --format saved-model: {reason}. Leave it out.")
