import math

import numpy as np
import pytest
import tensorflow as tf

from tfsiamese.encoders.transformer.flat_tokens import FlatTokens
from tfsiamese.encoders.transformer.positions import attention_mask, relative_buckets, rotary_angles, rotate


def _allowed(rows: list[list[int]], causal: bool = False, max_distance: int | None = None) -> np.ndarray:
    mask = attention_mask(FlatTokens.from_ragged(tf.ragged.constant(rows, tf.int32)), causal, max_distance).numpy()
    assert set(np.unique(mask)) <= {np.float32(0.0), np.float32(-1e30)}
    return mask == 0


class TestMasks:
    def test_padding_is_not_attended_to(self):
        allowed = _allowed([[1, 1, 1], [1]])
        assert allowed.shape == (2, 1, 3)
        assert allowed.tolist() == [[[True, True, True]], [[True, False, False]]]

    def test_causal_attention_sees_the_token_and_those_before_it(self):
        assert _allowed([[1, 1, 1]], causal=True)[0].astype(int).tolist() == [[1, 0, 0], [1, 1, 0], [1, 1, 1]]

    def test_a_greatest_distance_limits_both_sides(self):
        allowed = _allowed([[1] * 4], max_distance=1)[0].astype(int)
        assert allowed.tolist() == [[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 1], [0, 0, 1, 1]]

    def test_a_causal_window_sees_the_last_few(self):
        allowed = _allowed([[1] * 4], causal=True, max_distance=2)[0].astype(int)
        assert allowed.tolist() == [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 1]]

    def test_windows_and_padding_go_together(self):
        allowed = _allowed([[1, 1, 1], [1, 1]], causal=True)
        assert allowed[1, :2].astype(int).tolist() == [[1, 0, 0], [1, 1, 0]]
        assert not allowed[1, :, 2].any()


class TestRotation:
    def test_a_pair_is_turned_by_its_position(self):
        cosines, sines = rotary_angles(tf.constant([0, 1, 3]), 10_000.0, 2)
        np.testing.assert_allclose(cosines[:, 0, 0], np.cos([0, 1, 3]), atol=1e-6)
        np.testing.assert_allclose(sines[:, 0, 0], np.sin([0, 1, 3]), atol=1e-6)

    def test_wavelengths_grow_towards_the_base(self):
        cosines, _ = rotary_angles(tf.constant([5]), 100.0, 4)
        # The exponents are 0 and 2/4, so that the second pair turns 10 times slower.
        np.testing.assert_allclose(cosines[0, 0], np.cos([5.0, 0.5]), atol=1e-6)

    def test_number_i_pairs_with_number_i_and_half_the_size(self):
        cosines, sines = (tf.constant(values)[tf.newaxis, tf.newaxis] for values in ([0.0, 1.0], [1.0, 0.0]))
        turned = rotate(tf.constant([[[1.0, 2.0, 3.0, 4.0]]]), cosines, sines)
        # A quarter turn of (1, 3), none of (2, 4).
        assert turned.numpy().tolist() == [[[-3.0, 2.0, 1.0, 4.0]]]

    def test_a_product_of_turned_vectors_depends_on_their_distance_alone(self):
        query, key = tf.random.stateless_normal([2, 1, 1, 8], [3, 1])

        def product(at: int, other: int) -> float:
            turned = [
                rotate(vector, *rotary_angles(tf.constant([place]), 10_000.0, 8))
                for vector, place in ((query, at), (key, other))
            ]
            return float(tf.reduce_sum(turned[0] * turned[1]))

        assert product(7, 3) == pytest.approx(product(104, 100), abs=1e-4)
        assert product(7, 3) != pytest.approx(product(3, 7), abs=1e-3)

    def test_lengths_stay(self):
        vectors = tf.random.stateless_normal([6, 2, 8], [5, 5])
        turned = rotate(vectors, *rotary_angles(tf.range(6), 500.0, 8))
        np.testing.assert_allclose(tf.norm(turned, axis=-1), tf.norm(vectors, axis=-1), rtol=1e-5)


class TestRelativeBuckets:
    @staticmethod
    def _bucket(query: int, key: int, num_buckets: int) -> int:
        """The definition, for one query and one key, in double precision."""
        half = num_buckets // 2
        distance, side = abs(key - query), half if key > query else 0
        if distance < half // 2:
            return side + distance
        growth = math.log(distance / (half // 2)) / math.log(128 / (half // 2))
        return side + min(half // 2 + int(growth * (half - half // 2) + 1e-9), half - 1)

    def test_keys_before_the_query_have_the_lower_half(self):
        buckets = relative_buckets(tf.constant(3), 32).numpy()
        assert buckets.tolist() == [[0, 17, 18], [1, 0, 17], [2, 1, 0]]

    def test_far_distances_share_buckets_that_grow(self):
        from_the_end = relative_buckets(tf.constant(300), 32).numpy()[-1][::-1]
        assert from_the_end[:8].tolist() == list(range(8))
        # 8 · 16^(n/8) are the bounds: 8, 11.3, 16, 22.6, 32, 45.3, 64, 90.5
        starts = [int(np.argmax(from_the_end == bucket)) for bucket in range(8, 16)]
        assert starts == [8, 12, 16, 23, 32, 46, 64, 91]
        assert from_the_end[91:].tolist() == [15] * 209

    def test_every_distance_up_to_two_hundred_has_the_bucket_of_the_definition(self):
        found = relative_buckets(tf.constant(200), 32).numpy()
        assert found.dtype == np.int32
        assert found[150].tolist() == [self._bucket(150, key, 32) for key in range(200)]
        assert found[0].tolist() == [self._bucket(0, key, 32) for key in range(200)]
