"""What a run did, for people: counts, costs, and examples of what was dropped."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tfsiamese.generation.runs import Spending
from tfsiamese.generation.shortening import shortened
from tfsiamese.generation.unused import Unused

__all__ = ["GenerationResult", "describe_spending", "write_report"]

_EXAMPLES = 3
_HEADINGS = (("file", "Files"), ("chunk", "Chunks"), ("item", "Parts of answers"), ("pair", "Pairs"))
_LONGEST_EXAMPLE = 160


@dataclass
class GenerationResult:
    """What a run did.

    Attributes:
        writer: what wrote the pairs.
        task: what was asked for.
        num_documents: documents that could be read.
        num_unreadable: files that could not.
        passed_over: how many files of other kinds there were, in words; "" for none.
        num_chunks: chunks of all documents.
        num_reused: of these, those that an earlier run had an answer to.
        num_written: pairs before any filter.
        num_pairs: rows of the file of pairs.
        num_validation: rows of the validation file.
        spending: requests and tokens of all runs so far; zero without a service.
        unused: files, chunks and pairs that were not used, with their reasons.
        files: what was written, by its role.
    """

    writer: str
    task: str
    num_documents: int = 0
    num_unreadable: int = 0
    passed_over: str = ""
    num_chunks: int = 0
    num_reused: int = 0
    num_written: int = 0
    num_pairs: int = 0
    num_validation: int = 0
    spending: Spending = field(default_factory=Spending)
    unused: Sequence[Unused] = ()
    files: dict[str, Path] = field(default_factory=dict)

    def reasons(self, kind: str) -> list[tuple[str, int]]:
        """How many files, chunks, items or pairs were not used for each reason, the most frequent reason first."""
        return Counter(entry.reason for entry in self.unused if entry.kind == kind).most_common()


def write_report(result: GenerationResult, path: Path, seed: int) -> None:
    """Writes the report in Markdown.

    Args:
        result: what was done.
        path: where to write.
        seed: decides which examples are shown.
    """
    lines = [
        f"# {result.task} pairs by {result.writer}",
        "",
        f"- documents: {result.num_documents:,} read, {result.num_unreadable:,} that could not be read",
        *([f"- {result.passed_over}"] if result.passed_over else []),
        f"- chunks: {result.num_chunks:,}",
        f"- pairs: {result.num_written:,} written, {result.num_pairs:,} kept for training, "
        f"{result.num_validation:,} for validation",
    ]
    if result.spending.requests:
        lines.append(f"- {describe_spending(result)}")
    lines += ["", "Everything below is listed in full in the file of what was not used.", ""]
    for kind, heading in _HEADINGS:
        lines += _section(result, kind, heading, random.Random(seed))
    path.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def describe_spending(result: GenerationResult) -> str:
    """Requests and tokens in one line."""
    spent = result.spending
    return (
        f"{spent.requests:,} requests, {spent.input_tokens:,} input and {spent.output_tokens:,} output tokens in all "
        f"runs; {result.num_reused:,} answers were there before"
    )


def _section(result: GenerationResult, kind: str, heading: str, chooser: random.Random) -> list[str]:
    reasons = result.reasons(kind)
    if not reasons:
        return []
    lines = [f"## {heading} that were not used", ""]
    for reason, count in reasons:
        entries = [entry for entry in result.unused if entry.kind == kind and entry.reason == reason]
        lines.append(f"- {reason}: {count:,}")
        lines += [f"  - {_example(entry)}" for entry in chooser.sample(entries, min(_EXAMPLES, len(entries)))]
    return [*lines, ""]


def _example(entry: Unused) -> str:
    place = entry.source if entry.page is None else f"{entry.source}, page {entry.page}"
    texts = " → ".join(shortened(text, _LONGEST_EXAMPLE) for text in entry.texts)
    detail = f" ({entry.detail})" if entry.detail else ""
    return f"{place}{': ' * bool(texts)}{texts}{detail}"
