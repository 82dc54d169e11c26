"""Makes `learners.safetensors` with PyTorch: what a VAE, two classifiers and a BEGAN learn from one batch.

`tests/pytorch_learners.rs` compares the project's learners with these arrays. PyTorch is no dependency of the project: the file
is committed, and this script is only run to make it again.

    python3 -m venv venv
    venv/bin/pip install torch numpy safetensors
    venv/bin/python make_learners.py

Every number that the test feeds in is exact in f32; everything is computed in f64, by automatic differentiation, and only the
results are rounded. Losses are written out from torch's own functions and distributions, not from the project's formulas.

Layouts are the project's: images (batch, height, width, channels), convolution kernels (height, width, in, out), dense kernels
(in, out). A convolution of stride 2 pads 28 rows (and 14) by 1 before and 2 after, as TensorFlow's "same" does.
"""

import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file
from torch.distributions import Bernoulli, Independent, Normal, kl_divergence

BATCH, LATENT, BETA, STD = 5, 4, 2.0, 0.5
torch.set_default_dtype(torch.float64)
RANDOM = np.random.default_rng(20140501)
ARRAYS = {}


def rounded(array):
    return np.asarray(array, dtype=np.float32).astype(np.float64)


def given(name, *shape, std=1.0):
    """A parameter or an input that the test feeds in."""
    array = rounded(std * RANDOM.standard_normal(shape))
    ARRAYS[name] = array
    return torch.tensor(array, requires_grad=True)


def keep(case, loss, parameters):
    """Keeps a loss and its gradients."""
    gradients = torch.autograd.grad(loss, list(parameters.values()))
    ARRAYS[f"{case}.loss"] = loss.detach().numpy().reshape(1)
    for name, gradient in zip(parameters, gradients):
        ARRAYS[f"{case}.gradient.{name}"] = gradient.numpy()


def conv(x, weight, bias):
    """5×5, stride 2, on (B, H, W, C)."""
    x = F.pad(x.permute(0, 3, 1, 2), (1, 2, 1, 2))
    return F.conv2d(x, weight.permute(3, 2, 0, 1), bias, stride=2).permute(0, 2, 3, 1)


def layer(parameters, name, *shape):
    std = 1.0 / np.sqrt(np.prod(shape[:-1]))
    parameters[f"{name}.weight"] = given(f"{name}.weight", *shape, std=std)
    parameters[f"{name}.bias"] = given(f"{name}.bias", shape[-1], std=0.1)
    return parameters[f"{name}.weight"], parameters[f"{name}.bias"]


images = rounded(RANDOM.random((BATCH, 28, 28, 1)))
labels = np.array([3, 0, 9, 3, 5])
ARRAYS["images"], ARRAYS["labels"] = images, labels
x, y = torch.tensor(images), torch.tensor(labels)


def vae():
    """The networks of experiments/tiny_vae.toml."""
    parameters = {}
    first = layer(parameters, "encoder.0", 5, 5, 1, 2)
    second = layer(parameters, "encoder.3", 14 * 14 * 2, 2 * LATENT)
    third = layer(parameters, "decoder.0", LATENT, 8)
    fourth = layer(parameters, "decoder.2", 8, 784)
    noise = given("noise", BATCH, LATENT).detach()
    numbers = F.leaky_relu(conv(x, *first), 0.2).reshape(BATCH, -1) @ second[0] + second[1]
    mean, log_variance = numbers[:, :LATENT], numbers[:, LATENT:]
    posterior = Independent(Normal(mean, (0.5 * log_variance).exp()), 1)
    z = mean + (0.5 * log_variance).exp() * noise
    output = torch.tanh(z @ third[0] + third[1]) @ fourth[0] + fourth[1]
    prior = Independent(Normal(torch.zeros_like(mean), torch.ones_like(mean)), 1)
    kl = kl_divergence(posterior, prior).mean()
    flat = x.reshape(BATCH, -1)
    # `Bernoulli` accepts numbers between 0 and 1 where it is told not to ask.
    bernoulli = -Bernoulli(logits=output, validate_args=False).log_prob(flat).sum(1).mean()
    gaussian = -Normal(torch.sigmoid(output), STD).log_prob(flat).sum(1).mean()
    ARRAYS["vae.kl"] = kl.detach().numpy().reshape(1)
    for case, reconstruction in [("bernoulli", bernoulli), ("gaussian", gaussian)]:
        ARRAYS[f"{case}.reconstruction"] = reconstruction.detach().numpy().reshape(1)
        gradients = torch.autograd.grad(
            reconstruction + BETA * kl, list(parameters.values()), retain_graph=True
        )
        for name, gradient in zip(parameters, gradients):
            ARRAYS[f"{case}.gradient.{name}"] = gradient.numpy()


