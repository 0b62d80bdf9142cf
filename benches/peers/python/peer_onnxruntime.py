"""onnxruntime, which has no training here: the net of W1 is trained with NumPy and then exported."""

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import peer_numpy


class Peer:
    def __init__(self, data, threads, name):
        self.data, self.threads = data, threads

    def info(self):
        settings = f"intra_op_num_threads = {self.threads}, inter_op_num_threads = 1"
        return {"name": "onnxruntime", "version": onnxruntime.__version__, "settings": settings}

    def training_of_inference(self, recipe):
        return peer_numpy.Training(self.data, recipe)

    def predictor(self, training):
        values = dict(zip(("w1", "b1", "w2", "b2"), training.parameters))
        nodes = [
            helper.make_node("Gemm", ["x", "w1", "b1"], ["z"]),
            helper.make_node("Sigmoid", ["z"], ["h"]),
            helper.make_node("Gemm", ["h", "w2", "b2"], ["logits"]),
        ]
        graph = helper.make_graph(
            nodes,
            "net",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 784])],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 10])],
            [numpy_helper.from_array(np.ascontiguousarray(v), k) for k, v in values.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = 9
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = self.threads, 1
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        return lambda x: session.run(None, {"x": x})[0], lambda x: x
