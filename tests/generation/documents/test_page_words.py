import pytest
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont

from tests.generation.documents.pdf_pages import Canvases
from tfsiamese.generation.documents.page_lines import make_lines
from tfsiamese.generation.documents.page_words import Word
from tfsiamese.generation.documents.pdf import read_pdf


@pytest.fixture
def sheet(tmp_path):
    return Canvases(tmp_path / "page.pdf")


def texts(sheet):
    return [block.text for block in read_pdf(sheet.save(), "page.pdf").blocks]


def words(*texts, size=10.0, top=100.0):
    """Words beside each other with a space between them, drawn from left to right."""
    made, x = [], 50.0
    for text in texts:
        made.append(Word(text, x, x + 5 * len(text), top, top + size, size))
        x += 5 * len(text) + 3
    return made


def test_words_drawn_in_any_order_are_read_from_left_to_right(sheet):
    for x, word in ((150, "three"), (60, "one"), (110, "two")):
        sheet.text(x, 100, word)
    assert texts(sheet) == ["one two three"]


def test_text_drawn_twice_to_look_bold_is_read_once(sheet):
    sheet.text(60, 100, "Bold words, and more of them.")
    sheet.text(60.3, 100, "Bold words, and more of them.")
    assert texts(sheet) == ["Bold words, and more of them."]


def test_a_change_of_font_inside_a_word_does_not_part_it(sheet):
    sheet.text(60, 100, "un", font="Times-Bold")
    sheet.text(60 + pdfmetrics.stringWidth("un", "Times-Bold", 10), 100, "known words")
    assert texts(sheet) == ["unknown words"]


def test_a_page_whose_text_stands_on_its_side_is_read_as_if_it_were_upright(sheet):
    for angle, x, y in ((90, 500, 100), (-90, 100, 700)):
        sheet.canvas.saveState()
        sheet.canvas.translate(x, y)
        sheet.canvas.rotate(angle)
        for number, line in enumerate(["The first line of a turned page", "and the second one below it."]):
            sheet.canvas.setFont("Times-Roman", 10)
            sheet.canvas.drawString(0, -12 * number, line)
        sheet.canvas.restoreState()
        sheet.page()
    assert texts(sheet) == ["The first line of a turned page and the second one below it."] * 2


def test_a_page_with_a_rotate_entry_is_read_as_it_is_shown(sheet):
    sheet.canvas.setPageRotation(90)
    sheet.canvas.rotate(90)
    sheet.canvas.setFont("Times-Roman", 10)
    sheet.canvas.drawString(100, -100, "The first line of the page")
    sheet.canvas.drawString(100, -112, "and the second one.")
    assert texts(sheet) == ["The first line of the page and the second one."]


def test_a_stamp_along_the_margin_stands_behind_the_text(sheet):
    sheet.canvas.saveState()
    sheet.canvas.rotate(90)
    sheet.canvas.setFont("Times-Roman", 10)
    sheet.canvas.drawString(300, -30, "Preprint of May 2020")
    sheet.canvas.restoreState()
    sheet.lines(60, 100, ["The text of the page has a first", "line and another one."])
    assert texts(sheet) == ["The text of the page has a first line and another one.", "Preprint of May 2020"]


def test_vertical_japanese_is_read_from_top_to_bottom_and_right_to_left(sheet):
    pdfmetrics.registerFont(UnicodeCIDFont("HeiseiMin-W3"))
    for column, line in enumerate(["これは縦書きの文章", "です。次の行もある"]):
        for place, character in enumerate(line):
            sheet.text(400 - 18 * column, 100 + 11 * place, character, 10, "HeiseiMin-W3")
    assert texts(sheet) == ["これは縦書きの文章です。次の行もある"]


def test_lines_of_chinese_are_joined_without_a_space(sheet):
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    for number, line in enumerate(["他们在城里住了很多年没有", "离开。"]):
        sheet.text(60, 100 + 14 * number, line, 10, "STSong-Light")
    assert texts(sheet) == ["他们在城里住了很多年没有离开。"]


def test_ligatures_in_a_page_are_expanded(sheet):
    import matplotlib

    font = f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf"
    pdfmetrics.registerFont(TTFont("DejaVuSans", font))
    sheet.text(60, 100, "an eﬃcient ﬁnder of ﬂoods", 10, "DejaVuSans")
    assert texts(sheet) == ["an efficient finder of floods"]


def test_hebrew_drawn_from_left_to_right_is_read_from_the_right(sheet):
    import matplotlib

    pdfmetrics.registerFont(TTFont("DejaVuSans", f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf"))
    sheet.text(60, 100, "שלום לכולם בעולם"[::-1], 10, "DejaVuSans")
    assert texts(sheet) == ["שלום לכולם בעולם"]


def test_numbers_and_foreign_words_in_a_right_to_left_line_keep_their_order():
    line = make_lines(words("غدا", "REST", "API", "مع", "2024", "مرحبا"))[0]
    assert line.text == "مرحبا 2024 مع REST API غدا"


def test_raised_numbers_join_the_line_they_belong_to():
    raised = Word("2", 76.5, 80, 99, 105, 6)
    line = make_lines([*words("area", "m", "is"), raised])
    assert len(line) == 1


def test_a_drop_cap_opens_the_word_behind_it(sheet):
    sheet.text(60, 121, "O", 33)
    sheet.lines(86, 100, ["nce upon a time there was a king who had", "three daughters, and each of them was fair"])
    sheet.lines(60, 124, ["and kind, but the youngest was the fairest."])
    found = texts(sheet)
    assert len(found) == 1
    assert found[0].startswith("Once upon a time there was a king who had three daughters")


def test_columns_and_paragraphs_of_hebrew_are_read_from_the_right(sheet):
    import matplotlib

    pdfmetrics.registerFont(TTFont("DejaVuSans", f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf"))
    right = [
        "בראשית ברא אלהים את השמים ואת הארץ",
        "והארץ היתה תהו ובהו וחשך על פני תהום",
        "ורוח אלהים מרחפת על פני המים",
    ]
    left = ["ויאמר אלהים יהי אור ויהי אור וירא", "אלהים את האור כי טוב ויבדל אלהים בין", "האור ובין החשך."]
    for edge, lines in ((540, right), (280, left)):
        for number, line in enumerate(lines):
            sheet.canvas.setFont("DejaVuSans", 10)
            sheet.canvas.drawRightString(edge, 700 - 14 * number, line[::-1])
    assert " ".join(texts(sheet)) == " ".join(right + left)
