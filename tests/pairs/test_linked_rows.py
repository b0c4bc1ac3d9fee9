import logging
import random

import pandas as pd
import pytest

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.pairs import Triplets
from tfsiamese.pairs.linked_rows import linked_ids


def triplets_of(rows, names=("anchor", "positive")) -> Triplets:
    return Triplets.from_frame(pd.DataFrame(rows, columns=list(names)))


def components_by_hand(rows) -> list[set[int]]:
    """Rows joined as long as two of them share a text or a group."""
    keys = [{("text", row[0]), ("text", row[1]), *(("group", name) for name in row[2:])} for row in rows]
    sets = [({index}, set(key)) for index, key in enumerate(keys)]
    merged = True
    while merged:
        merged = False
        for one in range(len(sets)):
            for other in range(one + 1, len(sets)):
                if sets[one][1] & sets[other][1]:
                    sets[one] = (sets[one][0] | sets[other][0], sets[one][1] | sets[other][1])
                    del sets[other]
                    merged = True
                    break
            if merged:
                break
    return [members for members, _ in sets]


def test_rows_are_linked_by_anchors_positives_and_chains_of_them():
    anchors, positives = ["a", "b", "a", "c", "d", "e"], ["p", "q", "r", "r", "s", "d"]
    assert linked_ids(anchors, positives).tolist() == [0, 1, 0, 0, 2, 2]


def test_rows_are_linked_by_groups_whose_names_are_no_texts():
    anchors, positives, groups = ["a", "b", "c", "g"], ["p", "q", "r", "s"], ["g", "h", "g", "i"]
    assert linked_ids(anchors, positives, groups).tolist() == [0, 1, 0, 2]


@pytest.mark.parametrize("seed", range(30))
def test_linked_rows_are_those_that_a_search_by_hand_joins(seed):
    generator = random.Random(seed)
    size = generator.randint(1, 30)
    rows = [tuple(generator.choice("abcdefghijklmnopqrstuvwxyz") * 2 for _ in range(2)) for _ in range(size)]
    groups = [f"{generator.randint(0, 40)}" for _ in rows] if seed % 2 else None
    ids = linked_ids([row[0] for row in rows], [row[1] for row in rows], groups)
    by_hand = components_by_hand([(*row, *([groups[place]] if groups else [])) for place, row in enumerate(rows)])
    found = [{place for place, known in enumerate(ids) if known == number} for number in range(max(ids) + 1)]
    assert sorted(map(sorted, found)) == sorted(map(sorted, by_hand))


@pytest.mark.parametrize("seed", range(20))
def test_no_anchor_positive_or_group_is_on_both_sides_of_a_split_and_no_row_is_lost(seed):
    generator = random.Random(seed)
    rows = [(f"a{n // 3}", f"p{n // 2}", f"g{n // 4}") for n in range(0, 240, generator.choice([5, 7, 9]))]
    generator.shuffle(rows)
    triplets = triplets_of(rows, ("anchor", "positive", "group"))
    training, validation = triplets.split(generator.choice([0.1, 0.5, 3]), seed)
    assert len(training) and len(validation)
    for column in ("anchor", "positive", "group"):
        assert not set(training.frame[column]) & set(validation.frame[column])
    lines = [side.frame["line"].tolist() for side in (training, validation)]
    assert sorted(lines[0] + lines[1]) == triplets.frame["line"].tolist()
    assert lines == [sorted(lines[0]), sorted(lines[1])]


def test_the_size_is_exact_where_no_rows_are_linked():
    triplets = triplets_of([(f"a{n}", f"p{n}") for n in range(100)])
    assert [len(triplets.split(size)[1]) for size in (0.1, 0.33, 7)] == [10, 33, 7]


def test_the_choice_does_not_depend_on_the_order_of_rows_and_differs_by_seed():
    rows = [(f"a{n // 2}", f"p{n}") for n in range(100)]
    triplets, turned = triplets_of(rows), triplets_of(rows[::-1])
    assert sorted(triplets.split(0.2, 3)[1].positives) == sorted(turned.split(0.2, 3)[1].positives)
    assert len({frozenset(triplets.split(0.1, seed)[1].positives) for seed in range(10)}) == 10


def test_where_links_hold_more_than_half_of_the_rows_together_only_anchors_are_and_it_is_logged(caplog):
    rows = [(f"a{n // 2}", "common" if n % 2 else f"p{n}") for n in range(20)]
    with caplog.at_level(logging.WARNING, "tfsiamese.pairs"):
        training, validation = triplets_of(rows).split(0.2)
    assert len(validation) == 4
    assert not set(training.anchors) & set(validation.anchors)
    assert "shared texts link 20 of 20 rows" in caplog.text


def test_just_half_of_the_rows_are_kept_together(caplog):
    rows = [("a", f"p{n}") for n in range(5)] + [(f"b{n}", f"q{n}") for n in range(5)]
    with caplog.at_level(logging.WARNING, "tfsiamese.pairs"):
        training, validation = triplets_of(rows).split(0.5)
    assert {len(training), len(validation)} == {5}
    assert not caplog.records


def test_rows_of_one_anchor_cannot_be_split():
    with pytest.raises(DataError, match=r"^DataFrame: cannot split 3 rows with 1 different anchor\. .*add anchors, or"):
        triplets_of([("a", f"p{n}") for n in range(3)]).split(0.5)


def test_a_wrong_size_is_refused():
    triplets = triplets_of([("a", "p"), ("b", "q"), ("c", "r")])
    with pytest.raises(SettingsError, match="Received: validation=1.5"):
        triplets.split(1.5)
    with pytest.raises(DataError, match="cannot take 3 of 3 rows"):
        triplets.split(3)
