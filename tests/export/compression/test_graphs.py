"""Where a variable is used, and what a graph computes after its lookups were rewritten."""

import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.export.compression.networks import ROWS, TEXTS, WIDTH, of_eight_bits, parts_of, row_numbers
from tfsiamese.encoders import ReusableParts, write_reusable_saved_model
from tfsiamese.errors import ExportError
from tfsiamese.export.compression import compress
from tfsiamese.export.compression.variable_uses import base_name, uses

WORDS = ["red", "", "nurse", "näher", "red"]
SECOND_ROWS = 384
HANDLE = tf.TensorSpec([], tf.resource)
NUMBERS = tf.TensorSpec([None], tf.int64)


class Tables(tf.Module):
    """Two tables to look rows up in, and one that is too small to be stored otherwise."""

    def __init__(self):
        super().__init__()
        random = np.random.default_rng(3)
        self.first, self.second, self.small = (
            tf.Variable(random.normal(size=[rows, WIDTH]), dtype=tf.float32, name=name)
            for name, rows in (("first", ROWS), ("second", SECOND_ROWS), ("small", 16))
        )


@pytest.fixture
def tables() -> Tables:
    return Tables()


def _numbers(texts: tf.Tensor) -> tf.Tensor:
    return tf.strings.to_hash_bucket_fast(texts, ROWS)


