"""`tfsiamese evaluate`: measures an encoder on STS data and on labelled pairs."""

import argparse
import json
from typing import Any

from tfsiamese.cli.options import add_encoder_options, add_pair_options, encoder_options, pair_options
from tfsiamese.cli.quiet import import_tensorflow
from tfsiamese.errors import SettingsError
from tfsiamese.files import publish_file

__all__ = ["add_parser"]


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser("evaluate", help="measure an encoder", description=__doc__)
    parser.add_argument("encoder", metavar="E", help="built-in name, SavedModel folder, run folder or handle")
    parser.add_argument(
        "--sts", metavar="PATH", help="STS data: three columns without a header, or named ones; scores 0 to 5"
    )
    parser.add_argument("--pairs", metavar="PATH", help="pairs with scores from 0 to 1, or labels 0 and 1")
    parser.add_argument(
        "--head",
        default="angular",
        choices=("angular", "cosine", "dot"),
        help="the similarity that is held against the scores of --pairs (angular)",
    )
    parser.add_argument("--batch-size", type=int, default=64, help="texts a batch (64)")
    parser.add_argument("--json", metavar="FILE", help="write the metrics to this file")
    add_pair_options(parser)
    add_encoder_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Runs the verb."""
    from tfsiamese.evaluation import PairEvaluator, StsEvaluator, evaluate
    from tfsiamese.pairs import read_pairs

    evaluators: list[Any] = []
    if options.sts:
        evaluators.append(StsEvaluator(options.sts, batch_size=options.batch_size, score_range=options.score_range))
    if options.pairs:
        pairs = read_pairs(options.pairs, **pair_options(options))
        evaluators.append(PairEvaluator(pairs, "pairs", options.head, batch_size=options.batch_size))
    if not evaluators:
        raise SettingsError("There is nothing to evaluate on. Give --sts PATH, --pairs PATH, or both.")
    import_tensorflow()
    from tfsiamese.encoders import load_encoder

    metrics = evaluate(load_encoder(options.encoder, **encoder_options(options)), evaluators)
    text = json.dumps(metrics, indent=2)
    print(text)
    if options.json:
        with publish_file(options.json) as path:
            path.write_text(text + "\n", encoding="utf-8")
