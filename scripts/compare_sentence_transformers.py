"""Prints how far the vectors of checkpoints here are from sentence-transformers', before and after a round trip.

Both sides encode the texts of STS-B dev. Then the checkpoint is fine-tuned here for some steps on STS-B train, exported
with `export_checkpoint`, loaded in sentence-transformers, and the vectors are compared again.

    TFSIAMESE_DATA=… python scripts/compare_sentence_transformers.py FOLDER … --peer-python PATH
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import checkpoint_sides as sides
import numpy as np
from training_sides import LEARNING_RATE, read_sts

BATCH_SIZE = 32
LABEL_WIDTH = 34


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", help="checkpoints in the sentence-transformers or Hugging Face layout")
    parser.add_argument("--peer-python", metavar="PATH", default=sys.executable, help="Python with the peer's packages")
    parser.add_argument("--data", default=os.environ.get("TFSIAMESE_DATA"), help="holds stsb/")
    parser.add_argument("--steps", type=int, default=20, help="training steps before the round trip (20)")
    parser.add_argument("--peer-output", metavar="FILE", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.data:
        sys.exit("Give --data, or set TFSIAMESE_DATA to the folder that holds stsb/.")
    if options.peer_output:
        peer = sides.SentenceTransformers(options.folders[0], "float32")
        np.save(options.peer_output, peer.encode(dev_texts(options.data), BATCH_SIZE))
        return
    print(f"{'':{LABEL_WIDTH}}  largest difference  smallest cosine  Pearson here  Pearson there")
    for folder in options.folders:
        compare(folder, options)


def compare(folder: str, options: argparse.Namespace) -> None:
    here = sides.TfSiamese(folder, "float32")
    name = Path(folder).resolve().name
    show(name, here.encode(dev_texts(options.data), BATCH_SIZE), there(folder, options), options.data)
    num_pairs = options.steps * BATCH_SIZE
    left, right, scores = (column[:num_pairs] for column in read_sts(options.data, "train"))
    steps = here.train((left, right, scores), BATCH_SIZE, LEARNING_RATE)
    with tempfile.TemporaryDirectory() as parent:
        exported = Path(parent) / "exported"
        here.export_checkpoint(str(exported))
        tuned = here.encode(dev_texts(options.data), BATCH_SIZE)
        show(f"{name}, {len(steps)} steps later", tuned, there(str(exported), options), options.data)


def there(folder: str, options: argparse.Namespace) -> np.ndarray:
    """The vectors that sentence-transformers gives, in a process of its own Python."""
    with tempfile.TemporaryDirectory() as parent:
        output = Path(parent) / "vectors.npy"
        command = [options.peer_python, __file__, folder, "--data", options.data, "--peer-output", str(output)]
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        if finished.returncode != 0:
            sys.exit(f"sentence-transformers cannot encode with {folder}:\n{finished.stderr[-3000:]}")
        return np.load(output)


def dev_texts(data: str) -> list[str]:
    left, right, _ = read_sts(data, "dev")
    return left + right


def show(label: str, ours: np.ndarray, theirs: np.ndarray, data: str) -> None:
    scores = read_sts(data, "dev")[2]
    difference = np.abs(ours - theirs).max()
    lengths = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    cosine = ((ours * theirs).sum(axis=1) / lengths).min()
    pearsons = [sides.pearson_of_cosines(vectors, scores) for vectors in (ours, theirs)]
    print(
        f"{label:{LABEL_WIDTH}}  {difference:18.1e}  {cosine:15.7f}  {pearsons[0]:12.4f}  {pearsons[1]:13.4f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