@tf.function(input_signature=[HANDLE, NUMBERS], autograph=False)
def _look_up(handle: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    return tf.raw_ops.ResourceGather(resource=handle, indices=numbers, dtype=tf.float32)


@tf.function(input_signature=[HANDLE, NUMBERS], autograph=False)
def _look_up_deeper(handle: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    return 2.0 * _look_up(tf.raw_ops.Identity(input=handle), numbers)


@tf.function(input_signature=[HANDLE, HANDLE, NUMBERS], autograph=False)
def _look_up_in_both(one: tf.Tensor, other: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    return tf.concat([_look_up(one, numbers), _look_up_deeper(other, numbers % 16)], axis=1)


def _of_first(tables: Tables) -> np.ndarray:
    return of_eight_bits(tables.first.numpy(), 1)[row_numbers(WORDS)]


def _of_second(tables: Tables) -> np.ndarray:
    return of_eight_bits(tables.second.numpy(), 1)[row_numbers(WORDS) % SECOND_ROWS]


def _saved(parts: ReusableParts, folder: Path) -> dict[str, Callable[[list[str]], np.ndarray]]:
    """The encoding functions after writing and loading them, by the names of their signatures."""
    write_reusable_saved_model(folder / "saved", parts)
    loaded = tf.saved_model.load(str(folder / "saved"))

    def encode(name: str, texts: list[str] = WORDS) -> np.ndarray:
        # The function holds on to `loaded`, as a signature alone would not.
        return loaded.signatures[name](texts=tf.constant(texts, tf.string))["embeddings"].numpy()

    return {name: functools.partial(encode, name) for name in ("serving_default", *parts.prompted)}


def _vectors(parts: ReusableParts, folder: Path) -> np.ndarray:
    return _saved(parts, folder)["serving_default"]()


class TestUses:
    def _uses(self, variable: tf.Variable, encode: Callable) -> set[str]:
        function = tf.function(encode, input_signature=[TEXTS], autograph=False).get_concrete_function()
        graph = function.graph.as_graph_def()
        functions = {one.signature.name: one for one in graph.library.function}
        (name,) = [inner.op.name for outer, inner in function.graph.captures if outer is variable.handle]
        return uses(graph.node, functions, name)

    def test_a_lookup(self, tables):
        assert self._uses(tables.first, lambda texts: tf.gather(tables.first, _numbers(texts))) == {"ResourceGather"}
        found = self._uses(tables.first, lambda texts: tf.nn.embedding_lookup(tables.first, _numbers(texts)))
        assert found == {"ResourceGather"}

    def test_a_value_that_is_read_and_a_lookup_beside_it(self, tables):
        def encode(texts: tf.Tensor) -> tf.Tensor:
            rows = tf.gather(tables.first, _numbers(texts))
            return tf.matmul(rows, tables.first, transpose_b=True)

        assert self._uses(tables.first, encode) == {"ResourceGather", "ReadVariableOp"}

    def test_functions_are_followed_to_the_argument_that_the_variable_is(self, tables):
        def encode(texts: tf.Tensor) -> tf.Tensor:
            @tf.function(autograph=False)
            def second(numbers: tf.Tensor) -> tf.Tensor:
                return tf.reduce_sum(tables.second) + tf.gather(tables.first, numbers)

            return second(_numbers(texts))

        assert self._uses(tables.first, encode) == {"ResourceGather"}
        assert self._uses(tables.second, encode) == {"ReadVariableOp"}

    def test_functions_in_functions_and_identities_are_followed(self, tables):
        def encode(texts: tf.Tensor) -> tf.Tensor:
            return _look_up_in_both(tables.first.handle, tables.second.handle, _numbers(texts))

        assert self._uses(tables.first, encode) == {"ResourceGather"}
        assert self._uses(tables.second, encode) == {"ResourceGather"}

    def test_what_is_handed_to_a_loop_is_not_followed(self, tables):
        def encode(texts: tf.Tensor) -> tf.Tensor:
            vectors = tf.zeros([tf.size(texts), WIDTH])
            return tf.while_loop(lambda i, _: i < 2, lambda i, v: (i + 1, v + tables.first[i]), [0, vectors])[1]

        (op,) = self._uses(tables.first, encode)
        assert op in {"While", "StatelessWhile"}

    @pytest.mark.parametrize("tensor", ["node", "node:0", "node:output:0"])
    def test_a_tensor_is_named_after_its_node(self, tensor):
        assert base_name(tensor) == "node"


class TestRewriting:
    def test_a_lookup(self, tables, tmp_path):
        parts = compress(parts_of(tables, lambda texts: tf.gather(tables.first, _numbers(texts))), "int8")
        np.testing.assert_allclose(_vectors(parts, tmp_path), _of_first(tables), atol=1e-6)

    def test_functions_in_functions_and_identities(self, tables, tmp_path):
        def encode(texts: tf.Tensor) -> tf.Tensor:
            return _look_up_deeper(tables.first.handle, _numbers(texts))

        parts = compress(parts_of(tables, encode), "int8")
        np.testing.assert_allclose(_vectors(parts, tmp_path), 2 * _of_first(tables), atol=1e-6)

    def test_two_tables_through_one_function(self, tables, tmp_path):
        def encode(texts: tf.Tensor) -> tf.Tensor:
            numbers = _numbers(texts)
            return _look_up(tables.first.handle, numbers) - _look_up(tables.second.handle, numbers % SECOND_ROWS)

        parts = compress(parts_of(tables, encode), "int8")
        np.testing.assert_allclose(_vectors(parts, tmp_path), _of_first(tables) - _of_second(tables), atol=1e-6)

    def test_two_tables_of_one_shape(self, tmp_path):
        random = np.random.default_rng(4)
        twins = tf.Module()
        twins.tables = [tf.Variable(random.normal(size=[ROWS, WIDTH]), dtype=tf.float32, name=name) for name in "ab"]

        def encode(texts: tf.Tensor) -> tf.Tensor:
            return tf.concat([_look_up(table.handle, _numbers(texts)) for table in twins.tables], axis=1)

        parts = compress(parts_of(twins, encode), "int8")
        assert [variable.dtype for variable in parts.variables] == [tf.int8, tf.int8]
        expected = [of_eight_bits(table.numpy(), 1)[row_numbers(WORDS)] for table in twins.tables]
        np.testing.assert_allclose(_vectors(parts, tmp_path), np.hstack(expected), atol=1e-6)

    def test_one_function_that_is_called_with_a_table_and_with_a_weight_that_stays(self, tables, tmp_path):
        def encode(texts: tf.Tensor) -> tf.Tensor:
            numbers = _numbers(texts)
            return _look_up(tables.small.handle, numbers % 16) + 3.0 * _look_up(tables.first.handle, numbers)

        parts = compress(parts_of(tables, encode), "int8")
        expected = tables.small.numpy()[row_numbers(WORDS) % 16] + 3 * _of_first(tables)
        np.testing.assert_allclose(_vectors(parts, tmp_path), expected, atol=1e-5)

    def test_one_function_whose_arguments_change_places(self, tables, tmp_path):
        def encode(texts: tf.Tensor) -> tf.Tensor:
            handles, numbers = (tables.first.handle, tables.small.handle), _numbers(texts) % 16
            return tf.concat([_look_up_in_both(*handles, numbers), _look_up_in_both(*handles[::-1], numbers)], axis=1)

        parts = compress(parts_of(tables, encode), "int8")
        rows = row_numbers(WORDS) % 16
        first, small = of_eight_bits(tables.first.numpy(), 1)[rows], tables.small.numpy()[rows]
        np.testing.assert_allclose(
            _vectors(parts, tmp_path), np.hstack([first, 2 * small, small, 2 * first]), atol=1e-6
        )

    def test_a_lookup_in_a_branch_of_a_function_that_holds_one_itself(self, tables, tmp_path):
        @tf.function(autograph=False)
        def branch(numbers: tf.Tensor) -> tf.Tensor:
            short = tf.size(numbers) < 2
            rows = tf.gather(tables.first, numbers)
            return tf.cond(short, lambda: rows, lambda: rows + tf.gather(tables.small, numbers % 16))

        parts = compress(parts_of(tables, lambda texts: branch(_numbers(texts))), "int8")
        encode = _saved(parts, tmp_path)["serving_default"]
        np.testing.assert_allclose(encode(WORDS[:1]), _of_first(tables)[:1], atol=1e-6)
        both = _of_first(tables) + tables.small.numpy()[row_numbers(WORDS) % 16]
        np.testing.assert_allclose(encode(), both, atol=1e-6)

    def test_lookups_with_and_without_a_prompt_share_the_stored_table(self, tables, tmp_path):
        def plain(texts: tf.Tensor) -> tf.Tensor:
            return _look_up(tables.first.handle, _numbers(texts))

        def prompted(texts: tf.Tensor) -> tf.Tensor:
            second = _look_up(tables.second.handle, _numbers(texts) % SECOND_ROWS)
            return plain(tf.strings.join(["query: ", texts])) + second

        parts = compress(parts_of(tables, plain, query=prompted), "int8")
        stored = [variable for variable in parts.variables if variable.dtype == tf.int8]
        assert [variable.shape for variable in stored] == [[ROWS, WIDTH + 4], [SECOND_ROWS, WIDTH + 4]]
        encoders = _saved(parts, tmp_path)
        np.testing.assert_allclose(encoders["serving_default"](), _of_first(tables), atol=1e-6)
        of_query = of_eight_bits(tables.first.numpy(), 1)[row_numbers([f"query: {text}" for text in WORDS])]
        np.testing.assert_allclose(encoders["query"](), of_query + _of_second(tables), atol=1e-6)

    def test_half_precision(self, tables, tmp_path):
        parts = compress(parts_of(tables, lambda texts: tf.gather(tables.first, _numbers(texts))), "float16")
        expected = tables.first.numpy().astype(np.float16).astype(np.float32)[row_numbers(WORDS)]
        np.testing.assert_array_equal(_vectors(parts, tmp_path), expected)

    def test_indices_of_32_bits(self, tables, tmp_path):
        def encode(texts: tf.Tensor) -> tf.Tensor:
            return tf.gather(tables.first, tf.cast(_numbers(texts), tf.int32))

        parts = compress(parts_of(tables, encode), "int8")
        np.testing.assert_allclose(_vectors(parts, tmp_path), _of_first(tables), atol=1e-6)

    def test_no_texts_and_a_known_width(self, tables, tmp_path):
        parts = compress(parts_of(tables, lambda texts: tf.gather(tables.first, _numbers(texts))), "int8")
        assert _saved(parts, tmp_path)["serving_default"]([]).shape == (0, WIDTH)
        assert parts.encode.get_concrete_function().outputs[0].shape.as_list() == [None, WIDTH]


class TestParts:
    def test_what_is_not_used_is_kept_as_it_is(self, tables):
        parts = compress(parts_of(tables, lambda texts: tf.gather(tables.first, _numbers(texts))), "int8")
        assert [variable.dtype.name for variable in parts.variables] == ["int8", "float32", "float32"]
        assert {id(variable) for variable in parts.variables[1:]} == {id(tables.second), id(tables.small)}

    def test_nothing_is_trainable_and_the_encoder_itself_is_as_it_was(self, tables):
        before = tables.first.numpy()
        original = parts_of(tables, lambda texts: tf.gather(tables.first, _numbers(texts)))
        parts = compress(original, "int8")
        assert list(parts.trainable_variables) == []
        assert list(parts.regularization_losses) == []
        assert not any(variable.trainable for variable in parts.variables if variable.dtype == tf.int8)
        np.testing.assert_array_equal(tables.first, before)
        np.testing.assert_array_equal(original.encode(tf.constant(WORDS)), before[row_numbers(WORDS)])

    def test_an_encoder_without_large_weights_is_refused(self, tables):
        parts = parts_of(tables, lambda texts: tf.gather(tables.small, _numbers(texts) % 16))
        with pytest.raises(ExportError, match=r"no float32 weights of two dimensions and 2,048 numbers.*as int8\."):
            compress(parts, "int8")

    def test_an_unknown_precision_is_refused(self, tables):
        with pytest.raises(ExportError, match="Unknown precision 'bfloat16'"):
            compress(parts_of(tables, lambda texts: tf.gather(tables.first, _numbers(texts))), "bfloat16")

    def test_a_weight_out_of_range_is_refused_by_name(self, tables):
        tables.first.assign(1e5 * tables.first)
        parts = parts_of(tables, lambda texts: tf.gather(tables.first, _numbers(texts)))
        with pytest.raises(ExportError, match="The weight first has numbers up to"):
            compress(parts, "float16")
