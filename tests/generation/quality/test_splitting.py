"""Which documents are for validation."""

import pytest

from tests.generation.quality.pair_making import make_pair
from tfsiamese.errors import DataError, SettingsError
from tfsiamese.generation.quality import split_by_document


def documents(count, pairs_each=2):
    return [
        make_pair(f"Question {row} of {name}", passage=f"Passage {row} of {name}", source=f"{name}.html")
        for name in range(count)
        for row in range(pairs_each)
    ]


def sources(pairs):
    return {pair.chunk.source for pair in pairs}


def test_each_document_is_on_one_side_and_no_pair_is_lost_or_moved():
    pairs = documents(50, 3)
    training, validation, dropped = split_by_document(pairs, 0.3, seed=1)
    assert not sources(training) & sources(validation)
    assert dropped == []
    assert training == [pair for pair in pairs if pair in training]
    assert sorted(map(repr, training + validation)) == sorted(map(repr, pairs))


def test_about_the_fraction_of_the_documents_is_chosen():
    chosen = len(sources(split_by_document(documents(2000, 1), 0.25, seed=0).validation))
    assert 420 < chosen < 580  # 500 ± 4 standard deviations


def test_a_document_stays_on_its_side_when_others_come_and_go():
    few, many = (split_by_document(documents(count), 0.5, seed=4) for count in (30, 90))
    assert sources(few.validation) == sources(many.validation) & {f"{name}.html" for name in range(30)}


def test_the_seed_changes_the_choice_and_the_same_seed_does_not():
    pairs = documents(40)
    assert split_by_document(pairs, 0.5, seed=1) == split_by_document(list(pairs), 0.5, seed=1)
    assert split_by_document(pairs, 0.5, seed=1) != split_by_document(pairs, 0.5, seed=2)


@pytest.mark.parametrize("fraction", [0.001, 0.999])
@pytest.mark.parametrize("seed", range(5))
def test_both_sides_have_a_document_however_few_there_are(fraction, seed):
    training, validation, _ = split_by_document(documents(2), fraction, seed=seed)
    assert len(sources(training)) == len(sources(validation)) == 1


def test_rows_of_a_table_are_documents_of_their_own():
    pairs = [make_pair(f"Question {row}", passage=f"Passage {row}", source=f"faq.csv:row {row}") for row in range(20)]
    training, validation, _ = split_by_document(pairs, 0.5, seed=0)
    assert training and validation


def both_sides(**changed):
    """What becomes of a training pair that shares something with a validation document."""
    pairs = documents(40)
    training, validation, _ = split_by_document(pairs, 0.3, seed=0)
    shared = {"left": validation[0].left, "right": validation[0].right, "passage": validation[0].chunk.text}
    options = {"left": "Alone?", "passage": "Nothing else says this.", "source": training[0].chunk.source}
    options |= {name: change(shared[name]) for name, change in changed.items()}
    split = split_by_document([*pairs, make_pair(**options)], 0.3, seed=0)
    assert split.validation == validation
    return validation[0].chunk.source, split.dropped, len(split.training) - len(training)


@pytest.mark.parametrize("name", ["left", "passage"])
def test_a_training_pair_with_a_text_of_a_validation_document_is_dropped(name):
    source, dropped, kept = both_sides(**{name: lambda text: f" {text.upper()}!"})
    assert kept == 0
    assert [one.reason for one in dropped] == ["stands in a validation document"]
    assert dropped[0].detail.endswith(f"in {source}")


def test_only_long_right_texts_may_not_stand_on_both_sides():
    def answered(answer):
        rows = enumerate("abcdefgh")
        return [make_pair(f"Asked {row}", answer, passage=f"Passage {row}", source=source) for row, source in rows]

    assert split_by_document(answered("Yes."), 0.5, seed=0).dropped == []
    # All training pairs have the answer of the validation pairs.
    with pytest.raises(DataError, match="stand in documents for validation too"):
        split_by_document(answered("Only after ninety seconds."), 0.5, seed=0)


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_documents_cannot_be_split(count):
    with pytest.raises(DataError, match=f"pairs of {count} document.*Expected at least 2"):
        split_by_document(documents(count), 0.5)


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 2, True, None, float("nan"), "half"])
def test_a_fraction_out_of_range_is_refused(fraction):
    with pytest.raises(SettingsError, match="above 0 and below 1. Received"):
        split_by_document(documents(5), fraction)


def test_a_seed_must_be_a_whole_number():
    with pytest.raises(SettingsError, match="seed=1.5"):
        split_by_document(documents(5), 0.5, seed=1.5)
