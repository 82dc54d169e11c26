#!/usr/bin/env python3
"""Whether TensorBoard itself reads what a run with `logging.tensorboard = true` has written.

    python3 -m venv venv && venv/bin/pip install tensorboard
    venv/bin/python tests/tensorboard_reads.py [--torn | --watch] results/EXPERIMENT/RUN

Through TensorBoard's EventAccumulator: every column of metrics.csv and every score of evaluation.csv is a scalar, equal in
single precision and once a step; every picture of samples/ is an image, byte for byte; the configuration is a text. With --torn, the events may end early, as
after a crash. With --watch, it reads over and over, as a TensorBoard that is open does, until run.toml says that the run is
complete, and checks then.
"""

import argparse
import csv
import pathlib
import time

import numpy
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

GROUPS = {
    "epoch": "progress",
    "d_loss": "loss",
    "g_loss": "loss",
    "d_real": "probability",
    "d_fake": "probability",
    "d_gradient_norm": "gradient_norm",
    "g_gradient_norm": "gradient_norm",
    "gradient_norm": "gradient_norm",
    "loss": "loss",
    "test_loss": "loss",
    "images_per_second": "time",
    "seconds": "time",
}


def is_complete(run):
    try:
        return 'state = "complete"' in (run / "run.toml").read_text()
    except FileNotFoundError:
        return False


def read(run, watch):
    """The events, none left out, and how often a new file was found while it was read."""
    everything = {"scalars": 0, "images": 0, "tensors": 0}
    events = EventAccumulator(str(run / "tensorboard"), size_guidance=everything)
    events.Reload()
    files = set()
    deadline = time.monotonic() + 120
    while watch:
        files.update(path.name for path in (run / "tensorboard").iterdir())
        done = is_complete(run)
        events.Reload()
        if events.Tags()["scalars"] and not (run / "watched").exists():
            (run / "watched").touch()  # For who waits until something has been read.
        if done:
            break
        assert time.monotonic() < deadline, "the run does not end"
        time.sleep(0.02)
    return events, len(files)


def check_scalars(events, metrics, scores, torn):
    tags = {f"{GROUPS.get(name, 'metrics')}/{name}": (metrics, name) for name in metrics[0] if name != "step"}
    for floor in [name for name in (scores or [{}])[0] if name.endswith("_floor")]:
        score = floor.removesuffix("_floor")
        tags |= {f"score/{score}": (scores, score), f"floor/{score}": (scores, floor)}
    assert set(events.Tags()["scalars"]) == set(tags), (events.Tags()["scalars"], tags)
    for tag, (rows, column) in tags.items():
        found = events.Scalars(tag)
        steps = [int(row["step"]) for row in rows]
        values = numpy.array([float(row[column]) for row in rows]).astype(numpy.float32)
        if torn:
            assert found, f"{tag}: nothing was read"
            steps, values = steps[: len(found)], values[: len(found)]
        assert [event.step for event in found] == steps, (tag, [event.step for event in found], steps)
        got = numpy.array([event.value for event in found], numpy.float32)
        assert numpy.array_equal(got, values, equal_nan=True), (tag, got, values)
        times = [event.wall_time for event in found]
        assert times == sorted(times), (tag, times)
    return len(tags)


def check_images(events, run, torn):
    files = sorted((run / "samples").glob("epoch_*.png"), key=lambda path: int(path.stem[6:]))
    found = events.Images("montage") if "montage" in events.Tags()["images"] else []
    if torn:
        files = files[: len(found)]
    assert [event.encoded_image_string for event in found] == [file.read_bytes() for file in files]
    steps = [event.step for event in found]
    assert steps == sorted(set(steps)), steps
    for event in found:
        assert (event.width, event.height) == tuple(
            int.from_bytes(event.encoded_image_string[at : at + 4], "big") for at in (16, 20)
        )
    return len(found)


def check_text(events, run, watch):
    # At a new session's start, this class forgets scalars and images, but not tensors (TensorBoard's server does).
    found = events.Tensors("experiment")
    assert found and (watch or len(found) == 1), found
    texts = {text for event in found for text in event.tensor_proto.string_val}
    (text,) = texts
    lines = text.decode().splitlines()
    assert all(line.startswith("    ") for line in lines), lines
    assert [line[4:] for line in lines] == (run / "experiment.toml").read_text().splitlines()
    metadata = events.SummaryMetadata("experiment")
    assert metadata.plugin_data.plugin_name == "text", metadata


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--torn", action="store_true")
    parser.add_argument("--watch", action="store_true")
    parser.add_argument("run", type=pathlib.Path)
    arguments = parser.parse_args()
    run = arguments.run
    events, files = read(run, arguments.watch)
    rows = list(csv.DictReader((run / "metrics.csv").open()))
    evaluation = run / "evaluation.csv"
    scores = list(csv.DictReader(evaluation.open())) if evaluation.exists() else []
    scalars = check_scalars(events, rows, scores, arguments.torn)
    images = check_images(events, run, arguments.torn)
    check_text(events, run, arguments.watch)
    seen = f", from {files} files while they were written" if arguments.watch else ""
    print(f"{scalars} scalars of {len(rows)} rows, {images} images, the configuration{seen}: as in the run's files")


if __name__ == "__main__":
    main()
