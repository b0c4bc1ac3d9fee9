"""`tfsiamese train`: fine-tunes an encoder on examples and proves what it gained and kept."""

import argparse
import logging
import sys
from pathlib import Path
from typing import Any

from tfsiamese.cli.options import (
    ENCODER_SOURCES,
    add_encoder_options,
    add_pair_options,
    add_prompt_options,
    setting,
    whole_numbers,
)
from tfsiamese.cli.quiet import import_tensorflow, only_training_texts_are_cut
from tfsiamese.errors import SettingsError
from tfsiamese.workers import is_chief, num_workers

__all__ = ["add_parser"]


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "train",
        help="fine-tune an encoder on pairs, triplets or classes",
        description=__doc__,
        epilog="Columns decide what a file is: left,right,score · anchor,positive,negative,negative_2,… · text,class.",
    )
    parser.add_argument("data", nargs="*", metavar="PAIRS", help="examples: .csv, .tsv, .jsonl or .parquet")
    parser.add_argument("--out", metavar="RUN", help="the run folder to write")
    parser.add_argument("--config", metavar="FILE.toml", help="settings and stages; flags take precedence")
    parser.add_argument("--encoder", metavar="E", help=f"{ENCODER_SOURCES} (use-multilingual)")
    parser.add_argument("--resume", action="store_true", help="continue the run in --out; start it where there is none")
    _add_model_options(parser)
    _add_training_options(parser)
    _add_batch_options(parser)
    _add_device_options(parser)
    _add_retention_options(parser)
    _add_evaluation_options(parser)
    add_prompt_options(parser, "anchors; left texts and classes, if given", "positives, negatives; right texts")
    add_pair_options(parser)
    add_encoder_options(parser)
    parser.set_defaults(run=run, usage_error=parser.error)


def _add_model_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("model and loss")
    group.add_argument(
        "--head", choices=("angular", "cosine", "dot"), help="the similarity that is the score (angular)"
    )
    group.add_argument(
        "--loss", help="by default mse for scored pairs, ranking for anchors, batch-hard-soft-margin for classes"
    )
    group.add_argument("--margin", type=float, help="of the contrastive and triplet losses")
    group.add_argument("--scale", type=float, help="of ranking, cosent and angle: the inverse of the temperature")
    group.add_argument(
        "--loss-setting",
        action="append",
        type=setting,
        default=[],
        metavar="NAME=VALUE",
        help="any other setting of the loss, such as symmetric=true; may be repeated",
    )
    group.add_argument(
        "--matryoshka",
        type=whole_numbers,
        metavar="512,256,…",
        help="train these leading dimensions of the vectors to stand alone",
    )
    group.add_argument("--teacher", metavar="E", help="the encoder that gist and the distillation losses learn from")
    group.add_argument(
        "--freeze",
        action="append",
        metavar="PATTERN",
        help="keep variables of these names out of training, such as embedding_table; may be repeated",
    )
    group.add_argument(
        "--freeze-layers", type=int, metavar="N", help="keep a checkpoint's embeddings and N lower layers out of it too"
    )
    group.add_argument("--dropout", type=float, metavar="RATE", help="of a checkpoint in training (its own)")
    group.add_argument(
        "--lora", type=int, metavar="RANK", help="train adapters of this rank beside a checkpoint's weights"
    )


def _add_training_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("training", "defaults for scored pairs, then for anchors and classes")
    group.add_argument("--epochs", type=int, help="passes over the data (10; 3)")
    group.add_argument("--batch-size", type=int, help="rows a step (8; 128)")
    group.add_argument("--learning-rate", type=float, help="the rate after the warm-up (1e-5; 1e-4; checkpoints 2e-5)")
    group.add_argument(
        "--warmup", type=float, help="steps of linear warm-up, or below 1 a fraction of all steps (0; 0.1)"
    )
    group.add_argument("--decay", help="constant, linear or cosine (constant; cosine)")
    group.add_argument(
        "--layer-decay",
        type=float,
        metavar="X",
        help="each layer of a checkpoint learns X times as fast as the next (1)",
    )
    group.add_argument("--patience", type=int, help="stop after so many epochs without improvement")
    group.add_argument("--seed", type=int, help="of the split, the order and every random number (0)")
    group.add_argument("--checkpoint-seconds", type=float, help="time between checkpoints (30)")
    group.add_argument("--checkpoint-steps", type=int, metavar="N", help="steps between checkpoints (by time)")
    group.add_argument("--checkpoints-kept", type=int, metavar="N", help="the last ones that stay (2)")


