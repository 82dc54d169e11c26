"""Makes `layers.safetensors`: layers and their gradients, first and second, from PyTorch.

`src/nn/tests/pytorch.rs` compares the project's layers with these arrays. PyTorch is no dependency of the project: the file is committed, and
this script is only run to make it again.

    python3 -m venv venv
    venv/bin/pip install torch==2.15.0 numpy==2.4.6 safetensors==0.8.0
    venv/bin/python make_torch_reference.py

It was run with exactly these versions and CPython 3.11 on Linux, x86-64. Every number that a test feeds in is exact in f32; everything is
computed in f64 and only the result is rounded to f32.

For each layer f with input x, parameters p and fixed numbers c there are `x`, `c`, the parameters, `y` = f(x), the gradients of L = sum(c * y)
as `gradient.<name>` (`gradient.x` too), and those of the penalty P = |dL/dx|^2 / 2 with respect to the parameters as `penalty.<name>`, by
PyTorch's double backward. Layouts are the project's: images (batch, height, width, channels), convolution kernels (height, width, in, out),
dense kernels (in, out).
"""

import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file

FOLDER = pathlib.Path(__file__).resolve().parent


def exact(random, *shape):
    """Normal numbers that are exact in f32."""
    values = random.standard_normal(shape).astype(np.float32).astype(np.float64)
    return torch.tensor(values, requires_grad=True)


def conv(x, weight, bias):
    """A convolution of stride 1 that keeps the size, channels last; for odd kernels PyTorch's padding is TensorFlow's."""
    y = F.conv2d(x.permute(0, 3, 1, 2), weight.permute(3, 2, 0, 1), bias, padding=weight.shape[0] // 2)
    return y.permute(0, 2, 3, 1)


def average_pool(x):
    return F.avg_pool2d(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)


def maxout(x, p):
    """Four units of three pieces each; a unit's pieces are neighbours."""
    maps = x.flatten(1) @ p["weight"] + p["bias"]
    return maps.reshape(len(x), 4, 3).amax(2)


def layer_norm(x, p):
    return F.layer_norm(x, x.shape[1:], eps=1e-5) * p["gamma"] + p["beta"]


def residual(x, p):
    """The block of a discriminator that halves its input, as Miyato et al. 2018 have it, with tanh for the second ReLU: P has a part then that
    goes back through the values, and not only the weights."""
    main = conv(torch.relu(x), p["layers.1.weight"], p["layers.1.bias"])
    main = average_pool(conv(torch.tanh(main), p["layers.3.weight"], p["layers.3.bias"]))
    return main + average_pool(conv(x, p["shortcut.0.weight"], p["shortcut.0.bias"]))


LABELS = [1, 0, 1, 2]


def label_projection(x, p):
    h = x.flatten(1)
    return h @ p["weight"] + p["bias"] + (p["embedding"][LABELS] * h).sum(1, keepdim=True)


CASES = {
    "maxout": (maxout, (4, 2, 1, 3), {"weight": (6, 12), "bias": (12,)}),
    "layer_norm": (layer_norm, (4, 3, 2, 5), {"gamma": (5,), "beta": (5,)}),
    "residual": (
        residual,
        (4, 4, 6, 2),
        {
            "layers.1.weight": (3, 3, 2, 3),
            "layers.1.bias": (3,),
            "layers.3.weight": (3, 3, 3, 4),
            "layers.3.bias": (4,),
            "shortcut.0.weight": (1, 1, 2, 4),
            "shortcut.0.bias": (4,),
        },
    ),
    "label_projection": (label_projection, (4, 2, 1, 3), {"weight": (6, 1), "bias": (1,), "embedding": (3, 6)}),
}


def main():
    random = np.random.default_rng(5)
    arrays = {}
    for case, (f, shape, parameters) in CASES.items():
        x = exact(random, *shape)
        p = {name: exact(random, *shape) for name, shape in parameters.items()}
        y = f(x, p)
        c = exact(random, *y.shape)
        loss = (c.detach() * y).sum()
        at_x, *gradients = torch.autograd.grad(loss, [x, *p.values()], create_graph=True)
        penalty = at_x.square().sum() / 2
        penalties = torch.autograd.grad(penalty, list(p.values()), allow_unused=True)
        found = {"x": x, "c": c, "y": y, "gradient.x": at_x}
        for (name, value), gradient, second in zip(p.items(), gradients, penalties):
            second = torch.zeros_like(value) if second is None else second
            found |= {name: value, f"gradient.{name}": gradient, f"penalty.{name}": second}
        arrays |= {f"{case}.{name}": value.detach().numpy().astype(np.float32) for name, value in found.items()}
    arrays = {name: np.ascontiguousarray(value) for name, value in sorted(arrays.items())}
    save_file(arrays, FOLDER / "layers.safetensors", metadata={"torch": torch.__version__.split("+")[0]})
    (FOLDER / "layers.safetensors").chmod(0o644)  # safetensors makes files that only their owner can read
    print(f"{len(arrays)} arrays, {sum(value.nbytes for value in arrays.values()):,} bytes")


main()
