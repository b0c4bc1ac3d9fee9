"""Writes tests/encoders/checkpoints/: tiny random checkpoints, and the vectors that sentence-transformers gives.

Run once, in an environment of its own: `pip install torch==2.13.0 sentence-transformers==6.2.0`, then
`python scripts/freeze_sentence_transformers_checkpoints.py`. The tests compare with the files and need neither.

Beside each checkpoint's folder lies a JSON: `texts`; `cases`, each with the prompt it was encoded with, the token ids
of each text and its vector (float32, eager attention); `full_lengths`, the tokens of each text before it was cut; for
some `poolings`, vectors of the first texts under other pooling modes, and `older_config`, the form of config.json that
checkpoints on the Hub have, which gives the same vectors. `training_step.json` holds one step of Adam.
"""

import argparse
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import sentence_transformers
import torch
import transformers
from checkpoint_families import Checkpoint, all_checkpoints, write_json
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer import losses
from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling, Transformer

TARGET = Path(__file__).parent.parent / "tests" / "encoders" / "checkpoints"
FLOAT32 = {"dtype": torch.float32, "attn_implementation": "eager"}

TEXTS = [
    "The data scientist trains a model.",
    "machine learning engineer",
    "",
    "nurse",
    "A man is playing the guitar on the stage while other people are singing, dancing and looking at the river bank.",
    "A",
    "It's 7 o'clock: we're not late, aren't we? HE'S gone, THEY'LL stay.",
    " ".join(f"In {year} the engineer looks at number {year * 7}." for year in range(1990, 2010)),
    "Der Bäcker bereitet das Frühstück zu; die Straße führt über eine große Brücke.",
    "L'infirmière étudie à l'université — son frère « travaille » déjà.",
    "El niño soñó mañana con un ingeniero.",
    "Программист пишет код на работе.",
    "東京の会社で働いています。工程师在北京工作。",
    "مهندس البرمجيات ‏ומהנדס תוכנה",
    "teacher 👩‍🏫, 👍🏽 and 🇩🇪!",
    "  two  spaces,\ttab\nand new\r\n\r\nlines   ",
    "ﬁne ｆｕｌｌ ½ İstanbul ŒUVRE e\u0301 \u200bzero\u00adwidth\u00a0space",
    "[SEP] literal </s> special <mask> tokens <|endoftext|> [MASK].",
    "supercalifragilisticexpialidocious" * 4,
    "print('hello world'); return x_1 + y_2 != 0",
    "https://www.example.org/jobs?id=42&lang=en",
    "1,250 employees, 38.5 % of 14",
    "the fox jumps over the dog " * 30,
    "The doctor looks after patients in the hospital.",
]
NUM_POOLED = 8
PAIRS = [
    ("The data scientist trains a model.", "machine learning engineer", 0.8),
    ("A nurse looks after patients.", "The doctor looks after patients in the hospital.", 0.7),
    ("The fox jumps over the dog.", "Someone is playing the guitar on the stage.", 0.0),
    ("software engineer", "El ingeniero diseñó un puente.", 0.4),
    ("The baker has been at work for 3 hours.", "The bread is ready, and the baker is still working.", 0.6),
    ("teacher", "Plans the lessons of next week!", 1.0),
]


def randomize(model: torch.nn.Module, seed: int) -> None:
    """Random matrices, biases and gains, in the order of their names."""
    random = np.random.default_rng(seed)
    with torch.no_grad():
        for name, values in sorted(model.named_parameters()):
            draw = random.normal(size=tuple(values.shape))
            if values.ndim == 1:
                draw = 0.1 * draw if name.endswith("bias") else 1.0 + 0.25 * draw
            elif "embed" in name or "relative_attention_bias" in name:
                draw = draw * (0.4 if "position" in name or "type" in name else 1.0)
            else:
                draw = draw * 1.3 / np.sqrt(values.shape[1])
            values.copy_(torch.tensor(draw, dtype=torch.float32))


