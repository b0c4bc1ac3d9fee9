import json
from pathlib import Path

import pytest

from tfsiamese.errors import DataError
from tfsiamese.evaluation import RetrievalData, read_retrieval
from tfsiamese.evaluation.retrieval_texts import to_ascii

_EXPECTED = RetrievalData(
    {"q1": "nurse", "q2": "baker"},
    {"d1": "Registered nurse", "d2": 'the "best" baker', "d3": "pilot"},
    {"q1": {"d1": 1}, "q2": {"d2": 2, "d3": 0}},
)


def _write(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8", newline="")
    return folder


def _lines(*records: dict) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


_BEIR = {
    "queries.jsonl": _lines({"_id": "q1", "text": "nurse", "metadata": {}}, {"_id": "q2", "text": "baker"}),
    "corpus.jsonl": _lines(
        {"_id": "d1", "title": "Registered", "text": "nurse"},
        {"_id": "d2", "title": "", "text": 'the "best" baker'},
        {"_id": "d3", "text": "pilot"},
    ),
    "qrels/test.tsv": "query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t2\nq2\td3\t0\n",
}
_TREC = {
    "queries.tsv": "q1\tnurse\nq2\tbaker\n",
    "corpus.tsv": 'd1\tRegistered nurse\nd2\tthe "best" baker\nd3\tpilot\n',
    "qrels.txt": "q1 0 d1 1\nq2 0  d2 2\nq2 0 d3 0\n",
}
_MELO = {
    "queries.tsv": "q1\tnurse\r\nq2\tbaker\r\n",
    "corpus_elements.tsv": '\ufeffd1\tRegistered nurse\nd2\tthe "best" baker\n\nd3\tpilot',
    "annotations.tsv": "q1\t0\td1\t1\nq2\t0\td2\t2\nq2\t0\td3\t0\n",
}


@pytest.mark.parametrize("files", [_BEIR, _TREC, _MELO], ids=["beir", "trec", "melo"])
def test_the_known_layouts_hold_the_same_set(files, tmp_path):
    data = read_retrieval(_write(tmp_path, files))
    assert (data.queries, data.corpus, data.relevance) == (_EXPECTED.queries, _EXPECTED.corpus, _EXPECTED.relevance)
    assert data.fingerprint == _EXPECTED.fingerprint
    assert data.source == str(tmp_path)


def test_relevance_can_be_json_lines(tmp_path):
    rows = [{"query-id": "q1", "corpus-id": "d1", "score": 1}, {"query-id": "q2", "corpus-id": "d2", "score": 2.0}]
    files = {name: text for name, text in _BEIR.items() if "qrels" not in name} | {"qrels.jsonl": _lines(*rows)}
    assert read_retrieval(_write(tmp_path, files)).fingerprint == _EXPECTED.fingerprint


def test_a_header_names_the_columns_of_a_tab_file(tmp_path):
    corpus = 'text\tTitle\t_id\nnurse\tRegistered\td1\nthe "best" baker\t\td2\npilot\t\td3\n'
    assert read_retrieval(_write(tmp_path, _TREC | {"corpus.tsv": corpus})).corpus == _EXPECTED.corpus


def test_the_split_picks_the_file_of_relevance(tmp_path):
    folder = _write(tmp_path, _BEIR | {"qrels/dev.tsv": "query-id\tcorpus-id\tscore\nq1\td3\t1\n"})
    data = read_retrieval(folder, split="dev")
    assert (data.relevance, data.num_dropped) == ({"q1": {"d3": 1}}, 1)
    with pytest.raises(DataError, match=r"Expected one of qrels/train.tsv, .* Found: .*qrels/dev.tsv, qrels/test.tsv"):
        read_retrieval(folder, split="train")


def test_a_split_is_not_taken_from_a_file_that_has_none(tmp_path):
    with pytest.raises(DataError, match=r"no file with the relevance. Expected one of qrels/dev.tsv"):
        read_retrieval(_write(tmp_path, _TREC), split="dev")


def test_ascii_drops_accents_and_other_scripts_from_all_texts(tmp_path):
    files = {"queries.tsv": "q1\tcafé manager\n", "corpus.tsv": "d1\tＣafé – manager ß\n", "qrels.tsv": "q1\td1\t1\n"}
    folder = _write(tmp_path, files)
    data = read_retrieval(folder, ascii=True)
    assert (data.queries["q1"], data.corpus["d1"]) == ("cafe manager", "Cafe  manager ")
    assert read_retrieval(folder).queries["q1"] == "café manager"
    assert to_ascii("看護師") == ""


def test_a_query_that_ascii_leaves_nothing_of_is_named(tmp_path):
    folder = _write(tmp_path, _TREC | {"queries.tsv": "q1\t看護師\nq2\tbaker\n"})
    assert len(read_retrieval(folder).queries) == 2
    with pytest.raises(DataError, match="the query 'q1' has no text"):
        read_retrieval(folder, ascii=True)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("qrels.txt", "q1 0 d1 1\nq9 0 d1 1\nq1 0 d9 1\n", r"on 2 lines: line 2: query 'q9'; line 3: document 'd9'\."),
        ("qrels.txt", "q1 0 d1 1\nq1 0 d2 high\n", r"line 2 has the grade 'high'\. Expected a whole number"),
        ("qrels.txt", "q1 0 d1 0.5\n", r"line 1 has the grade '0.5'"),
        ("qrels.txt", "q1 0 d1 1e300\n", r"line 1 has the grade '1e300'"),
        ("qrels.txt", "q1 0 d1 1\nq1 0 d1 2\n", r"line 2 grades the document 'd1' 2 for the query 'q1'.* above 1\."),
        ("qrels.txt", "q1 0 d1 1\nq1 d1\n", r"line 2 has 2 fields\. Expected query"),
        ("queries.tsv", "q1\tnurse\nq2\tbaker\tchef\n", r"queries.tsv: line 2 has 3 fields, expected 2"),
        ("queries.tsv", "q1\tnurse\n\nq1\tnurses\n", r"queries.tsv: line 3 has another text for the id 'q1'"),
        ("queries.tsv", "q1\tnurse\n\tbaker\n", r"queries.tsv: line 2 has no id"),
        ("corpus.tsv", "\n\n", r"corpus.tsv holds no texts"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(name, content, problem, tmp_path):
    with pytest.raises(DataError, match=problem):
        read_retrieval(_write(tmp_path, _TREC | {name: content}))


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("queries.jsonl", '{"_id": "q1", "text": "nurse"}\n{"_id": "q2"', "queries.jsonl: line 2 is not JSON"),
        ("queries.jsonl", '["q1", "nurse"]', "line 1 is JSON, but no object"),
        ("queries.jsonl", '{"text": "nurse"}', "line 1 has no id"),
        ("corpus.jsonl", '{"_id": "d1", "text": null}', "line 1 has no text"),
        ("corpus.jsonl", '{"_id": "d1", "text": "\\ud800"}', "line 1 has half a surrogate pair"),
    ],
)
def test_an_object_that_cannot_be_used_is_named(name, content, problem, tmp_path):
    with pytest.raises(DataError, match=problem):
        read_retrieval(_write(tmp_path, _BEIR | {name: content}))


