"""Times reading a PDF and splitting sentences here and in peers, side by side, and counts what each gets right.

Reading: an article of 100 pages in two justified columns, whose text is known word by word, as the tests build it;
against pypdf, pdfplumber and pdfminer.six as they come. The file draws its words in the order in which they are read,
as many files do; pypdf, which keeps the order of drawing, has the right one from there. Sentences: those of STS-B's dev
and test sets that end with a mark, each once, twenty to a text, with a blank between them but in Japanese; against
pysbd. A peer that is not installed is left out.

"In order" is the longest common subsequence (LCS) of the words read and the words of headings and paragraphs, by the
number of the latter; it is exact, not an estimate. Words broken at a hyphen are joined for it and hyphens left out, so
that it shows the order alone; "exact" does neither. Tables are not asked for, as the text may name them before or after
a paragraph that they interrupt. A vocabulary of 500 words gives any order some words by chance. Running words are those
of running headers and footers, without numbers. A sentence boundary is right where a sentence of STS-B ends; the end of
a text does not count. Some rows of STS-B hold two sentences, which costs precision on every side.

    TFSIAMESE_DATA=… python scripts/benchmark_documents.py --json documents.json
"""

import argparse
import csv
import json
import os
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import benchmark_rounds as rounds
from benchmark_machine import describe_machine, versions_of
from benchmark_rounds import Case, Column

SEED = 7
PDF_PEERS = {"pdfplumber": "pdfplumber", "pypdf": "pypdf", "pdfminer.six": "pdfminer"}
SENTENCE_PEERS = {"pysbd": "pysbd"}
LANGUAGES = {"en": "English", "de": "German", "ja": "Japanese"}
RUNNING_WORDS = ("Journal", "of", "Invented", "Words", "Opening", "Volume", "page")
SENTENCES_PER_TEXT = 20
ENDED = re.compile(r"""[.!?。！？]["'”’»)」』]*$""")
READING_COLUMNS = (
    Column("in_order", "words in order", ".2%"),
    Column("in_order_exact", "exact", ".2%"),
    Column("num_broken", "words left broken", ",.0f"),
    Column("num_running", "running words left", ",.0f"),
    Column("seconds", "s"),
    Column("pages_per_second", "pages/s"),
    Column("peak_megabytes", "peak memory, MB", ",.0f"),
)
SENTENCE_COLUMNS = (
    Column("f1", "F1 of boundaries", ".4f"),
    Column("precision", "precision", ".4f"),
    Column("recall", "recall", ".4f"),
    Column("seconds", "s", ",.2f"),
    Column("characters_per_second", "characters/s", ",.0f"),
)


def main() -> None:
    options = parse()
    if options.worker:
        rounds.answer(measure, options.worker)
        return
    if not options.data:
        sys.exit("Give --data, or set TFSIAMESE_DATA to the folder that holds stsb/.")
    if options.rounds < 1:
        sys.exit("Expected 1 round at least.")
    number = 1 if options.quick else options.rounds
    with tempfile.TemporaryDirectory() as folder:
        reading = rounds.run_rounds(__file__, [reading_case(folder, 10 if options.quick else 100)], number, "cpu")
    sentences = rounds.run_rounds(__file__, sentence_cases(options), number, "cpu")
    complete = rounds.show_table(reading, READING_COLUMNS, "pages_per_second")
    print()
    complete = rounds.show_table(sentences, SENTENCE_COLUMNS, "characters_per_second") and complete
    machine = describe_machine() | {"load_average": os.getloadavg()[0]}
    machine["versions"] |= versions_of("pysbd", *PDF_PEERS)
    print(f"\n{machine['processor']}, {machine['cores']} cores, load average {machine['load_average']:.1f}")
    if options.json:
        rounds.write_json(options.json, machine, vars(options), reading + sentences)
    if options.compare:
        keys = dict.fromkeys(column.key for column in READING_COLUMNS + SENTENCE_COLUMNS)
        rounds.compare(options.compare, reading + sentences, list(keys))
    sys.exit(not complete)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    rounds.add_options(parser, rounds=3)
    return parser.parse_args()


def sides(peers: dict[str, str]) -> dict[str, str]:
    """By name: this package and the peers whose module is installed."""
    found = ["tfsiamese"]
    for name, module in peers.items():
        if find_spec(module):
            found.append(name)
        else:
            rounds.show(f"{name} is not installed and left out.")
    return dict.fromkeys(found, sys.executable)


def reading_case(folder: str, num_pages: int) -> Case:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from tests.generation.documents.pdf_pages import TwoColumnArticle

    article = TwoColumnArticle(Path(folder, "article.pdf"), seed=SEED)
    path = article.write(num_pages)
    words = [word for kind, text in article.blocks if kind != "table" for word in text.split()]
    expected = Path(folder, "words.json")
    expected.write_text(json.dumps(words), encoding="utf-8")
    rounds.show(f"{article.num_pages} pages, {len(words):,} words, of which {article.num_hyphens:,} are broken")
    job = {"work": "read", "path": str(path), "expected": str(expected), "num_pages": article.num_pages}
    return Case(f"{article.num_pages} pages in two columns", job, sides(PDF_PEERS), cost=0.7 * num_pages)


def sentence_cases(options: argparse.Namespace) -> list[Case]:
    found = sides(SENTENCE_PEERS)
    shared = {"work": "split", "data": options.data, "num_texts": 10 if options.quick else None}
    return [
        Case(f"sentences, {name}", shared | {"language": language}, found, cost=20)
        for language, name in LANGUAGES.items()
    ]


