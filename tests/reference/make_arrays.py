"""Writes arrays.npz and plain.npy with NumPy, to be read back by src/scoring/outside.

    python make_arrays.py

Images of 2x3 grey pixels: image i has the levels 10 i, 10 i + 1, ... 10 i + 5.
"""

import numpy as np

levels = (10 * np.arange(4)[:, None] + np.arange(6)).astype(np.uint8)
images = levels.reshape(4, 2, 3, 1)
colour = np.stack([levels, levels + 50, levels + 100], axis=1).reshape(4, 3, 2, 3)  # channels first, as PyTorch has it
np.save("plain.npy", images)
np.savez_compressed(
    "arrays.npz",
    samples=(images / 255.0).astype(np.float32),
    symmetric=(images - 127.5) / 127.5,  # float64
    big=(images / 255.0).astype(">f4"),
    flat=levels,
    colour=colour,
    fortran=np.asfortranarray(images.reshape(4, 2, 3)),
    labels=np.arange(4),
    nan=np.full((4, 2, 3), np.nan, np.float32),
    one=images[:1],
)
