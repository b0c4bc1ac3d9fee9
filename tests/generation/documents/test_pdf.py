import logging
import random

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont

from tests.generation.documents.pdf_pages import Canvases, TwoColumnArticle
from tfsiamese.errors import DataError
from tfsiamese.generation.documents.pdf import read_pdf


@pytest.fixture
def sheet(tmp_path):
    return Canvases(tmp_path / "page.pdf")


def test_a_hundred_pages_of_two_columns_are_read_word_by_word_in_reading_order(tmp_path):
    article = TwoColumnArticle(tmp_path / "article.pdf")
    path = article.write(100)
    assert article.num_pages == 100
    assert article.num_hyphens > 1000
    assert article.num_broken_paragraphs > 100
    assert article.num_wide_tables > 30
    document = read_pdf(path, "article.pdf")
    words = document.text.replace(" | ", " ").split()
    assert words == " ".join(text.replace(" | ", " ") for _, text in article.blocks).split()
    assert [(block.kind, block.text) for block in document.blocks] == article.blocks
    pages = [block.page for block in document.blocks]
    assert pages == sorted(pages)
    assert pages[-1] == 100


def reason(path):
    with pytest.raises(DataError) as caught:
        read_pdf(path, "folder/page.pdf")
    message = str(caught.value)
    assert message.startswith("folder/page.pdf: ")
    assert "\n" not in message
    return message


def test_an_empty_file_says_so(tmp_path):
    path = tmp_path / "page.pdf"
    path.write_bytes(b"")
    assert reason(path) == "folder/page.pdf: the file is empty."


def test_another_format_says_so(tmp_path):
    path = tmp_path / "page.pdf"
    path.write_bytes(b"<html>not found</html>")
    assert "no PDF file" in reason(path)


def test_a_missing_file_says_so(tmp_path):
    assert "cannot be read" in reason(tmp_path / "page.pdf")


@pytest.mark.parametrize("content", [b"%PDF-1.4\n", b"%PDF-1.4\n" + bytes(range(256)) * 20])
def test_a_damaged_file_says_so(tmp_path, content):
    path = tmp_path / "page.pdf"
    path.write_bytes(content)
    assert "damaged" in reason(path)


def test_a_file_cut_in_the_middle_is_damaged_or_read_in_part(sheet):
    for number in range(5):
        sheet.text(60, 100, f"The text of page number {number} is here.")
        sheet.page()
    path = sheet.save()
    path.write_bytes(path.read_bytes()[:1500])
    try:
        assert "The text of page" in read_pdf(path, "folder/page.pdf").text
    except DataError as error:
        assert "damaged" in str(error)


def test_a_password_is_asked_for_in_vain(sheet):
    sheet.canvas._doc.encrypt = StandardEncryption("secret", "owner", strength=128)
    sheet.text(60, 100, "Nobody reads this.")
    assert "password" in reason(sheet.save())


def test_a_file_that_only_forbids_changes_is_read(sheet):
    sheet.canvas._doc.encrypt = StandardEncryption("", "owner", strength=128, canModify=0)
    sheet.text(60, 100, "Everybody reads this.")
    assert read_pdf(sheet.save(), "page.pdf").text == "Everybody reads this."


def test_pages_without_text_ask_for_ocr(sheet):
    sheet.box(50, 50, 300, 300)
    assert "OCR" in reason(sheet.save())


def test_nothing_but_page_numbers_is_no_text(sheet):
    for number in range(3):
        sheet.box(50, 50, 300, 300)
        sheet.text(300, 800, str(number + 1))
        sheet.page()
    assert "has no text but page numbers" in reason(sheet.save())


def test_glyphs_without_characters_are_a_reason(sheet):
    pdfmetrics.registerFont(UnicodeCIDFont("HeiseiMin-W3"))
    sheet.text(60, 100, "これは日本語の文章です", 10, "HeiseiMin-W3")
    path = sheet.save()
    path.write_bytes(path.read_bytes().replace(b"Japan1", b"Secret"))
    assert "do not tell which characters 11 of its 11 glyphs are" in reason(path)


def test_a_few_glyphs_without_characters_are_left_out(sheet):
    pdfmetrics.registerFont(UnicodeCIDFont("HeiseiMin-W3"))
    sheet.text(60, 100, "Some English text which is longer than the other is.")
    sheet.text(300, 100, "日本", 10, "HeiseiMin-W3")
    path = sheet.save()
    path.write_bytes(path.read_bytes().replace(b"Japan1", b"Secret"))
    assert read_pdf(path, "page.pdf").text == "Some English text which is longer than the other is."


