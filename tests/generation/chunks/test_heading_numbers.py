"""Bare numbers of sections in front of headings."""

import pytest

from tfsiamese.generation.chunks import chunk_document
from tfsiamese.generation.chunks.heading_numbers import heading_names
from tfsiamese.generation.documents.document import Block, Document

TEXT = Block("Take the pump out of its box and read what stands on its plate before you begin with the work at all.")


def document(*headings: str, title: str = "") -> Document:
    """Each heading's level is how many "#" stand in front of it, or 1; text follows each."""
    blocks = []
    for heading in headings:
        bare = heading.lstrip("#")
        blocks += [Block(bare.strip(), "heading", max(len(heading) - len(bare), 1)), TEXT]
    return Document("a.pdf", title, tuple(blocks))


def names(*headings: str) -> list[str]:
    return list(heading_names(document(*headings)).values())


@pytest.mark.parametrize(
    ("headings", "expected"),
    [
        (["1 Installation", "2 Commissioning"], ["Installation", "Commissioning"]),
        (["0 Vorwort", "1 Inbetriebnahme"], ["Vorwort", "Inbetriebnahme"]),
        (["4 Filling", "5 Venting", "6 Repair"], ["Filling", "Venting", "Repair"]),
        (["1 Наполнение", "Примечание", "2 Ремонт"], ["Наполнение", "Примечание", "Ремонт"]),
        (["1 概要", "2 設定"], ["概要", "設定"]),
        (["1 Filling", "1.1 Water", "1.2 Oil", "2 Repair"], ["Filling", "1.1 Water", "1.2 Oil", "Repair"]),
        (["1 Filling", "##1.1 Water"], ["Filling", "1.1 Water"]),
        (["A.1 Licence text", "A.2 Trademarks"], ["Licence text", "Trademarks"]),
        (["A Licences", "A.1 GNU Free Documentation License"], ["Licences", "GNU Free Documentation License"]),
        (["Appendix A", "##A.1 GNU Free Documentation License"], ["Appendix A", "GNU Free Documentation License"]),
        (
            ["#One", "##1 Water", "##2 Oil", "#Two", "##1 Steel", "##2 Tin"],
            ["One", "Water", "Oil", "Two", "Steel", "Tin"],
        ),
    ],
)
def test_numbers_that_count_sections_go(headings: list[str], expected: list[str]):
    assert names(*headings) == expected


@pytest.mark.parametrize(
    "headings",
    [
        ["3 ways to mount a disk"],
        ["3 ways to mount a disk", "5 ways to lose it"],
        ["3 ways to mount a disk", "4 ways to lose it"],
        ["Introduction", "1 disk or more", "Index"],
        ["2019 in numbers", "2020 in numbers", "2021 in numbers"],
        ["2019 losses", "2020 gains", "2021 outlook"],
        ["1 Samuel", "2 Samuel"],
        ["5 minutes", "6 minutes", "7 minutes"],
        ["2 Filling", "1 Venting"],
        ["#One", "##1 pump", "#Two", "##2 pumps at once"],
        ["A quick tour", "The end"],
        ["E. coli in water", "C.1 variants"],
        ["1. Filling", "2. Venting"],
    ],
)
def test_other_numbers_stay(headings: list[str]):
    assert names(*headings) == [heading.lstrip("#") for heading in headings]


def test_a_number_that_stays_stands_beside_those_that_go():
    found = names("1 Disks", "##3 ways to mount a disk", "2 Tapes")
    assert found == ["Disks", "3 ways to mount a disk", "Tapes"]


def test_chunks_have_headings_and_a_title_without_them():
    made = document("#1 Installation", "##1.1 Of pumps", "#2 Repair", title="1 Installation")
    chunks = chunk_document(made).chunks
    assert [chunk.headings for chunk in chunks] == [("Installation",), ("Installation", "1.1 Of pumps"), ("Repair",)]
    assert {chunk.title for chunk in chunks} == {"Installation"}


def test_a_title_that_is_no_heading_keeps_its_number():
    made = document("1 Installation", "2 Repair", title="1 pump and its parts")
    assert {chunk.title for chunk in chunk_document(made).chunks} == {"1 pump and its parts"}
