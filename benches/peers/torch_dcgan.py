"""The same DCGAN and the same simultaneous step as tf_dcgan.py, in PyTorch.

usage: torch_dcgan.py simul|simul_cl [STEPS] [--batch N] [--width N] [--threads N]

`simul` keeps images as (batch, channels, rows, columns), `simul_cl` with the channels last, which is faster on a CPU.
Both are eager: torch.compile was slower. One forward pass of the generator and two of the discriminator give both
players' gradients. Random images stand for the data.
"""

import sys

sys.dont_write_bytecode = True

import torch
import torch.nn as nn
import torch.nn.functional as F

from harness import arguments, bench

OPTIONS = arguments(["simul", "simul_cl"])
BATCH, WIDTH, LATENT = OPTIONS.batch, OPTIONS.width, 100
LAYOUT = torch.channels_last if OPTIONS.mode == "simul_cl" else torch.contiguous_format

torch.set_num_threads(OPTIONS.threads)
torch.manual_seed(0)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(LATENT, 7 * 7 * 4 * WIDTH, bias=False)
        self.norm0 = nn.BatchNorm1d(7 * 7 * 4 * WIDTH)
        self.up1 = nn.ConvTranspose2d(4 * WIDTH, 2 * WIDTH, 5, 1, 2, bias=False)
        self.norm1 = nn.BatchNorm2d(2 * WIDTH)
        self.up2 = nn.ConvTranspose2d(2 * WIDTH, WIDTH, 5, 2, 2, output_padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(WIDTH)
        self.up3 = nn.ConvTranspose2d(WIDTH, 1, 5, 2, 2, output_padding=1, bias=False)

    def forward(self, latents):
        x = F.leaky_relu(self.norm0(self.dense(latents)), 0.3)
        x = x.view(-1, 4 * WIDTH, 7, 7).contiguous(memory_format=LAYOUT)
        x = F.leaky_relu(self.norm1(self.up1(x)), 0.3)
        x = F.leaky_relu(self.norm2(self.up2(x)), 0.3)
        return torch.tanh(self.up3(x))


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, WIDTH, 5, 2, 2)
        self.conv2 = nn.Conv2d(WIDTH, 2 * WIDTH, 5, 2, 2)
        self.dense = nn.Linear(2 * WIDTH * 7 * 7, 1)
        self.dropout = nn.Dropout(0.3)

    def forward(self, x):
        x = self.dropout(F.leaky_relu(self.conv1(x), 0.3))
        x = self.dropout(F.leaky_relu(self.conv2(x), 0.3))
        return self.dense(x.flatten(1)).squeeze(1)


generator = Generator().to(memory_format=LAYOUT)
discriminator = Discriminator().to(memory_format=LAYOUT)
generator_weights = list(generator.parameters())
discriminator_weights = list(discriminator.parameters())
generator_optimizer = torch.optim.Adam(generator_weights, 1e-4)
discriminator_optimizer = torch.optim.Adam(discriminator_weights, 1e-4)
cross_entropy = nn.BCEWithLogitsLoss()
real = (torch.rand(BATCH, 1, 28, 28) * 2 - 1).contiguous(memory_format=LAYOUT)
ones, zeros = torch.ones(BATCH), torch.zeros(BATCH)


def step():
    fake = generator(torch.randn(BATCH, LATENT))
    on_real, on_fake = discriminator(real), discriminator(fake)
    generator_loss = cross_entropy(on_fake, ones)
    discriminator_loss = cross_entropy(on_real, ones) + cross_entropy(on_fake, zeros)
    generator_gradients = torch.autograd.grad(generator_loss, generator_weights, retain_graph=True)
    discriminator_gradients = torch.autograd.grad(discriminator_loss, discriminator_weights)
    for weight, gradient in zip(generator_weights, generator_gradients):
        weight.grad = gradient
    for weight, gradient in zip(discriminator_weights, discriminator_gradients):
        weight.grad = gradient
    generator_optimizer.step()
    discriminator_optimizer.step()
    return [generator_loss.item(), discriminator_loss.item()]


bench(
    "PyTorch",
    torch.__version__.split("+")[0],
    "eager, channels last" if OPTIONS.mode == "simul_cl" else "eager",
    step,
    OPTIONS,
)
