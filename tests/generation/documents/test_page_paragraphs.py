import pytest

from tests.generation.documents.pdf_pages import HEIGHT, Canvases
from tfsiamese.generation.documents.pdf import read_pdf

FIRST = ["The first paragraph of the page has a few lines, and", "the last of them is a short one."]
SECOND = ["Another paragraph begins here, and it is as long as", "the other one was, or shorter."]


@pytest.fixture
def sheet(tmp_path):
    return Canvases(tmp_path / "page.pdf")


def blocks(sheet):
    return [(block.kind, block.text) for block in read_pdf(sheet.save(), "page.pdf").blocks]


PARAGRAPHS = [("paragraph", " ".join(FIRST)), ("paragraph", " ".join(SECOND))]


def test_white_space_between_lines_parts_paragraphs(sheet):
    sheet.lines(60, 100, FIRST)
    sheet.lines(60, 132, SECOND)
    assert blocks(sheet) == PARAGRAPHS


def test_an_indented_line_begins_a_paragraph(sheet):
    full = [FIRST[0], "and it ends with a line that is as full as the first."]
    sheet.lines(60, 100, full)
    sheet.lines(72, 124, SECOND[:1])
    sheet.lines(60, 136, SECOND[1:])
    assert blocks(sheet) == [("paragraph", " ".join(full)), PARAGRAPHS[1]]


def test_a_short_line_that_ends_a_sentence_ends_a_paragraph(sheet):
    sheet.lines(60, 100, FIRST + SECOND)
    assert blocks(sheet) == PARAGRAPHS


def test_lines_under_a_hanging_first_line_belong_to_it(sheet):
    for number in range(3):
        sheet.lines(60, 100 + 36 * number, [f"Author, {number}. A book that has a long title and is of"])
        sheet.lines(80, 112 + 36 * number, ["some use to all who read it, now and then, or", "even more often."])
    assert [kind for kind, _ in blocks(sheet)] == ["paragraph"] * 3


def test_a_paragraph_goes_on_over_a_page(sheet):
    sheet.lines(60, 700, ["The last paragraph of this page does not end here, but"])
    sheet.page()
    sheet.lines(60, 100, ["on the next one, where it has a second line, as it must."])
    document = read_pdf(sheet.save(), "page.pdf")
    assert [(block.page, block.text.split()[0]) for block in document.blocks] == [(1, "The")]


def test_a_paragraph_that_ends_with_its_page_is_not_joined_with_the_next(sheet):
    sheet.lines(60, 700, FIRST)
    sheet.page()
    sheet.lines(60, 100, SECOND)
    document = read_pdf(sheet.save(), "page.pdf")
    assert [block.page for block in document.blocks] == [1, 2]


def test_headings_are_told_by_size_and_have_levels(sheet):
    sheet.text(60, 60, "A Book of Paragraphs", 22)
    sheet.text(60, 85, "1 The Beginning", 14)
    sheet.lines(60, 105, FIRST)
    sheet.text(60, 150, "2 The Rest", 14)
    sheet.text(60, 168, "A word before", font="Times-Bold")
    sheet.lines(60, 186, SECOND)
    document = read_pdf(sheet.save(), "page.pdf")
    headings = [(block.text, block.level) for block in document.blocks if block.kind == "heading"]
    assert headings == [("A Book of Paragraphs", 1), ("1 The Beginning", 2), ("2 The Rest", 2), ("A word before", 3)]


def test_a_bold_word_that_opens_a_paragraph_is_no_heading(sheet):
    sheet.text(60, 100, "Note.", font="Times-Bold")
    sheet.text(90, 100, "This is a note on what was written above it all,")
    sheet.text(60, 112, "and it has a second line.")
    assert [kind for kind, _ in blocks(sheet)] == ["paragraph"]


def test_a_large_sentence_is_no_heading(sheet):
    sheet.text(60, 60, "This sentence is printed in larger letters.", 13)
    sheet.lines(60, 100, FIRST + SECOND)
    assert blocks(sheet)[0][0] == "paragraph"


def test_items_lose_their_bullets_and_keep_their_numbers(sheet):
    sheet.lines(60, 100, ["Some things are needed for it, and they are these two:"])
    sheet.lines(
        70, 112, ["• a hammer, which should be a heavy one, or a stone of", "  the same weight", "• some nails"]
    )
    sheet.lines(60, 160, ["1. Take the hammer.", "2. Hit the nail."])
    assert blocks(sheet)[1:] == [
        ("list_item", "a hammer, which should be a heavy one, or a stone of the same weight"),
        ("list_item", "some nails"),
        ("list_item", "1. Take the hammer."),
        ("list_item", "2. Hit the nail."),
    ]


def test_a_number_that_ends_a_sentence_at_a_lines_beginning_is_no_item(sheet):
    sheet.lines(
        60,
        100,
        [
            "Nobody knows for sure what they did before the winter of",
            "19. Maybe they were at home, or maybe they were not.",
        ],
    )
    assert [kind for kind, _ in blocks(sheet)] == ["paragraph"]


def test_footnotes_stand_behind_the_page_and_do_not_break_a_paragraph(sheet):
    sheet.lines(60, 600, ["The paragraph has a word", "which is explained below, and it goes on and"])
    sheet.text(165, 597, "1", 6)
    sheet.text(60, HEIGHT - 90, "1", 5)
    sheet.text(64, HEIGHT - 87, "A word is what stands between two spaces.", 8)
    sheet.page()
    sheet.lines(60, 100, ["on over the page to the end."])
    assert blocks(sheet) == [
        (
            "paragraph",
            "The paragraph has a word which is explained below, and it goes on and on over the page to the end.",
        ),
        ("paragraph", "A word is what stands between two spaces."),
    ]


def test_entries_of_a_table_of_contents_are_paragraphs_of_their_own(sheet):
    sheet.lines(
        60,
        100,
        [
            "1 First things .................... 3",
            "2 Second things ................. 14",
            "3 Last things . . . . . . . . . . 20",
        ],
    )
    assert blocks(sheet) == [
        ("paragraph", "1 First things … 3"),
        ("paragraph", "2 Second things … 14"),
        ("paragraph", "3 Last things … 20"),
    ]


def test_monospaced_lines_among_others_are_code_with_its_line_breaks(sheet):
    sheet.lines(60, 100, FIRST)
    for number, line in enumerate(["for x in y:", "    print(x,  2)", "done()"]):
        sheet.text(70, 130 + 11 * number, line, 9, "Courier")
    sheet.lines(60, 180, SECOND)
    assert blocks(sheet) == [PARAGRAPHS[0], ("code", "for x in y:\n    print(x,  2)\ndone()"), PARAGRAPHS[1]]


def test_a_document_in_a_typewriters_font_has_paragraphs(sheet):
    for number, line in enumerate(FIRST):
        sheet.text(70, 130 + 12 * number, line, 10, "Courier")
    assert blocks(sheet) == PARAGRAPHS[:1]