def _add_device_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("devices")
    group.add_argument(
        "--strategy",
        choices=("auto", "one", "mirrored", "multiworker"),
        help="one device, all GPUs of the machine, or all workers of TF_CONFIG (auto: whichever there are)",
    )
    group.add_argument(
        "--gradient-accumulation-steps", type=int, metavar="N", help="batches whose gradients make one step (1)"
    )
    group.add_argument(
        "--profile", action="store_true", default=None, help="write a TensorBoard trace, and what the time went to"
    )


def _add_batch_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("batches")
    group.add_argument(
        "--mini-batch-size", type=int, metavar="TEXTS", help="encode so many at once: large batches in little memory"
    )
    group.add_argument("--batching", help="shuffled, distinct or by-class (by the shape of the data)")
    group.add_argument("--max-tokens", type=int, help="tokens a batch may hold; four bytes count as one")
    group.add_argument("--per-class", type=int, help="texts of one class that stand together (4)")
    group.add_argument(
        "--stream",
        action=argparse.BooleanOptionalAction,
        help="read PAIRS through a store on the disk, for files larger than the memory (by their size)",
    )
    group.add_argument("--mixing", help="of several files: proportional or in-turn (proportional)")


def _add_retention_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("retention")
    group.add_argument(
        "--retain", metavar="TEXTS", help="general texts (.txt, one a line, or pairs) whose similarities are to stay"
    )
    group.add_argument("--retain-weight", type=float, help="of that term in the loss (100)")
    group.add_argument("--retain-batch-size", type=int, help="general texts a step (64)")
    group.add_argument("--retain-neighbours", type=int, help="texts side by side that are taken together (4)")


def _add_evaluation_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("evaluation")
    group.add_argument(
        "--validation",
        metavar="PART|FILE",
        help="fraction or number of rows to hold out, or a file of them; 0 for none (0.1)",
    )
    group.add_argument("--retrieval", metavar="DIR", help="queries, corpus and qrels, to see what search gains")
    group.add_argument("--sts", metavar="PATH", help="STS data, to see what general ability is kept")
    group.add_argument("--monitor", metavar="METRIC", help="what chooses the best epoch")
    group.add_argument(
        "--labels", metavar="TEXTS", help="texts of the similarity matrices, one a line (12 of the data)"
    )


def run(options: argparse.Namespace) -> None:
    """Runs the verb."""
    _require_arguments(options)
    if not is_chief():
        logging.getLogger("tfsiamese").setLevel(logging.ERROR)
    import_tensorflow()
    recipe = _recipe(options)
    with only_training_texts_are_cut():
        _train(recipe, options.resume)


def _train(recipe: Any, resume: bool) -> None:
    from tfsiamese.cli.assembly import assemble_data, load_model, make_retention, make_stages
    from tfsiamese.cli.report import RunReport
    from tfsiamese.encoders import load_encoder
    from tfsiamese.training import fit, fit_stages
    from tfsiamese.training.strategies import make_strategy

    strategy = make_strategy(_strategy(recipe))
    data = assemble_data(recipe)
    model = load_model(recipe)
    stages = make_stages(recipe, data, show_progress=sys.stderr.isatty() and is_chief())
    teacher = recipe.encoder.get("teacher")
    shared: dict[str, Any] = {
        "evaluator": data.evaluator(recipe),
        "retention": make_retention(recipe),
        "teacher": load_encoder(teacher) if teacher else None,
        "strategy": strategy,
        "out": recipe.out,
        "resume": resume,
    }
    report = None
    if is_chief():
        prompts = data.shown_prompts(model.encoder)
        report = RunReport(model, data.shown.texts(), data.contrast, recipe.evaluation.get("labels"), prompts)
    if recipe.is_staged:
        histories = fit_stages(model, stages, **shared)
    else:
        only = stages[0]
        histories = [fit(model, only.examples, validation=only.validation, loss=only.loss, **shared, **only.settings)]
    if report is not None:
        plots = report.write(histories, Path(recipe.out) / "plots")
        _print_outcome(recipe, [stage.name for stage in stages], histories)
        print(f"plots:      {', '.join(str(path) for path in plots)}")


