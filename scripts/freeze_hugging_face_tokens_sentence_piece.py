"""Writes tests/encoders/tokenizers/hugging_face_sentence_piece.json: SentencePiece tokenizers' ids by Hugging Face.

Run once, in an environment of its own: `pip install transformers==5.23.0 tokenizers==0.23.3`, then
`python scripts/freeze_hugging_face_tokens_sentence_piece.py`. The tests compare with the file and need neither.

The tokenizers are trained here, on a few made-up sentences, and have a character map of a few keys. Unigram does
not train alike twice, so another run writes other vocabularies.
"""

import base64
import json
from pathlib import Path

import tokenizers
from hugging_face_charsmap import make_charsmap
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers.tokenization_utils_base import generate_merges

TARGET = Path(__file__).parent.parent / "tests" / "encoders" / "tokenizers" / "hugging_face_sentence_piece.json"

SENTENCES = [
    "A data scientist builds models, a machine learning engineer keeps them running.",
    "The nurse wrote the report before the night shift ended at 10:30.",
    "Der Schweißer prüft die Nähte; die Größe stimmt nicht überein.",
    "Le café était fermé, nous avons donc mangé à côté de l'hôtel.",
    "Программист пишет код, а тестировщик ищет ошибки.",
    "データサイエンティストはモデルを作ります。",
    "机器学习工程师维护系统。 数据 科学家 分析 数据。",
    "Price: 1,200.50 EUR -- or 1.200,50? See https://example.org/a?b=c&d=e#f",
    "for (int i = 0; i < n; ++i) { sum += a[i]; } // done",
    "aaaa aaaaaa ---- ------ .... ...... hahahaha 1010101010 ======",
]
CHANGES = {
    "\t": " ",
    "\n": " ",
    "\r": " ",
    "\u00a0": " ",
    "\u3000": " ",
    "\u200b": " ",
    "\u00ad": "",
    "ﬁ": "fi",
    "½": "1⁄2",
    "²": "2",
    "™": "TM",
    "Ａ": "A",
    "ｶ": "カ",
    "…": "...",
    "e\u0301": "é",
    "u\u0308": "ü",
    "a\u0302": "â",
}
CHARSMAP = make_charsmap({key.encode(): value for key, value in CHANGES.items()})
TEXTS = [
    "",
    " ",
    "  ",
    "\t",
    "\n\n",
    "\u00ad",
    "a",
    " a",
    "a ",
    "  a  b  ",
    "A data scientist",
    "café",
    "cafe\u0301",
    "fu\u0308r",
    "e\u0301\u0301",
    "ﬁ\u0301x",
    "½\u0302",
    "™\u0301x",
    "\u00ad\u0301",
    "\u200b\u0301",
    "a\r\nb",
    "a\tb\nc",
    "x\u3000y",
    "x\u00a0y",
    "x\u2028y",
    "x\u0085y",
    "x\x00y",
    "\x00",
    "x\x01\x7fy",
    "\ufeffx",
    "x\ufffdy",
    "\ue000",
    "\u0378",
    "ﬁnance ½ ² ™ … Ａ ｶ",
    "☃",
    "☃☃☃",
    "a☃☃b ☃",
    "☃ ☃",
    "▁",
    "▁▁",
    "a▁b",
    "a ▁b",
    "▁ a",
    "<s>",
    "</s>",
    "<unk>",
    "<mask>",
    "a<mask>b",
    "a  <mask>  b",
    "[SEP]",
    "<0x41>",
    "<s>a</s>",
    "-----",
    "--------------------------------",
    "aaaaa",
    "aaaaaaaaaaaaaaaaaaaaaaaaa",
    "hahahahahaha",
    "0101010101",
    "...........",
    "= = = =",
    "Straße",
    "İstanbul ı",
    "ΟΔΟΣ ς",
    "👩‍🚀👍🏽🇩🇪❤️",
    "한국어 한국",
    "日本語のデータ",
    "数据科学家分析",
    "עִבְרִית",
    "العربية",
    "ไทย",
    "नमस्ते",
    "don't 'S ’s",
    "https://example.org/x?y=z",
    "if (a[i] < 3) { return; }",
    "<b>bold</b>",
    "1,234.56 78%",
    "a" * 300,
    "データ" * 60,
    "The nurse, the nurse; the nurse!",
    "x\u200dy",
    "x\u200fy",
    "𝒜𠀀",
]


