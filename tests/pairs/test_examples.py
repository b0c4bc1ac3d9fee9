import logging

import pandas as pd
import pytest

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.pairs import LabelledTexts, Pairs, Triplets, read_examples, read_pairs

TRIPLETS_CSV = "Query, Passage ,negative_2,note,negative,group\nq1,p1,,x,n1,a\nq2,p2,n3,,n2,b\nq3,p3,,,,a\n"
TRIPLETS_JSON = (
    '{"query": "q1", "passage": "p1", "negatives": ["n1"], "group": "a"}\n'
    '{"query": "q2", "passage": "p2", "negatives": ["n2", "n3"], "group": "b"}\n'
    '{"query": "q3", "passage": "p3", "negatives": [], "group": "a"}\n'
)


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("base,ref,similarity", Pairs),
        ("score,sentence1,sentence2", Pairs),
        ("left,right,teacher_score", Pairs),
        ("anchor,positive,id", Triplets),
        ("Anchor , POSITIVE,negative", Triplets),
        ("query,positive,negative_1", Triplets),
        ("id,query,passage", Triplets),
        ("question,answer,negative", Triplets),
        ("text,class,id", LabelledTexts),
        ("label,text,id", LabelledTexts),
        ("id,sentence,label", LabelledTexts),
    ],
)
def test_the_names_of_the_columns_tell_the_shape(header, kind, write_file):
    examples = read_examples(write_file("examples.csv", f"{header}\n1,1,1\n"))
    assert type(examples) is kind
    assert examples.shape == {Pairs: "pairs", Triplets: "triplets", LabelledTexts: "classes"}[kind]
    assert examples.frame["line"].tolist() == [2]


def test_scored_pairs_are_read_as_read_pairs_does(write_file):
    path = write_file("pairs.csv", "a;b;c\nx;y;3\n")
    settings = {"left": "a", "right": "b", "score": "c", "score_range": (0, 5), "delimiter": ";"}
    examples = read_examples(path, **settings)
    assert examples.fingerprint == read_pairs(path, **settings).fingerprint
    assert examples.score_range == (0.0, 5.0)


def test_negatives_of_a_csv_file_come_in_the_order_of_their_numbers_and_empty_cells_are_none(write_file):
    examples = read_examples(write_file("examples.csv", TRIPLETS_CSV))
    assert examples.anchors == ["q1", "q2", "q3"]
    assert examples.negatives == [("n1",), ("n2", "n3"), ()]
    assert examples.groups == ["a", "b", "a"]
    assert examples.frame["line"].tolist() == [2, 3, 4]


def test_the_fingerprint_does_not_depend_on_path_or_format(write_file, tmp_path):
    expected = read_examples(write_file("examples.csv", TRIPLETS_CSV)).fingerprint
    assert read_examples(write_file("examples.jsonl", TRIPLETS_JSON)).fingerprint == expected
    assert read_examples(write_file("examples.tsv", TRIPLETS_CSV.replace(",", "\t"))).fingerprint == expected
    pytest.importorskip("pyarrow")
    frame = pd.read_json(tmp_path / "examples.jsonl", lines=True)
    frame.to_parquet(tmp_path / "examples.parquet")
    assert read_examples(tmp_path / "examples.parquet").fingerprint == expected
    assert read_examples(pd.read_parquet(tmp_path / "examples.parquet")).fingerprint == expected


def test_a_teachers_scores_are_read_from_columns_and_from_lists(write_file):
    header = "anchor,positive,negative,negative_2,positive_score,negative_score,negative_2_score\n"
    flat = read_examples(write_file("examples.csv", header + "a,p,n,,0.25,-3,\nb,q,n,m,1e-3,2,7.5\n"))
    assert flat.scores == [(0.25, -3.0), (0.001, 2.0, 7.5)]
    lists = (
        '{"anchor": "a", "positive": "p", "negatives": ["n"], "positive_score": 0.25, "negative_scores": [-3]}\n'
        '{"anchor": "b", "positive": "q", "negatives": ["n", "m"], '
        '"negative_scores": ["2", 7.5], "positive_score": 1e-3}\n'
    )
    assert read_examples(write_file("examples.jsonl", lists)).fingerprint == flat.fingerprint
    joined = (
        '{"anchor": "a", "positive": "p", "negatives": ["n"], "scores": [0.25, -3]}\n'
        '{"anchor": "b", "positive": "q", "negatives": ["n", "m"], "scores": [0.001, 2, 7.5]}\n'
    )
    assert read_examples(write_file("joined.jsonl", joined)).fingerprint == flat.fingerprint


def test_files_without_header_are_read_with_names_given_for_their_columns(write_file):
    path = write_file("examples.csv", "nurse,health\nbaker,food\n")
    assert read_examples(path, columns="text,class").classes == ["health", "food"]
    assert read_examples(path, columns=["question", "answer"]).positives == ["health", "food"]
    with_header = write_file("header.csv", "text,class\nnurse,health\n")
    with pytest.raises(DataError, match=r"line 1 is a header: 'text', 'class'\. Leave out --columns"):
        read_examples(with_header, columns="text,class")


def test_scores_of_a_teacher_outside_their_range_need_the_range(write_file):
    path = write_file("examples.csv", "left,right,teacher_score\na,b,-2.5\nc,d,7.5\n")
    with pytest.raises(DataError, match=r"line 2: 'teacher_score' is -2.5, not from 0 to 1.*--score-range -3 8"):
        read_examples(path)
    assert read_examples(path, score_range=(-2.5, 7.5)).scores.tolist() == [0.0, 1.0]


