"""Documents -> pairs: read, cut, written about, filtered, split, stored."""

import dataclasses
import logging
import os
from typing import TYPE_CHECKING

from tqdm.auto import tqdm

from tfsiamese.errors import DataError, GenerationError, SettingsError
from tfsiamese.generation.corpus import Corpus, chunked
from tfsiamese.generation.documents import DocumentFiles, Paths, find_documents, read_documents
from tfsiamese.generation.outputs import OutputPaths
from tfsiamese.generation.publishing import publish
from tfsiamese.generation.quality import check_quality_packages, language_name
from tfsiamese.generation.report import GenerationResult
from tfsiamese.generation.runs import AnswerStore
from tfsiamese.generation.selecting import select_pairs
from tfsiamese.generation.settings import GenerationSettings
from tfsiamese.generation.tasks import Prompt, Task, get_task, read_prompt
from tfsiamese.generation.writers import Writer, make_writer, writer_name
from tfsiamese.generation.writing import Estimate, ServiceWork, Written, extracted

if TYPE_CHECKING:
    from tfsiamese.encoders import Encoder

__all__ = ["EXTRACTIVE", "estimate_generation", "generate_pairs"]

_logger = logging.getLogger(__name__)

EXTRACTIVE = "extractive"
_EXTRACTIVE_TASK = "query-passage"


def generate_pairs(
    documents: Paths,
    out: str | os.PathLike[str],
    *,
    writer: str | Writer,
    task: str = "qa",
    settings: GenerationSettings | None = None,
    encoder: "Encoder | None" = None,
    show_progress: bool = False,
) -> GenerationResult:
    """Writes training pairs about documents.

    Beside `out`, say pairs.csv, stand pairs.report.md (what was done), pairs.unused.jsonl (every file, chunk and pair
    that was not used, and why), for a service pairs.answers.sqlite (every answer: the same call goes on where another
    one was ended, and asks nothing twice), and with `settings.validation` pairs.validation.csv and, for all tasks but
    "paraphrase", pairs.retrieval/ (queries, corpus and relevance of the held-out documents).

    Args:
        documents: files, folders or shell patterns: .pdf, .html, .md, .txt, .docx, .csv, .tsv.
        out: the file of pairs: .csv, .tsv or .jsonl.
        writer: "gemini:MODEL", "openai:MODEL" or "gemini-legacy:MODEL", which read their keys from the environment;
            "extractive", which takes headings and first sentences as queries and needs no service; or a Writer.
        task: "qa", "query-passage", "paraphrase" or "triplets".
        settings: everything else.
        encoder: filters by round trip, and counts tokens where chunks are measured in them.
        show_progress: draw bars on standard error.

    Returns:
        Counts, costs, paths, and what was not used.

    Raises:
        DataError: there are no documents, no chunk to write about, or no pairs at the end.
        DependencyError: a package for these documents, filters or this writer is not installed.
        GenerationError: the service cannot be used; the answers so far are kept.
        SettingsError: a setting cannot be used.

    Example:
        >>> generate_pairs("docs", "pairs.csv", writer="extractive", task="query-passage")
    """
    settings = settings or GenerationSettings()
    chosen, paths = get_task(task), OutputPaths(out)
    prompt = _checked_prompt(chosen, writer, settings, encoder)
    paths.check_replaceable()
    corpus = _corpus(documents, settings, encoder, paths, show_progress)
    if settings.validation and len({chunk.source for chunk in corpus.chunks}) < 2:
        raise DataError("There is one document, and none can be held out of it. Give more, or leave out validation.")
    written = _written(corpus, writer, chosen, prompt, settings, paths, show_progress)
    result = GenerationResult(
        _name(writer),
        task,
        num_documents=corpus.num_documents,
        num_unreadable=corpus.num_unreadable,
        passed_over=corpus.passed_over,
        num_chunks=len(corpus.chunks) + sum(entry.kind == "chunk" for entry in corpus.unused),
        num_reused=written.num_reused,
        num_written=len(written.pairs),
        spending=written.spending,
    )
    selection = select_pairs(written.pairs, corpus, chosen, settings, encoder, show_progress)
    result.unused = [*corpus.unused, *written.unused, *selection.unused]
    publish(result, selection, corpus, chosen, settings.seed, paths)
    if written.stopped_by:
        raise GenerationError(
            f"Not all chunks were asked about: {written.stopped_by}. {paths.pairs} holds what there is. Run the same "
            "command again when that is mended; what is answered is kept."
        )
    return result


