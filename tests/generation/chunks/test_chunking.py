import random
import re

import pytest

from tfsiamese.errors import SettingsError
from tfsiamese.generation.chunks import Chunk, ChunkedDocument, ChunkSettings, chunk_document
from tfsiamese.generation.documents.document import Block, Document


def document(*blocks: Block | str) -> Document:
    return Document("a.html", "A title", tuple(Block(block) if isinstance(block, str) else block for block in blocks))


def heading(text: str, level: int = 1) -> Block:
    return Block(text, "heading", level)


def sentence(number: int, length: int = 40) -> str:
    """A sentence of words, such as "S07 xx xxxxxxxxx xxx."."""
    filler = "ab cde " * length
    return f"S{number:02} {filler}"[: length - 2].rstrip().ljust(length - 1, "x") + "."


def texts(chunked: ChunkedDocument) -> list[str]:
    return [chunk.text for chunk in chunked.chunks]


def all_chunks(chunked: ChunkedDocument) -> list[Chunk]:
    return [*chunked.chunks, *(left_out.chunk for left_out in chunked.left_out)]


def count_letters_and_two(texts: list[str]) -> list[int]:
    """A tokenizer with a beginning and an end, and white space of its own where texts are joined."""
    return [len(re.findall(r"\w|\n\n", text)) + 2 for text in texts]


def test_chunks_are_whole_sentences_up_to_the_size():
    text = " ".join(sentence(number) for number in range(5))
    chunked = chunk_document(document(text), ChunkSettings(size=100, min_size=10))
    assert texts(chunked) == [
        f"{sentence(0)} {sentence(1)}",
        f"{sentence(2)} {sentence(3)}",
        sentence(4),
    ]
    assert [chunk.offset for chunk in chunked.chunks] == [0, 82, 164]


def test_a_chunk_ends_with_a_paragraph_that_fills_half_of_it():
    first, second = f"{sentence(0)} {sentence(1)}", f"{sentence(2)} {sentence(3)}"
    chunked = chunk_document(document(first, second), ChunkSettings(size=150, min_size=10))
    assert texts(chunked) == [first, second]


def test_a_chunk_passes_a_paragraph_that_does_not_fill_half_of_it():
    chunked = chunk_document(
        document("A short one.", " ".join(sentence(number) for number in range(4))),
        ChunkSettings(size=100, min_size=10),
    )
    assert texts(chunked)[0] == f"A short one.\n\n{sentence(0)} {sentence(1)}"


def test_no_chunk_reaches_across_a_heading_and_each_knows_those_above_it():
    chunked = chunk_document(
        document(
            sentence(0),
            heading("One"),
            sentence(1),
            heading("One three", 3),
            sentence(2),
            heading("One two", 2),
            heading("Two"),
            sentence(3),
        ),
        ChunkSettings(min_size=10),
    )
    assert [(chunk.text, chunk.headings) for chunk in chunked.chunks] == [
        (sentence(0), ()),
        (sentence(1), ("One",)),
        (sentence(2), ("One", "One three")),
        (sentence(3), ("Two",)),
    ]
    assert all(
        chunk.opens_section and chunk.source == "a.html" and chunk.title == "A title" for chunk in chunked.chunks
    )


def test_only_the_first_chunk_opens_its_section():
    text = " ".join(sentence(number) for number in range(4))
    chunked = chunk_document(document(heading("One"), text), ChunkSettings(size=90, min_size=10))
    assert [chunk.opens_section for chunk in chunked.chunks] == [True, False]


def test_a_chunk_has_the_page_on_which_it_begins():
    blocks = [Block(sentence(number, 90), page=number) for number in (3, 4, 5)]
    chunked = chunk_document(document(*blocks), ChunkSettings(size=100, min_size=10))
    assert [chunk.page for chunk in chunked.chunks] == [3, 4, 5]


