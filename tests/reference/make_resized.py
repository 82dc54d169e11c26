"""Writes down how PyTorch resizes a picture, for the tests of `data::image_folder`.

    python3 -m venv venv
    venv/bin/pip install torch==2.15.0 numpy
    venv/bin/python make_resized.py

Its antialiased "bilinear" is a triangle filter over all pixels, as that of the `image` crate is. What is compared has whole levels of 0 to
255 on one side, so the comparison is to one level.
"""

import json
import pathlib

import torch

HEIGHT, WIDTH = 11, 17
y, x, c = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), torch.arange(3), indexing="ij")
picture = (x * x * 3 + y * 23 + c * 71 + x * y * 5) % 256
channels_first = picture.permute(2, 0, 1)[None].double()


def resized(height, width):
    """The picture (height, width, channels), flat, to a hundredth of a level."""
    result = torch.nn.functional.interpolate(channels_first, (height, width), mode="bilinear", antialias=True)
    return [round(value, 2) for value in result[0].permute(1, 2, 0).flatten().tolist()]


sizes = [(4, 5), (8, 8), (16, 20), (11, 3)]
content = {
    "versions": {"torch": torch.__version__},
    "resized": {f"{height}x{width}": resized(height, width) for height, width in sizes},
}
file = pathlib.Path(__file__).resolve().parent / "resized.json"
file.write_text(json.dumps(content) + "\n")