def estimate_generation(
    documents: Paths,
    out: str | os.PathLike[str],
    *,
    writer: str | Writer,
    base_url: str | None = None,
    task: str = "qa",
    settings: GenerationSettings | None = None,
    encoder: "Encoder | None" = None,
    show_progress: bool = False,
) -> Estimate:
    """What `generate_pairs` would ask of a service; nothing is sent or written, and no key is needed.

    Args:
        documents: as in `generate_pairs`.
        out: as there; answers that a run with it has stored are not asked for again.
        writer: as there.
        base_url: of the writer that is named, as in `make_writer`.
        task: as there.
        settings: as there.
        encoder: counts tokens where chunks are measured in them.
        show_progress: draw a bar on standard error.

    Raises:
        DataError, DependencyError, SettingsError: as `generate_pairs`.
    """
    settings = settings or GenerationSettings()
    chosen, paths = get_task(task), OutputPaths(out)
    prompt = _checked_prompt(chosen, writer, settings, encoder)
    paths.check_replaceable()
    corpus = _corpus(documents, settings, encoder, paths, show_progress)
    if prompt is None:
        return Estimate(corpus.num_documents, corpus.num_unreadable, len(corpus.chunks), 0, 0, 0, 0)
    name = writer_name(writer, base_url) if isinstance(writer, str) else writer.name
    work = ServiceWork(corpus.chunks, name, chosen, prompt, settings)
    with AnswerStore(paths.answers, for_reading=True) as store:
        return work.estimate(store, corpus.num_documents, corpus.num_unreadable)


def _checked_prompt(
    task: Task, writer: str | Writer, settings: GenerationSettings, encoder: "Encoder | None"
) -> Prompt | None:
    """Refuses what does not go together, before any document is read; the prompt, None for the extractive writer."""
    check_quality_packages(settings.filters)
    if settings.language is not None:
        language_name(settings.language)
    if encoder is None and settings.chunks.unit == "tokens":
        raise SettingsError("Chunks measured in tokens need an encoder, whose tokens they are. Name one.")
    if encoder is None and settings.filters.round_trip is not None and task.is_retrieval:
        raise SettingsError(
            "The round-trip filter needs an encoder to retrieve with. Name one, or leave out round_trip."
        )
    if writer == EXTRACTIVE:
        _check_extractive(task, settings)
        return None
    if isinstance(writer, str):
        writer_name(writer)
    prompt = read_prompt(task, settings.prompt)
    _warn_of_missing_places(prompt, settings)
    return prompt


def _check_extractive(task: Task, settings: GenerationSettings) -> None:
    if task.name != _EXTRACTIVE_TASK:
        raise SettingsError(
            f"The extractive writer does the task {_EXTRACTIVE_TASK}, with headings and first sentences as queries. "
            f"Received: {task.name}. Name that task, or another writer."
        )
    for name in ("prompt", "temperature", "max_output_tokens"):
        if getattr(settings, name) is not None:
            raise SettingsError(f"{name} is for a service. The extractive writer asks none: leave it out.")


def _corpus(
    documents: Paths, settings: GenerationSettings, encoder: "Encoder | None", paths: OutputPaths, show_progress: bool
) -> Corpus:
    files = _input_files(documents, paths)
    found = read_documents(
        files, text_columns=settings.text_columns, title_column=settings.title_column, encoding=settings.encoding
    )
    shown = tqdm(found, desc="reading", unit=" documents", leave=False, disable=not show_progress)
    corpus = chunked(shown, settings.chunks, None if encoder is None else encoder.num_tokens)
    corpus.passed_over = files.describe_passed_over()
    for entry in corpus.unused:
        if entry.kind == "file":
            _logger.warning("%s: %s", entry.source, entry.detail)
    if not corpus.chunks:
        raise DataError(
            f"{corpus.num_documents:,} documents hold no text to write pairs about, and {corpus.num_unreadable:,} "
            "could not be read. Expected paragraphs of text."
        )
    return corpus


def _input_files(documents: Paths, paths: OutputPaths) -> DocumentFiles:
    """The documents without what an earlier run wrote among them."""
    files = find_documents(documents)
    for file in files.files:
        if file.named and paths.holds(file.path):
            raise SettingsError(
                f"{file.path} is a document and would be overwritten. Name another --out (out= in Python)."
            )
    others = tuple(file for file in files.files if not paths.holds(file.path))
    if not others:
        raise DataError(f"The only documents are what an earlier run with --out {paths.pairs} wrote. Give others.")
    return dataclasses.replace(files, files=others)


def _name(writer: str | Writer) -> str:
    return writer if isinstance(writer, str) else writer.name


def _written(
    corpus: Corpus,
    writer: str | Writer,
    task: Task,
    prompt: Prompt | None,
    settings: GenerationSettings,
    paths: OutputPaths,
    show_progress: bool,
) -> Written:
    if prompt is None:
        return extracted(corpus.chunks)
    service = make_writer(writer) if isinstance(writer, str) else writer
    try:
        work = ServiceWork(corpus.chunks, service.name, task, prompt, settings)
        return work.done_by(service, paths.answers, show_progress)
    finally:
        if service is not writer:
            service.close()


def _warn_of_missing_places(prompt: Prompt, settings: GenerationSettings) -> None:
    for name in ("num_pairs", "language"):
        if f"{{{name}}}" not in prompt.instructions + prompt.message and getattr(settings, name) is not None:
            _logger.warning("%s has no {%s}: the writer is not told.", settings.prompt, name)