def test_a_line_twice_is_no_contradiction(tmp_path):
    files = _TREC | {"corpus.tsv": _TREC["corpus.tsv"] * 2, "qrels.txt": _TREC["qrels.txt"] * 2}
    assert read_retrieval(_write(tmp_path, files)).fingerprint == _EXPECTED.fingerprint


def test_bytes_that_are_not_utf_8_are_named_with_their_line(tmp_path):
    _write(tmp_path, _TREC)
    (tmp_path / "corpus.tsv").write_bytes(b"d1\tnurse\nd2\tcaf\xe9\n")
    with pytest.raises(DataError, match="line 2 is not UTF-8"):
        read_retrieval(tmp_path)


def test_missing_and_doubled_files_are_named(tmp_path):
    with pytest.raises(DataError, match="is no folder"):
        read_retrieval(tmp_path / "nowhere")
    _write(tmp_path, {"corpus.tsv": "d1\tnurse\n"})
    with pytest.raises(DataError, match=r"no file with the queries.* Found: corpus.tsv\."):
        read_retrieval(tmp_path)
    _write(tmp_path, {"queries.tsv": "q1\tnurse\n", "queries.jsonl": _BEIR["queries.jsonl"]})
    with pytest.raises(DataError, match=r"holds queries.tsv and queries.jsonl\. Expected one file"):
        read_retrieval(tmp_path)


def test_melo_has_its_known_sizes(data_folder):
    data = read_retrieval(data_folder / "melo_en_dev")
    assert (len(data.queries), len(data.corpus), data.num_dropped) == (315, 33_809, 0)
    assert sum(not text.isascii() for text in data.corpus.values()) == 22
    prepared = read_retrieval(data_folder / "melo_en_dev", ascii=True)
    assert all(text.isascii() for text in prepared.corpus.values())
