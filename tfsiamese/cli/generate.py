"""`tfsiamese generate`: writes training pairs about documents."""

import argparse
import sys
from typing import TYPE_CHECKING, Any

from tfsiamese.cli.options import ENCODER_SOURCES
from tfsiamese.cli.quiet import import_tensorflow
from tfsiamese.cli.termination import ended_by_sigterm

if TYPE_CHECKING:
    from tfsiamese.encoders import Encoder
    from tfsiamese.generation import Estimate, GenerationResult, GenerationSettings

__all__ = ["add_parser"]

_TASKS = ("qa", "query-passage", "paraphrase", "triplets")
_CHUNK_SIZES = {"characters": 1000, "tokens": 256}
_NUM_PAIRS = 3
_OF_SERVICES = (
    "base_url",
    "key_variable",
    "prompt",
    "temperature",
    "max_output_tokens",
    "num_pairs",
    "requests_per_minute",
    "tokens_per_minute",
    "max_requests",
    "max_tokens",
)


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "generate",
        help="write training pairs about documents",
        description=__doc__,
        epilog="Keys are read from the environment alone: GEMINI_API_KEY or GOOGLE_API_KEY for Gemini, OPENAI_API_KEY "
        "for OpenAI itself, or the variable that --key-variable names.",
    )
    parser.add_argument(
        "documents", nargs="*", metavar="DOCS", help="files, folders or patterns: pdf, html, md, txt, docx, csv, tsv"
    )
    parser.add_argument("--out", metavar="FILE", help="where to write the pairs: .csv, .tsv, .jsonl")
    parser.add_argument(
        "--writer",
        metavar="W",
        help="gemini:MODEL, openai:MODEL, gemini-legacy:MODEL, or extractive: headings and first sentences as queries, "
        "without a service",
    )
    parser.add_argument(
        "--task",
        choices=_TASKS,
        help="question,answer (qa); query,passage; sentence1,sentence2,score (paraphrase); anchor,positive,negative "
        "(triplets); by default qa, and query-passage with the extractive writer",
    )
    parser.add_argument("--dry-run", action="store_true", help="estimate requests and tokens, and send nothing")
    parser.add_argument("--show-prompt", action="store_true", help="print the task's prompt, to be edited, and end")
    _add_reading_options(parser)
    _add_writing_options(parser)
    _add_limit_options(parser)
    _add_quality_options(parser)
    parser.set_defaults(run=run)


def _add_reading_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("documents and chunks")
    group.add_argument(
        "--text-columns",
        type=lambda names: names.split(","),
        default=(),
        metavar="A,B",
        help="the columns of .csv and .tsv files that hold the text; each row is a document",
    )
    group.add_argument("--title-column", metavar="COLUMN", help="the column that holds a row's title")
    group.add_argument("--encoding", default="utf-8", help="of plain text and tables (utf-8)")
    group.add_argument(
        "--chunk-unit",
        choices=[*_CHUNK_SIZES],
        default="characters",
        help="what chunks are measured in: characters (the default), or tokens of --encoder",
    )
    group.add_argument(
        "--chunk-size", type=int, metavar="N", help="the most of a chunk, in that unit (1000 characters, 256 tokens)"
    )
    group.add_argument(
        "--overlap", type=int, default=0, metavar="N", help="whole sentences of the chunk before, up to N units (0)"
    )
    group.add_argument("--min-chunk", type=int, default=80, metavar="N", help="the least characters of a chunk (80)")


def _add_writing_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("writing")
    group.add_argument("--num-pairs", type=int, metavar="N", help=f"pairs a chunk ({_NUM_PAIRS})")
    group.add_argument("--language", metavar="CODE", help="of the pairs, such as de (that of each chunk)")
    group.add_argument("--prompt", metavar="FILE", help="a prompt of your own, with {passage} in it; see --show-prompt")
    group.add_argument("--temperature", type=float, metavar="X", help="of sampling (the model's own)")
    group.add_argument("--max-output-tokens", type=int, metavar="N", help="where an answer is cut (the model's limit)")
    group.add_argument(
        "--base-url",
        metavar="URL",
        help="a server that speaks the API, such as vLLM or Ollama; it gets no key unless --key-variable names one",
    )
    group.add_argument("--key-variable", metavar="NAME", help="the environment variable that holds the key")
    group.add_argument("--timeout", type=float, default=60, metavar="SECONDS", help="for one answer (60)")