def _strategy(recipe: Any) -> str:
    """The strategy's name; one process of several must not write a run folder by itself."""
    name = recipe.encoder.get("strategy", "auto")
    if name in ("one", "mirrored") and num_workers() > 1:
        raise SettingsError(
            f"TF_CONFIG names {num_workers()} workers, and with the strategy {name!r} each would train by itself into "
            "one run folder. Expected multiworker or auto."
        )
    return name


def _print_outcome(recipe: Any, stages: list[str], histories: list[Any]) -> None:
    from tfsiamese.cli.report import metrics_table
    from tfsiamese.encoders import CHECKPOINT_FOLDER

    before = histories[0].before
    if recipe.is_staged:
        # The losses of different stages have nothing to do with each other.
        before = {name: value for name, value in before.items() if not name.startswith("val_")}
    print(metrics_table(before, histories[-1].after))
    for stage, history in zip(stages, histories, strict=True):
        if history.best_epoch:
            of_stage = f" (stage {stage})" if recipe.is_staged else ""
            print(f"best epoch: {history.best_epoch} of {len(history.epoch)}{of_stage}")
    print(f"encoder:    {Path(recipe.out) / 'encoder' / '1'}")
    if (Path(recipe.out) / CHECKPOINT_FOLDER).is_dir():
        print(f"checkpoint: {Path(recipe.out) / CHECKPOINT_FOLDER}")


def _require_arguments(options: argparse.Namespace) -> None:
    missing = [name for name, value in (("PAIRS", options.data), ("--out", options.out)) if not value]
    if missing and not options.config:
        options.usage_error(f"the following arguments are required without --config: {', '.join(missing)}")


def _recipe(options: argparse.Namespace) -> Any:
    from tfsiamese.training.recipe import make_recipe
    from tfsiamese.training.recipe_file import read_recipe

    table = read_recipe(options.config) if options.config else {}
    return make_recipe(table, _flags(options), options.config or "the command line")


def _flags(options: argparse.Namespace) -> dict[str, Any]:
    """The options that were given, as a configuration."""
    from tfsiamese.training.recipe_keys import ENCODER, EVALUATION, READING, TRAINING

    given = {name: value for name, value in vars(options).items() if value not in (None, [])}
    reading = {name: given[name] for name in (*READING, "stream") if name in given}
    loss = dict(given.get("loss_setting", [])) | {name: given[name] for name in ("margin", "scale") if name in given}
    if "matryoshka" in given:
        loss["matryoshka_dims"] = given["matryoshka"]
    flags: dict[str, Any] = {name: given[name] for name in ("out", *ENCODER) if name in given}
    flags["training"] = {name: given[name] for name in TRAINING if name in given}
    flags["evaluation"] = {name: given[name] for name in EVALUATION if name in given}
    names = {"texts": "retain", "weight": "retain_weight", "batch_size": "retain_batch_size"}
    names["neighbours"] = "retain_neighbours"
    flags["retention"] = {name: given[option] for name, option in names.items() if option in given}
    if "loss" in given or loss:
        flags["loss"] = {"name": given.get("loss")} | loss
    if "data" in given:
        flags["data"] = [{"file": file} | reading for file in given["data"]]
    elif reading.keys() - {"encoding"} or reading.get("encoding", "utf-8") != "utf-8":
        raise SettingsError(
            f"{_flag(next(iter(reading)))} says how PAIRS is read, and there is none. Put it beside 'file' in --config."
        )
    return flags


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
