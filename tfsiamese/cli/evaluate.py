"""`tfsiamese evaluate`: measures an encoder on STS data, labelled pairs, a retrieval set and triplets."""

import argparse
import json
from typing import Any

from tfsiamese.cli.options import (
    ENCODER_SOURCES,
    add_encoder_options,
    add_pair_options,
    add_prompt_options,
    encoder_options,
    pair_options,
    prompt_options,
    whole_numbers,
)
from tfsiamese.cli.quiet import import_tensorflow
from tfsiamese.errors import SettingsError
from tfsiamese.files import publish_file

__all__ = ["add_parser"]


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser("evaluate", help="measure an encoder", description=__doc__)
    parser.add_argument("encoder", metavar="E", help=ENCODER_SOURCES)
    parser.add_argument(
        "--sts", metavar="PATH", help="STS data: three columns without a header, or named ones; scores 0 to 5"
    )
    parser.add_argument(
        "--sts-prompt", metavar="P", help="a prompt's name or text, before every text of --sts (the encoder's own)"
    )
    parser.add_argument("--pairs", metavar="PATH", help="pairs with scores from 0 to 1, or labels 0 and 1")
    parser.add_argument(
        "--head",
        default="angular",
        choices=("angular", "cosine", "dot"),
        help="the similarity that is held against the scores of --pairs (angular)",
    )
    parser.add_argument("--triplets", metavar="PATH", help="anchors, positives and negatives, in columns so named")
    parser.add_argument("--batch-size", type=int, default=64, help="texts a batch (64)")
    parser.add_argument("--json", metavar="FILE", help="write the metrics to this file")
    _add_retrieval_options(parser)
    add_prompt_options(parser, "queries, anchors and left texts", "documents, positives, negatives and right texts")
    add_pair_options(parser)
    add_encoder_options(parser)
    parser.set_defaults(run=run)


def _add_retrieval_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("retrieval")
    group.add_argument("--retrieval", metavar="DIR", help="queries, corpus and qrels, as in BEIR, TREC or MELO")
    group.add_argument("--retrieval-split", default="test", metavar="SPLIT", help="the file of DIR/qrels (test)")
    group.add_argument("--ascii", action="store_true", help="drop what is not ASCII after NFKD, as MELO does")
    group.add_argument(
        "--similarity", default="cosine", choices=("cosine", "dot"), help="what documents are ranked by (cosine)"
    )
    group.add_argument(
        "--dimensions", type=whole_numbers, metavar="N,N", help="also measure vectors cut to so many leading numbers"
    )


def run(options: argparse.Namespace) -> None:
    """Runs the verb."""
    from tfsiamese.evaluation import evaluate

    evaluators = _evaluators(options)
    if not evaluators:
        raise SettingsError(
            "There is nothing to evaluate on. Give --sts PATH, --pairs PATH, --retrieval DIR, --triplets PATH, or "
            "several of them."
        )
    import_tensorflow()
    from tfsiamese.encoders import load_encoder

    metrics = evaluate(load_encoder(options.encoder, **encoder_options(options)), evaluators)
    text = json.dumps(metrics, indent=2)
    print(text)
    if options.json:
        with publish_file(options.json) as path:
            path.write_text(text + "\n", encoding="utf-8")


def _evaluators(options: argparse.Namespace) -> list[Any]:
    """What was asked for, all data read and checked."""
    from tfsiamese.evaluation import PairEvaluator, RetrievalEvaluator, StsEvaluator, TripletEvaluator, read_retrieval
    from tfsiamese.pairs import read_pairs

    if options.dimensions and not options.retrieval:
        raise SettingsError("--dimensions cuts the vectors of --retrieval, and there is none. Give --retrieval DIR.")
    prompts = prompt_options(options)
    if any(prompts.values()) and not (options.pairs or options.retrieval or options.triplets):
        raise SettingsError(
            "--query-prompt and --passage-prompt are for --retrieval, --triplets and --pairs, and there are none. "
            "--sts-prompt is for --sts."
        )
    if options.sts_prompt and not options.sts:
        raise SettingsError("--sts-prompt is for --sts, and there is none. Give --sts PATH.")
    evaluators: list[Any] = []
    batch_size = options.batch_size
    if options.sts:
        reading = {"score_range": options.score_range, "prompt": options.sts_prompt}
        evaluators.append(StsEvaluator(options.sts, batch_size=batch_size, **reading))
    if options.pairs:
        pairs = read_pairs(options.pairs, **pair_options(options))
        evaluators.append(PairEvaluator(pairs, "pairs", options.head, batch_size=batch_size, **prompts))
    if options.retrieval:
        data = read_retrieval(options.retrieval, split=options.retrieval_split, ascii=options.ascii)
        settings = {"similarity": options.similarity, "dimensions": options.dimensions}
        evaluators.append(RetrievalEvaluator(data, batch_size=batch_size, **settings, **prompts))
    if options.triplets:
        evaluators.append(TripletEvaluator(options.triplets, batch_size=batch_size, **prompts))
    return evaluators
