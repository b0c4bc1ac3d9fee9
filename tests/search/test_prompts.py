"""Which prompt stands before queries and which before passages."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from tests.search.encoders import LookUp
from tfsiamese.encoders import load_encoder
from tfsiamese.errors import SettingsError
from tfsiamese.search import Prompts, TextVectors, chosen_prompts, encode_texts, retrieval_prompts, semantic_search
from tfsiamese.search.text_vectors import encode_sides

CHECKPOINTS = Path(__file__).parents[1] / "encoders" / "checkpoints"


class Prompted:
    """An encoder of texts of one letter: looks up prompt and text, and remembers what it was asked for."""

    source = "prompted"

    def __init__(self, prompts: Mapping[str, str], vectors: Mapping[str, list[float]] | None = None):
        self.prompts = prompts
        self.calls: list[tuple[list[str], str | None]] = []
        self._vectors = vectors

    def encode(
        self, texts: list[str], batch_size: int = 64, show_progress: bool = False, *, prompt: str | None = None
    ) -> np.ndarray:
        self.calls.append((texts, prompt))
        if self._vectors is None:
            return np.array([[len(prompt or ""), ord(text)] for text in texts], np.float32)
        return np.array([self._vectors[(prompt or "") + text] for text in texts], np.float32)


@pytest.mark.parametrize(
    ("prompts", "expected"),
    [
        ({"query": "q: ", "passage": "p: "}, Prompts("q: ", "p: ")),
        ({"query": "q: ", "document": "d: "}, Prompts("q: ", "d: ")),
        ({"query": "q: ", "corpus": "c: "}, Prompts("q: ", "c: ")),
        ({"document": "d: ", "passage": "p: ", "corpus": "c: "}, Prompts(None, "p: ")),
        ({"document": "", "passage": "p: "}, Prompts(None, "p: ")),
        ({"passage": "", "document": "d: "}, Prompts(None, "d: ")),
        ({"query": "", "document": ""}, Prompts("", "")),
        ({"classify": "x: "}, Prompts(None, None)),
        ({}, Prompts(None, None)),
    ],
)
def test_queries_and_passages_get_the_prompts_that_the_encoder_has_for_them(prompts, expected):
    assert retrieval_prompts(Prompted(prompts)) == expected
    assert chosen_prompts(Prompted(prompts)) == Prompts(None, None)


def test_a_prompt_is_given_by_name_or_as_a_text_and_nothing_is_a_prompt_too():
    encoder = Prompted({"query": "q: ", "s2p query": "s: "})
    assert retrieval_prompts(encoder, "s2p query", "passage: ") == Prompts("s: ", "passage: ")
    assert retrieval_prompts(encoder, "", "query") == Prompts("", "q: ")
    assert chosen_prompts(encoder, passage_prompt="query") == Prompts(None, "q: ")
    assert chosen_prompts(encoder, "检索：") == Prompts("检索：", None)


def test_a_single_word_that_is_no_prompt_is_taken_for_a_misspelt_name():
    with pytest.raises(SettingsError, match=r"no prompt 'qeury' for query_prompt\. Did you mean 'query'\?.*'qeury: '"):
        retrieval_prompts(Prompted({"query": "q: "}), "qeury")
    with pytest.raises(SettingsError, match=r"no prompt 'passage' for passage_prompt\. It has none"):
        chosen_prompts(Prompted({}), None, "passage")
    with pytest.raises(SettingsError, match=r"Expected passage_prompt to be a text, .* Received: 3"):
        retrieval_prompts(Prompted({}), passage_prompt=3)


def test_an_encoder_whose_encode_takes_no_prompt_is_asked_without_and_refuses_one():
    encoder = LookUp({"a": [1.0, 0.0]})
    encoder.prompts = {"query": "q: "}
    assert retrieval_prompts(encoder) == Prompts(None, None)
    assert retrieval_prompts(encoder, "", "") == Prompts(None, None)
    with pytest.raises(SettingsError, match="takes no prompts: its `encode` has no argument `prompt`"):
        retrieval_prompts(encoder, "query: ")
    with pytest.raises(SettingsError, match="takes no prompts"):
        retrieval_prompts(TextVectors(["a"], [[1.0]]), passage_prompt="passage: ")
    with pytest.raises(SettingsError, match="query_prompt='query' is for an encoder, and there is none"):
        retrieval_prompts(None, "query")


def test_sides_with_one_prompt_are_encoded_in_one_call_and_others_in_two():
    encoder = Prompted({})
    asked, told = encode_sides(encoder, ["a", "b"], ["b", "c"], Prompts("x", "x"))
    assert [(sorted(texts), prompt) for texts, prompt in encoder.calls] == [(["a", "b", "c"], "x")]
    assert asked.of(["b"]).tolist() == told.of(["b"]).tolist() == [[1.0, 98.0]]
    encoder = Prompted({})
    asked, told = encode_sides(encoder, ["a", "b"], ["b", "c"], Prompts("xx", None))
    assert sorted(encoder.calls, key=str) == [(["a", "b"], "xx"), (["b", "c"], None)]
    assert asked.of(["b"]).tolist() == [[2.0, 98.0]]
    assert told.of(["b"]).tolist() == [[0.0, 98.0]]


def test_texts_are_encoded_with_the_prompt_that_is_asked_for():
    encoder = Prompted({})
    assert encode_texts(encoder, ["a", "a"], prompt="xyz").tolist() == [[3.0, 97.0], [3.0, 97.0]]


def test_a_search_puts_different_prompts_before_queries_and_corpus():
    right, up = [1.0, 0.0], [0.0, 1.0]
    vectors = {"q: a": right, "p: a": up, "p: b": right, "a": right, "b": up}
    encoder = Prompted({"query": "q: ", "passage": "p: "}, vectors)
    assert [hit.index for hit in semantic_search(["a"], ["a", "b"], encoder=encoder)[0]] == [1, 0]
    without = semantic_search(["a"], ["a", "b"], encoder=encoder, query_prompt="", passage_prompt="")
    assert [hit.index for hit in without[0]] == [0, 1]


def test_a_checkpoint_searches_with_its_own_prompts():
    encoder = load_encoder(CHECKPOINTS / "xlm_roberta")
    queries, corpus = ["red apple", "a nurse"], ["a nurse", "red apple", "green pear"]
    found = semantic_search(queries, corpus, encoder=encoder)
    by_hand = semantic_search(encoder.encode(queries, prompt="query: "), encoder.encode(corpus, prompt="passage: "))
    assert found == by_hand
    assert found != semantic_search(encoder.encode(queries), encoder.encode(corpus))
