"""`tfsiamese train`: fine-tunes an encoder on pairs and proves what it gained and kept."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfsiamese.cli.options import add_encoder_options, add_pair_options, encoder_options, pair_options
from tfsiamese.cli.quiet import import_tensorflow
from tfsiamese.errors import SettingsError

if TYPE_CHECKING:
    from tfsiamese.pairs import Pairs

__all__ = ["add_parser"]


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser("train", help="fine-tune an encoder on pairs", description=__doc__)
    parser.add_argument("pairs", metavar="PAIRS", help="pairs with scores: .csv, .tsv, .jsonl or .parquet")
    parser.add_argument("--out", required=True, metavar="RUN", help="the run folder to write")
    parser.add_argument(
        "--encoder",
        default="use-multilingual",
        metavar="E",
        help="built-in name, SavedModel folder, run folder or handle (use-multilingual)",
    )
    parser.add_argument("--resume", action="store_true", help="continue the run in --out; start it where there is none")
    _add_model_options(parser)
    _add_training_options(parser)
    _add_evaluation_options(parser)
    add_pair_options(parser)
    add_encoder_options(parser)
    parser.set_defaults(run=run)


def _add_model_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("model")
    group.add_argument(
        "--head",
        default="angular",
        choices=("angular", "cosine", "dot"),
        help="the similarity that is the score (angular)",
    )
    group.add_argument("--loss", default="mse", help="mse, cosine-similarity, contrastive or online-contrastive (mse)")
    group.add_argument("--margin", type=float, help="of the contrastive losses (0.5)")
    group.add_argument(
        "--freeze",
        action="append",
        default=[],
        metavar="PATTERN",
        help="keep variables of these names out of training, such as embedding_table; may be repeated",
    )


def _add_training_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("training")
    group.add_argument("--epochs", type=int, default=10, help="passes over the pairs (10)")
    group.add_argument("--batch-size", type=int, default=8, help="pairs a step (8)")
    group.add_argument("--learning-rate", type=float, default=1e-5, help="the rate after the warm-up (1e-5)")
    group.add_argument(
        "--warmup", type=float, default=0.0, help="steps of linear warm-up, or below 1 a fraction of all steps (0)"
    )
    group.add_argument("--decay", default="constant", help="constant, linear or cosine (constant)")
    group.add_argument("--patience", type=int, help="stop after so many epochs without improvement")
    group.add_argument("--seed", type=int, default=0, help="of the split, the order and every random number (0)")
    group.add_argument("--checkpoint-seconds", type=float, default=30.0, help="time between checkpoints (30)")


def _add_evaluation_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("evaluation")
    group.add_argument(
        "--validation",
        default="0.1",
        metavar="PART|FILE",
        help="fraction or number of pairs to hold out, or a file of pairs; 0 for none (0.1)",
    )
    group.add_argument("--sts", metavar="PATH", help="STS data, to see what general ability is kept")
    group.add_argument("--monitor", metavar="METRIC", help="what chooses the best epoch")
    group.add_argument(
        "--labels", metavar="TEXTS", help="texts of the similarity matrices, one a line (12 of the pairs)"
    )


def run(options: argparse.Namespace) -> None:
    """Runs the verb."""
    from tfsiamese.pairs import read_pairs

    pairs, validation = _split(read_pairs(options.pairs, **pair_options(options)), options)
    import_tensorflow()
    from tfsiamese.cli.report import RunReport, metrics_table
    from tfsiamese.encoders import load_encoder
    from tfsiamese.losses import get_loss
    from tfsiamese.siamese import Siamese
    from tfsiamese.training import fit

    evaluator = _evaluator(options, validation)
    encoder = load_encoder(options.encoder, freeze=options.freeze, **encoder_options(options))
    model = Siamese(encoder, options.head)
    report = RunReport(model, validation if validation is not None else pairs, options.labels)
    history = fit(
        model,
        pairs,
        validation=validation,
        loss=get_loss(options.loss, options.head, options.margin),
        evaluator=evaluator,
        out=options.out,
        resume=options.resume,
        epochs=options.epochs,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        warmup=options.warmup,
        decay=options.decay,
        patience=options.patience,
        monitor=options.monitor,
        seed=options.seed,
        checkpoint_seconds=options.checkpoint_seconds,
        show_progress=sys.stderr.isatty(),
    )
    plots = report.write(history, Path(options.out) / "plots")
    print(metrics_table(history.before, history.after))
    if history.best_epoch:
        print(f"best epoch: {history.best_epoch} of {len(history.epoch)}")
    print(f"encoder:    {Path(options.out) / 'encoder' / '1'}")
    print(f"plots:      {', '.join(str(path) for path in plots)}")


def _split(pairs: "Pairs", options: argparse.Namespace) -> "tuple[Pairs, Pairs | None]":
    from tfsiamese.pairs import read_pairs

    try:
        part = float(options.validation)
    except ValueError:
        return pairs, read_pairs(options.validation, **pair_options(options))
    if part == 0:
        return pairs, None
    if part < 0 or (part >= 1 and not part.is_integer()):
        raise SettingsError(
            "Expected --validation to be a fraction below 1, a number of pairs, 0, or a file. "
            f"Received: {options.validation}."
        )
    return pairs.split(int(part) if part >= 1 else part, seed=options.seed)


def _evaluator(options: argparse.Namespace, validation: "Pairs | None") -> Any:
    from tfsiamese.evaluation import EvaluatorSequence, PairEvaluator, StsEvaluator

    evaluators: list[Any] = []
    if validation is not None:
        evaluators.append(PairEvaluator(validation, head=options.head))
    if options.sts:
        evaluators.append(StsEvaluator(options.sts))
    return EvaluatorSequence(evaluators) if evaluators else None
