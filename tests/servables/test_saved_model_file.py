import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from tests.servables.graphs import write_function
from tfsiamese.errors import ExportError
from tfsiamese.servables import SavedModelFile, Signature, TensorInfo


@pytest.fixture(scope="module")
def tiny(tiny_folder) -> SavedModelFile:
    return SavedModelFile.read(tiny_folder)


class TestSignatures:
    def test_inputs_and_outputs_have_their_type_and_shape(self, tiny):
        signature = tiny.signatures["serving_default"]
        assert signature.inputs == {"texts": TensorInfo("serving_default_texts:0", "string", (None,))}
        assert signature.outputs["embeddings"].dtype == "float32"
        assert signature.outputs["embeddings"].shape == (None, 8)
        assert signature.method_name == "tensorflow/serving/predict"

    def test_they_are_those_that_tensorflow_finds_when_it_loads_the_model(self, tiny, tiny_folder):
        loaded = tf.saved_model.load(str(tiny_folder)).signatures
        assert set(tiny.signatures) == set(loaded) >= {"serving_default", "similarity"}
        for name, function in loaded.items():
            found = {key: (info.dtype, list(info.shape)) for key, info in tiny.signatures[name].outputs.items()}
            assert found == {
                key: (spec.dtype.name, spec.shape.as_list()) for key, spec in function.structured_outputs.items()
            }
            assert set(tiny.signatures[name].inputs) == set(function.structured_input_signature[1])

    def test_types_have_the_names_of_tensorflow(self, tmp_path):
        types = [tf.float16, tf.bfloat16, tf.float32, tf.float64, tf.int8, tf.int64, tf.uint8, tf.bool, tf.complex64]
        root = tf.Module()

        @tf.function(input_signature=[tf.TensorSpec(None, dtype, name=dtype.name) for dtype in types])
        def identity(*tensors):
            return {dtype.name: tf.identity(tensor) for dtype, tensor in zip(types, tensors, strict=True)}

        tf.saved_model.save(root, str(tmp_path), signatures={"identity": identity})
        signature = SavedModelFile.read(tmp_path).signatures["identity"]
        assert {name: (info.dtype, info.shape) for name, info in signature.outputs.items()} == {
            dtype.name: (dtype.name, None) for dtype in types
        }
        assert not signature.takes_texts

    @pytest.mark.parametrize(
        ("inputs", "takes_texts"),
        [
            ([("string", (None,))], True),
            ([("string", (None,)), ("string", (None,))], True),
            ([("string", (None,)), ("float32", (None,))], False),
            ([("string", (None, None))], False),
            ([("string", ())], False),
            ([("string", (4,))], False),
            ([("string", None)], True),
            ([("string", (None,)), ("string", None)], True),
            ([("int64", None)], False),
            ([], False),
        ],
    )
    def test_a_signature_takes_texts_if_each_input_is_a_batch_of_strings(self, inputs, takes_texts):
        infos = {f"input_{index}": TensorInfo("", *info) for index, info in enumerate(inputs)}
        assert Signature(infos, {}, "").takes_texts is takes_texts

    def test_the_protocol_buffer_is_a_copy(self, tiny):
        definition = tiny.signature_def("similarity")
        assert set(definition.inputs) == {"left", "right"}
        definition.inputs.clear()
        assert set(tiny.signature_def("similarity").inputs) == {"left", "right"}

    def test_what_initializes_a_model_is_no_signature(self, tmp_path):
        root = tf.Module()
        keys, values = tf.constant(["a"]), tf.constant([1])
        root.table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), -1)
        look_up = tf.function(root.table.lookup, input_signature=[tf.TensorSpec([None], tf.string, name="texts")])
        tf.saved_model.save(root, str(tmp_path), signatures=look_up)
        model = SavedModelFile.read(tmp_path)
        assert list(model.signatures) == ["serving_default"]
        with pytest.raises(KeyError):
            model.signature_def("__saved_model_init_op")


class TestOperations:
    def test_ops_of_functions_count_and_functions_themselves_do_not(self, tiny):
        assert {"StringToHashBucketFast", "Tanh", "VarHandleOp", "RestoreV2"} <= tiny.operations
        assert not [name for name in tiny.operations if name.startswith("__inference")]

    def test_the_places_of_an_op_are_in_their_functions(self, tmp_path):
        model = SavedModelFile.read(write_function(tmp_path, lambda texts: tf.strings.lower(texts, name="lowered")))
        (place,) = model.places_of(["StringLower"])["StringLower"]
        assert place.startswith("__inference_") and place.endswith("/lowered")

    def test_compiled_functions_are_found(self, tiny, tmp_path):
        def double(texts):
            return 2 * tf.range(tf.size(texts))

        compiled = SavedModelFile.read(write_function(tmp_path / "compiled", double, jit_compile=True))
        assert len(compiled.must_compile_functions) == 1
        assert "double" in compiled.must_compile_functions[0]
        not_compiled = SavedModelFile.read(write_function(tmp_path / "not", double, jit_compile=False))
        assert not_compiled.must_compile_functions == tiny.must_compile_functions == []

    def test_the_version_of_tensorflow_is_known(self, tiny):
        assert tiny.tensorflow_version == tf.__version__


class TestDamage:
    def test_a_folder_without_a_model_is_named(self, tmp_path):
        with pytest.raises(ExportError, match=r"saved_model\.pb cannot be read: No such file or directory"):
            SavedModelFile.read(tmp_path)

    def test_a_cut_file_is_named(self, tiny_folder, tmp_path):
        content = (tiny_folder / "saved_model.pb").read_bytes()
        (tmp_path / "saved_model.pb").write_bytes(content[: len(content) // 2])
        with pytest.raises(ExportError, match=r"saved_model\.pb is no SavedModel, or damaged"):
            SavedModelFile.read(tmp_path)

    def test_a_model_that_is_not_for_serving_is_named(self, tmp_path):
        content = saved_model_pb2.SavedModel()
        content.meta_graphs.add().meta_info_def.tags.append("train")
        (tmp_path / "saved_model.pb").write_bytes(content.SerializeToString())
        with pytest.raises(ExportError, match='has no graph with the tag "serve"'):
            SavedModelFile.read(tmp_path)