def test_the_overlap_repeats_whole_sentences_within_the_section():
    text = " ".join(sentence(number) for number in range(5))
    chunked = chunk_document(
        document(heading("One"), text, heading("Two"), sentence(9)), ChunkSettings(size=130, overlap=60, min_size=10)
    )
    found = [re.findall(r"S\d\d", chunk.text) for chunk in chunked.chunks]
    assert found == [["S00", "S01", "S02"], ["S02", "S03", "S04"], ["S09"]]


def test_no_overlap_that_would_leave_no_room_for_the_next_sentence():
    text = f"{sentence(0)} {sentence(1)} {sentence(2, 95)}"
    chunked = chunk_document(document(text), ChunkSettings(size=100, overlap=50, min_size=10))
    assert [re.findall(r"S\d\d", text) for text in texts(chunked)] == [["S00", "S01"], ["S02"]]


def test_a_short_end_joins_the_chunk_before_or_takes_sentences_from_it():
    joined = chunk_document(document(sentence(0, 90), "Short end."), ChunkSettings(size=120, min_size=40))
    assert texts(joined) == [f"{sentence(0, 90)}\n\nShort end."]
    text = " ".join([*(sentence(number) for number in range(3)), "The end is short."])
    balanced = chunk_document(document(text), ChunkSettings(size=130, min_size=50))
    assert texts(balanced) == [f"{sentence(0)} {sentence(1)}", f"{sentence(2)} The end is short."]


def test_chunks_that_are_too_short_are_left_out_and_those_of_wide_characters_count_double():
    chunked = chunk_document(
        document(heading("One"), "Too short to use.", heading("Two"), "これは十分に長い日本語の文です。"),
        ChunkSettings(size=100, min_size=30),
    )
    assert texts(chunked) == ["これは十分に長い日本語の文です。"]
    assert [(left_out.chunk.text, left_out.reason) for left_out in chunked.left_out] == [
        ("Too short to use.", "too short")
    ]


@pytest.mark.parametrize(
    "block",
    [
        Block("def add(a, b):\n    return the sum of a and b\n", "code"),
        Block("Year | Total\n2019 | 3141592\n2020 | 2718281", "table"),
        Block("12 34 56 78 90. 12 34 56 78 90. 12 34 56 78 90."),
    ],
)
def test_code_and_numbers_alone_are_left_out_as_no_prose(block: Block):
    chunked = chunk_document(document(block), ChunkSettings(size=100, min_size=10))
    assert [left_out.reason for left_out in chunked.left_out] == ["no prose"] and not chunked.chunks


def test_code_beside_prose_stays_and_tables_are_cut_between_lines():
    code = Block("x = 1\nif x:\n    y = 2", "code")
    chunked = chunk_document(document("Use it as follows, if you like:", code), ChunkSettings(size=100, min_size=10))
    assert texts(chunked) == ["Use it as follows, if you like:\n\nx = 1\nif x:\n    y = 2"]
    rows = [f"Row {number} | of some words" for number in range(6)]
    table = chunk_document(document(Block("\n".join(rows), "table")), ChunkSettings(size=60, min_size=10))
    assert texts(table) == ["\n".join(rows[first : first + 2]) for first in (0, 2, 4)]


def test_a_heading_alone_and_a_document_without_text_have_no_chunks():
    assert all_chunks(chunk_document(document(heading("Alone")))) == []
    assert all_chunks(chunk_document(document())) == []


def test_an_overlong_sentence_is_cut_and_its_pieces_are_not_repeated():
    text = "words of a clause, " * 20 + "end."
    chunked = chunk_document(document(text), ChunkSettings(size=100, overlap=50, min_size=10))
    assert len(texts(chunked)) > 1
    assert all(len(piece) <= 100 for piece in texts(chunked))
    assert " ".join(texts(chunked)) == text


def test_thai_without_a_terminator_is_cut_to_size_between_characters():
    text = "เด็กชายกินน้ำเย็น" * 20
    chunked = chunk_document(document(text), ChunkSettings(size=50, min_size=10))
    assert "".join(texts(chunked)) == text
    assert all(len(piece) <= 50 and not re.match("[\u0e30-\u0e3a\u0e47-\u0e4e]", piece) for piece in texts(chunked))


