import dataclasses
import os

import pytest

from tfsiamese.errors import ExportError
from tfsiamese.servables import (
    BatchingParameters,
    batch_sizes_up_to,
    read_batching_parameters,
    write_batching_parameters,
)


class TestFile:
    def test_a_model_without_a_file_has_no_parameters(self, tmp_path):
        assert read_batching_parameters(tmp_path) is None

    def test_what_is_written_is_read_back(self, tmp_path):
        for parameters in (
            BatchingParameters(),
            BatchingParameters(100, 0, 7, 3, (10, 100)),
            BatchingParameters(5, 1, 1, 1, ()),
        ):
            write_batching_parameters(tmp_path, parameters)
            assert read_batching_parameters(tmp_path) == parameters
        assert [path.name for path in tmp_path.iterdir()] == ["batching_parameters.txt"]

    def test_the_text_is_that_of_the_serving_guide(self, tmp_path):
        write_batching_parameters(tmp_path, BatchingParameters(8, 500, 20, 4, (4, 8)))
        lines = (tmp_path / "batching_parameters.txt").read_text().splitlines()
        words = " ".join(line for line in lines if not line.startswith("#")).split()
        assert " ".join(words) == (
            "max_batch_size { value: 8 } batch_timeout_micros { value: 500 } max_enqueued_batches { value: 20 } "
            "num_batch_threads { value: 4 } allowed_batch_sizes: 4 allowed_batch_sizes: 8"
        )

    def test_a_file_by_hand_may_leave_out_what_the_server_knows(self, tmp_path):
        (tmp_path / "batching_parameters.txt").write_text(
            "max_batch_size { value: 128 }  # as in the guide\n"
            'thread_pool_name { value: "pool" }\n'
            "pad_variable_length_inputs: true\n"
        )
        expected = BatchingParameters(128, 0, 10, os.cpu_count() or 1, ())
        assert read_batching_parameters(tmp_path) == expected

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("max_batch_size: 64", "cannot be read as BatchingParameters in text format"),
            ("batch_size { value: 64 }", 'no field named "batch_size"'),
            ("max_batch_size { value: 0 }", "max_batch_size to be an integer of at least 1. Received: 0"),
            ("max_batch_size { value: 8 } allowed_batch_sizes: [1, 4]", "last of allowed_batch_sizes to be max_batch"),
            ("max_batch_size { value: 8 } allowed_batch_sizes: [8, 4, 8]", "in ascending order"),
        ],
    )
    def test_a_damaged_file_is_named(self, tmp_path, content, message):
        (tmp_path / "batching_parameters.txt").write_text(content)
        with pytest.raises(ExportError, match=rf"batching_parameters\.txt.*{message}"):
            read_batching_parameters(tmp_path)

    def test_what_else_a_file_sets_stays(self, tmp_path):
        path = tmp_path / "batching_parameters.txt"
        path.write_text(
            'max_batch_size { value: 4 } thread_pool_name { value: "pool" } pad_variable_length_inputs: true\n'
            "allowed_batch_sizes: [1, 2, 4]\n"
        )
        write_batching_parameters(tmp_path, BatchingParameters(8, 500, 20, 4, (3, 8)))
        assert read_batching_parameters(tmp_path) == BatchingParameters(8, 500, 20, 4, (3, 8))
        words = " ".join(path.read_text().split())
        assert 'thread_pool_name { value: "pool" }' in words and "pad_variable_length_inputs: true" in words

    def test_a_file_with_a_value_out_of_range_is_mended_and_a_damaged_one_is_not_overwritten(self, tmp_path):
        path = tmp_path / "batching_parameters.txt"
        path.write_text("max_batch_size { value: 0 }")
        write_batching_parameters(tmp_path, BatchingParameters())
        assert read_batching_parameters(tmp_path) == BatchingParameters()
        path.write_text("max_batch_size {")
        with pytest.raises(ExportError, match="Correct or delete the file"):
            write_batching_parameters(tmp_path, BatchingParameters())
        assert path.read_text() == "max_batch_size {"


class TestValues:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("max_batch_size", 0),
            ("max_batch_size", 64.0),
            ("batch_timeout_micros", -1),
            ("max_enqueued_batches", 0),
            ("num_batch_threads", True),
        ],
    )
    def test_a_value_out_of_range_is_named(self, name, value):
        with pytest.raises(
            ExportError, match=rf"Expected {name} to be an integer of at least [01]\. Received: {value}"
        ):
            dataclasses.replace(BatchingParameters(), **{name: value})

    @pytest.mark.parametrize("sizes", [(64, 32), (32, 32, 64), (0, 64), (1.5, 64)])
    def test_sizes_that_do_not_ascend_are_refused(self, sizes):
        with pytest.raises(ExportError, match="positive integers in ascending order"):
            BatchingParameters(allowed_batch_sizes=sizes)

    @pytest.mark.parametrize("sizes", [(1, 32), (1, 128)])
    def test_the_last_size_is_the_largest_batch(self, sizes):
        with pytest.raises(ExportError, match="Expected the last of allowed_batch_sizes to be max_batch_size, 64"):
            BatchingParameters(allowed_batch_sizes=sizes)

    def test_sizes_are_powers_of_two_and_the_maximum(self):
        assert batch_sizes_up_to(64) == BatchingParameters().allowed_batch_sizes == (1, 2, 4, 8, 16, 32, 64)
        assert batch_sizes_up_to(100) == (1, 2, 4, 8, 16, 32, 64, 100)
        assert [batch_sizes_up_to(size) for size in (1, 2, 3)] == [(1,), (1, 2), (1, 2, 3)]
