"""PDF files whose references lead back to themselves."""

from pathlib import Path

import pytest

from tests.generation.documents.pdf_pages import Canvases
from tfsiamese.errors import DataError
from tfsiamese.generation.documents import UnreadableFile, read_documents
from tfsiamese.generation.documents.pdf import read_pdf

pdf_module = pytest.importorskip("pdfplumber.pdf")

CATALOG = b"%PDF-1.4\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n"
TRAILER = b"trailer <</Root 1 0 R>>\n%%EOF"
PAGES = b"2 0 obj <</Type/Pages/Count 1/Kids[3 0 R]>> endobj\n"
PAGE = b"3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R>> endobj\n"
TEXT = b"stream\nBT /F1 12 Tf (valve) Tj ET\nendstream endobj\n"


def write(path: Path, objects: bytes) -> Path:
    path.write_bytes(CATALOG + objects + TRAILER)
    return path


@pytest.mark.parametrize(
    "objects",
    [
        b"2 0 obj 2 0 R endobj\n",
        b"2 0 obj 3 0 R endobj\n3 0 obj 2 0 R endobj\n",
        b"2 0 obj 3 0 R endobj\n3 0 obj 4 0 R endobj\n4 0 obj 3 0 R endobj\n",
        b"2 0 obj <</Type/Pages/Count 1/Kids[2 0 R]>> endobj\n",
        b"2 0 obj <</Type/Pages/Count 1/Kids 3 0 R>> endobj\n3 0 obj 3 0 R endobj\n",
    ],
)
def test_pages_that_lead_back_to_themselves_are_damaged(tmp_path: Path, objects: bytes):
    with pytest.raises(DataError, match=r"x\.pdf: the file is damaged"):
        read_pdf(write(tmp_path / "x.pdf", objects), "x.pdf")


def test_a_stream_that_is_its_own_length_is_read(tmp_path: Path):
    path = write(tmp_path / "x.pdf", PAGES + PAGE + b"4 0 obj <</Length 4 0 R>> " + TEXT)
    assert read_pdf(path, "x.pdf").text == "valve"


def test_a_chain_of_references_with_an_end_is_followed(tmp_path: Path):
    chain = b"5 0 obj 6 0 R endobj\n6 0 obj 4 0 R endobj\n"
    page = PAGE.replace(b"/Contents 4 0 R", b"/Contents 5 0 R")
    path = write(tmp_path / "x.pdf", PAGES + page + chain + b"4 0 obj <</Length 29>> " + TEXT)
    assert read_pdf(path, "x.pdf").text == "valve"


def test_the_files_behind_one_with_a_loop_are_read(tmp_path: Path):
    write(tmp_path / "a.pdf", b"2 0 obj 2 0 R endobj\n")
    (tmp_path / "b.txt").write_text("Close the valve.", encoding="utf-8")
    bad, good = read_documents(tmp_path)
    assert isinstance(bad, UnreadableFile)
    assert "damaged" in bad.reason
    assert not isinstance(good, UnreadableFile)
    assert good.text == "Close the valve."


def test_pdfplumber_is_afterwards_as_it_was(tmp_path: Path):
    before = pdf_module.PDFDocument
    sheet = Canvases(tmp_path / "page.pdf")
    sheet.text(60, 100, "The valve is closed by the technician.")
    assert "technician" in read_pdf(sheet.save(), "page.pdf").text
    with pytest.raises(DataError):
        read_pdf(write(tmp_path / "x.pdf", b"2 0 obj 2 0 R endobj\n"), "x.pdf")
    assert pdf_module.PDFDocument is before