def test_tokens_need_a_function_that_counts_them():
    with pytest.raises(SettingsError, match="count_tokens"):
        chunk_document(document(sentence(0)), ChunkSettings(size=10, unit="tokens"))


def test_an_encoder_that_does_not_know_its_tokens_is_refused():
    with pytest.raises(SettingsError, match="does not tell how many tokens"):
        chunk_document(document(sentence(0)), ChunkSettings(size=10, unit="tokens"), lambda texts: None)


def test_chunks_by_tokens_are_filled_up_to_the_size_as_the_encoder_counts_it():
    text = " ".join(sentence(number) for number in range(6))
    size = count_letters_and_two([f"{sentence(0)} {sentence(1)}"])[0]
    chunked = chunk_document(document(text), ChunkSettings(size=size, unit="tokens"), count_letters_and_two)
    assert texts(chunked) == [f"{sentence(first)} {sentence(first + 1)}" for first in (0, 2, 4)]


@pytest.mark.parametrize("extra", [-3, 0, 5])
@pytest.mark.parametrize("overlap", [0, 15])
def test_no_chunk_by_tokens_is_longer_than_the_size_whatever_joining_adds(extra: int, overlap: int):
    def count(texts: list[str]) -> list[int]:
        return [max(1, len(text.split()) + extra * text.count(". ")) for text in texts]

    random.seed(extra)
    blocks = [" ".join(sentence(n, random.randint(20, 200)) for n in range(random.randint(1, 8))) for _ in range(30)]
    settings = ChunkSettings(size=40, unit="tokens", overlap=overlap, min_size=0)
    chunks = all_chunks(chunk_document(document(*blocks, heading("One"), *blocks), settings, count))
    assert len(chunks) > 20
    assert max(count([chunk.text for chunk in chunks])) <= 40


def test_tokens_are_counted_in_few_calls():
    calls = []

    def count(texts: list[str]) -> list[int]:
        calls.append(len(texts))
        return count_letters_and_two(texts)

    blocks = [" ".join(sentence(number) for number in range(6)) for _ in range(50)]
    chunked = chunk_document(document(*blocks), ChunkSettings(size=100, unit="tokens"), count)
    assert len(chunked.chunks) > 50 and len(calls) < 10


def test_a_sentence_with_too_many_tokens_is_cut_until_each_piece_fits():
    text = "plain words here, " * 10 + "1 2 3 4 5 6 7 8 9 0 " * 10 + "end."
    settings = ChunkSettings(size=30, unit="tokens", min_size=0)
    chunks = all_chunks(chunk_document(document(text), settings, count_letters_and_two))
    assert max(count_letters_and_two([chunk.text for chunk in chunks])) <= 30
    assert " ".join(chunk.text for chunk in chunks) == text


@pytest.mark.parametrize(
    "settings", [ChunkSettings(size=60, min_size=0, overlap=30), ChunkSettings(size=20, min_size=0)]
)
def test_each_chunk_is_found_in_the_document_at_its_offset_and_none_of_the_text_is_lost(settings: ChunkSettings):
    random.seed(3)
    alphabet = "ab. A? e\u0301,、。字」 \n"
    for _ in range(200):
        strings = ["".join(random.choices(alphabet, k=random.randint(1, 120))).strip() for _ in range(5)]
        kinds = random.choices(["paragraph", "list_item", "table", "code"], k=5)
        blocks = [Block(text, kind) for text, kind in zip(strings, kinds, strict=True) if text]
        made = document(*blocks)
        covered: set[int] = set()
        for chunk in all_chunks(chunk_document(made, settings)):
            assert chunk.text == made.text[chunk.offset : chunk.offset + len(chunk.text)] == chunk.text.strip()
            assert len(chunk.text) <= settings.size
            covered.update(range(chunk.offset, chunk.offset + len(chunk.text)))
        assert all(made.text[place].isspace() for place in set(range(len(made.text))) - covered)
