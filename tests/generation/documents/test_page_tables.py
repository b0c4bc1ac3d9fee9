import pytest

from tests.generation.documents.pdf_pages import HEIGHT, WIDTH, Canvases
from tfsiamese.generation.documents.pdf import read_pdf

PROSE = [
    "A paragraph stands here, and its lines are quite long, as they are",
    "in most documents that people write, and then it comes to an end.",
]


@pytest.fixture
def sheet(tmp_path):
    return Canvases(tmp_path / "page.pdf")


def blocks(sheet):
    return [(block.kind, block.text) for block in read_pdf(sheet.save(), "page.pdf").blocks]


def test_a_ruled_table_is_one_block_at_its_place(sheet):
    sheet.lines(60, 100, PROSE)
    sheet.table(60, 140, [80, 80], [["Fruit", "Number"], ["Apple", "3"], ["Pear", "12"]])
    sheet.lines(60, 220, PROSE)
    prose = ("paragraph", " ".join(PROSE))
    assert blocks(sheet) == [prose, ("table", "Fruit | Number\nApple | 3\nPear | 12"), prose]


def test_cells_of_several_lines_are_joined_without_their_hyphens(sheet):
    sheet.table(60, 140, [90, 90], [["Name", "Text"], ["Infor-\nmation", "two\nlines"]], height=30)
    assert blocks(sheet) == [("table", "Name | Text\nInformation | two lines")]


def test_empty_cells_keep_their_place_and_empty_rows_and_columns_go(sheet):
    rows = [["a", "", "b"], ["", "", ""], ["", "", "c"], ["d", "", ""]]
    sheet.table(60, 140, [60, 60, 60], rows)
    assert blocks(sheet) == [("table", "a | b\n| c\nd |")]


def test_a_box_round_a_paragraph_is_no_table(sheet):
    sheet.box(50, 80, 400, 50)
    sheet.box(48, 78, 404, 54)
    sheet.lines(60, 100, PROSE)
    assert blocks(sheet) == [("paragraph", " ".join(PROSE))]


def test_a_framed_page_with_a_rule_between_its_columns_is_no_table(sheet):
    sheet.box(30, 30, WIDTH - 60, HEIGHT - 60)
    sheet.box(30, 30, WIDTH - 60, 50)
    sheet.box(30, 80, WIDTH / 2 - 30, HEIGHT - 110)
    left = ["A line of the column at the left of it"] * 30
    right = ["The other column is at the right here"] * 30
    sheet.text(60, 60, "The Title", 16)
    sheet.lines(60, 120, left)
    sheet.lines(320, 120, right)
    found = blocks(sheet)
    assert {kind for kind, _ in found} == {"heading", "paragraph"}
    assert " ".join(text for _, text in found) == " ".join(["The Title", *left, *right])


def test_the_head_of_a_table_that_goes_on_is_not_repeated(sheet):
    sheet.table(60, 600, [80, 80], [["Fruit", "Number"], ["Apple", "3"]])
    sheet.page()
    sheet.table(60, 200, [80, 80], [["Fruit", "Number"], ["Pear", "12"], ["Plum", "5"]])
    assert blocks(sheet) == [("table", "Fruit | Number\nApple | 3"), ("table", "Pear | 12\nPlum | 5")]


def test_a_paragraph_round_a_table_is_one_block_before_it(sheet):
    sheet.lines(60, 700, [PROSE[0]])
    sheet.page()
    sheet.table(60, 100, [80, 80], [["Fruit", "Number"], ["Apple", "3"]])
    sheet.lines(60, 160, [PROSE[1]])
    assert blocks(sheet) == [("paragraph", " ".join(PROSE)), ("table", "Fruit | Number\nApple | 3")]
