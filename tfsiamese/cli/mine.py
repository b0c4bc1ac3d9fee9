"""`tfsiamese mine`: finds hard negatives for anchors and their positives."""

import argparse
import sys
from pathlib import Path
from typing import Any

from tfsiamese.cli.options import (
    ENCODER_SOURCES,
    add_encoder_options,
    add_prompt_options,
    encoder_options,
    prompt_options,
)
from tfsiamese.cli.quiet import import_tensorflow
from tfsiamese.errors import SettingsError

__all__ = ["add_parser"]

_SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet")


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser("mine", help="find hard negatives", description=__doc__)
    parser.add_argument(
        "examples", metavar="EXAMPLES", help="a file with the columns anchor, positive and, if any, group"
    )
    parser.add_argument("--out", required=True, metavar="FILE", help=f"where to write: {', '.join(_SUFFIXES)}")
    parser.add_argument(
        "--encoder", metavar="E", help=f"ranks with the method dense; a teacher with the others: {ENCODER_SOURCES}"
    )
    parser.add_argument("--corpus", metavar="TEXTS", help="texts to mine from, one a line (the positives)")
    parser.add_argument("--method", choices=["dense", "bm25", "random"], default="dense", help="the ranking (dense)")
    parser.add_argument(
        "--output",
        choices=["triplets", "triplet", "pairs"],
        default="triplets",
        help="all negatives of an anchor in a row, one in a row, or pairs with scores 1 and 0 (triplets)",
    )
    parser.add_argument("--batch-size", type=int, default=64, help="texts a batch (64)")
    _add_choice_options(parser)
    add_prompt_options(parser, "anchors", "positives and the corpus")
    add_encoder_options(parser)
    parser.set_defaults(run=run)


def _add_choice_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("which negatives")
    group.add_argument("--num-negatives", type=int, default=3, metavar="N", help="negatives for each anchor (3)")
    group.add_argument("--range-min", type=int, default=0, metavar="N", help="skip the best N candidates (0)")
    group.add_argument("--range-max", type=int, metavar="N", help="look at the best N candidates")
    group.add_argument("--max-score", type=float, metavar="X", help="the highest score of a negative")
    group.add_argument("--min-score", type=float, metavar="X", help="the lowest score of a negative")
    group.add_argument("--absolute-margin", type=float, metavar="X", help="at least so far below the positive's score")
    group.add_argument("--relative-margin", type=float, metavar="X", help="the same as a fraction of that score")
    group.add_argument("--sampling", choices=["top", "random"], default="top", help="the first ones, or any (top)")
    group.add_argument("--seed", type=int, default=0, help="decides all that is random (0)")


def run(options: argparse.Namespace) -> None:
    """Runs the verb."""
    if Path(options.out).suffix.lower() not in _SUFFIXES:
        raise SettingsError(f"Expected --out to end in {', '.join(_SUFFIXES)}. Received: {options.out}.")
    from tfsiamese.mining import MiningSettings, mine_hard_negatives

    settings = MiningSettings(
        method=options.method,
        num_negatives=options.num_negatives,
        range_min=options.range_min,
        range_max=options.range_max,
        max_score=options.max_score,
        min_score=options.min_score,
        absolute_margin=options.absolute_margin,
        relative_margin=options.relative_margin,
        sampling_strategy=options.sampling,
        seed=options.seed,
    )
    from tfsiamese.pairs import read_examples, read_texts, write_examples

    examples = read_examples(options.examples)
    corpus = read_texts(options.corpus) if options.corpus else None
    mined = mine_hard_negatives(
        examples,
        _encoder(options),
        corpus=corpus,
        settings=settings,
        batch_size=options.batch_size,
        show_progress=sys.stderr.isatty(),
        **prompt_options(options),
    )
    write_examples(mined.output(options.output), options.out)
    print(f"{options.out}: {mined.triplets.num_negatives:,} negatives for {mined.num_anchors:,} anchors")


def _encoder(options: argparse.Namespace) -> Any:
    if options.encoder is None:
        return None
    import_tensorflow()
    from tfsiamese.encoders import load_encoder

    return load_encoder(options.encoder, **encoder_options(options))