def _add_limit_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("limits")
    group.add_argument("--concurrency", type=int, default=8, metavar="N", help="requests at once (8)")
    group.add_argument("--requests-per-minute", type=float, metavar="N", help="a rate limit")
    group.add_argument("--tokens-per-minute", type=float, metavar="N", help="a rate limit, input and output together")
    group.add_argument("--max-requests", type=int, metavar="N", help="a budget, earlier runs with this --out included")
    group.add_argument("--max-tokens", type=int, metavar="N", help="a budget, input and output of all runs together")
    group.add_argument("--max-attempts", type=int, default=6, metavar="N", help="tries for each chunk (6)")


def _add_quality_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("quality and split")
    group.add_argument(
        "--round-trip", type=int, metavar="K", help="keep pairs whose query finds its own chunk among the first K"
    )
    group.add_argument(
        "--encoder", metavar="E", default="use-multilingual", help=f"for round trips and tokens: {ENCODER_SOURCES}"
    )
    group.add_argument("--near-duplicates", type=float, default=0.85, metavar="X", help="similarity, 0 to 1 (0.85)")
    group.add_argument("--keep-near-duplicates", action="store_true", help="drop equal texts only")
    group.add_argument("--max-copied", type=float, default=0.8, metavar="X", help="share copied of the passage (0.8)")
    group.add_argument("--min-length", type=int, default=8, metavar="N", help="the least characters of a query (8)")
    group.add_argument("--max-length", type=int, default=400, metavar="N", help="the most characters of a query (400)")
    group.add_argument("--no-language-check", action="store_true", help="keep pairs in other languages")
    group.add_argument("--validation", type=float, default=0.0, metavar="X", help="keep that share of documents apart")
    group.add_argument("--seed", type=int, default=0, help="decides all that is random (0)")


def run(options: argparse.Namespace) -> None:
    """Runs the verb."""
    from tfsiamese.errors import SettingsError
    from tfsiamese.generation import EXTRACTIVE

    task = options.task or ("query-passage" if options.writer == EXTRACTIVE else "qa")
    if options.show_prompt:
        from tfsiamese.generation import default_prompt, get_task

        print(default_prompt(get_task(task)), end="")
        return
    missing = [name for name in ("documents", "out", "writer") if not getattr(options, name)]
    if missing:
        wanted = {"documents": "DOCS", "out": "--out FILE", "writer": "--writer W"}
        raise SettingsError(f"Expected {', '.join(wanted[name] for name in missing)}. See tfsiamese generate --help.")
    if options.writer == EXTRACTIVE:
        _refuse_options_of_services(options)
    settings = _settings(options)
    if options.dry_run:
        _print_estimate(_estimate(options, task, settings), options)
    else:
        with ended_by_sigterm():
            _print_result(_generate(options, task, settings))


def _refuse_options_of_services(options: argparse.Namespace) -> None:
    from tfsiamese.errors import SettingsError

    for name in _OF_SERVICES:
        if getattr(options, name) is not None:
            flag = "--" + name.replace("_", "-")
            raise SettingsError(f"{flag} is for a service, and the extractive writer asks none. Leave it out.")


def _settings(options: argparse.Namespace) -> "GenerationSettings":
    from tfsiamese.generation import ChunkSettings, FilterSettings, GenerationSettings, RequestLimits

    return GenerationSettings(
        text_columns=options.text_columns,
        title_column=options.title_column,
        encoding=options.encoding,
        chunks=ChunkSettings(
            _CHUNK_SIZES[options.chunk_unit] if options.chunk_size is None else options.chunk_size,
            options.chunk_unit,
            options.overlap,
            options.min_chunk,
        ),
        num_pairs=_NUM_PAIRS if options.num_pairs is None else options.num_pairs,
        language=options.language,
        prompt=options.prompt,
        temperature=options.temperature,
        max_output_tokens=options.max_output_tokens,
        limits=RequestLimits(
            options.concurrency,
            options.requests_per_minute,
            options.tokens_per_minute,
            options.max_requests,
            options.max_tokens,
            options.max_attempts,
        ),
        filters=FilterSettings(
            near_duplicates=None if options.keep_near_duplicates else options.near_duplicates,
            max_copied=options.max_copied,
            min_length=options.min_length,
            max_length=options.max_length,
            check_language=not options.no_language_check,
            round_trip=options.round_trip,
        ),
        validation=options.validation,
        seed=options.seed,
    )


