"""Writes down the learning rates that PyTorch's schedulers give, for the tests of `learner::schedule`.

    python3 -m venv venv
    venv/bin/pip install torch==2.15.0
    venv/bin/python make_schedules.py

PyTorch computes each rate from the one before, and so gathers rounding: the comparison is to 1e-14.
"""

import json
import pathlib

import torch
from torch.optim import lr_scheduler as schedulers

RATE, UPDATES, WARM_UP = 0.1, 100, 10


def rates(scheduler):
    """The learning rates of updates 0 to 100, the scheduler stepping after each."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)
    scheduler = scheduler(optimizer)
    found = []
    for _ in range(UPDATES + 1):
        found.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return found


def warm_cosine(optimizer):
    """The first update has a tenth of the rate, the tenth update all of it."""
    warm = schedulers.LinearLR(optimizer, start_factor=1 / WARM_UP, end_factor=1.0, total_iters=WARM_UP - 1)
    cosine = schedulers.CosineAnnealingLR(optimizer, UPDATES - WARM_UP, eta_min=0.02)
    return schedulers.SequentialLR(optimizer, [warm, cosine], milestones=[WARM_UP])


RATES = {
    "linear": rates(lambda o: schedulers.LinearLR(o, start_factor=1.0, end_factor=0.1, total_iters=30)),
    "cosine": rates(lambda o: schedulers.CosineAnnealingLR(o, UPDATES, eta_min=0.02)),
    "exponential": rates(lambda o: schedulers.ExponentialLR(o, 0.97)),
    "warm-up and cosine": rates(warm_cosine),
}

file = pathlib.Path(__file__).resolve().parent / "schedules.json"
file.write_text(json.dumps({"versions": {"torch": torch.__version__}, "rates": RATES}, indent=1) + "\n")
