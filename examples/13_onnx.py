# SPDX-License-Identifier: Apache-2.0
"""A model in an ONNX file, in ONNX Runtime. Needs the extras `onnx` and `demo`, and onnx itself.

The model is scikit-learn's, its weights written into a file.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

import loadgen as lg

try:
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    from sklearn.datasets import load_digits
    from sklearn.neural_network import MLPClassifier

    from loadgen.sut.onnx import OnnxSUT
except ImportError as error:
    print(f"this example needs: pip install 'loadgen[onnx,demo]' onnx ({error})")
    sys.exit()

images, labels = load_digits(return_X_y=True)
images = images / 16
seen, held_out = slice(0, 1_300), slice(1_300, None)
model = MLPClassifier((64,), learning_rate_init=0.01, tol=1e-3, random_state=0)
model.fit(images[seen], labels[seen])

layers = zip(("w1", "w2", "b1", "b2"), [*model.coefs_, *model.intercepts_], strict=True)
graph = helper.make_graph(
    [
        helper.make_node("Gemm", ["image", "w1", "b1"], ["sums"]),
        helper.make_node("Relu", ["sums"], ["hidden"]),
        helper.make_node("Gemm", ["hidden", "w2", "b2"], ["scores"]),
        helper.make_node("ArgMax", ["scores"], ["digit"], axis=1, keepdims=0),
    ],
    "digits",
    [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 64])],
    [helper.make_tensor_value_info("digit", TensorProto.INT64, ["n"])],
    [numpy_helper.from_array(weight.astype(np.float32), name) for name, weight in layers],
)

with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / "digits.onnx"
    opset = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), file)
    sut = OnnxSUT(file, threads=1, max_batch_size=32)  # a processor is left to the generator

result = lg.run(sut, images[held_out], lg.Server(target_qps=500), min_duration_s=1)
print(result.summary())

accuracy = lg.run(sut, images[held_out], lg.Offline(), mode="accuracy")
right = np.mean(np.array(accuracy.outputs_by_index()) == labels[held_out])
print(f"\n{100 * right:.1f} % of {accuracy.n_completed} digits are right")
