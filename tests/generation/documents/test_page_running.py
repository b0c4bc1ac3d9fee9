import pytest

from tests.generation.documents.pdf_pages import HEIGHT, Canvases
from tfsiamese.generation.documents.pdf import read_pdf

SENTENCES = [
    "The weather was fine all day.",
    "Nobody came to the harbour.",
    "A ship had left in the night.",
    "Its lamps were seen from afar.",
]
SENTENCES += ["Then the wind turned to the north.", "Rain fell until the morning.", "All boats stayed at home."]


def document(tmp_path, num_pages, running, body=lambda number: [SENTENCES[number]]):
    """Reads a PDF whose page `number` (from 0) has the lines of `running(number)`: (y, text) or (y, text, size)."""
    sheet = Canvases(tmp_path / "pages.pdf")
    for number in range(num_pages):
        for y, text, *size in running(number):
            sheet.text(60, y, text, *size)
        sheet.lines(60, 200, body(number))
        sheet.page()
    return [block.text for block in read_pdf(sheet.save(), "pages.pdf").blocks]


def test_lines_that_every_page_repeats_are_left_out(tmp_path):
    found = document(
        tmp_path, 4, lambda number: [(40, "A Book About the Sea"), (HEIGHT - 40, "Published in the Harbour")]
    )
    assert found == SENTENCES[:4]


def test_numbers_in_running_lines_may_count_with_the_pages(tmp_path):
    found = document(tmp_path, 4, lambda number: [(40, f"The Sea, page {number + 11} of 14")])
    assert found == SENTENCES[:4]


def test_left_and_right_pages_may_differ(tmp_path):
    def running(number):
        return [(40, f"{number + 1}   The Sea" if number % 2 else f"Of Ships and Boats   {number + 1}")]

    assert document(tmp_path, 7, running) == SENTENCES


def test_the_running_header_of_a_short_chapter_goes_with_its_page_number(tmp_path):
    headers = ["One", "One", "One", "Two", "Two", "Three", "Three"]
    assert document(tmp_path, 7, lambda number: [(40, f"Chapter {headers[number]} {number + 1}")]) == SENTENCES


@pytest.mark.parametrize("shape", ["{}", "- {} -", "Page {} of 3", "Seite {}", "[{}]", "{} / 3"])
def test_page_numbers_are_left_out(tmp_path, shape):
    assert document(tmp_path, 3, lambda number: [(HEIGHT - 40, shape.format(number + 1))]) == SENTENCES[:3]


def test_roman_page_numbers_are_left_out(tmp_path):
    numbers = ["iii", "iv", "v", "vi"]
    assert document(tmp_path, 4, lambda number: [(HEIGHT - 40, numbers[number])]) == SENTENCES[:4]


def test_the_number_of_a_single_page_is_left_out(tmp_path):
    assert document(tmp_path, 1, lambda number: [(HEIGHT - 40, "17")]) == SENTENCES[:1]


def test_a_heading_that_the_header_repeats_is_kept(tmp_path):
    def running(number):
        return [(40, f"Storms   {number + 1}", 8)] + ([(150, "Storms", 16)] if number == 1 else [])

    assert document(tmp_path, 4, running) == [SENTENCES[0], "Storms", *SENTENCES[1:4]]


def test_headings_that_count_are_kept(tmp_path):
    found = document(tmp_path, 4, lambda number: [(60, f"Step {number + 1}", 16)])
    assert found == [text for number in range(4) for text in (f"Step {number + 1}", SENTENCES[number])]


def test_numbers_that_do_not_count_with_the_pages_are_kept(tmp_path):
    values = ["12 kg", "57 kg", "31 kg", "8 kg"]
    found = document(tmp_path, 4, lambda number: [(60, values[number])])
    assert [text for text in found if text.endswith("kg")] == values


def test_lines_of_two_pages_are_kept_below_the_margin(tmp_path):
    found = document(tmp_path, 2, lambda number: [(100, "Dear reader,")])
    assert found.count("Dear reader,") == 2


