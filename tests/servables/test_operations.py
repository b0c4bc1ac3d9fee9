import pytest
import tensorflow as tf
import tensorflow_text

from tests.encoders.checkpoint.frozen import load
from tests.servables.graphs import rename_operation, write_function
from tfsiamese.encoders.reusable import write_reusable_saved_model
from tfsiamese.errors import ExportError
from tfsiamese.servables import SavedModelFile, check_servable


def _double(texts: tf.Tensor) -> tf.Tensor:
    return 2 * tf.range(tf.size(texts))


class TestWhatCanBeServed:
    def test_a_graph_of_tensorflows_own_ops(self, tiny_folder):
        check_servable(tiny_folder)

    @pytest.mark.parametrize(
        ("name", "operations"),
        [
            ("bert", {"FastWordpieceTokenizeWithOffsets"}),
            ("mistral", {"SentencepieceOp", "SentencepieceTokenizeOp"}),
            ("modernbert", set()),
        ],
    )
    def test_the_checkpoints_and_their_tokenizers(self, name, operations, tmp_path):
        write_reusable_saved_model(tmp_path, load(name).reusable_parts())
        found = SavedModelFile.read(tmp_path).operations
        assert {operation for operation in found if not hasattr(tf.raw_ops, operation)} == operations
        check_servable(tmp_path)

    def test_ops_in_the_namespace_of_tensorflow_text(self, tmp_path):
        def trim(texts):
            tokens = tensorflow_text.WhitespaceTokenizer().tokenize(texts)
            return tensorflow_text.RoundRobinTrimmer(4).trim([tokens])[0].to_tensor()

        write_function(tmp_path, trim)
        assert "TFText>RoundRobinTrim" in SavedModelFile.read(tmp_path).operations
        check_servable(tmp_path)

    def test_a_function_that_is_compiled_only_where_xla_is_on(self, tmp_path):
        check_servable(write_function(tmp_path, _double, jit_compile=False))


class TestWhatCannotBeServed:
    @pytest.mark.parametrize(
        ("operation", "compute"),
        [
            ("EagerPyFunc", lambda texts: tf.py_function(lambda value: value, [texts], tf.string)),
            ("PyFunc", lambda texts: tf.numpy_function(lambda value: value, [texts], tf.string)),
            ("PyFuncStateless", lambda texts: tf.numpy_function(str, [texts], tf.string, stateful=False)),
        ],
    )
    def test_a_call_of_python_is_refused_by_the_name_of_its_op(self, operation, compute, tmp_path):
        write_function(tmp_path, compute)
        message = (
            rf"cannot run .*{tmp_path.name}\. {operation} \(node __inference_.*/{operation}\) would call back into"
        )
        with pytest.raises(ExportError, match=message):
            check_servable(tmp_path)

    def test_an_op_of_another_library_is_refused_by_name(self, tmp_path):
        write_function(tmp_path, tf.strings.lower)
        check_servable(tmp_path)
        rename_operation(tmp_path, "StringLower", "IO>KafkaReadable")
        message = r"IO>KafkaReadable \(node .*\) is neither an op of TensorFlow nor one of tensorflow_text"
        with pytest.raises(ExportError, match=message):
            check_servable(tmp_path)

    @pytest.mark.parametrize("operation", ["normalize_utf8", "TFText>Unheard", "case_fold_utf8", "List", "_sys"])
    def test_names_that_are_no_ops_of_tensorflow_text_are_refused(self, operation, tmp_path):
        rename_operation(write_function(tmp_path, tf.strings.lower), "StringLower", operation)
        with pytest.raises(ExportError, match=f"{operation} .* is neither an op of TensorFlow"):
            check_servable(tmp_path)

    def test_a_compiled_function_is_refused_by_name(self, tmp_path):
        write_function(tmp_path, _double, jit_compile=True)
        message = r"_double \(function __inference__double_\d+\) must be compiled by XLA.*Write jit_compile=False"
        with pytest.raises(ExportError, match=message):
            check_servable(tmp_path)

    def test_all_that_is_wrong_is_said_at_once(self, tmp_path):
        def compute(texts):
            lower = tf.strings.lower(tf.py_function(lambda value: value, [texts], tf.string))
            return tf.function(_double, jit_compile=True)(lower)

        rename_operation(write_function(tmp_path, compute), "StringLower", "Addons>Lower")
        with pytest.raises(ExportError, match=r"EagerPyFunc .*Addons>Lower .*_double .*XLA") as caught:
            check_servable(tmp_path)
        assert "\n" not in str(caught.value)
