"""Word documents as documents."""

import io
import zipfile
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from tfsiamese.errors import DataError
from tfsiamese.generation.documents import Document, read_docx

W = nsdecls("w")


def read(folder: Path, document: Any) -> Document:
    document.save(folder / "letter.docx")
    return read_docx(folder / "letter.docx", "letter.docx")


def blocks(folder: Path, document: Any) -> list[tuple[str, int, str]]:
    return [(block.kind, block.level, block.text) for block in read(folder, document).blocks]


def add(document: Any, xml: str) -> None:
    """Puts an element of WordprocessingML at the end of the body."""
    document.element.body.insert(len(document.element.body) - 1, parse_xml(xml))


def test_headings_lists_and_tables_keep_their_order(tmp_path: Path):
    document = docx.Document()
    document.add_heading("Überblick", 1)
    document.add_paragraph("Ein Absatz.\nMit Umbruch.")
    document.add_paragraph("Punkt", style="List Bullet")
    table = document.add_table(2, 2)
    for cell, text in zip([*table.rows[0].cells, *table.rows[1].cells], ["a", "b", "1", ""], strict=True):
        cell.text = text
    document.add_heading("Detail", 3)
    document.add_paragraph("")
    document.add_paragraph("Ende.")
    assert blocks(tmp_path, document) == [
        ("heading", 1, "Überblick"),
        ("paragraph", 0, "Ein Absatz. Mit Umbruch."),
        ("list_item", 0, "Punkt"),
        ("table", 0, "a | b\n1 |"),
        ("heading", 3, "Detail"),
        ("paragraph", 0, "Ende."),
    ]


def test_headings_stand_below_a_title(tmp_path: Path):
    document = docx.Document()
    document.core_properties.title = "From the properties"
    document.add_heading("The title", 0)
    document.add_heading("Part", 1)
    document.add_paragraph("Text.")
    read_back = read(tmp_path, document)
    assert [(block.level, block.text) for block in read_back.blocks] == [(1, "The title"), (2, "Part"), (0, "Text.")]
    assert read_back.title == "The title"


@pytest.mark.parametrize(("title", "expected"), [("Named", "Named"), ("", "Part")])
def test_the_title_is_the_property_else_the_first_heading(tmp_path: Path, title: str, expected: str):
    document = docx.Document()
    document.core_properties.title = title
    document.add_paragraph("Lead.")
    document.add_heading("Part", 1)
    assert read(tmp_path, document).title == expected


def test_a_style_is_known_by_its_name_its_base_or_its_outline_level(tmp_path: Path):
    document = docx.Document()
    for identifier, inside in (
        ("berschrift2", '<w:name w:val="heading 2"/>'),
        ("Eigene", '<w:name w:val="Eigene"/><w:basedOn w:val="berschrift2"/>'),
        ("Gliederung", '<w:name w:val="G"/><w:pPr><w:outlineLvl w:val="3"/></w:pPr>'),
        ("Kreis", '<w:name w:val="K"/><w:basedOn w:val="Kreis"/>'),
    ):
        style = f'<w:style {W} w:type="paragraph" w:styleId="{identifier}">{inside}</w:style>'
        document.styles.element.append(parse_xml(style))
    for identifier in ("berschrift2", "Eigene", "Gliederung", "Kreis", "Unbekannt"):
        run = f"<w:pPr><w:pStyle w:val='{identifier}'/></w:pPr><w:r><w:t>{identifier}</w:t></w:r>"
        add(document, f"<w:p {W}>{run}</w:p>")
    add(document, f'<w:p {W}><w:pPr><w:outlineLvl w:val="0"/></w:pPr><w:r><w:t>own</w:t></w:r></w:p>')
    assert [block[:2] for block in blocks(tmp_path, document)] == [
        ("heading", 2),
        ("heading", 2),
        ("heading", 4),
        ("paragraph", 0),
        ("paragraph", 0),
        ("heading", 1),
    ]


def test_a_numbered_paragraph_is_an_item_and_a_numbered_heading_is_none(tmp_path: Path):
    document = docx.Document()
    number = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{}"/></w:numPr>'
    for style, numbering in (("Normal", 1), ("Heading1", 1), ("Normal", 0)):
        properties = f'<w:pPr><w:pStyle w:val="{style}"/>{number.format(numbering)}</w:pPr>'
        add(document, f"<w:p {W}>{properties}<w:r><w:t>x</w:t></w:r></w:p>")
    assert [block[0] for block in blocks(tmp_path, document)] == ["list_item", "heading", "paragraph"]


