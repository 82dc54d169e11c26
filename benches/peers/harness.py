"""Times a training step and prints one JSON line: milliseconds, peak memory, when the first step ended.

The fields are those of benches/step.rs, which starts these programs and reads the line.
"""

import argparse
import json
import statistics
import sys
import time

# Nothing is written into the checkout.
sys.dont_write_bytecode = True

# Untimed steps before the timed ones, as in benches/step.rs.
WARM_UP = 3


def arguments(modes):
    """The command line of a peer: MODE [STEPS] [--batch N] [--width N] [--threads N]."""
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=modes)
    parser.add_argument("steps", type=int, nargs="?", default=20)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--width", type=int, default=64, help="channels of the discriminator's first layer")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def bench(name, version, variant, step, options):
    """Times `step`, which makes one training step and returns the generator's and the discriminator's loss."""
    losses = step()
    first_step_at = time.time()
    for _ in range(WARM_UP - 1):
        step()
    times = []
    for _ in range(options.steps):
        started = time.perf_counter()
        losses = step()
        times.append((time.perf_counter() - started) * 1e3)
    line = {
        "name": name,
        "version": version,
        "variant": variant,
        "batch": options.batch,
        "threads": options.threads,
        "steps": options.steps,
        "ms_min": min(times),
        "ms_median": statistics.median(times),
        "ms_max": max(times),
        "peak_mib": peak_mebibytes(),
        "first_step_at": first_step_at,
        "losses": losses,
    }
    print(json.dumps(line), flush=True)


def peak_mebibytes():
    """The most memory that this process had, where the system tells."""
    try:
        with open("/proc/self/status") as status:
            peak = next(line for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return None
    return int(peak.split()[1]) / 1024
