"""All files of a run, or none."""

import contextlib
import logging

from tfsiamese.errors import DataError
from tfsiamese.files import publish_file
from tfsiamese.generation.corpus import Corpus
from tfsiamese.generation.outputs import (
    OutputPaths,
    publish_retrieval,
    remove_retrieval,
    write_pairs,
    write_retrieval,
    write_unused,
)
from tfsiamese.generation.report import GenerationResult, write_report
from tfsiamese.generation.selecting import Selection
from tfsiamese.generation.tasks import Task

__all__ = ["publish"]

_logger = logging.getLogger(__name__)

_FEW_PASSAGES = 100


def publish(
    result: GenerationResult,
    selection: Selection,
    corpus: Corpus,
    task: Task,
    seed: int,
    paths: OutputPaths,
) -> None:
    """Writes all files under temporary names, and renames them together, the pairs last.

    What an earlier run wrote and this one does not, such as the held-out pairs of other documents, is removed.

    Args:
        result: gets the numbers of pairs and the files.
        selection: of pairs.
        corpus: holds the chunks of the held-out documents.
        task: what the pairs are for.
        seed: decides which examples the report shows.
        paths: where everything goes.

    Raises:
        DataError: there are no pairs for training; the report is written all the same.
        OSError: a file cannot be written.
    """
    result.num_pairs, result.num_validation = len(selection.training), len(selection.validation)
    result.files = {"unused": paths.unused, "report": paths.report}
    with contextlib.ExitStack() as stack:
        if selection.training:
            result.files["pairs"] = paths.pairs
            write_pairs(selection.training, task, stack.enter_context(publish_file(paths.pairs)), paths.pairs)
            _write_held_out(result, selection, corpus, task, paths, stack)
        write_unused(result.unused, stack.enter_context(publish_file(paths.unused)))
        write_report(result, stack.enter_context(publish_file(paths.report)), seed)
    if not selection.training:
        raise DataError(_nothing_left(result))
    if "validation" not in result.files:
        paths.validation.unlink(missing_ok=True)
    if "retrieval" not in result.files:
        remove_retrieval(paths.retrieval)


def _write_held_out(
    result: GenerationResult,
    selection: Selection,
    corpus: Corpus,
    task: Task,
    paths: OutputPaths,
    stack: contextlib.ExitStack,
) -> None:
    if not selection.validation:
        return
    result.files["validation"] = paths.validation
    write_pairs(selection.validation, task, stack.enter_context(publish_file(paths.validation)), paths.validation)
    if not task.is_retrieval:
        return
    result.files["retrieval"] = paths.retrieval
    held_out = {pair.chunk.source for pair in selection.validation}
    chunks = [chunk for chunk in corpus.chunks if chunk.source in held_out]
    if len(chunks) < _FEW_PASSAGES:
        _logger.warning(
            "%s holds %d passages, among which much is found by chance. Hold out more documents to measure search.",
            paths.retrieval,
            len(chunks),
        )
    write_retrieval(selection.validation, chunks, task, stack.enter_context(publish_retrieval(paths.retrieval)))


def _nothing_left(result: GenerationResult) -> str:
    """Why there are no pairs."""
    report = result.files["report"]
    if result.num_written:
        return f"No pair is left of {result.num_written:,} that were written. {report} says why."
    reasons = result.reasons("chunk")
    if not reasons:
        return f"No pair was written. {report} says why."
    reason, count = reasons[0]
    detail = next(entry.detail for entry in result.unused if entry.kind == "chunk" and entry.reason == reason)
    return f"No pair was written: {count:,} chunks {reason}{f', such as: {detail}' if detail else ''}. See {report}."
