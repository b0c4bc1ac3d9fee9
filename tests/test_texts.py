import pytest

from tfsiamese.errors import DataError
from tfsiamese.texts import batches_by_length, utf8_texts


class TestValidTexts:
    def test_what_is_no_unicode_is_replaced(self):
        assert utf8_texts(["ä", b"\xc3\xa4", b"a\xff", "b\ud800", ""]) == [
            b"\xc3\xa4",
            b"\xc3\xa4",
            "a\N{REPLACEMENT CHARACTER}".encode(),
            ("b" + 3 * "\N{REPLACEMENT CHARACTER}").encode(),
            b"",
        ]

    @pytest.mark.parametrize("text", ["abc", b"abc"])
    def test_a_single_text_is_refused_by_the_name_it_has(self, text):
        with pytest.raises(DataError, match=r"Expected a list of texts and received a single text\. Put it in a list"):
            utf8_texts(text)
        with pytest.raises(DataError, match="Expected left to be a list of texts and received a single text"):
            utf8_texts(text, "left")

    def test_something_else_is_named_with_its_row(self):
        with pytest.raises(DataError, match="Text 1 is None, of type NoneType"):
            utf8_texts(["a", None])
        with pytest.raises(DataError, match="Text 1 of right is 2, of type int"):
            utf8_texts(["a", 2], "right")


class TestBatches:
    def test_the_longest_come_first(self):
        assert list(batches_by_length([b"a", b"ccc", b"", b"bb", b"ddd"], 2)) == [[1, 4], [3, 0], [2]]

    def test_a_batch_ends_before_its_bytes_are_too_many(self):
        texts = [b"x" * size for size in (5, 4, 3, 2, 1)]
        assert list(batches_by_length(texts, 10, max_bytes=9)) == [[0, 1], [2, 3, 4]]
        assert list(batches_by_length(texts, 10, max_bytes=4)) == [[0], [1], [2], [3, 4]]

    def test_no_texts_are_no_batches(self):
        assert list(batches_by_length([], 4)) == []