@pytest.mark.parametrize("content", ["anchor,positive\na,p\n", "text,class\na,p\n"])
def test_a_score_range_is_refused_for_other_shapes(content, write_file):
    with pytest.raises(
        SettingsError, match=r"--score-range .* is for scored pairs only\. Received it for .*examples.csv"
    ):
        read_examples(write_file("examples.csv", content), score_range=(0, 5))


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("anchor,positive,text,class", "(anchor, positive) and (text, class) are all there."),
        ("question,answer,passage,query", "(query, passage) and (question, answer) are all there."),
        ("left,right,score,teacher_score", "(left, right, score) and (left, right, teacher_score) are all there."),
        ("first,second,third,fourth", "the columns found are 'first', 'second', 'third', 'fourth'; expected scored"),
        ("left,right,x,y", "or an anchor and a positive (anchor, positive) or (query, positive) or"),
        ("left,right,y,z", "or a text and its class (text, class) or (text, label) or (sentence, label). Rename"),
    ],
)
def test_columns_of_no_shape_or_of_several_are_reported_with_those_that_are_known(header, problem, write_file):
    path = write_file("examples.csv", f"{header}\na,b,c,d\n")
    with pytest.raises(DataError) as caught:
        read_examples(path)
    assert str(caught.value).startswith(f"{path}: the columns found are '{header.split(',')[0]}', ")
    assert problem in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_names_given_for_scored_pairs_decide_between_shapes(write_file):
    path = write_file("examples.csv", "question,answer,score,text,class\nq,a,1,t,c\n")
    assert type(read_examples(path, left="question", right="answer")) is Pairs
    with pytest.raises(DataError, match="there is no column 'reply'"):
        read_examples(path, left="question", right="reply")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("question,answer\nq,a\nq,\n", ": line 3: 'answer' is blank. Correct or remove this row."),
        ("question,answer\nq,a,b\n", ": line 2: 3 fields, expected 2. Put texts that hold ',' in double quotes."),
        ("question,answer\n", " has a header and no rows. Expected an anchor and a positive in each row below"),
        ("text,class\n", " has a header and no rows. Expected one text and its class in each row below"),
        ("text,class\n,a\nb,\n", ": 2 of 2 rows cannot be used: line 2: 'text' is blank; line 3: 'class' is blank."),
        ("text,class\nnurse;1\n", ": line 2: 1 field, expected 2."),
        ("nurse,7\nbaker,8\n", ": line 1 holds data, not column names: 'nurse', '7'."),
        ("text;class\nnurse;1\n", ": line 1 is one column, since it has ';'"),
        ("anchor,positive,negatives\na,p,\"['n']\"\n", ": line 2: 'negatives' is \"['n']\", not a list of texts."),
    ],
)
def test_files_that_cannot_be_used_are_reported_with_their_lines(content, problem, write_file):
    path = write_file("examples.csv", content)
    with pytest.raises(DataError) as caught:
        read_examples(path)
    assert str(caught.value).startswith(f"{path}{problem}")


def test_json_lines_report_wrong_types_and_lines_that_are_no_json(write_file):
    lines = '{"anchor": "a", "positive": "p", "negatives": "n"}\noops\n{"anchor": "a", "positive": 3}\n'
    path = write_file("examples.jsonl", lines)
    with pytest.raises(DataError) as caught:
        read_examples(path)
    message = str(caught.value)
    assert ": 3 of 3 rows cannot be used: line 1: 'negatives' is 'n', not a list of texts; line 2: no valid" in message
    assert "; line 3: 'positive' is 3, not a text." in message


def test_a_score_that_is_not_read_beside_questions_and_answers_is_logged(write_file, caplog):
    with caplog.at_level(logging.WARNING, "tfsiamese.pairs"):
        read_examples(write_file("examples.csv", "question,answer,Label\nq,a,0\n"))
        read_examples(write_file("others.csv", "question,answer,note\nq,a,0\n"))
    assert len(caplog.records) == 1
    assert "examples.csv: 'Label' is not read: the second text of each row counts as a positive" in caplog.text


@pytest.mark.parametrize("source", [None, 7, ["a", "b"]])
def test_a_source_that_is_neither_path_nor_data_frame_is_refused(source):
    with pytest.raises(SettingsError, match="Expected the path of a file, or a pandas DataFrame"):
        read_examples(source)


@pytest.mark.parametrize(
    ("name", "summary"),
    [
        ("questions.csv", "60 rows from {}, no negatives, 120 different texts"),
        ("job_titles_triplets.csv", "40 rows from {}, 65 negatives (0 to 2 in a row), 144 different texts"),
        ("job_title_classes.csv", "60 texts from {}, 12 classes of 5 texts, 60 different texts"),
    ],
)
def test_the_samples_are_read_without_repeats_and_share_no_text_with_the_test_of_job_titles(name, summary, repository):
    path = repository / "data" / name
    examples = read_examples(path)
    assert examples.summary() == summary.format(path)
    held_out = read_pairs(repository / "data" / "job_titles_test.csv").texts()
    assert not {text.casefold() for text in examples.texts()} & {text.casefold() for text in held_out}
