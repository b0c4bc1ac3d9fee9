"""Where sentences begin and end, in most scripts."""

import re
from collections.abc import Iterator

from tfsiamese.generation.chunks.full_stops import full_stop_ends
from tfsiamese.generation.chunks.terminators import (
    ALWAYS_ENDS,
    CJK,
    CLOSERS,
    CONTINUATIONS,
    DISTINCT_CLOSERS,
    ENDS,
    OPENERS,
    QUOTING_PARTICLE,
    SENTENCE_TERMINATORS,
    TOPIC_PARTICLE,
    protected_spans,
)

__all__ = ["split_sentences"]

_SPACES = re.compile(r"\s+")
_LINE_END = re.compile(r"\r\n|[\n\r\x85\u2028]")
# "os.path", "iPhone", "open(": words that begin a sentence as they are.
_IDENTIFIER = re.compile(r"[a-z][a-z\d]*(?:_\w|[a-z\d]\.[A-Za-z]\w|[A-Z]|\()|`")
_QUOTE_WINDOW = 300


def split_sentences(text: str) -> list[tuple[int, int]]:
    """The sentences of a text, as spans [start, end) in order that hold all of it but the white space between them.

    The rules are those of Unicode for sentences with what these leave to the language: abbreviations, initials,
    ordinals and decimal numbers do not end a sentence, nor does what stands in brackets or quotation marks of up to 200
    characters; what closes a sentence belongs to it, and a lower-case letter begins none. Chinese and Japanese need no
    white space between sentences. A line break is white space; an empty line ends a sentence. Scripts without a mark
    for the end of a sentence, such as Thai, stay whole up to the empty line.

    Reference: Unicode Standard Annex #29, "Unicode Text Segmentation", sentence boundaries.
    """
    spans: list[tuple[int, int]] = []
    for start, end in _paragraphs(text):
        spans.extend(_joined(text, _sentences(text, start, end)))
    return spans


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for gap in _SPACES.finditer(text):
        if "\u2029" in gap.group() or len(_LINE_END.findall(gap.group())) > 1 or gap.start() == 0:
            if gap.start() > start:
                yield start, gap.start()
            start = gap.end()
    end = start + len(text[start:].rstrip())
    if end > start:
        yield start, end


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The sentences of one paragraph."""
    protected = protected_spans(text, start, end)
    current = 0
    for match in ENDS.finditer(text, start, end):
        if match.end() <= start:
            continue
        after = _closed(text, match, start, end)
        while current < len(protected) and protected[current][1] < after:
            current += 1
        if current < len(protected) and protected[current][0] < after:
            continue
        if after < end and _is_boundary(text, start, match, after, end):
            yield start, after
            start = _SPACES.match(text, after).end() if text[after].isspace() else after  # type: ignore[union-attr]
    if start < end:
        yield start, end


def _closed(text: str, match: re.Match[str], start: int, end: int) -> int:
    """Where a sentence ends with its closing quotes and brackets."""
    place = match.end()
    if not ALWAYS_ENDS.search(match.group()):
        return CLOSERS.match(text, place, end).end()  # type: ignore[union-attr]
    place = DISTINCT_CLOSERS.match(text, place, end).end()  # type: ignore[union-attr]
    if place < end and text[place] in "\"'" and text.count(text[place], max(start, place - _QUOTE_WINDOW), place) % 2:
        place += 1
    return place


def _is_boundary(text: str, start: int, match: re.Match[str], after: int, end: int) -> bool:
    """Whether a sentence that begins at `start` ends at `after`, behind a run of terminators."""
    marks = match.group()
    if match.start() > start and text[match.start() - 1] in "([（［「" and after > match.end():
        return False
    if not text[after].isspace():
        return _is_boundary_without_space(text, match, after, end)
    begin = OPENERS.match(text, after, end).end()  # type: ignore[union-attr]
    following = text[begin : min(begin + 1, end)]
    if not following or following in CONTINUATIONS or SENTENCE_TERMINATORS.match(following):
        return False
    if ALWAYS_ENDS.search(marks):
        return True
    if following.islower() and not _IDENTIFIER.match(text, begin):
        return False
    if marks == ".":
        return full_stop_ends(text, start, match.start(), begin, is_bracketed=text[after - 1] in ")]}")
    return True


def _is_boundary_without_space(text: str, match: re.Match[str], after: int, end: int) -> bool:
    marks, following = match.group(), text[after]
    if following in CONTINUATIONS or SENTENCE_TERMINATORS.match(following):
        return False
    is_closed = after > match.end()
    if not ALWAYS_ENDS.search(marks):
        is_within_cjk = match.start() > 0 and CJK.match(text[match.start() - 1]) and CJK.match(following)
        if not is_within_cjk or marks[-1] not in "!?":
            return False
    elif marks == "．" and (following.isalnum() and not CJK.match(following)):
        return False
    particle = TOPIC_PARTICLE if is_closed else QUOTING_PARTICLE
    return not particle.match(text, after, end) or (marks[-1] in "。｡" and not is_closed)


def _joined(text: str, spans: Iterator[tuple[int, int]]) -> list[tuple[int, int]]:
    """Joins what holds neither letters nor digits, such as a lone mark, to what stands before it."""
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and not any(character.isalnum() for character in text[start:end]):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined
