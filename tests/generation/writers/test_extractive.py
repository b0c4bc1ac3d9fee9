from collections import Counter

import pytest

from tfsiamese.generation.chunks import Chunk, chunk_document
from tfsiamese.generation.documents import Block, Document
from tfsiamese.generation.tasks.written_pair import WrittenPair
from tfsiamese.generation.writers.extractive import count_headings, extract_pair

PASSAGE = (
    "Take the package from the index with the usual tool. It needs a recent interpreter and about thirty megabytes. "
    "Older versions are not tested any more, and may fail without a message."
)
FIRST = "Take the package from the index with the usual tool."


def chunk(text: str = PASSAGE, *headings: str, title: str = "Django", opens: bool = True) -> Chunk:
    return Chunk(text, "a.html", 0, title=title, headings=headings, opens_section=opens)


def extract(made: Chunk, *others: Chunk) -> WrittenPair | str:
    return extract_pair(made, count_headings([made, *others]))


def left(made: Chunk, *others: Chunk) -> str:
    pair = extract(made, *others)
    assert isinstance(pair, WrittenPair), pair
    return pair.left


def test_the_heading_is_the_query_and_the_whole_chunk_the_passage():
    made = chunk(PASSAGE, "Manual", "How to install it")
    assert extract(made) == WrittenPair(made, "How to install it", PASSAGE)


def test_a_section_that_goes_on_has_its_first_sentence_as_query():
    made = chunk(PASSAGE, "How to install it", opens=False)
    assert extract(made) == WrittenPair(made, FIRST, PASSAGE[len(FIRST) + 1 :])


def test_the_title_is_the_query_where_no_heading_stands_above_the_first_chunk():
    assert left(chunk(title="Growing tomatoes on a balcony")) == "Growing tomatoes on a balcony"


def test_a_single_word_is_preceded_by_what_stands_above_it():
    assert left(chunk(PASSAGE, "Installation")) == "Django: Installation"
    assert left(chunk(PASSAGE, "Manual", "Installation")) == "Manual: Installation"
    assert left(chunk(PASSAGE, "cache_size")) == "Django: cache_size"
    assert left(chunk(PASSAGE, "Glossary", title="Glossary")) == "Glossary"
    assert (
        left(chunk("まず、パッケージをインストールしてください。それから設定ファイルを書きます。", "概要"))
        == "Django: 概要"
    )


def test_a_heading_that_stands_elsewhere_is_preceded_by_more_until_there_is_one_of_it():
    made = chunk(PASSAGE, "First steps", "Before you begin")
    assert left(made, chunk(PASSAGE, "Last steps", "before you BEGIN")) == "First steps: Before you begin"
    other = chunk(PASSAGE, "First steps", "Before you begin", title="Flask")
    assert left(made, other) == "Django: First steps: Before you begin"


def test_a_heading_that_cannot_be_told_from_others_gives_way_to_the_first_sentence():
    made = chunk(PASSAGE, "First steps")
    assert left(made, chunk(PASSAGE, "First steps")) == FIRST


def test_headings_are_counted_once_a_section_in_lower_case():
    made = chunk(PASSAGE, "Setup", "First Steps")
    counts = count_headings([made, made, chunk(PASSAGE, "Setup", "First Steps", opens=False)])
    assert counts == Counter({"first steps": 2, "setup: first steps": 2, "django: setup: first steps": 2})


@pytest.mark.parametrize(
    ("heading", "query"),
    [
        ("3.2.1 Default argument values", "Default argument values"),
        ("4.7.1. Default argument values¶", "Default argument values"),
        ("2. Using it on Unix", "Using it on Unix"),
        ("Chapter 4: The long way home", "The long way home"),
        ("IV. The long way home", "The long way home"),
        ("Kapitel 3 – Der lange Weg", "Der lange Weg"),
        ("Глава 2. Долгая дорога домой", "Долгая дорога домой"),
        ("第3章 長い道のりの始まり", "長い道のりの始まり"),
        ("§ 3 Duties of the tenant", "Duties of the tenant"),
        ("Appendix B. Tables of all units:", "Tables of all units"),
        ("os.path.join(path, *paths)", "os.path.join(path, *paths)"),
        ("3 ways to do it", "3 ways to do it"),
        ("Part civil, part military", "Part civil, part military"),
        ("E. coli in water", "E. coli in water"),
        ("Programming in C#", "Programming in C#"),
    ],
)
def test_a_heading_loses_its_number_and_keeps_its_words(heading: str, query: str):
    assert left(chunk(PASSAGE, heading)) == query


@pytest.mark.parametrize("heading", [">>>", "***", "1.2.3", "Chapter 4", "-x", "{ } ( ) => a"])
def test_a_heading_without_words_gives_way_to_the_first_sentence(heading: str):
    assert left(chunk(PASSAGE, heading)) == FIRST


@pytest.mark.parametrize(
    "heading",
    [
        "Footnotes",
        "7. References",
        "Index",
        "Table of Contents",
        "Literaturverzeichnis",
        "Оглавление",
        "目次",
        "Index¶",
    ],
)
def test_a_heading_of_what_only_serves_the_document_is_no_query(heading: str):
    assert left(chunk(PASSAGE, "Manual", heading)) == FIRST


@pytest.mark.parametrize("heading", ["Index of the database", "References to other objects", "Contents of the box"])
def test_a_heading_may_begin_with_such_a_word(heading: str):
    assert left(chunk(PASSAGE, heading)) == heading


def test_a_single_word_behind_the_number_of_its_section_is_preceded_by_what_stands_above_it():
    blocks = [
        Block(text, kind, int(kind == "heading"))
        for heading in ("1 Installation", "2 Commissioning")
        for text, kind in ((heading, "heading"), (PASSAGE, "paragraph"))
    ]
    chunks = chunk_document(Document("pump.pdf", "Pump X20", tuple(blocks))).chunks
    assert [left(each) for each in chunks] == ["Pump X20: Installation", "Pump X20: Commissioning"]


@pytest.mark.parametrize("heading", [FIRST, "Take the package from the index"])
def test_a_heading_that_its_passage_begins_with_is_no_query(heading: str):
    assert left(chunk(PASSAGE, heading)) == FIRST


def test_a_passage_may_begin_with_the_name_of_its_subject():
    made = chunk("Tomato plants need six hours of sun a day. Water them in the morning, not at noon.", "Tomato plants")
    assert left(made) == "Tomato plants"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Note: " + PASSAGE[:20].strip() + ":\n\n" + PASSAGE, "only leads in"),
        ("See also. " + PASSAGE, "only leads in"),
        ("New in version 3.2 of the package. " + PASSAGE, "only leads in"),
        ("It needs a recent interpreter. " + PASSAGE, "refers to what stands before it"),
        ("Siehe auch!\n\n" + PASSAGE, "only leads in"),
        (">>> call(the, function)\n\n" + PASSAGE, "code or a table"),
        ("Name | Meaning of it\nsize | The size of it\n\n" + PASSAGE, "code or a table"),
        ("Take it or leave. " + PASSAGE, "too short"),
        ("The tool takes the package. The rest is short.", "too little after the first sentence"),
        ("One item of a list that is long enough.\n\n" + PASSAGE, "stands alone"),
        (FIRST[:-1] + ", which may well take a long time " * 6 + ". " + PASSAGE, "more than half"),
        ("guide to install it\n\nguide to remove it", "no sentence in the passage"),
        ("New in version 3.2 of the package.", "no sentence in the passage"),
    ],
)
def test_a_first_sentence_that_says_nothing_by_itself_is_refused_with_the_reason(text: str, reason: str):
    answer = extract(chunk(text, opens=False))
    assert isinstance(answer, str) and reason in answer


def test_remarks_on_versions_do_not_begin_a_passage():
    made = chunk(f"{FIRST} New in version 3.2. (Contributed by A. Person.) {PASSAGE}", opens=False)
    pair = extract(made)
    assert isinstance(pair, WrittenPair) and pair.right == PASSAGE


def test_chinese_and_japanese_sentences_may_have_half_the_characters():
    first = "今天我们学习如何安装这个软件。"
    rest = "首先从网站下载安装包，然后打开它并按照提示操作。最后重新启动电脑，检查程序是否正常运行。"
    made = chunk(first + rest, opens=False)
    assert extract(made) == WrittenPair(made, first, rest)


def test_thai_passages_count_as_sentences_without_a_terminator():
    text = "เด็กชายกินน้ำเย็นและเล่นกับเพื่อนที่โรงเรียน แล้วกลับบ้านกับแม่ของเขา"
    assert left(chunk(text, "ชีวิตประจำวันของเด็ก")) == "ชีวิตประจำวันของเด็ก"


def test_a_chunk_without_heading_and_title_falls_to_the_first_sentence():
    assert left(chunk(title="")) == FIRST
