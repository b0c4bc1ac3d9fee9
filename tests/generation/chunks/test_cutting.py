import pytest

from tfsiamese.generation.chunks.cutting import cut


def pieces(text: str, most: int) -> list[str]:
    return [text[start:end] for start, end in cut(text, 0, len(text), most)]


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("short", 5, ["short"]),
        ("one two, three four five", 14, ["one two,", "three four", "five"]),
        ("one two three", 7, ["one two", "three"]),
        ("one,two three", 8, ["one,two", "three"]),
        ("a bcdefghij", 8, ["a", "bcdefghi", "j"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("今日は晴れ、明日は雨です", 8, ["今日は晴れ、", "明日は雨です"]),
        ("السلام عليكم، كيف حالك", 16, ["السلام عليكم،", "كيف حالك"]),
        ("a   b", 2, ["a", "b"]),
    ],
)
def test_a_sentence_is_cut_behind_a_clause_else_at_white_space_else_anywhere(text: str, most: int, expected: list[str]):
    assert pieces(text, most) == expected


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("xe\u0301y", 2, ["x", "e\u0301", "y"]),
        ("กินน้ำเย็น", 4, ["กิน", "น้ำ", "เย็น"]),
        ("ab👨\u200d👩\u200d👧c", 6, ["ab", "👨\u200d👩\u200d👧c"]),
        ("a👍🏽b", 2, ["a", "👍🏽", "b"]),
        ("🇩🇪🇫🇷🇯🇵", 3, ["🇩🇪", "🇫🇷", "🇯🇵"]),
        ("नमस्ते", 3, ["नम", "स्ते"]),
        ("a\ud83d\ude00b", 2, ["a", "\ud83d\ude00", "b"]),
    ],
)
def test_what_a_reader_sees_as_one_character_is_never_cut(text: str, most: int, expected: list[str]):
    assert pieces(text, most) == expected


def test_a_character_that_is_longer_than_a_piece_stays_whole():
    character = "e" + "\u0301" * 200
    assert pieces(f"ab{character}cd", 3) == ["ab", character, "cd"]
