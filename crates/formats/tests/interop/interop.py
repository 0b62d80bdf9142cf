"""Reads what chainrule exported, by PyTorch, NumPy and onnxruntime, and compares their outputs with chainrule's.

    interop.py FOLDER

`cargo xtask interop` calls it. The folder has a folder for every network, and in it

    net.safetensors, net.npz     the network
    logits.onnx                  the network; probabilities.onnx as well, if its loss has them
    expected.npz                 x: samples × inputs; encoded: x behind the encoding; z and y: chainrule's outputs

For every network and reader it prints a line of JSON with the largest difference, and it writes the network again as
PyTorch and NumPy do, for chainrule to read: torch.safetensors, numpy.npz, numpy_compressed.npz.
"""

import json
import math
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
import safetensors
import safetensors.torch
import torch
from torch import nn


class Step(nn.Module):
    def forward(self, x):
        return (x > 0).to(x.dtype)


# By the name and the settings of the layer; `n` is the number of its inputs.
MODULES = {
    "affine": lambda n, n_outputs, init: nn.Linear(n, n_outputs),
    "batch-norm": lambda n, eps, momentum: nn.BatchNorm1d(n, eps=eps, momentum=momentum),
    "dropout": lambda n, p: nn.Dropout(p),
    "softmax": lambda n: nn.Softmax(dim=1),
    "sigmoid": lambda n: nn.Sigmoid(),
    "relu": lambda n: nn.ReLU(),
    "tanh": lambda n: nn.Tanh(),
    "leaky-relu": lambda n, slope: nn.LeakyReLU(slope),
    "elu": lambda n, alpha: nn.ELU(alpha),
    "silu": lambda n: nn.SiLU(),
    "softplus": lambda n: nn.Softplus(),
    "gelu": lambda n: nn.GELU(),
    "gelu-tanh": lambda n: nn.GELU(approximate="tanh"),
    "identity": lambda n: nn.Identity(),
    "step": lambda n: Step(),
}

erf = np.vectorize(math.erf, otypes=[np.float64])


def sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * x))


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


# Layers without tensors.
FUNCTIONS = {
    "dropout": lambda x, p: x,
    "softmax": softmax,
    "sigmoid": sigmoid,
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "leaky-relu": lambda x, slope: np.where(x > 0, x, slope * x),
    "elu": lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))),
    "silu": lambda x: x * sigmoid(x),
    "softplus": lambda x: np.logaddexp(0, x),
    "gelu": lambda x: 0.5 * x * (1 + erf(x / math.sqrt(2))),
    "gelu-tanh": lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "identity": lambda x: x,
    "step": lambda x: (x > 0).astype(np.float64),
}


def layers(config):
    """What stands at which index of the Sequential: name and settings. It begins behind the encoding."""
    found = []
    for settings in config["layers"]:
        settings = dict(settings)
        name = settings.pop("layer")
        if name != "encoding":
            found.append((name, settings))
    return found


def in_pytorch(found, n_inputs):
    modules = []
    for name, settings in found:
        modules.append(MODULES[name](n_inputs, **settings))
        n_inputs = settings.get("n_outputs", n_inputs)
    return nn.Sequential(*modules)


def in_numpy(found, arrays, x):
    """The network in 64-bit NumPy, from the arrays alone."""
    x = x.astype(np.float64)
    for index, (name, settings) in enumerate(found):
        if name == "affine":
            x = x @ arrays[f"{index}.weight"].T + arrays[f"{index}.bias"]
        elif name == "batch-norm":
            variance = arrays[f"{index}.running_var"].astype(np.float64) + settings["eps"]
            scale = arrays[f"{index}.weight"] / np.sqrt(variance)
            x = (x - arrays[f"{index}.running_mean"]) * scale + arrays[f"{index}.bias"]
        else:
            x = FUNCTIONS[name](x, **settings)
    return x


def difference(found, expected):
    """The largest difference."""
    assert found.shape == expected.shape, (found.shape, expected.shape)
    return float(np.max(np.abs(found - expected)))


def run(session, x):
    (found,) = session.run(None, {"input": x})
    return found


def onnx_difference(path, x, expected):
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path)
    worst = difference(run(session, x), expected)
    # A batch axis of any size.
    for n in (1, 7):
        worst = max(worst, difference(run(session, x[:n]), expected[:n]))
    return worst


def check(folder):
    def say(reader, difference, **more):
        print(json.dumps({"network": folder.name, "reader": reader, "difference": difference, **more}), flush=True)

    with np.load(folder / "expected.npz") as expected:
        x, encoded, z, y = (expected[name] for name in ("x", "encoded", "z", "y"))
    with safetensors.safe_open(folder / "net.safetensors", "np") as file:
        config = json.loads(file.metadata()["chainrule"])
    found = layers(config)

    net = in_pytorch(found, encoded.shape[1])
    state = safetensors.torch.load_file(folder / "net.safetensors")
    net.load_state_dict(state)  # strict
    net.eval()
    with torch.no_grad():
        say("PyTorch", difference(net(torch.from_numpy(encoded)).numpy(), z))

    with np.load(folder / "net.npz", allow_pickle=False) as file:
        arrays = dict(file)
    same = arrays.keys() == state.keys() and all(
        arrays[name].dtype == np.float32 and arrays[name].tobytes() == state[name].numpy().tobytes() for name in state
    )
    say("NumPy", difference(in_numpy(found, arrays, encoded), z), same_bits_as_safetensors=same)

    say("onnxruntime", onnx_difference(folder / "logits.onnx", x, z))
    if (folder / "probabilities.onnx").exists():
        say("onnxruntime, probabilities", onnx_difference(folder / "probabilities.onnx", x, y))

    safetensors.torch.save_file(net.state_dict(), folder / "torch.safetensors")
    of_torch = {name: tensor.numpy() for name, tensor in net.state_dict().items()}
    np.savez(folder / "numpy.npz", **of_torch)
    np.savez_compressed(folder / "numpy_compressed.npz", **of_torch)


def main():
    modules = (np, onnx, onnxruntime, safetensors, torch)
    print(json.dumps({"versions": {module.__name__: module.__version__ for module in modules}}), flush=True)
    for folder in sorted(pathlib.Path(sys.argv[1]).iterdir()):
        check(folder)


if __name__ == "__main__":
    main()
