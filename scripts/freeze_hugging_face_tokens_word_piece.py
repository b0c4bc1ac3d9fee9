"""Writes tests/encoders/tokenizers/hugging_face_{normalizers,word_piece}.json: strings and ids of Hugging Face.

Run once, in an environment of its own: `pip install tokenizers==0.23.3`, then
`python scripts/freeze_hugging_face_tokens_word_piece.py`. The tests compare with the files and do not need it.

The small vocabularies are learned from the samples in data/ and the texts. Where a normalizer leaves a text as it is,
its file has null.
"""

import json
import random
from pathlib import Path

import tokenizers
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

ROOT = Path(__file__).parent.parent
TARGETS = ROOT / "tests" / "encoders" / "tokenizers"
SAMPLES = ["job_titles.csv", "general_sentences.csv", "questions.csv"]

AWKWARD = [
    "",
    " ",
    " \t\r\n ",
    "Café crème, ÉCOLE, naïve Ångström.",
    "cafe\u0301 cre\u0300me A\u030angstro\u0308m",
    "q\u0323\u0307 q\u0307\u0323 s\u0323\u0307 \u1e9b\u0323 \u0301alone",
    "a\u0345\u0301\u0315\u0300\u05ae\u0062 \u034f\u0316\u0301\u034f\u0327",
    "ﬁnancial oﬃce Ĳsselmeer ǆ ŉ ﬆ",
    "ＦＵＬＬ　ｗｉｄｔｈ １２３ ｶﾞｷﾞｸﾞ",
    "İstanbul ISPARTA ısırgan i̇ Iıİi",
    "ΟΔΥΣΣΕΥΣ ΣΑΣ ὈΔΥΣΣΕΎΣ ΰ ΐ ᾳ ῼ",
    "STRASSE Straße STRAẞE",
    "½ cup, ¾ mile, x² + y₃ = 10⁻⁴ ™ ® № ℃",
    "well-known – dash — long―bar ‐ hyphen‑nonbreaking",
    "東京都で働く 𠀀𪚥𫜴㐀 豈更車 丽",
    "カタカナ ひらがな が か\u3099 ヴ ヷ",
    "한국어 각\u11a8 \u1112\u1161\u11ab\u1100\u1173\u11af 가\u11a7 \u1100\u1161\u11a8\u11a8",
    "ภาษาไทย กำลัง ที่ ก\u0e33",
    "العربية كِتَابٌ ﷺ ﻻ \u0622\u0627\u0653",
    "עברית שָׁלוֹם שּׁ \ufb2c \ufb49",
    "हिन्दी क़ ड़ \u0928\u093c क\u094dष",
    "\u09c7\u09be \u09c7\u09d7 \u0b47\u0b56 \u0bc6\u0bbe \u0dd9\u0dcf\u0dca \u1025\u102e",
    "👩‍💻 👍🏽 🇩🇪 ❤️ ☺︎ 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "bell\x07 nul\x00byte del\x7f \x85next \x1b[31m",
    "\ufffd replacement \ue000 private \U000f0000 \u0378 unassigned \U000e0001",
    "tab\tnew\nline\r\ncarriage\rform\x0cvertical\x0b",
    "no-break\u00a0space ideographic\u3000space line\u2028paragraph\u2029end thin\u2009hair\u200a",
    "zero\u200bwidth soft\u00adhyphen \u200eltr\u200frtl \ufeffbom word\u2060joiner mongolian\u180evowel",
    "https://example.org/a?b=c&d=%20#e user.name+tag@example.co.uk",
    "def f(x): return x**2 != 3_000 # comment\n\t<b class='x'>&amp;</b> $HOME {a|b} ~`^",
    "it's IT'S he’s ‘quoted’ “double” don't won't 'twas",
    "  leading and   runs  of    spaces and trailing   ",
    "[SEP] </s> <mask> x [MASK]. [UNK] [CLS][PAD] ##s",
    "1,234.56 3.14e-10 ١٢٣ १२३ Ⅷ ⅷ 0x1F",
    "¡Hola! ¿Qué? « guillemets » „low“ …",
    "ǅ ǈ Ǳ Ω Å K ſ ẛ ΅ ; ` ´ ¨",
    "\u0344 \u0958 \u2126 \uf900 \U0002f800 \u2adc \ufb1d",
    "\u302a\u0300\u302e \U0001d15e\U0001d165\U0001d16d \U00011131\U00011127 \U000114b9\U000114ba",
    "\ua7cb\ua7dc\u1c89 \U00010d50 \U0001e921 Ꭰ ꭰ Ა",
    "\u180f \u08d3 \u1abf \U00010efd \U0001e4ec",
    "a" * 99 + " " + "b" * 100 + " " + "c" * 101,
    "é" * 100 + " " + "e\u0301" * 101,
    "日" * 101 + "x" * 1000,
]


def random_texts(count: int, seed: int) -> list[str]:
    """Characters from all over Unicode, and from the blocks where normalization has most to do."""
    source = random.Random(seed)
    blocks = [(0x20, 0x7F), (0xA0, 0x250), (0x300, 0x370), (0x370, 0x400), (0x591, 0x660), (0x900, 0xE00)]
    blocks += [(0x1100, 0x1200), (0xAC00, 0xD7A4), (0x1E00, 0x2100), (0x3040, 0x3400), (0xF900, 0x10000)]
    blocks += [(0x10000, 0x20000), (0xE000, 0x110000)]
    texts = []
    for _ in range(count):
        chosen = source.sample(blocks, 3)
        codes = [source.randrange(*source.choice(chosen)) for _ in range(source.randrange(1, 16))]
        texts.append("".join(map(chr, codes)))
    return texts


def normalizer_cases() -> list[normalizers.Normalizer]:
    settings = [(True, True, None, True), (True, True, None, False), (True, True, False, True)]
    settings += [(False, False, True, False), (True, False, True, True), (False, True, False, False)]
    return [
        *(normalizers.BertNormalizer(*each) for each in settings),
        normalizers.NFC(),
        normalizers.NFD(),
        normalizers.NFKC(),
        normalizers.NFKD(),
        normalizers.Lowercase(),
        normalizers.StripAccents(),
        normalizers.Strip(),
        normalizers.Strip(left=False, right=True),
        normalizers.Strip(left=True, right=False),
        normalizers.Replace(" ", "\\1▁"),
        normalizers.Replace("a.", "\\"),
        normalizers.Replace(Regex(" {2,}"), " "),
        normalizers.Replace(Regex("[a-f]+|e(s|st)"), "_"),
        normalizers.Prepend("▁"),
        normalizers.Sequence(
            [normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase(), normalizers.Strip()]
        ),
        normalizers.Sequence([normalizers.Replace("x", " "), normalizers.NFC(), normalizers.Prepend("É")]),
    ]


def train(lowercase: bool) -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special_tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=800, special_tokens=special_tokens, show_progress=False)
    lines = [line for name in SAMPLES for line in (ROOT / "data" / name).read_text(encoding="utf-8").splitlines()]
    tokenizer.train_from_iterator(lines + AWKWARD, trainer)
    return tokenizer