def unigram(num_pieces: int) -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(
        vocab_size=num_pieces, special_tokens=[*special, "<mask>"], unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    return tokenizer


def xlm_roberta() -> Tokenizer:
    tokenizer = unigram(400)
    tokenizer.normalizer = normalizers.Precompiled(CHARSMAP)
    parts = [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(parts)
    return tokenizer


def metaspace(**options) -> Tokenizer:
    tokenizer = unigram(350)
    steps = [
        normalizers.Precompiled(CHARSMAP),
        normalizers.Strip(left=False, right=True),
        normalizers.Replace(Regex(" {2,}"), "▁"),
    ]
    tokenizer.normalizer = normalizers.Sequence(steps)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(**options)
    return tokenizer


def byte_fallback(
    normalizer: normalizers.Normalizer | None, pre_tokenizer: pre_tokenizers.PreTokenizer | None
) -> Tokenizer:
    """As transformers converts Llama's and Mistral's: every two pieces that make a piece are a merge."""
    special = ["<unk>", "<s>", "</s>"]
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=special + [f"<0x{byte:02X}>" for byte in range(256)],
        limit_alphabet=120,
        show_progress=False,
    )
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, pre_tokenizer
    tokenizer.train_from_iterator(SENTENCES, trainer)
    whole = json.loads(tokenizer.to_str())
    pieces = {token: index for token, index in whole["model"]["vocab"].items() if index >= 259}
    whole["model"]["merges"] = [list(merge) for merge in generate_merges(pieces)]
    whole["added_tokens"] = [each for each in whole["added_tokens"] if each["content"] in special]
    whole["added_tokens"][2]["normalized"] = True
    return Tokenizer.from_str(json.dumps(whole))


def cases() -> dict[str, Tokenizer]:
    llama = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    return {
        "xlm_roberta": xlm_roberta(),
        "metaspace": metaspace(),
        "metaspace_first_whole": metaspace(prepend_scheme="first", split=False),
        "metaspace_never": metaspace(prepend_scheme="never"),
        "byte_fallback": byte_fallback(llama, None),
        "byte_fallback_metaspace": byte_fallback(None, pre_tokenizers.Metaspace(prepend_scheme="first", split=False)),
    }


def frozen(tokenizer: Tokenizer) -> dict:
    whole = json.loads(tokenizer.to_str())
    for token in whole["added_tokens"]:
        token["lstrip"] = token["content"] == "<mask>"
    whole["decoder"] = None
    ids = [each.ids for each in Tokenizer.from_str(json.dumps(whole)).encode_batch(TEXTS)]
    if isinstance(whole["model"]["vocab"], list):
        whole["model"]["vocab"] = [[piece, round(score, 6)] for piece, score in whole["model"]["vocab"]]
        ids = [each.ids for each in Tokenizer.from_str(json.dumps(whole)).encode_batch(TEXTS)]
    return {"tokenizer": whole, "ids": ids}


def main() -> None:
    data = base64.b64encode(CHARSMAP).decode()
    lines = [f'"versions": {json.dumps({"tokenizers": tokenizers.__version__})}', f'"charsmap": "{data}"']
    lines.append(f'"texts": {json.dumps(TEXTS)}')
    whole = {name: json.dumps(frozen(tokenizer)).replace(data, "CHARSMAP") for name, tokenizer in cases().items()}
    body = ",\n".join(f'"{name}": {case}' for name, case in whole.items())
    TARGET.write_text("{" + ",\n".join(lines) + f',\n"cases": {{\n{body}\n}}}}\n')


if __name__ == "__main__":
    main()
