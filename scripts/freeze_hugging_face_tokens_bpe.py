"""Writes tests/encoders/tokenizers/hugging_face_bpe.json: byte-level BPE's words and ids by Hugging Face.

Run once, in an environment of its own: `pip install tokenizers==0.23.3`, then
`python scripts/freeze_hugging_face_tokens_bpe.py`. The tests compare with the file and do not need it.

A case is a small tokenizer trained on the lines below: its tokenizer.json, the ids of each text, and the
lengths in characters of the words that the pre-tokenizer cuts the text into.
"""

import json
import random
from collections.abc import Iterable
from pathlib import Path

import tokenizers
from tokenizers import Regex, Tokenizer, models, trainers
from tokenizers.pre_tokenizers import ByteLevel, Digits, PreTokenizer, Sequence, Split

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "tests" / "encoders" / "tokenizers" / "hugging_face_bpe.json"

CODES = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]
WHITESPACE = r"\s+(?!\S)|\s+"
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|" + WHITESPACE
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"
    + WHITESPACE
)
QWEN2 = LLAMA3.replace("{1,3}", "")

LINES = [
    "The search team wants a data scientist close to a machine learning engineer.",
    "She's sure they'll say we're late; I'd rather not, and you've seen that it isn't theirs.",
    "Die Köchin prüft große Töpfe, während der Bäcker früh am Morgen über die Straße geht.",
    "Le garçon déjà âgé préfère l'hôtel près de la forêt.",
    "机器学习工程师和数据科学家在同一个团队里工作。我们学习数据，数据学习我们。",
    "データサイエンティストは、データを分析する人です。",
    "def encode(texts):\n    return [text.strip() for text in texts if text]\n\n\nfor i in range(100):\n        pass\n",
    "In 2024 there were 1,250 openings, 12.5 % more than in 2023; 100, 200, 300 and 1000.",
    "https://www.example.com/jobs?title=engineer&level=3#top",
    "aaaa aaaaaaaa aaaaaaaaaaaaaaaa        spaces                and more",
    "Привет, мир! Инженер учится, и машина учится.",
]
# fmt: off
TEXTS = [
    *LINES,
    *["", " ", "   ", "\n", "\r\n", "\t\t", " a", "a ", "  a  b   c  ", "a\n\nb", "a \n b", "a\r\n\r\n  b"],
    *["\n \n x", "-\n-a", "it's", "IT'S", "it’s", "'s", " 's", "''s", "'sure", "'re're", "'r e", "we'LL'Ve"],
    *["x'ſ", "'S'T'M", "a's1't", "\n's", "-\n's", "123", "1234567", " 12 345", "a1b22c333", "½²③Ⅷ", "٣٤٥٦"],
    *["1,000.50", "𝟙𝟚", "5\xa05", "$5", "(a)", "((a))", " (a", "\t(a", "\ta", "\xa0a", "\u3000日本", " \ta"],
    *["\t a", "a\u2028b", "a\x85b", "a\u200bb", "co\u00adop", "\ufeffa", "\u200fא", "a\x00b", "\x00"],
    *["é e\u0301", "ﬁﬂ", "ＡＢＣ１", "ıİ", "Σσς", "ßẞ", "–—−", "日本語漢字", "𠀀𠮷", "ひらがなカタカナ"],
    *["한국어", "ภาษาไทย", "العربية", "שָׁלוֹם", "👨\u200d👩\u200d👧", "👍🏽", "🇩🇪🇫🇷", "☺\ufe0f"],
    *["\x01\x1b\x7f", "\ufffd", "\ue000", "\u0378", "\uffff", "\U0010ffff", "\U00016ff4", "[SEP] </s>"],
    *["<mask> x", "!!!\n\n", "?\r\nb", " .\n .", "...a", " ...a", "a...", "foo_bar(x) -> y;", "<b>hi</b>"],
    *["#tag @me", "100%", "a-b", "--", "__init__", "a" * 300, "学习" * 60, " " * 70 + "x", "data scientist"],
    *["Data Scientist", " machine learning", "aab" * 30, "ab" * 50],
]
# fmt: on


def byte_level(prefix: bool, regex: bool) -> PreTokenizer:
    return ByteLevel(add_prefix_space=prefix, use_regex=regex)


def split(expression: str) -> PreTokenizer:
    return Split(Regex(expression), "isolated")


CASES = {
    "gpt2": byte_level(prefix=False, regex=True),
    "roberta": byte_level(prefix=True, regex=True),
    "llama3": Sequence([split(LLAMA3), byte_level(prefix=False, regex=False)]),
    "qwen2": Sequence([split(QWEN2), byte_level(prefix=False, regex=False)]),
    "digits": Sequence([Digits(individual_digits=True), split(GPT2), byte_level(prefix=True, regex=False)]),
    "whole_texts": Sequence([Digits(individual_digits=False), byte_level(prefix=False, regex=False)]),
}


def train(pre_tokenizer: PreTokenizer) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    alphabet = ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=460, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(LINES, trainer)
    return tokenizer


def with_all_merges(tokenizer: Tokenizer) -> Tokenizer:
    """As Llama 3 has been converted: each way to make a token is a merge, and a token that is a word is taken whole."""
    content = json.loads(tokenizer.to_str())
    ids = content["model"]["vocab"]
    content["model"]["merges"] = [
        [token[:place], token[place:]]
        for token in sorted(ids, key=ids.get)
        for place in range(1, len(token))
        if token[:place] in ids and token[place:] in ids
    ]
    content["model"]["ignore_merges"] = True
    return Tokenizer.from_str(json.dumps(content))


def random_texts(count: int) -> Iterable[str]:
    random.seed(11)
    common = " \n\r\t'sStTreRveLlmd12345aA.,!-(é日\u00a0\u3000ſ½\u0301🙂"
    for _ in range(count):
        yield "".join(random.choices(common, k=random.randint(1, 16)))
        yield "".join(map(chr, random.sample(CODES, random.randint(1, 6))))


def freeze(tokenizer: Tokenizer, texts: list[str]) -> dict:
    cut = tokenizer.pre_tokenizer.pre_tokenize_str
    words = [[characters(word) for word, _ in cut(text)] for text in texts]
    ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    return {"tokenizer": json.loads(tokenizer.to_str()), "ids": ids, "word_lengths": words}


def characters(word: str) -> int:
    """How many characters a word has that is spelled in bytes: all bytes but those that continue a character."""
    return len(word) - sum(letter in CONTINUING for letter in word)


CONTINUING = {ByteLevel(False, False).pre_tokenize_str(chr(code))[0][0][-1] for code in range(0x80, 0xC0)}


def main() -> None:
    texts = [*TEXTS, *random_texts(40)]
    cases = {}
    for name, pre_tokenizer in CASES.items():
        tokenizer = train(pre_tokenizer)
        cases[name] = freeze(with_all_merges(tokenizer) if name == "llama3" else tokenizer, texts)
    content = {"versions": {"tokenizers": tokenizers.__version__}, "texts": texts, "cases": cases}
    TARGET.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