def build(checkpoint: Checkpoint, folder: Path, seed: int) -> None:
    """Stores the checkpoint as sentence-transformers does, or in the plain layout where it has no pooling."""
    with tempfile.TemporaryDirectory() as name:
        source = Path(name)
        model = transformers.AutoModel.from_config(checkpoint.config, dtype=torch.float32)
        randomize(model, seed)
        model.to(checkpoint.dtype).save_pretrained(source)
        checkpoint.write_tokenizer(source)
        if checkpoint.pooling is None:
            settings = json.loads((source / "tokenizer_config.json").read_text())
            write_json(source / "tokenizer_config.json", settings | {"model_max_length": checkpoint.max_seq_length})
            shutil.copytree(source, folder)
        else:
            modules = list(modules_of(checkpoint, source, seed))
            prompts = {"prompts": checkpoint.prompts, "default_prompt_name": checkpoint.default_prompt_name}
            SentenceTransformer(modules=modules, device="cpu", **prompts).save(str(folder), create_model_card=False)
    if checkpoint.finish is not None:
        checkpoint.finish(folder)
    for path in folder.rglob("tokenizer.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps(content, ensure_ascii=False) + "\n", encoding="utf-8")


def modules_of(checkpoint: Checkpoint, source: Path, seed: int) -> Iterator[torch.nn.Module]:
    transformer = Transformer(
        str(source), max_seq_length=checkpoint.max_seq_length, model_kwargs={"dtype": checkpoint.dtype}
    )
    width = transformer.get_embedding_dimension()
    yield transformer
    yield Pooling(width, checkpoint.pooling, include_prompt=checkpoint.include_prompt)
    if checkpoint.dense is not None:
        dense = Dense(width, checkpoint.dense, activation_function=torch.nn.Tanh())
        randomize(dense, seed + 100)
        yield dense
    if checkpoint.normalize:
        yield Normalize()


def expected(checkpoint: Checkpoint, folder: Path) -> dict[str, object]:
    model = SentenceTransformer(str(folder), device="cpu", model_kwargs=FLOAT32)
    cases = [case_of(model, prompt) for prompt in checkpoint.cases]
    content = {
        "versions": versions(),
        "max_seq_length": model.max_seq_length,
        "dimension": model.get_embedding_dimension(),
        "prompts": checkpoint.prompts,
        "default_prompt_name": checkpoint.default_prompt_name,
        "texts": TEXTS,
        "full_lengths": [len(model.tokenizer(text)["input_ids"]) for text in TEXTS],
        "cases": cases,
    }
    if checkpoint.poolings:
        content["poolings"] = [
            {"modes": modes, "vectors": rounded(pooled(model, modes))} for modes in checkpoint.poolings
        ]
    if checkpoint.older_config:
        content["older_config"] = older_config(checkpoint, folder, model)
    return content


def case_of(model: SentenceTransformer, prompt: dict[str, str]) -> dict[str, object]:
    told = prompt.get("prompt", model.prompts.get(prompt.get("prompt_name", model.default_prompt_name)))
    ids = [model.preprocess([text], prompt=told)["input_ids"][0].tolist() for text in TEXTS]
    vectors = model.encode(TEXTS, batch_size=5, **prompt)
    for batch_size in (1, len(TEXTS)):
        difference = np.abs(model.encode(TEXTS, batch_size=batch_size, **prompt) - vectors).max()
        if difference > 1e-5:
            raise SystemExit(f"batches of {batch_size} differ by {difference}")
    return prompt | {"text_before": told or "", "ids": ids, "vectors": rounded(vectors)}


def pooled(model: SentenceTransformer, modes: tuple[str, ...]) -> np.ndarray:
    """The vectors of the transformer and another pooling alone."""
    pooling = Pooling(model[0].get_embedding_dimension(), modes)
    return SentenceTransformer(modules=[model[0], pooling], device="cpu").encode(TEXTS[:NUM_POOLED], batch_size=4)


def older_config(checkpoint: Checkpoint, folder: Path, model: SentenceTransformer) -> dict[str, object]:
    content = json.loads((folder / "config.json").read_text()) | checkpoint.older_config
    content = {key: value for key, value in content.items() if value is not None or key == "rope_scaling"}
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / "copy"
        shutil.copytree(folder, copy)
        write_json(copy / "config.json", content)
        again = SentenceTransformer(str(copy), device="cpu", model_kwargs=FLOAT32)
        if not np.allclose(again.encode(TEXTS), model.encode(TEXTS), atol=1e-6):
            raise SystemExit(f"{folder.name}: the older config.json gives other vectors")
    return content


def training_step(folder: Path, make_loss: Callable, names: list[str], table: str) -> dict[str, object]:
    """One step of Adam without dropout: the loss, the gradients and the new values of some weights."""
    model = SentenceTransformer(str(folder), device="cpu", model_kwargs=FLOAT32).eval()
    left, right, labels = zip(*PAIRS, strict=True)
    features = [model.preprocess(list(texts)) for texts in (left, right)]
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.9, 0.999), eps=1e-8)
    loss = make_loss(model)([dict(batch) for batch in features], torch.tensor(labels))
    loss.backward()
    weights = dict(model[0].model.named_parameters())
    used = {token for batch in features for token in batch["input_ids"][batch["attention_mask"] == 1].tolist()}
    # Torch leaves the padding token's row alone, also where the token stands at the end of each text.
    used.discard(model.tokenizer.pad_token_id)
    unused = sorted(set(range(len(weights[table]))) - used)
    # Where a gradient is tiny, Adam's step depends on how its epsilon is meant.
    smallest = weights[table].grad.abs().min(dim=1).values
    chosen = [row for row in sorted(used) if smallest[row] > 1e-5]
    rows = dict.fromkeys(names) | {table: chosen[:: max(1, len(chosen) // 16)]}
    gradients = {name: picked(weights[name].grad, rows[name]) for name in rows}
    optimizer.step()
    changed = [
        {"name": name, "rows": rows[name], "gradient": gradients[name], "updated": picked(weights[name], rows[name])}
        for name in rows
    ]
    still = {"name": table, "rows": unused[-4:], "updated": picked(weights[table], unused[-4:])}
    return {"checkpoint": folder.name, "loss": round(loss.item(), 7), "weights": changed, "unchanged": still}


def training_steps(out: Path) -> dict[str, object]:
    layer = "encoder.layer."
    bert = [f"{layer}0.attention.self.query.weight", f"{layer}1.attention.output.dense.bias"]
    bert += [f"{layer}0.attention.output.LayerNorm.weight", f"{layer}1.intermediate.dense.bias"]
    bert += ["embeddings.LayerNorm.bias", "embeddings.token_type_embeddings.weight"]
    mistral = ["layers.0.self_attn.k_proj.weight", "layers.1.self_attn.o_proj.weight", "layers.0.mlp.up_proj.weight"]
    mistral += ["layers.1.input_layernorm.weight", "norm.weight"]
    steps = [
        {"loss_name": "mse"}
        | training_step(out / "bert", losses.CosineSimilarityLoss, bert, "embeddings.word_embeddings.weight"),
        {"loss_name": "ranking", "scale": 20.0}
        | training_step(out / "mistral", losses.MultipleNegativesRankingLoss, mistral, "embed_tokens.weight"),
    ]
    adam = {"learning_rate": 1e-3, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}
    return {"versions": versions(), "optimizer": adam, "pairs": PAIRS, "steps": steps}


def picked(values: torch.Tensor, rows: list[int] | None) -> list:
    chosen = values if rows is None else values[rows]
    return np.vectorize(lambda value: float(f"{value:.7g}"))(chosen.detach().numpy().astype(float)).tolist()


def rounded(vectors: np.ndarray) -> list[list[float]]:
    return [[round(float(value), 6) for value in vector] for vector in vectors]


def versions() -> dict[str, str]:
    packages = {"torch": torch, "transformers": transformers, "sentence-transformers": sentence_transformers}
    return {name: package.__version__ for name, package in packages.items()}


def write_compact(path: Path, content: dict[str, object]) -> None:
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in content.items())
    path.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


def describe(name: str, content: dict, folder: Path) -> str:
    vectors = np.array(content["cases"][0]["vectors"])
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = (units @ units.T)[np.triu_indices(len(units), 1)]
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1000
    figures = (np.median(cosines), np.quantile(cosines, 0.95), cosines.max())
    return f"| {name} | {size:.0f} kB | {' | '.join(f'{figure:.3f}' for figure in figures)} |"


def main() -> None:
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=TARGET, help=f"the folder to write ({TARGET})")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    print("| checkpoint | folder | median cosine of two texts | 95 % | largest |\n|---|---|---|---|---|")
    for seed, (name, checkpoint) in enumerate(all_checkpoints().items(), start=61):
        folder = out / name
        shutil.rmtree(folder, ignore_errors=True)
        build(checkpoint, folder, seed)
        content = expected(checkpoint, folder)
        write_compact(out / f"{name}.json", content)
        print(describe(name, content, folder))
    write_compact(out / "training_step.json", training_steps(out))


if __name__ == "__main__":
    main()