def measure(job: dict[str, Any]) -> dict[str, Any]:
    return measure_reading(job) if job["work"] == "read" else measure_splitting(job)


def measure_reading(job: dict[str, Any]) -> dict[str, Any]:
    read = reader(job["side"])
    start = time.perf_counter()
    text = read(Path(job["path"]))
    seconds = time.perf_counter() - start
    words, expected = text.split(), json.loads(Path(job["expected"]).read_text(encoding="utf-8"))
    found, wanted = Counter(words), Counter(expected)
    without_hyphens = [word.replace("-", "") for word in expected]
    return {
        "seconds": seconds,
        "pages_per_second": job["num_pages"] / seconds,
        "in_order": common_length(joined(text), without_hyphens) / len(expected),
        "in_order_exact": common_length(words, expected) / len(expected),
        "num_broken": sum(word.endswith("-") for word in words),
        "num_running": sum(max(0, found[word] - wanted[word]) for word in RUNNING_WORDS),
    }


def reader(side: str) -> Callable[[Path], str]:
    """What reads a file in this way; its packages are imported already."""
    if side in ("tfsiamese", "pdfplumber"):
        import_module("pdfplumber")
    if side == "pdfplumber":
        return read_with_pdfplumber
    if side == "pypdf":
        from pypdf import PdfReader

        return lambda path: "\n".join(page.extract_text() for page in PdfReader(path).pages)
    if side == "pdfminer.six":
        from pdfminer.high_level import extract_text

        return lambda path: extract_text(path)
    from tfsiamese.generation.documents.pdf import read_pdf

    return lambda path: read_pdf(path, path.name).text


def read_with_pdfplumber(path: Path) -> str:
    """Lets go of each page once it is read, as its manual advises for long files."""
    import pdfplumber

    texts = []
    with pdfplumber.open(path) as pdf:
        for page in pdf.pages:
            texts.append(page.extract_text())
            page.close()
    return "\n".join(texts)


def joined(text: str) -> list[str]:
    """Words, put together where a line or a blank follows a hyphen, without hyphens."""
    return re.sub(r"-\s*", "", text).split()


def common_length(found: Sequence[str], expected: Sequence[str]) -> int:
    """The length of the longest common subsequence, by the bit-parallel algorithm of Hyyrö.

    Reference: H. Hyyrö, "Bit-Parallel LCS-length Computation Revisited", AWOCA 2004.
    """
    places: dict[str, int] = {}
    for number, word in enumerate(expected):
        places[word] = places.get(word, 0) | 1 << number
    everything = (1 << len(expected)) - 1
    row = everything
    for word in found:
        matched = row & places.get(word, 0)
        if matched:
            row = ((row + matched) | (row - matched)) & everything
    return len(expected) - row.bit_count()


def measure_splitting(job: dict[str, Any]) -> dict[str, Any]:
    language = job["language"]
    texts = joined_sentences(sentences_of(Path(job["data"], "stsb"), language), "" if language == "ja" else " ")
    texts = texts[: job["num_texts"]]
    split = splitter(job["side"], language)
    split(texts[0][0])
    start = time.perf_counter()
    pieces = [split(text) for text, _ in texts]
    seconds = time.perf_counter() - start
    num_found = num_true = num_right = 0
    for (text, ends), sentences in zip(texts, pieces, strict=True):
        found = boundaries(text, sentences)
        num_found, num_true, num_right = num_found + len(found), num_true + len(ends), num_right + len(found & ends)
    characters = sum(len(text) for text, _ in texts)
    return {
        "f1": 2 * num_right / (num_found + num_true),
        "precision": num_right / max(1, num_found),
        "recall": num_right / num_true,
        "seconds": seconds,
        "characters_per_second": characters / seconds,
        "characters": characters,
        "boundaries": num_true,
    }


def sentences_of(folder: Path, language: str) -> list[str]:
    """Of the dev and test set, each once, in their order; only those that end with a mark."""
    found: dict[str, None] = {}
    for part in ("dev", "test"):
        with (folder / f"stsb-{language}-{part}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                found.update(dict.fromkeys(" ".join(text.split()) for text in row[:2]))
    return [sentence for sentence in found if ENDED.search(sentence)]


def joined_sentences(sentences: Sequence[str], blank: str) -> list[tuple[str, set[int]]]:
    """Texts, each with the places where its sentences end, but for the last one."""
    texts = []
    for first in range(0, len(sentences), SENTENCES_PER_TEXT):
        part = sentences[first : first + SENTENCES_PER_TEXT]
        texts.append((blank.join(part), {len(blank.join(part[:count])) for count in range(1, len(part))}))
    return texts


def splitter(side: str, language: str) -> Callable[[str], list[str]]:
    if side == "pysbd":
        from pysbd import Segmenter

        return Segmenter(language=language, clean=False).segment
    from tfsiamese.generation.chunks.sentences import split_sentences

    return lambda text: [text[start:end] for start, end in split_sentences(text)]


def boundaries(text: str, sentences: Sequence[str]) -> set[int]:
    """Where the sentences end in the text, but for its own end; one that is not in the text is passed over."""
    ends, place = set(), 0
    for sentence in map(str.strip, sentences):
        start = text.find(sentence, place)
        if start >= 0:
            place = start + len(sentence)
            ends.add(place)
    return ends - {len(text)}


if __name__ == "__main__":
    main()
