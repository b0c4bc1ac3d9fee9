"""Tables of contents and indexes."""

import pytest

from tfsiamese.generation.chunks import ChunkSettings, chunk_document
from tfsiamese.generation.chunks.page_lists import lists_pages
from tfsiamese.generation.documents.document import Block, Document


@pytest.mark.parametrize(
    "text",
    [
        "Introduction to the thing ........ 3 Scope of the whole manual ........ 4",
        "Preface of the editor . . . . . . vii\nWho should read this . . . . . . 1",
        "1 Introduction … 3\n1.1 What this is about … 4\n2 Installation … 9",
        "Was tun? … 3\nWohin gehen wir? … 14\nGrundlagen der Technik … 20\nEnde … 31\nAnhang … 40\nDank … 44",
        "概要 … 1\n第二章 設定の方法 … 12",
        "1 Scope of all this 3\n1.1 Words that are used 3\n2 Filling of the pump 14\n3 Repair 120",
        "3 Filling the pump 13 3.1 Filling it slowly 14 3.2 Venting of the pump 15 4 Repair of the pump 17",
        "backup of all files, 12, 15 cables under the floor, 3–5 disks that are large, 22, 34, 56",
        "Abfluss im Keller, 12–14\nAbwasser, 7\nAnlagen, die älter sind, 44",
    ],
)
def test_entries_with_the_numbers_of_their_pages_are_known(text: str):
    assert lists_pages(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12 34 56",
        "Take the pump out of its box.",
        "The pump weighs 12 kg, the valve 14 kg and the tap 20 kg, which is more than most of them do.",
        "It was built in 2019. The second one followed in 2020. The third one was finished in 2021.",
        "Take 2 eggs and 3 cups of flour and 40 grams of butter",
        "Wait ... 5 minutes later the lamp goes on. Then press the button again. It goes off.",
        "Weight of the pump 40\nNumber of the valves 12\nLength of the hose 30",
        "Pump of the cellar | 12\nValve of the kitchen | 13\nTap of the garden | 20",
        "One of the pumps, 12",
        "Use it with Windows 7\nUse it with Windows 8",
    ],
)
def test_prose_with_numbers_is_no_list_of_pages(text: str):
    assert not lists_pages(text)


def test_a_table_of_contents_is_left_out_as_no_prose_and_its_neighbours_are_kept():
    entries = [Block(f"{number} How to fill the pump {number} times … {3 * number}") for number in range(1, 6)]
    prose = Block("Take the pump out of its box. See page 3 for the names of its parts.")
    found = chunk_document(Document("a.pdf", "Pumps", (*entries, Block("Pumps", "heading", 1), prose)), SETTINGS)
    assert [chunk.text for chunk in found.chunks] == [prose.text]
    assert [(each.reason, each.chunk.text.count("…")) for each in found.left_out] == [("no prose", 5)]


def test_a_list_of_pages_behind_prose_costs_nothing():
    prose = "Take the pump out of its box and read what stands on its plate before you fill it. " * 3
    made = Document("a.pdf", "Pumps", (Block(prose.strip()), Block("How to fill it … 3")))
    assert len(chunk_document(made, SETTINGS).chunks) == 1


SETTINGS = ChunkSettings(size=500, min_size=20)
