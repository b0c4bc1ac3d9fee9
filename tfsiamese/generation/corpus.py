"""Files -> chunks to write about."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tfsiamese.generation.chunks import Chunk, ChunkSettings, CountTokens, chunk_document
from tfsiamese.generation.documents import Document, UnreadableFile
from tfsiamese.generation.quality import text_key
from tfsiamese.generation.unused import Unused, unused_chunk, unused_file

__all__ = ["Corpus", "chunked"]


@dataclass
class Corpus:
    """The chunks of all documents.

    Attributes:
        chunks: those that pairs are written from, no text twice.
        num_documents: documents that could be read.
        num_unreadable: files that could not.
        unused: files and chunks that nothing is written from.
        passed_over: how many files of other kinds there are, in words; "" for none.
    """

    chunks: list[Chunk] = field(default_factory=list)
    num_documents: int = 0
    num_unreadable: int = 0
    unused: list[Unused] = field(default_factory=list)
    passed_over: str = ""


def chunked(
    documents: Iterable[Document | UnreadableFile],
    settings: ChunkSettings,
    count_tokens: CountTokens | None = None,
) -> Corpus:
    """Cuts documents into chunks; of chunks with the same text the first is kept."""
    corpus = Corpus()
    first_of_text: dict[str, Chunk] = {}
    for document in documents:
        if isinstance(document, UnreadableFile):
            corpus.num_unreadable += 1
            corpus.unused.append(unused_file(document))
            continue
        corpus.num_documents += 1
        pieces = chunk_document(document, settings, count_tokens)
        corpus.unused += [unused_chunk(left_out.chunk, left_out.reason) for left_out in pieces.left_out]
        for chunk in pieces.chunks:
            first = first_of_text.setdefault(text_key(chunk.text), chunk)
            if first is chunk:
                corpus.chunks.append(chunk)
            else:
                where = f"{first.source}, offset {first.offset}"
                corpus.unused.append(unused_chunk(chunk, "duplicate chunk", f"of {where}"))
    return corpus
