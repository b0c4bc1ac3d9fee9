"""`tfsiamese encode`: turns a file of texts into vectors."""

import argparse
import sys
from pathlib import Path
from typing import Any

from tfsiamese.cli.options import ENCODER_SOURCES, add_encoder_options, encoder_options
from tfsiamese.cli.quiet import import_tensorflow
from tfsiamese.errors import SettingsError
from tfsiamese.files import publish_file

__all__ = ["add_parser"]


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser("encode", help="turn texts into vectors", description=__doc__)
    parser.add_argument("encoder", metavar="E", help=ENCODER_SOURCES)
    parser.add_argument("texts", metavar="TEXTS", help="a file with one text a line; - for standard input")
    parser.add_argument("--out", required=True, metavar="FILE.npy", help="float32 [texts, dimension], in their order")
    parser.add_argument("--batch-size", type=int, default=64, help="texts a batch (64)")
    parser.add_argument("--normalize", action="store_true", help="divide each vector by its length")
    parser.add_argument(
        "--dimension", type=int, metavar="N", help="keep the first N numbers of each vector and divide by its length"
    )
    parser.add_argument(
        "--precision",
        default="float32",
        choices=("float32", "int8", "uint8", "binary", "ubinary"),
        help="write codes instead; those of 8 bits with their ranges in a second file (float32)",
    )
    prompts = parser.add_mutually_exclusive_group()
    prompts.add_argument(
        "--prompt-name",
        metavar="NAME",
        help='put this prompt of the encoder before each text, such as query; "" for none',
    )
    prompts.add_argument("--prompt", metavar="TEXT", help="put this text before each text")
    add_encoder_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Runs the verb."""
    if Path(options.out).suffix != ".npy":
        raise SettingsError(f"Expected --out to end in .npy. Received: {options.out}.")
    from tfsiamese.pairs import read_texts

    texts = read_texts(options.texts)
    import_tensorflow()
    import numpy as np

    from tfsiamese.encoders import load_encoder
    from tfsiamese.search import quantize_embeddings, truncate_embeddings

    encoder = load_encoder(options.encoder, **encoder_options(options))
    vectors = encoder.encode(
        texts,
        options.batch_size,
        options.normalize,
        show_progress=sys.stderr.isatty(),
        prompt_name=options.prompt_name,
        prompt=options.prompt,
    )
    if options.dimension is not None:
        vectors = truncate_embeddings(vectors, options.dimension)
    arrays = {Path(options.out): vectors}
    if options.precision != "float32":
        quantized = quantize_embeddings(vectors, options.precision)
        arrays = {Path(options.out): quantized.codes}
        if quantized.quantizer.ranges is not None:
            arrays[Path(options.out).with_suffix(".ranges.npy")] = quantized.quantizer.ranges
    for target, array in arrays.items():
        with publish_file(target) as path:
            np.save(path, array)
        print(f"{target}: {array.dtype} {list(array.shape)}")
