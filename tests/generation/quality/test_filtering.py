"""Which pairs are kept: single checks, their order, and that no pair is lost."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.generation.quality.pair_making import PARAPHRASES, PASSAGE, PASSAGES, QA, TRIPLETS, make_pair
from tfsiamese.errors import SettingsError
from tfsiamese.generation.quality import FilterSettings, filter_pairs
from tfsiamese.generation.quality.lengths import text_length

QUESTION = "When does a gateway drop clients that stay silent?"


def fates(pairs, task=PASSAGES, settings=None, **options):
    """The reason and detail of each dropped pair by its left text."""
    filtered = filter_pairs(pairs, task, settings, **options)
    assert len(filtered.kept) + len(filtered.dropped) == len(pairs)
    return {one.pair.left: (one.reason, one.detail) for one in filtered.dropped}


def test_a_good_pair_of_each_task_is_kept():
    assert not fates([make_pair(QUESTION)])
    assert not fates([make_pair(QUESTION, "After 90 s.")], QA)
    assert not fates([make_pair(QUESTION, negative="A gateway needs two network cards to work.")], TRIPLETS)
    assert not fates([make_pair("He sleeps at home.", "At home he is asleep.")], PARAPHRASES)


@pytest.mark.parametrize(("text", "length"), [("a  b\n c", 5), ("日本", 4), ("한국", 4), ("ｶﾅ", 2), ("नमस्ते", 6)])
def test_wide_characters_count_two_and_runs_of_white_space_one(text, length):
    assert text_length(text) == length


def test_left_texts_out_of_range_are_dropped_with_their_length():
    assert fates([make_pair("Silent?"), make_pair("why " * 101)]) == {
        "Silent?": ("too short", "query of 7 characters"),
        "why " * 101: ("too long", "query of 403 characters"),
    }
    assert not fates([make_pair("料金は何円")], settings=FilterSettings(check_language=False))


def test_a_text_without_words_is_too_short():
    assert fates([make_pair(QUESTION, "—")], QA) == {QUESTION: ("too short", "answer: no letter and no digit")}
    assert fates([make_pair("??????????")])["??????????"][0] == "too short"


def test_the_passage_must_have_a_length_and_a_written_answer_need_not():
    short = "Gateways close after ninety seconds."
    assert fates([make_pair(QUESTION, passage=short)]) == {QUESTION: ("too short", "passage of 36 characters")}
    assert fates([make_pair(QUESTION, "Ninety.", passage=short)], QA)[QUESTION][1] == "passage of 36 characters"
    assert fates([make_pair("He sleeps.", "Asleep.")], PARAPHRASES)["He sleeps."][1] == "sentence2 of 7 characters"


def test_a_text_with_itself_is_dropped():
    assert fates([make_pair("He sleeps now!", "he sleeps  NOW")], PARAPHRASES) == {
        "He sleeps now!": ("same text twice", "sentence1 and sentence2")
    }
    same = make_pair(QUESTION, negative=PASSAGE.upper())
    assert fates([same], TRIPLETS) == {QUESTION: ("same text twice", "positive and negative")}


def test_numbers_make_texts_different_where_only_punctuation_tells_them_apart():
    assert not fates([make_pair("The rate is 2.5 now", "The rate is 25 now")], PARAPHRASES)
    pairs = [make_pair("How do I sort lists in C?"), make_pair("How do I sort lists in C#?")]
    assert not fates([*pairs, make_pair("How do I sort lists in C++?")])


@pytest.mark.parametrize(
    ("question", "detail"),
    [
        ("Gateway closes idle connections after ninety seconds?", "7 of 7 words in one run"),
        ("Idle connections after ninety seconds, and then?", None),  # 5 and "and" of 7 are 6 / 7
        ("When: the gateway closes idle connections?", None),  # 5 of 6 are 0.83
    ],
)
def test_a_question_with_too_long_a_run_of_its_passage_is_dropped(question, detail):
    details = {
        "Idle connections after ninety seconds, and then?": "6 of 7 words in one run",
        "When: the gateway closes idle connections?": "5 of 6 words in one run",
    }
    assert fates([make_pair(question)]) == {question: ("copies its passage", detail or details[question])}


def test_the_largest_share_itself_is_allowed_and_short_questions_are_not_looked_at():
    kept = ["May gateway closes idle connections", "closes idle connections after"]  # 4 of 5; 4 of 4
    assert not fates([make_pair(question) for question in kept])
    assert not fates([make_pair(PASSAGE[:60])], settings=FilterSettings(max_copied=None))


def test_copies_are_counted_in_characters_where_words_have_no_spaces():
    passage = "ゲートウェイは九十秒後に未使用の接続を閉じます。クライアントは新しい接続を開く必要があります。"
    copied = "九十秒後に未使用の接続を閉じますか？"
    asked = "使われない接続はいつ切られますか？"
    assert fates([make_pair(copied, passage=passage), make_pair(asked, passage=passage)]) == {
        copied: ("copies its passage", "16 of 17 characters in one run")
    }


def test_questions_of_qa_are_compared_with_the_chunk_and_paraphrases_with_nothing():
    copied = "Gateway closes idle connections after ninety seconds?"
    assert fates([make_pair(copied, "Yes, it does.")], QA)[copied][0] == "copies its passage"
    assert not fates([make_pair("A gateway closes idle connections.", f"Always: {PASSAGE}")], PARAPHRASES)


def test_the_same_question_is_a_duplicate_with_another_passage_too():
    again = make_pair("when does a GATEWAY drop clients, that stay silent", passage=PASSAGE[::-1], source="b.html")
    assert fates([make_pair(QUESTION), again]) == {again.left: ("duplicate", f"of '{QUESTION}' from guide.html")}


def test_paraphrases_are_duplicates_in_either_order_and_with_both_sentences_only():
    one, two, three = "He sleeps at home.", "At home he is asleep.", "Nobody knows where he is."
    pairs = [make_pair(one, two), make_pair(two, one), make_pair(one, three)]
    filtered = filter_pairs(pairs, PARAPHRASES)
    assert filtered.kept == [pairs[0], pairs[2]]
    assert [(dropped.pair, dropped.reason) for dropped in filtered.dropped] == [(pairs[1], "duplicate")]


def test_a_dropped_pair_is_no_duplicates_original():
    short = make_pair(QUESTION, passage="Gateways do.")
    assert filter_pairs([short, make_pair(QUESTION)], PASSAGES).kept == [make_pair(QUESTION)]


def test_a_pair_with_several_faults_gets_the_first():
    text = "According to the text, the gateway closes idle connections after ninety seconds, and a client?"
    assert fates([make_pair(text)])[text][0] == "names the text"
    # "gateway closes … and a client" stands in the passage: 10 of 14 words, below the share that is allowed.
    off = FilterSettings(check_references=False, max_copied=0.7)
    assert fates([make_pair(text)], settings=off)[text] == ("copies its passage", "11 of 15 words in one run")


def test_no_pairs_give_no_pairs():
    filtered = filter_pairs([], PASSAGES)
    assert (filtered.kept, filtered.dropped) == ([], [])


def test_an_unknown_language_is_refused():
    with pytest.raises(SettingsError, match="Unknown language 'klingon'"):
        filter_pairs([], PASSAGES, language="klingon")


texts = st.text(max_size=40) | st.sampled_from([QUESTION, QUESTION + " ?", "Wie geht es dir heute Abend?", PASSAGE])


@settings(max_examples=60, deadline=None)
@given(lefts=st.lists(texts, max_size=8), rights=st.lists(texts, min_size=8, max_size=8))
def test_every_pair_ends_in_one_of_the_two_in_order_and_each_time_the_same(lefts, rights):
    pairs = [
        make_pair(left, right, source=f"{row}") for row, (left, right) in enumerate(zip(lefts, rights, strict=False))
    ]
    for task in (QA, PASSAGES, PARAPHRASES):
        filtered = filter_pairs(pairs, task)
        places = {id(pair): row for row, pair in enumerate(pairs)}
        kept = [places[id(pair)] for pair in filtered.kept]
        dropped = [places[id(one.pair)] for one in filtered.dropped]
        assert kept == sorted(kept) and dropped == sorted(dropped)
        assert sorted(kept + dropped) == list(range(len(pairs)))
        assert filter_pairs(pairs, task) == filtered