def test_a_damaged_page_is_left_out_with_a_warning(sheet, monkeypatch, caplog):
    from tfsiamese.generation.documents import pdf

    for text in ("The first page.", "The second page.", "The third page."):
        sheet.text(60, 100, text)
        sheet.page()
    read = pdf.read_page_text

    def broken(page):
        if page.page_number == 2:
            raise ValueError("damaged")
        return read(page)

    monkeypatch.setattr(pdf, "read_page_text", broken)
    with caplog.at_level(logging.WARNING):
        document = read_pdf(sheet.save(), "page.pdf")
    assert [(block.page, block.text) for block in document.blocks] == [(1, "The first page."), (3, "The third page.")]
    assert caplog.messages == ["page.pdf: page 2 is damaged and left out (ValueError)."]


def test_a_page_whose_contents_are_broken_does_not_cost_the_others(sheet):
    sheet.canvas.setPageCompression(0)
    for text in ("The first page.", "The second page."):
        sheet.text(60, 100, text)
        sheet.page()
    path = sheet.save()
    content = path.read_bytes()
    assert content.count(b"(The second page.) Tj") == 1
    path.write_bytes(content.replace(b"(The second page.) Tj", b"<<[<<(((( ]]) 1 Do Tj"))
    assert "The first page." in read_pdf(path, "page.pdf").text


def test_the_parsers_level_of_logging_is_as_before(sheet):
    sheet.text(60, 100, "Some text.")
    parser = logging.getLogger("pdfminer")
    parser.setLevel(logging.INFO)
    try:
        read_pdf(sheet.save(), "page.pdf")
        assert parser.level == logging.INFO
    finally:
        parser.setLevel(logging.NOTSET)


@pytest.mark.parametrize(
    ("metadata", "title"),
    [
        ("A Guide to Harbours", "A Guide to Harbours"),
        ("untitled", "The Harbour"),
        ("(anonymous)", "The Harbour"),
        ("anonymous", "The Harbour"),
        ("Unknown", "The Harbour"),
        ("None", "The Harbour"),
        ("[Untitled 2]", "The Harbour"),
        ("1984", "1984"),
        ("The Unknown Sea", "The Unknown Sea"),
        ("Microsoft Word - harbour.docx", "The Harbour"),
        ("harbour_v2.tex", "The Harbour"),
        ("", "The Harbour"),
    ],
)
def test_the_title_is_that_of_the_metadata_if_it_is_one(sheet, metadata, title):
    sheet.canvas.setTitle(metadata)
    sheet.text(60, 60, "By the Water", 14)
    sheet.text(60, 90, "The Harbour", 20)
    sheet.lines(60, 120, ["Some text of the document, which is longer than", "its headings are."])
    assert read_pdf(sheet.save(), "page.pdf").title == title


def test_a_document_without_headings_has_no_title(sheet):
    sheet.lines(60, 120, ["Some text of the document, which has", "no heading."])
    document = read_pdf(sheet.save(), "page.pdf")
    assert (document.title, document.source) == ("", "page.pdf")


def test_text_outside_the_part_of_a_page_that_is_shown_is_left_out(sheet):
    sheet.canvas.setCropBox((50, 50, 500, 780))
    sheet.text(60, 100, "Shown to the reader.")
    sheet.text(60, 20, "printers-file.indd 3")
    assert read_pdf(sheet.save(), "page.pdf").text == "Shown to the reader."


@pytest.mark.parametrize("seed", range(12))
def test_bytes_that_were_changed_or_lost_end_in_text_or_in_a_reason(sheet, seed):
    for number in range(3):
        sheet.text(60, 60, f"Page {number}", 16)
        sheet.table(60, 300, [80, 80], [["Fruit", "Number"], ["Apple", str(number)]])
        sheet.page()
    path = sheet.save()
    content, rng = bytearray(path.read_bytes()), random.Random(seed)
    begin = rng.randrange(9, len(content) - 100)
    if seed % 3 == 0:
        content = content[:begin]
    elif seed % 3 == 1:
        del content[begin : begin + rng.randrange(1, 500)]
    else:
        for _ in range(30):
            content[rng.randrange(9, len(content))] = rng.randrange(256)
    path.write_bytes(content)
    try:
        assert read_pdf(path, "page.pdf").blocks
    except DataError as error:
        assert str(error).startswith("page.pdf: the ")
