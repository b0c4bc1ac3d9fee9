"""`tfsiamese encode`: turns files of texts into vectors."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfsiamese.cli.options import ENCODER_SOURCES, add_encoder_options, encoder_options
from tfsiamese.cli.quiet import import_tensorflow
from tfsiamese.cli.termination import ended_by_sigterm
from tfsiamese.errors import SettingsError

if TYPE_CHECKING:
    from tfsiamese.encoding import StoredVectors

__all__ = ["add_parser"]

_SETTINGS = ("column", "id_column", "batch_size", "normalize", "prompt_name", "prompt", "dimension", "precision")
_SETTINGS_OF_SHARDS = ("format", "shard_size", "with_text")


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser("encode", help="turn texts into vectors", description=__doc__)
    parser.add_argument("encoder", metavar="E", help=ENCODER_SOURCES)
    parser.add_argument(
        "texts",
        metavar="TEXTS",
        nargs="+",
        help="files or patterns: one text a line, or .csv, .tsv, .jsonl, .parquet; also .gz; - for standard input",
    )
    parser.add_argument(
        "--out", required=True, metavar="OUT", help="FILE.npy, float32 [texts, dimension] in their order, or a folder/"
    )
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
    _add_file_options(parser)
    add_encoder_options(parser)
    parser.set_defaults(run=run)


def _add_file_options(parser: argparse.ArgumentParser) -> None:
    columns = parser.add_argument_group("columns of the files that have some")
    columns.add_argument("--column", metavar="NAME", help="the column with the texts (text, or the only one)")
    columns.add_argument("--id-column", metavar="NAME", help="a column to copy beside the vectors, in Parquet")
    shards = parser.add_argument_group("folder", "written in shards; the same command again continues where it stopped")
    shards.add_argument("--format", choices=("npy", "parquet"), help="of the shards (npy)")
    shards.add_argument("--shard-size", type=int, metavar="N", help="rows of a shard (100000)")
    shards.add_argument("--with-text", action="store_true", default=None, help="copy the texts too, in Parquet")
    shards.add_argument(
        "--overwrite",
        action="store_true",
        help="start anew in a folder that holds vectors already",
    )


def run(options: argparse.Namespace) -> None:
    """Runs the verb."""
    of_shards = {name: getattr(options, name) for name in _SETTINGS_OF_SHARDS if getattr(options, name) is not None}
    _check_out(options.out, [*of_shards, *(["overwrite"] if options.overwrite else [])])
    from tfsiamese.encoding import EncodingSettings, check_inputs, encode_files

    settings = EncodingSettings(**{name: getattr(options, name) for name in _SETTINGS}, **of_shards)
    check_inputs(options.texts, settings)
    import_tensorflow()
    from tfsiamese.encoders import load_encoder

    encoder = load_encoder(options.encoder, **encoder_options(options))
    with ended_by_sigterm():
        vectors = encode_files(
            encoder,
            options.texts,
            options.out,
            settings=settings,
            overwrite=options.overwrite,
            show_progress=sys.stderr.isatty(),
        )
    _report(vectors, Path(options.out))


def _check_out(out: str, options_of_shards: list[str]) -> None:
    """Takes a path for a folder only where it says so, so that a slip in a file's name does not become one."""
    if not out:
        raise SettingsError("The path to write to is empty. Expected --out to be a file ending in .npy, or a folder.")
    if Path(out).suffix == ".npy":
        if options_of_shards:
            flag = "--" + options_of_shards[0].replace("_", "-")
            raise SettingsError(f"{flag} is for a folder of shards. Expected --out to be one. Received: {out}.")
    elif not (out.endswith(("/", os.sep)) or Path(out).is_dir() or options_of_shards):
        raise SettingsError(
            f"Expected --out to end in .npy, or in / for a folder of shards (or --format beside it). Received: {out}."
        )


def _report(vectors: "StoredVectors", out: Path) -> None:
    shards = f" in {vectors.num_shards:,} shards" if out.is_dir() else ""
    print(f"{out}: {vectors.dtype} {list(vectors.shape)}{shards.removesuffix('s' if vectors.num_shards == 1 else '')}")
    if vectors.quantizer is not None and vectors.quantizer.ranges is not None:
        ranges = vectors.quantizer.ranges
        target = out / "ranges.npy" if out.is_dir() else out.with_suffix(".ranges.npy")
        print(f"{target}: {ranges.dtype} {list(ranges.shape)}")