def _estimate(options: argparse.Namespace, task: str, settings: "GenerationSettings") -> "Estimate":
    from tfsiamese.generation import estimate_generation

    return estimate_generation(
        options.documents,
        options.out,
        writer=options.writer,
        base_url=options.base_url,
        task=task,
        settings=settings,
        encoder=_encoder(options, needs_one=options.chunk_unit == "tokens" or options.round_trip is not None),
        show_progress=sys.stderr.isatty(),
    )


def _generate(options: argparse.Namespace, task: str, settings: "GenerationSettings") -> "GenerationResult":
    from tfsiamese.generation import EXTRACTIVE, generate_pairs, make_writer

    writer: Any = options.writer
    if writer != EXTRACTIVE:
        writer = make_writer(
            writer, base_url=options.base_url, key_variable=options.key_variable, timeout=options.timeout
        )
    try:
        return generate_pairs(
            options.documents,
            options.out,
            writer=writer,
            task=task,
            settings=settings,
            encoder=_encoder(options, needs_one=options.chunk_unit == "tokens" or options.round_trip is not None),
            show_progress=sys.stderr.isatty(),
        )
    finally:
        if writer != EXTRACTIVE:
            writer.close()


def _encoder(options: argparse.Namespace, needs_one: bool) -> "Encoder | None":
    if not needs_one:
        return None
    import_tensorflow()
    from tfsiamese.encoders import load_encoder

    return load_encoder(options.encoder)


def _print_estimate(estimate: "Estimate", options: argparse.Namespace) -> None:
    from tfsiamese.generation import EXTRACTIVE

    print(f"documents:      {estimate.num_documents:,} read, {estimate.num_unreadable:,} that could not be read")
    print(f"chunks:         {estimate.num_chunks:,}, of which {estimate.num_stored:,} are answered already")
    if options.writer == EXTRACTIVE:
        return
    print(f"requests:       {estimate.requests:,}")
    print(f"input tokens:   about {estimate.input_tokens:,}")
    print(f"output tokens:  about {estimate.output_tokens:,}, and what the model spends on thinking")
    spent = estimate.spending
    if spent.requests:
        print(f"spent so far:   {spent.requests:,} requests, {spent.tokens:,} tokens")
    if options.max_requests or options.max_tokens:
        limits = ((options.max_requests, "requests"), (options.max_tokens, "tokens"))
        print(f"budget in all:  {' and '.join(f'{limit:,} {unit}' for limit, unit in limits if limit)}")


def _print_result(result: "GenerationResult") -> None:
    from tfsiamese.generation import describe_spending

    print(f"documents: {result.num_documents:,} read, {result.num_unreadable:,} that could not be read")
    if result.passed_over:
        print(result.passed_over)
    print(f"chunks: {result.num_chunks:,}{_reasons(result, 'chunk')}")
    print(f"pairs: {result.num_written:,} written{_reasons(result, 'pair')}")
    if result.spending.requests:
        print(describe_spending(result))
    for role, path in result.files.items():
        print(f"{path}{_count(result, role)}")
    unasked = dict(result.reasons("chunk")).get("not asked", 0)
    if unasked:
        why = next(entry.detail for entry in result.unused if entry.reason == "not asked")
        print(f"{unasked:,} chunks were not asked about: {why}. Raise it, and the same command goes on.")


def _reasons(result: "GenerationResult", kind: str) -> str:
    reasons = result.reasons(kind)
    return "; not used: " + ", ".join(f"{count:,} {reason}" for reason, count in reasons) if reasons else ""


def _count(result: "GenerationResult", role: str) -> str:
    counts = {"pairs": result.num_pairs, "validation": result.num_validation, "unused": len(result.unused)}
    return f": {counts[role]:,}" if role in counts else ""
