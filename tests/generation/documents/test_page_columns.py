import pytest

from tests.generation.documents.pdf_pages import Canvases
from tfsiamese.generation.documents.pdf import read_pdf

LEFT = [
    "The first column begins with a sentence",
    "that fills the lines of it up to the end",
    "and it goes on for a few more of them",
    "until the last one has come to its end.",
]
RIGHT = [
    "Then the second column tells the rest",
    "in lines that are as full as those before",
    "so that a reader sees two columns here",
    "and reads them one after the other now.",
]
THIRD = [
    "A third of them stands at the very right",
    "and is read when both others were read",
    "which is what people do with a page of",
    "a newspaper that has three columns here.",
]


@pytest.fixture
def sheet(tmp_path):
    return Canvases(tmp_path / "page.pdf")


def texts(sheet):
    return [block.text for block in read_pdf(sheet.save(), "page.pdf").blocks]


def test_columns_are_read_one_after_the_other(sheet):
    sheet.lines(60, 100, LEFT * 2)
    sheet.lines(310, 100, RIGHT * 2)
    assert " ".join(texts(sheet)) == " ".join(LEFT * 2 + RIGHT * 2)


def test_columns_need_not_have_their_lines_at_the_same_height(sheet):
    sheet.lines(60, 100, LEFT * 2)
    sheet.lines(310, 105, RIGHT * 2)
    assert " ".join(texts(sheet)) == " ".join(LEFT * 2 + RIGHT * 2)


def test_three_columns_are_read_from_left_to_right(sheet):
    for place, lines in enumerate((LEFT, RIGHT, THIRD)):
        for number, line in enumerate(lines * 2):
            sheet.text(40 + 180 * place, 100 + 12 * number + 4 * place, line, 9)
    assert " ".join(texts(sheet)) == " ".join(LEFT * 2 + RIGHT * 2 + THIRD * 2)


def test_a_title_and_an_abstract_across_the_columns_come_first(sheet):
    sheet.text(150, 70, "Reading Pages in Their Order", 20, "Times-Bold")
    abstract = [
        "This abstract goes across both columns of the page and has lines as long as the page is wide.",
        "It ends here.",
    ]
    sheet.lines(60, 100, abstract)
    sheet.lines(60, 140, LEFT * 2)
    sheet.lines(310, 140, RIGHT * 2)
    found = texts(sheet)
    assert found[:2] == ["Reading Pages in Their Order", " ".join(abstract)]
    assert " ".join(found[2:]) == " ".join(LEFT * 2 + RIGHT * 2)


def test_a_line_across_the_columns_in_the_midst_of_a_page_parts_them(sheet):
    sheet.lines(60, 100, LEFT)
    sheet.lines(310, 100, RIGHT)
    sheet.text(60, 170, "A Line Across Both Columns of This Page, in Larger Letters", 15)
    sheet.lines(60, 200, THIRD)
    sheet.lines(310, 200, LEFT)
    expected = [" ".join(LEFT), " ".join(RIGHT), "A Line Across Both Columns of This Page, in Larger Letters"]
    assert texts(sheet) == [*expected, " ".join(THIRD), " ".join(LEFT)]


def test_ragged_lines_do_not_hide_the_gutter(sheet):
    left = [
        "Lines of this column end",
        "where they like and some are quite long",
        "while others are short",
        "but all are of this very column here",
        "as is this line, too,",
        "and this one which is the last of them.",
    ]
    sheet.lines(60, 100, left)
    sheet.lines(280, 100, RIGHT + LEFT[:2])
    assert " ".join(texts(sheet)) == " ".join(left + RIGHT + LEFT[:2])


def test_bullets_are_no_column(sheet):
    for number in range(6):
        sheet.text(60, 100 + 14 * number, "•")
        sheet.text(90, 100 + 14 * number, f"Item number {number} of a list that has bullets far from it.")
    assert texts(sheet) == [f"Item number {number} of a list that has bullets far from it." for number in range(6)]


def test_a_table_without_rules_is_read_row_by_row(sheet):
    rows = [("Apples", "12", "red"), ("Pears", "7", "green"), ("Plums", "30", "blue"), ("Quinces", "4", "yellow")]
    for number, row in enumerate(rows):
        for place, cell in enumerate(row):
            sheet.text(60 + 150 * place, 100 + 14 * number, cell)
    assert " ".join(texts(sheet)).split() == [cell for row in rows for cell in row]


def test_a_paragraph_that_goes_on_in_the_next_column_is_one_block(sheet):
    sheet.lines(
        60,
        100,
        [
            "Some words of the first column that are",
            "as long as a line of it may be, and so on",
            "and on, to the last line of this column, in-",
        ],
    )
    sheet.lines(
        310,
        100,
        [
            "formation on which is given in the second",
            "one, as readers of such pages know, since",
            "they have read many of them. It ends here.",
        ],
    )
    blocks = texts(sheet)
    assert len(blocks) == 1
    assert "this column, information on which" in blocks[0]


def test_authors_beside_each_other_are_read_before_the_columns(sheet):
    sheet.text(140, 60, "A Study of Reading in Columns", 18, "Times-Bold")
    for x, author, place in (
        (120, "Alice Smith", "University of Harbour"),
        (380, "Robert Jones", "Institute of Boats"),
    ):
        sheet.text(x, 90, author)
        sheet.text(x - 15, 104, place)
    sheet.lines(60, 150, LEFT * 2)
    sheet.lines(310, 150, RIGHT * 2)
    found = " ".join(texts(sheet))
    assert max(found.index("Alice"), found.index("Boats")) < found.index(LEFT[0])
    assert found.endswith(" ".join(LEFT * 2 + RIGHT * 2))


def test_headings_at_the_top_of_both_columns_stay_with_them(sheet):
    sheet.text(60, 80, "1 First", 14)
    sheet.text(310, 80, "2 Second", 14)
    sheet.lines(60, 110, LEFT * 2)
    sheet.lines(310, 110, RIGHT * 2)
    assert " ".join(texts(sheet)) == " ".join(["1 First", *LEFT, *LEFT, "2 Second", *RIGHT, *RIGHT])