def test_inserted_and_linked_text_is_kept_and_deleted_hidden_and_field_code_is_not(tmp_path: Path):
    document = docx.Document()
    inside = (
        "<w:r><w:t xml:space='preserve'>We </w:t></w:r>"
        "<w:ins w:id='1' w:author='a'><w:r><w:t xml:space='preserve'>now </w:t></w:r></w:ins>"
        "<w:del w:id='2' w:author='a'><w:r><w:delText>never </w:delText></w:r></w:del>"
        "<w:moveFrom w:id='3' w:author='a'><w:r><w:t>moved </w:t></w:r></w:moveFrom>"
        "<w:hyperlink w:anchor='x'><w:r><w:t>re</w:t></w:r><w:r><w:noBreakHyphen/><w:t>read</w:t></w:r></w:hyperlink>"
        "<w:r><w:tab/></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>secret</w:t></w:r>"
        "<w:r><w:instrText>PAGE</w:instrText></w:r><w:r><w:t>it</w:t><w:br/><w:t>all.</w:t></w:r>"
    )
    add(document, f"<w:p {W}>{inside}</w:p>")
    assert read(tmp_path, document).text == "We now re-read it all."


def test_merged_cells_are_read_once_and_boxes_are_no_tables(tmp_path: Path):
    document = docx.Document()
    table = document.add_table(2, 2)
    table.cell(0, 0).merge(table.cell(0, 1)).text = "wide"
    table.cell(1, 0).text = "a"
    table.cell(1, 1).add_table(1, 2).cell(0, 1).text = "inner"
    document.add_table(1, 1).cell(0, 0).text = "A box."
    assert blocks(tmp_path, document) == [("table", 0, "wide\na | inner"), ("paragraph", 0, "A box.")]


def test_content_controls_are_read_but_for_tables_of_contents(tmp_path: Path):
    document = docx.Document()
    control = "<w:sdt {}>{}<w:sdtContent><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    gallery = "<w:sdtPr><w:docPartObj><w:docPartGallery w:val='Table of Contents'/></w:docPartObj></w:sdtPr>"
    add(document, control.format(W, gallery, "Part ..... 3"))
    add(document, control.format(W, "", "kept"))
    assert read(tmp_path, document).text == "kept"


def test_headers_and_footers_are_left_out(tmp_path: Path):
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "Confidential"
    document.sections[0].footer.paragraphs[0].text = "Page 1"
    document.add_paragraph("Text.")
    assert read(tmp_path, document).text == "Text."


def test_text_boxes_are_read_once(tmp_path: Path):
    document = docx.Document()
    box = f"<w:txbxContent {W}><w:p><w:r><w:t>In a box.</w:t></w:r></w:p></w:txbxContent>"
    mc = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    both = f"<mc:Choice Requires='wps'>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
    add(document, f"<w:p {W} {mc}><w:r><w:t>Around.</w:t><mc:AlternateContent>{both}</mc:AlternateContent></w:r></w:p>")
    assert [block[2] for block in blocks(tmp_path, document)] == ["Around.", "In a box."]


def _zipped(**parts: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return data.getvalue()


OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (OLD + bytes(600), "an old .doc file"),
        (OLD + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "encrypted with a password"),
        (b"plain text", "no .docx file"),
        (_zipped(a=b"x"), "damaged"),
        (_zipped(a=b"x" * 1000)[:-30], "damaged"),
    ],
)
def test_files_that_are_no_word_documents_say_why(tmp_path: Path, data: bytes, reason: str):
    (tmp_path / "letter.docx").write_bytes(data)
    with pytest.raises(DataError, match=f"^letter.docx: .*{reason}"):
        read_docx(tmp_path / "letter.docx", "letter.docx")


def test_every_cut_of_a_document_is_reported_as_damaged(tmp_path: Path):
    path = tmp_path / "letter.docx"
    docx.Document().save(path)
    whole = path.read_bytes()
    for size in range(8, len(whole), len(whole) // 12):
        path.write_bytes(whole[:size])
        with pytest.raises(DataError, match="^letter.docx: "):
            read_docx(path, "letter.docx")


@pytest.mark.parametrize("content", [b"<w:document", b"<a/>", b"", b"\0\0"])
def test_a_broken_part_is_reported_as_damage(tmp_path: Path, content: bytes):
    docx.Document().save(tmp_path / "whole.docx")
    with zipfile.ZipFile(tmp_path / "whole.docx") as whole, zipfile.ZipFile(tmp_path / "letter.docx", "w") as broken:
        for name in whole.namelist():
            broken.writestr(name, content if name == "word/document.xml" else whole.read(name))
    with pytest.raises(DataError, match="^letter.docx: .*damaged"):
        read_docx(tmp_path / "letter.docx", "letter.docx")


def test_a_document_without_text_says_so(tmp_path: Path):
    with pytest.raises(DataError, match="no text"):
        read(tmp_path, docx.Document())
