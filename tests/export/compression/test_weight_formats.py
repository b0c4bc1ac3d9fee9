import numpy as np
import pytest
import tensorflow as tf

from tfsiamese.errors import ExportError
from tfsiamese.export.compression.weight_formats import Float16, Int8, weight_format


def _array(*rows: list[float]) -> np.ndarray:
    return np.array(rows, np.float32)


class TestRowsOfEightBits:
    def test_a_row_ends_in_the_four_bytes_of_its_scale(self):
        # The largest number is 254 = 127 · 2, and 2.0 is 0x40000000, whose lowest byte comes first.
        stored = Int8().store_rows(_array([254.0, -100.0, 6.0, 0.0]), "table")
        assert stored.dtype == np.int8
        assert stored.tolist() == [[127, -50, 3, 0, 0, 0, 0, 0x40]]

    def test_each_row_has_a_scale_of_its_own(self):
        # 63.5 = 127 · 0.5, and 0.5 is 0x3F000000; −127 = 127 · −1, and 1.0 is 0x3F800000.
        stored = Int8().store_rows(_array([63.5, 1.0], [-127.0, 3.0]), "table")
        assert stored.view(np.uint8).tolist() == [[127, 2, 0, 0, 0, 0x3F], [129, 3, 0, 0, 0x80, 0x3F]]

    def test_rows_are_decoded_to_codes_times_scale(self):
        rows = tf.constant([[127, -50, 3, 0, 0, 0, 0, 0x40]], tf.int8)
        decoded = Int8().decode_rows(rows)
        assert decoded.dtype == tf.float32
        assert decoded.numpy().tolist() == [[254.0, -100.0, 6.0, 0.0]]

    def test_halves_go_to_the_even_code(self):
        stored = Int8().store_rows(_array([254.0, 1.0, 3.0, -1.0]), "table")
        assert stored[0, :4].tolist() == [127, 0, 2, 0]

    @pytest.mark.parametrize("smallest", [0.0, 1e-45])
    def test_a_row_without_a_scale_is_a_row_of_zeros(self, smallest):
        stored = Int8().store_rows(_array([smallest, -smallest], [127.0, 1.0]), "table")
        assert stored[0].tolist() == [0] * 6
        assert Int8().decode_rows(tf.constant(stored)).numpy().tolist() == [[0.0, 0.0], [127.0, 1.0]]

    def test_no_number_moves_by_more_than_half_a_step(self):
        table = np.random.default_rng(0).normal(size=[50, 30]).astype(np.float32) * np.logspace(-20, 20, 50)[:, None]
        table = table.astype(np.float32)
        decoded = Int8().decode_rows(tf.constant(Int8().store_rows(table, "table"))).numpy()
        half_steps = np.abs(table).max(axis=1, keepdims=True) / 127 / 2
        assert (np.abs(decoded - table) <= half_steps * 1.0001).all()
        assert (np.abs(decoded - table).max(axis=1) > half_steps[:, 0] / 2).all(), "eight bits do lose something"

    @pytest.mark.parametrize("shape", [[2, 8], [1, 2, 8], [2, 1, 1, 8], [0, 8]])
    def test_rows_may_stand_in_any_shape(self, shape):
        row = [127, -50, 3, 0, 0, 0, 0, 0x40]
        count = int(np.prod(shape[:-1]))
        rows = tf.constant(np.array([row] * count, np.int8).reshape(shape))
        decoded = Int8().decode_rows(rows).numpy()
        np.testing.assert_array_equal(decoded, np.full([*shape[:-1], 4], [254.0, -100.0, 6.0, 0.0]))

    @pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
    def test_numbers_that_are_not_finite_are_refused(self, number):
        with pytest.raises(ExportError, match=r"weight words/table has numbers that are not finite\. Train"):
            Int8().store_rows(_array([1.0, 2.0], [3.0, number]), "words/table")


class TestKernelsOfEightBits:
    def test_each_output_has_a_scale(self):
        stored = Int8().store_kernel(_array([254.0, 0.0, 12.7], [-100.0, 0.0, -12.7], [0.0, 0.0, 0.1]), "kernel")
        assert stored.codes.dtype == np.int8
        assert stored.codes.tolist() == [[127, 0, 127], [-50, 0, -127], [0, 0, 1]]
        np.testing.assert_allclose(stored.scales, [[2.0, 0.0, 0.1]], rtol=1e-6)
        assert stored.scales.dtype == np.float32

    def test_a_kernel_of_three_dimensions_has_a_scale_for_each_output_of_each_part(self):
        kernel = np.stack([_array([127.0, 0.5], [0.0, 1.0]), _array([0.0, 8.0], [254.0, 4.0])])
        stored = Int8().store_kernel(kernel, "kernel")
        np.testing.assert_allclose(stored.scales, [[[1.0, 1 / 127]], [[2.0, 8 / 127]]], rtol=1e-6)
        assert stored.codes.tolist() == [[[127, 64], [0, 127]], [[0, 127], [127, 64]]]

    def test_numbers_that_are_not_finite_are_refused(self):
        with pytest.raises(ExportError, match="weight dense/kernel has numbers that are not finite"):
            Int8().store_kernel(_array([1.0, np.nan]), "dense/kernel")


class TestHalfPrecision:
    def test_numbers_are_rounded_to_eleven_bits(self):
        # Between 2,048 and 4,096 the step is 2, and a half of it goes to the even one.
        stored = Float16().store_rows(_array([2049.0, 2051.0, 65504.0, 0.1]), "table")
        assert stored.dtype == np.float16
        assert Float16().decode_rows(tf.constant(stored)).numpy().tolist() == [
            [2048.0, 2052.0, 65504.0, 0.0999755859375]
        ]

    def test_a_kernel_has_no_scales(self):
        stored = Float16().store_kernel(_array([0.5, -2.0]), "kernel")
        assert stored.scales is None
        assert stored.codes.tolist() == [[0.5, -2.0]]

    @pytest.mark.parametrize("number", [65505.0, -70000.0, np.inf, np.nan])
    @pytest.mark.parametrize("store", ["store_rows", "store_kernel"])
    def test_what_is_out_of_range_is_refused(self, number, store):
        with pytest.raises(ExportError, match=r"weight words has numbers up to .* at most 65,504.*int8 or float32"):
            getattr(Float16(), store)(_array([1.0, number]), "words")


def test_precisions_have_a_format():
    assert weight_format("int8").stored_type == tf.int8
    assert weight_format("float16").stored_type == tf.float16


@pytest.mark.parametrize("precision", ["int4", "", "Int8"])
def test_an_unknown_precision_is_answered_with_the_known_ones(precision):
    with pytest.raises(
        ExportError, match=rf"Unknown precision '{precision}'\. Expected one of float32, float16, int8\."
    ):
        weight_format(precision)
