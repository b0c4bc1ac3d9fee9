"""A checkpoint of sentence-transformers or Hugging Face as an encoder."""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfsiamese.encoders.checkpoint.assembly import assemble
from tfsiamese.encoders.checkpoint.kept_files import read_kept_files
from tfsiamese.encoders.checkpoint.layout import read_layout
from tfsiamese.encoders.checkpoint.network import CheckpointNetwork
from tfsiamese.encoders.checkpoint.options import CheckpointOptions
from tfsiamese.encoders.encoder import Encoder
from tfsiamese.encoders.reusable import ReusableParts
from tfsiamese.encoders.shared_variables import share_variable
from tfsiamese.encoders.transformer.lora import DOWN, UP
from tfsiamese.errors import EncoderError
from tfsiamese.reasons import first_line

__all__ = ["CheckpointEncoder"]


class CheckpointEncoder(Encoder):
    """Runs and trains a checkpoint in TensorFlow: tokenizer, transformer, pooling and the modules behind it.

    Args:
        folder: in the layout of sentence-transformers (`modules.json`) or of Hugging Face (`config.json`; the vectors
            are then means over the tokens, or the last token's of a language model, as in sentence-transformers).
        source: how the user named it; the folder by default.
        options: what a user chooses.

    Raises:
        EncoderError: the folder is incomplete or damaged, or holds something that is not supported.
        SettingsError: an option does not go with the checkpoint.

    Attributes:
        layout: what the folder says about itself.
        max_length: tokens at which texts are cut.
    """

    def __init__(self, folder: str | Path, source: str | None = None, options: CheckpointOptions | None = None):
        super().__init__()
        self.source = source or str(folder)
        self.options = options or CheckpointOptions()
        self._folder = Path(folder)
        self.layout = read_layout(Path(folder))
        self.prompts = dict(self.layout.prompts)
        self.default_prompt_name = self.layout.default_prompt_name
        # The folder may be gone when the trained checkpoint is written.
        self.kept_files = read_kept_files(self.layout)
        assembled = assemble(self.layout, self.options)
        self.network: CheckpointNetwork = assembled.network
        self.weight_map = assembled.weight_map
        self.extra_tensors = assembled.extra_tensors
        self.skips_prompts = assembled.skips_prompts
        self._shared = {name: share_variable(variable, True) for name, variable in self.network.weights.items()}
        # On the CPU, where an int32 variable has all its kernels.
        with tf.device("CPU:0"):
            self._dropout_seed = tf.Variable([0, 0], dtype=tf.int32, trainable=False, name="dropout_seed")
        self._count_tokens = tf.function(
            lambda texts: self.network.tokenizer.tokenize(texts).lengths,
            autograph=False,
            input_signature=[tf.TensorSpec([None], tf.string)],
        )
        self.fingerprint = self._fingerprint(assembled.fingerprint)
        self.dimension = self._dry_run()
        if self.options.lora is not None:
            self._freeze_all_but_adapters()

    @property
    def suggested_learning_rate(self) -> float | None:
        """What suits such models; adapters, which begin at zero, want ten times as much."""
        return 2e-5 if self.options.lora is None else 2e-4

    @property
    def max_length(self) -> int | None:
        """Tokens at which texts are cut, with special tokens."""
        return self.network.tokenizer.max_length

    def call(self, texts: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Encodes strings [batch], with the default prompt before them, to float32 [batch, dimension]."""
        seed = self._next_dropout_seed() if training and not self.is_deterministic else None
        prompt = self._prompt(None, None)
        return self.network(texts, prompt, self._skipped_tokens(prompt), bool(training), seed).vectors

    def _load_again(self) -> "CheckpointEncoder":
        return CheckpointEncoder(self._folder, self.source, self.options)

    def _next_dropout_seed(self) -> tf.Tensor:
        """The seed as it is; whoever does not choose the next one gets another all the same."""
        seed = tf.identity(self._dropout_seed.read_value())
        with tf.control_dependencies([seed]):
            self._dropout_seed.assign_add([0, 1])
        return seed

    def seed_dropout(self, seed: Sequence[int]) -> None:
        """Chooses what the next training step drops: two whole numbers of 32 bits."""
        self._dropout_seed.assign(np.asarray(seed, np.uint32).view(np.int32))

    @property
    def named_variables(self) -> list[tuple[str, keras.Variable]]:
        """From the embeddings up: "embeddings/word", "layers/0/attention/projection/kernel" and so on."""
        return list(self._shared.items())

    @property
    def is_deterministic(self) -> bool:
        """Whether no unit is dropped in training."""
        return not any(self.network.transformer.configuration.dropout_rates.values())

    @property
    def needs_loss_scaling(self) -> bool:
        """Whether gradients pass through float16, in which small ones become 0."""
        return self.options.compute_type == "float16"

    @property
    def is_seeded(self) -> bool:
        """True: `seed_dropout` decides what is dropped."""
        return True

    @property
    def num_layers(self) -> int:
        """The layers of the transformer."""
        return len(self.network.transformer.configuration.layers)

    @property
    def layer_numbers(self) -> dict[str, int]:
        """The layer of each variable, the embeddings being 0 and what comes after the last layer one above it."""
        top = self.num_layers + 1
        numbers = {}
        for name in self._shared:
            part, _, rest = name.partition("/")
            below = {"embeddings": 0, "relative_bias": 0}
            numbers[name] = int(rest.split("/")[0]) + 1 if part == "layers" else below.get(part, top)
        return numbers

    def describe(self) -> dict[str, Any]:
        """The options that decide what is computed."""
        lora = self.options.lora_settings
        return {
            "max_length": self.max_length,
            # True is what stands for bfloat16 in runs that are older than float16.
            "mixed_precision": {"float32": False, "bfloat16": True}.get(self.options.compute_type, "float16"),
            "dropout": self.network.transformer.configuration.dropout_rates,
            "lora": None if lora is None else dataclasses.asdict(lora) | {"targets": list(lora.targets)},
        }

    def reusable_parts(self) -> ReusableParts:
        """The network with adapters merged into the weights, without dropout."""
        network = self.network if self.options.lora is None else self.merged_network()
        variables = list(network.weights.values())
        default = self._prompt(None, None)

        texts_only = [tf.TensorSpec([None], tf.string)]
        # What all prompts share is compiled once.
        plain = tf.function(lambda texts: network(texts).vectors, autograph=False, input_signature=texts_only)

        def encoding(prompt: str) -> Callable[[tf.Tensor], tf.Tensor]:
            skipped = self._skipped_tokens(prompt)
            if skipped:
                return lambda texts: network(texts, prompt, skipped).vectors
            return lambda texts: plain(tf.strings.join([prompt, texts]) if prompt else texts)

        return ReusableParts(
            network=network,
            encode=encoding(default),
            variables=variables,
            trainable_variables=variables,
            network_encodes=False,
            prompted={name: encoding(prompt) for name, prompt in self.prompts.items()},
        )

    def merged_network(self) -> CheckpointNetwork:
        """The network with adapters added into the kernels, in variables of its own."""
        return self.network.with_transformer(self.network.transformer.merged())

    def num_tokens(self, texts: Sequence[str | bytes], *, prompt: str | None = None) -> np.ndarray:
        """See `Encoder.num_tokens`."""
        return self._counted(self._count_tokens, texts, prompt)

    def _encoding_function(self, prompt: str) -> Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
        skipped = self._skipped_tokens(prompt)
        return tf.function(
            lambda texts: tuple(self.network(texts, prompt, skipped)),
            autograph=False,
            input_signature=[tf.TensorSpec([None], tf.string)],
        )

    def _skipped_tokens(self, prompt: str) -> int:
        """How many tokens of a prompt don't take part in pooling: none, or all of it without the special end."""
        if not prompt or not self.skips_prompts:
            return 0
        with tf.init_scope():
            tokens = self.network.tokenizer.tokenize(tf.constant([prompt]))
            # A special token behind the prompt, such as [SEP], stands behind the text in the whole.
            return int(tokens.ids.row_lengths()[0]) - min(1, self.network.tokenizer.num_after)

    def _freeze_all_but_adapters(self) -> None:
        adapters = (f"/{DOWN}", f"/{UP}")
        self.freeze([name for name in self._shared if not name.endswith(adapters)])

    def _fingerprint(self, weights: str) -> str:
        digest = hashlib.sha256(weights.encode())
        for name in sorted(self.kept_files):
            if name.endswith((".json", ".txt", ".model")):
                digest.update(name.encode() + self.kept_files[name])
        digest.update(json.dumps(self.describe(), sort_keys=True).encode())
        return digest.hexdigest()

    def _dry_run(self) -> int:
        try:
            vectors = self.network(tf.constant(["a dry run"])).vectors
        except (TypeError, ValueError, tf.errors.OpError) as error:
            reason = first_line(error)
            raise EncoderError(
                f"{self.source} does not encode a text: {reason} Expected weights of the shapes that its config.json "
                "names; download the checkpoint again."
            ) from error
        if not np.isfinite(vectors.numpy()).all():
            raise EncoderError(
                f"{self.source} gives a text a vector with NaN or infinite numbers. Expected weights that are finite; "
                "download the checkpoint again, or take an earlier one of the training that it is from."
            )
        return int(vectors.shape[1])