def tiny_classifier():
    """The network of experiments/tiny_classifier.toml, without its dropout."""
    parameters = {}
    first = layer(parameters, "tiny.0", 5, 5, 1, 4)
    second = layer(parameters, "tiny.2", 5, 5, 4, 8)
    third = layer(parameters, "tiny.6", 7 * 7 * 8, 10)
    hidden = F.relu(conv(F.relu(conv(x, *first)), *second))
    logits = hidden.reshape(BATCH, -1) @ third[0] + third[1]
    keep("tiny", F.cross_entropy(logits, y), parameters)


def sigmoid_classifier():
    """784-16-16-10, squared error summed over the outputs and averaged over the examples."""
    parameters = {}
    hidden = x.reshape(BATCH, -1)
    for index, shape in [(1, (784, 16)), (3, (16, 16)), (5, (16, 10))]:
        weight, bias = layer(parameters, f"sigmoid.{index}", *shape)
        hidden = torch.sigmoid(hidden @ weight + bias)
    keep("sigmoid", F.mse_loss(hidden, F.one_hot(y, 10).to(hidden), reduction="sum") / BATCH, parameters)


def began():
    """The networks of experiments/tiny_began.toml, on images in [-1, 1]; L(v) = mean |v − D(v)| (Berthelot et al. 2017)."""
    gamma, gain, k = 0.75, 0.25, 0.375
    generator, discriminator = {}, {}
    g1 = layer(generator, "generator.0", LATENT, 8)
    g2 = layer(generator, "generator.2", 8, 784)
    d1 = layer(discriminator, "discriminator.0", 5, 5, 1, 2)
    d2 = layer(discriminator, "discriminator.3", 14 * 14 * 2, 8)
    d3 = layer(discriminator, "discriminator.4", 8, 784)
    latents = given("latents", BATCH, LATENT).detach()
    ARRAYS["equilibrium.k"] = np.array([k])

    def reconstruct(v):
        hidden = F.leaky_relu(conv(v.reshape(BATCH, 28, 28, 1), *d1), 0.2).reshape(BATCH, -1)
        return torch.tanh((hidden @ d2[0] + d2[1]) @ d3[0] + d3[1])

    def error(v):
        return F.l1_loss(reconstruct(v), v)

    real = (2.0 * x - 1.0).reshape(BATCH, -1)
    fake = torch.tanh(F.leaky_relu(latents @ g1[0] + g1[1], 0.2) @ g2[0] + g2[1])
    of_real, of_fake = error(real), error(fake)
    # Each player learns by itself: the discriminator's loss says nothing to the generator.
    losses = [(of_fake, generator), (of_real - k * error(fake.detach()), discriminator)]
    for loss, parameters in losses:
        for name, gradient in zip(parameters, torch.autograd.grad(loss, list(parameters.values()), retain_graph=True)):
            ARRAYS[f"began.gradient.{name}"] = gradient.numpy()
    balance = gamma * of_real - of_fake
    for name, value in [
        ("real", of_real),
        ("fake", of_fake),
        ("next_k", torch.clamp(k + gain * balance, 0, 1)),
        ("convergence", of_real + balance.abs()),
    ]:
        ARRAYS[f"began.{name}"] = value.detach().numpy().reshape(1)


vae()
tiny_classifier()
sigmoid_classifier()
began()
path = pathlib.Path(__file__).resolve().parent / "learners.safetensors"
arrays = {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in ARRAYS.items()}
versions = {"torch": torch.__version__, "numpy": np.__version__}
save_file(arrays, path, metadata={"reference": json.dumps({"versions": versions, "beta": BETA, "std": STD})})
path.chmod(0o644)
print(f"{len(arrays)} arrays, {sum(array.nbytes for array in arrays.values()):,} bytes")