def test_sentences_go_on_over_the_margins_of_two_pages(tmp_path):
    halves = ["The weather was fine all day and nobody came to see", "the ship that had left in the night."]

    def running(number):
        header = [(36, "Handbook of Pumps"), (48, f"Edition 4, page {number + 1}")]
        return [*header, (HEIGHT - 40, f"Harbour Press     {number + 1} / 2"), (HEIGHT - 28, "All rights reserved")]

    assert document(tmp_path, 2, running, lambda number: [halves[number]]) == [" ".join(halves)]


def test_lines_of_two_pages_are_kept_where_their_numbers_do_not_count(tmp_path):
    found = document(tmp_path, 2, lambda number: [(40, f"Weight {5 - 3 * number} kg")])
    assert [text for text in found if "Weight" in text] == ["Weight 5 kg", "Weight 2 kg"]


def test_headings_of_two_pages_that_count_are_kept(tmp_path):
    found = document(tmp_path, 2, lambda number: [(50, f"Step {number + 1}", 16)])
    assert [text for text in found if "Step" in text] == ["Step 1", "Step 2"]


def test_a_line_within_one_that_only_one_page_has_is_kept(tmp_path):
    def running(number):
        return [(40, ["Of ships", "Of boats and their crews"][number]), (60, "Seen from afar")]

    assert " ".join(document(tmp_path, 2, running)).count("Seen from afar") == 2


@pytest.mark.parametrize(
    "part", ["Page 1 of 1", "Seite 1 von 1", "1 / 1", "| Page 1 of 1", "– 1/1", "side 1 av 1", "Página 1 de 1"]
)
@pytest.mark.parametrize("y", [40, HEIGHT - 40])
def test_the_count_of_a_single_page_goes_from_the_line_it_shares(tmp_path, part, y):
    found = document(tmp_path, 1, lambda number: [(y, f"Handbook of Pumps {part}")])
    assert sorted(found) == sorted(["Handbook of Pumps", SENTENCES[0]])


def test_the_count_may_begin_the_line_it_shares(tmp_path):
    assert document(tmp_path, 1, lambda number: [(40, "Page 1 of 1 – Pumps")]) == ["Pumps", SENTENCES[0]]


def test_a_page_of_a_larger_document_is_told_by_the_gap_beside_its_count(tmp_path):
    def running(number):
        return [(40, "Handbook of Pumps" + " " * 30 + "Page 3 of 10")]

    assert document(tmp_path, 1, running) == ["Handbook of Pumps", SENTENCES[0]]


@pytest.mark.parametrize(
    "line", ["All of it is told on page 3 of 10", "Add sugar, 1/2", "The score was 3 / 10", "Page 9 of 3 is lost"]
)
def test_numbers_of_a_single_page_that_are_not_its_own_are_kept(tmp_path, line):
    assert document(tmp_path, 1, lambda number: [(40, line)])[0] == line


def test_a_count_beside_headers_that_differ_has_to_count_with_the_pages(tmp_path):
    names = ["Pumps", "Valves of steel", "Taps"]

    def found(numbers):
        texts = document(tmp_path, 3, lambda number: [(40, f"{names[number]} on page {numbers[number]} of 9")])
        return [text for text in texts if "on" in text.split() and text.split()[0] in ("Pumps", "Valves", "Taps")]

    assert found([4, 5, 6]) == ["Pumps on", "Valves of steel on", "Taps on"]
    assert found([7, 4, 2]) == ["Pumps on page 7 of 9", "Valves of steel on page 4 of 9", "Taps on page 2 of 9"]


def test_a_count_in_the_text_is_kept(tmp_path):
    body = ["The rest is on Page 1 of 1"]
    assert document(tmp_path, 1, lambda number: [(40, "Handbook of Pumps")], lambda number: body)[-1] == body[0]


def test_watermarks_are_left_out(tmp_path):
    sheet = Canvases(tmp_path / "pages.pdf")
    for number in range(4):
        sheet.text(150, 420, "DRAFT", 80)
        sheet.canvas.saveState()
        sheet.canvas.rotate(45)
        sheet.text(400, 500, "CONFIDENTIAL", 60)
        sheet.canvas.restoreState()
        sheet.lines(60, 200, [SENTENCES[number]])
        sheet.page()
    assert [block.text for block in read_pdf(sheet.save(), "pages.pdf").blocks] == SENTENCES[:4]
