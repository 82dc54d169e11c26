"""Makes penalties.safetensors: gradient penalties and their gradients with respect to the weights, by PyTorch's double backward.

    python3 -m venv venv
    venv/bin/pip install torch==2.15.0 numpy==2.4.6 safetensors==0.8.0
    venv/bin/python make_penalties.py

The project computes the second-order term by a tangent pass on a first-order tape; here it is autograd's own, in f64. Two discriminators on
8x8x2 images: `pieces` (convolution, leaky ReLU, convolution, tanh, dense) and `batch` (convolution, batch norm with the batch's statistics, leaky
ReLU, dense). Layouts are TensorFlow's: images (batch, height, width, channels), kernels (height, width, in, out), dense kernels (in, out).
"""

import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file

torch.set_default_dtype(torch.float64)
FOLDER = pathlib.Path(__file__).resolve().parent
BATCH, SLOPE, EPSILON = 6, 0.2, 1e-3
random = np.random.default_rng(7)


def numbers(*shape, scale=1.0):
    """Numbers that are exact in f32."""
    return torch.tensor(random.normal(0, scale, shape).astype(np.float32).astype(np.float64), requires_grad=True)


def conv(x, kernel, bias):
    """A convolution of stride 2 with TensorFlow's "same" padding, channels last outside."""
    size = kernel.shape[0]
    height = x.shape[1]
    total = max((-(-height // 2) - 1) * 2 + size - height, 0)
    before, after = total // 2, total - total // 2
    x = F.pad(x.permute(0, 3, 1, 2), (before, after, before, after))
    return F.conv2d(x, kernel.permute(3, 2, 0, 1), bias, stride=2).permute(0, 2, 3, 1)


def pieces(x, w):
    x = F.leaky_relu(conv(x, w[0], w[1]), SLOPE)
    x = torch.tanh(conv(x, w[2], w[3]))
    return x.reshape(len(x), -1) @ w[4] + w[5]


def batch(x, w):
    x = conv(x, w[0], w[1])
    mean = x.mean((0, 1, 2))
    variance = ((x - mean) ** 2).mean((0, 1, 2))
    x = (x - mean) / torch.sqrt(variance + EPSILON) * w[2] + w[3]
    x = F.leaky_relu(x, SLOPE)
    return x.reshape(len(x), -1) @ w[4] + w[5]


NETWORKS = {
    "pieces": (pieces, [
        numbers(5, 5, 2, 6, scale=0.2), numbers(6, scale=0.1), numbers(3, 3, 6, 8, scale=0.2), numbers(8, scale=0.1),
        numbers(2 * 2 * 8, 1, scale=0.5), numbers(1, scale=0.1),
    ]),
    "batch": (batch, [
        numbers(5, 5, 2, 6, scale=0.2), numbers(6, scale=0.1), numbers(6, scale=0.7), numbers(6, scale=0.1),
        numbers(4 * 4 * 6, 1, scale=0.3), numbers(1, scale=0.1),
    ]),
}

PENALTIES = {
    "gradient-penalty": lambda norm: 10 * (norm - 1) ** 2,
    "one-sided": lambda norm: 10 * torch.clamp(norm - 1, min=0) ** 2,
    "r1": lambda norm: 0.5 * 3 * norm**2,
}

arrays = {}
x = numbers(BATCH, 8, 8, 2)
arrays["x"] = x.detach().numpy()
for name, (network, weights) in NETWORKS.items():
    for index, weight in enumerate(weights):
        arrays[f"{name}.{index}"] = weight.detach().numpy()
    for word, penalty in PENALTIES.items():
        (gradient,) = torch.autograd.grad(network(x, weights).sum(), x, create_graph=True)
        norm = gradient.reshape(BATCH, -1).norm(dim=1)
        value = penalty(norm).mean()
        print(name, word, value.item(), norm.detach().numpy().round(3))
        arrays[f"{name}.{word}.value"] = np.array([value.item()])
        for index, of in enumerate(torch.autograd.grad(value, weights, allow_unused=True)):
            of = torch.zeros_like(weights[index]) if of is None else of
            arrays[f"{name}.{word}.{index}"] = of.numpy()

# Gradients come with their axes in any order in memory, and the file keeps what lies in memory.
arrays = {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in arrays.items()}
save_file(arrays, FOLDER / "penalties.safetensors", {"torch": torch.__version__.split("+")[0]})