def part(tokenizer: Tokenizer, name: str) -> dict:
    return json.loads(tokenizer.to_str())[name]


def ids(tokenizer: Tokenizer, normalizer: normalizers.Normalizer, texts: list[str]) -> dict:
    # Without its added tokens, as special tokens in a text are not the model's business.
    bare = Tokenizer.from_str(json.dumps({**json.loads(tokenizer.to_str()), "added_tokens": []}))
    bare.normalizer = normalizer
    encodings = bare.encode_batch(texts, add_special_tokens=False)
    return {"normalizer": part(bare, "normalizer"), "ids": [encoding.ids for encoding in encodings]}


def strings(normalizer: normalizers.Normalizer, texts: list[str]) -> dict:
    holder = Tokenizer(models.WordPiece({"[UNK]": 0}, unk_token="[UNK]"))
    holder.normalizer = normalizer
    made = [normalizer.normalize_str(text) for text in texts]
    changed = [None if string == text else string for string, text in zip(made, texts, strict=True)]
    return {"normalizer": part(holder, "normalizer"), "strings": changed}


def write(name: str, head: dict, cases: list[dict]) -> None:
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    start = json.dumps({"version": tokenizers.__version__, **head})[:-1]
    (TARGETS / name).write_text(f'{start}, "cases": [\n{lines}\n]}}\n')


def main() -> None:
    texts = AWKWARD + random_texts(60, seed=8)
    write("hugging_face_normalizers.json", {"texts": texts}, [strings(each, texts) for each in normalizer_cases()])
    texts = AWKWARD + random_texts(40, seed=9)
    trained = {"uncased": train(lowercase=True), "cased": train(lowercase=False)}
    cases = [
        {"tokenizer": name, **ids(tokenizer, normalizers.BertNormalizer(True, True, strip_accents, lowercase), texts)}
        for name, tokenizer, lowercase in (("uncased", trained["uncased"], True), ("cased", trained["cased"], False))
        for strip_accents in (None, not lowercase)
    ]
    parts = {
        name: {key: part(tokenizer, key) for key in ("pre_tokenizer", "model")} for name, tokenizer in trained.items()
    }
    write("hugging_face_word_piece.json", {"tokenizers": parts, "texts": texts}, cases)


if __name__ == "__main__":
    main()
