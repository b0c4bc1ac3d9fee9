"""Whether questions find their own passages."""

import numpy as np

from tests.generation.quality.pair_making import PARAPHRASES, PASSAGES, QA, LookUp, make_pair
from tfsiamese.generation.chunks.chunk import Chunk
from tfsiamese.generation.quality import FilterSettings, filter_by_round_trip, filter_pairs
from tfsiamese.generation.quality.round_trip import passage_ranks

# Texts on a quarter circle: the cosine falls with the distance of the degrees.
DEGREES = {"asked": 0, "own": 30, "nearer": 10, "near": 20, "far": 80, "rest": 50, "answer": 89}
CORPUS = [Chunk(text, f"{text}.html", 0) for text in ("nearer", "own", "near", "far")]


def encoder(**degrees):
    known = DEGREES | degrees
    return LookUp({text: [np.cos(np.radians(angle)), np.sin(np.radians(angle))] for text, angle in known.items()})


def own(right=None, **options):
    return make_pair("asked", right, passage="own", source="own.html", **options)


def test_the_rank_counts_the_passages_that_are_nearer():
    assert passage_ranks([own()], PASSAGES, encoder(), CORPUS).tolist() == [3]
    assert passage_ranks([own()], PASSAGES, encoder(near=40), CORPUS).tolist() == [2]
    assert passage_ranks([own()], PASSAGES, encoder(), []).tolist() == [1]


def test_an_equal_passage_is_in_favour_of_the_pair():
    assert passage_ranks([own()], PASSAGES, encoder(near=30, nearer=30), CORPUS).tolist() == [1]


def test_a_written_answer_is_not_searched_for_but_its_chunk_is():
    assert passage_ranks([own("answer")], QA, encoder(), CORPUS).tolist() == [3]
    assert "answer" not in encoder().asked


def test_a_passage_that_is_not_the_whole_chunk_stands_in_its_place():
    # The chunk itself, as near as can be, does not count; of the others three are nearer than what is left of it.
    found = passage_ranks([own("rest")], PASSAGES, encoder(own=0, far=45), CORPUS)
    assert found.tolist() == [4]


def test_overlapping_chunks_of_the_document_do_not_count_and_others_of_it_do():
    overlapping, apart = Chunk("nearer", "own.html", 2), Chunk("near", "own.html", 3)
    elsewhere = Chunk("nearer", "other.html", 2)
    assert passage_ranks([own()], PASSAGES, encoder(), [overlapping, apart]).tolist() == [2]
    assert passage_ranks([own()], PASSAGES, encoder(), [elsewhere, apart]).tolist() == [3]


def test_each_distinct_text_is_encoded_once():
    looked_up = encoder()
    twice = [Chunk("far", f"{row}.html", 0) for row in range(3)]
    passage_ranks([own(), own("rest"), own()], PASSAGES, looked_up, [*CORPUS, *twice])
    assert sorted(looked_up.asked) == ["asked", "far", "near", "nearer", "own", "rest"]


def test_pairs_whose_passage_is_not_among_the_first_k_are_dropped_with_its_rank():
    for k, rank in ((2, "rank 3"), (3, None)):
        settings = FilterSettings(round_trip=k)
        found = filter_by_round_trip([own()], PASSAGES, settings, encoder=encoder(), corpus=CORPUS)
        assert [(one.reason, one.detail) for one in found.dropped] == ([("not retrieved", rank)] if rank else [])
        assert len(found.kept) + len(found.dropped) == 1


def test_nothing_is_encoded_where_the_check_is_off_or_nothing_is_retrieved():
    looked_up = encoder()
    assert filter_by_round_trip([own()], PASSAGES, FilterSettings(), encoder=looked_up).kept == [own()]
    on = FilterSettings(round_trip=1)
    assert filter_by_round_trip([own()], PARAPHRASES, on, encoder=looked_up).kept == [own()]
    assert looked_up.asked == []


def test_the_other_checks_leave_the_round_trip_to_be_made_later():
    settings = FilterSettings(round_trip=2, min_length=5, min_passage_length=0, check_language=False)
    assert filter_pairs([own()], PASSAGES, settings).kept == [own()]


def test_kept_and_dropped_pairs_keep_their_order():
    pairs = [own(), make_pair("own", passage="own", source="own.html"), own("rest")]
    found = filter_by_round_trip(pairs, PASSAGES, FilterSettings(round_trip=2), encoder=encoder(), corpus=CORPUS)
    assert found.kept == [pairs[1]]
    assert [(one.pair, one.detail) for one in found.dropped] == [(pairs[0], "rank 3"), (pairs[2], "rank 3")]


class Prompted(LookUp):
    @property
    def prompts(self):
        return {"query": "q: ", "document": "d: "}

    def encode(self, texts, *, batch_size=64, show_progress=False, prompt=None):
        return super().encode([f"{prompt}{text}" for text in texts])


def test_the_encoders_prompts_are_used():
    prompted = Prompted({"q: asked": [1, 0], "d: own": [1, 1], "d: near": [2, 1], "d: far": [0, 1]})
    corpus = [Chunk(text, text, 0) for text in ("near", "far")]
    assert passage_ranks([own()], PASSAGES, prompted, corpus).tolist() == [2]


def test_ranks_are_those_of_sorted_cosines_in_every_block():
    random = np.random.default_rng(5)
    vectors = {f"q{row}": v for row, v in enumerate(random.normal(size=[300, 6]).tolist())}
    vectors |= {f"p{row}": v for row, v in enumerate(random.normal(size=[300, 6]).tolist())}
    pairs = [make_pair(f"q{row}", passage=f"p{row}", source=f"{row}") for row in range(300)]
    left = np.array([vectors[f"q{row}"] for row in range(300)])
    right = np.array([vectors[f"p{row}"] for row in range(300)])
    cosines = (left / np.linalg.norm(left, axis=1)[:, None]) @ (right / np.linalg.norm(right, axis=1)[:, None]).T
    order = np.argsort(-cosines, axis=1)
    expected = [order[row].tolist().index(row) + 1 for row in range(300)]
    ranks = passage_ranks(pairs, PASSAGES, LookUp(vectors), [])
    # Cosines that differ by less than the tolerance are ties, in favour of the pair.
    assert np.mean(ranks == expected) > 0.98
    assert (ranks <= expected).all() and (np.array(expected) - ranks).max() <= 1
