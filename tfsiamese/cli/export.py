"""`tfsiamese export`: writes an encoder for TensorFlow Serving, or as a checkpoint for sentence-transformers."""

import argparse
from pathlib import Path
from typing import Any

from tfsiamese.cli.options import ENCODER_SOURCES, add_encoder_options, encoder_options
from tfsiamese.cli.quiet import import_tensorflow
from tfsiamese.errors import SettingsError

__all__ = ["add_parser"]

# Options with which a checkpoint folder has nothing to do, and what they are when they are not given.
_OF_SAVED_MODELS = {
    "version": None,
    "head": None,
    "precision": "float32",
    "dimension": None,
    "corpus": None,
    "top_k": None,
    "name": None,
    "label": None,
    "keep_last": None,
    "max_batch_size": None,
    "warmup": None,
    "sts": None,
    "pairs": None,
    "tolerance": None,
    "check": False,
}


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
    _add_variant_options(parser)
    _add_serving_options(parser)
    add_encoder_options(parser)
    parser.set_defaults(run=run)


def _add_variant_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("smaller and faster")
    group.add_argument(
        "--precision", default="float32", choices=("float32", "float16", "int8"), help="of the stored weights (float32)"
    )
    group.add_argument("--dimension", type=int, metavar="N", help="keep the first N numbers of each vector, normalized")
    measured = group.add_mutually_exclusive_group()
    measured.add_argument("--sts", metavar="PATH", help="measure on this STS data what it costs")
    measured.add_argument("--pairs", metavar="PATH", help="measure on these scored pairs what it costs")
    group.add_argument(
        "--tolerance", type=float, metavar="LOSS", help="the most the metric may lose; more is an error (0.01)"
    )


def _add_serving_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("serving")
    group.add_argument("--name", help="the model's name in URLs (the name of DIR)")
    group.add_argument("--label", help="a name for the version, such as stable or canary")
    group.add_argument(
        "--keep-last", type=int, metavar="N", help="drop all but the newest N versions and those labelled"
    )
    group.add_argument("--max-batch-size", type=int, metavar="N", help="texts that a server joins to a batch (64)")
    group.add_argument(
        "--warmup",
        metavar="TEXTS",
        help="warm up with this file, one text a line (texts of the training data, if known)",
    )
    group.add_argument(
        "--corpus",
        metavar="FILE",
        help="texts that the signature `top_k` searches: one a line in a .txt, ids and texts in a .tsv or .jsonl",
    )
    group.add_argument("--top-k", type=int, metavar="K", help="how many of them it finds (10)")
    group.add_argument(
        "--check", action="store_true", help="run each signature in a fresh process before the version is published"
    )


def run(options: argparse.Namespace) -> None:
    """Runs the verb."""
    is_checkpoint = options.format == "sentence-transformers"
    if is_checkpoint:
        _refuse_options_of_saved_models(options)
    _refuse_options_without_effect(options)
    import_tensorflow()
    from tfsiamese.encoders import load_encoder
    from tfsiamese.export import export_checkpoint, export_saved_model

    if is_checkpoint:
        print(export_checkpoint(load_encoder(options.encoder, **encoder_options(options)), options.out))
        return
    settings = _settings(options)
    encoder = load_encoder(options.encoder, **encoder_options(options))
    folder = export_saved_model(encoder, options.out, options.version, settings=settings)
    _report(folder)


def _refuse_options_of_saved_models(options: argparse.Namespace) -> None:
    for name, unset in _OF_SAVED_MODELS.items():
        if getattr(options, name) != unset:
            option = name.replace("_", "-")
            raise SettingsError(f"--{option} is for --format saved-model, and this is a checkpoint. Leave it out.")


def _refuse_options_without_effect(options: argparse.Namespace) -> None:
    measured = options.sts is not None or options.pairs is not None
    if options.top_k is not None and options.corpus is None:
        raise SettingsError("--top-k is for --corpus. Give one, or leave it out.")
    if options.tolerance is not None and not measured:
        raise SettingsError("--tolerance is for what --sts or --pairs measures. Give one of them, or leave it out.")
    if measured and options.precision == "float32" and options.dimension is None:
        raise SettingsError(
            "--sts and --pairs measure what --precision or --dimension costs, and neither is given. For a float32 "
            "model use tfsiamese evaluate."
        )


def _settings(options: argparse.Namespace) -> Any:
    """Reads every file before the encoder is loaded, so that a mistake shows at once."""
    from tfsiamese.evaluation import EvaluatorSequence, PairEvaluator, StsEvaluator
    from tfsiamese.export import ExportSettings
    from tfsiamese.pairs import read_pairs, read_texts

    chosen: dict[str, Any] = {
        name: getattr(options, name)
        for name in ("head", "precision", "dimension", "top_k", "tolerance", "name", "label", "keep_last", "check")
    }
    chosen["max_batch_size"] = options.max_batch_size
    if options.sts is not None:
        chosen["evaluator"] = EvaluatorSequence([StsEvaluator(options.sts)])
    if options.pairs is not None:
        chosen["evaluator"] = EvaluatorSequence([PairEvaluator(read_pairs(options.pairs), name="pairs")])
    if options.warmup is not None:
        chosen["warmup_texts"] = [text for text in read_texts(options.warmup) if text.strip()]
    if options.corpus is not None:
        chosen["corpus"] = _corpus(Path(options.corpus))
    return ExportSettings(**{name: value for name, value in chosen.items() if value is not None})


def _corpus(path: Path) -> Any:
    from tfsiamese.evaluation.retrieval_texts import read_texts_by_id
    from tfsiamese.export import Corpus
    from tfsiamese.pairs import read_texts

    if path.suffix in (".tsv", ".jsonl"):
        texts = read_texts_by_id(path)
        return Corpus(list(texts.values()), list(texts))
    if path.suffix != ".txt":
        raise SettingsError(f"Expected --corpus to end in .txt, .tsv or .jsonl. Received: {path}.")
    # The id of a text is its line.
    lines = {str(line): text for line, text in enumerate(read_texts(str(path)), start=1) if text.strip()}
    return Corpus(list(lines.values()), list(lines))


def _report(folder: Path) -> None:
    from tfsiamese.servables import read_metadata

    metrics = (read_metadata(folder) or {}).get("metrics") or {}
    cost, vectors = metrics.get("export"), metrics.get("vectors")
    print(folder)
    if vectors and vectors["mean_cosine"] is not None:
        mean, least = vectors["mean_cosine"], vectors["min_cosine"]
        print(f"cosine with the encoder's own vectors: {mean:.4f} on average, {least:.4f} at least")
    if cost:
        print(f"{cost['name']}: {cost['float32']:.4f} before, {cost['exported']:.4f} as exported")
