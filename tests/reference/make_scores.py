"""Makes scores.safetensors: examples, and what other programs say of them.

    python3 -m venv venv
    venv/bin/pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 prdc==0.2 mpmath==1.4.1 safetensors==0.8.0
    venv/bin/python make_scores.py

Fréchet distances come from scipy.linalg.sqrtm and, where covariances are singular (sqrtm loses half of its digits there), from
mpmath with 50 digits; the k-NN metrics from the prdc package, with scikit-learn's distances in f64, and from plain NumPy where examples coincide; the
kernel distance and the Parzen window from NumPy; neighbours from scikit-learn; the classifier score from scipy.stats.entropy.

Names: `set/what`. The set `drawn` is not stored: `draw` is so simple that a test draws the same numbers.
"""

import pathlib

import mpmath
import numpy as np
import scipy.linalg
import scipy.special
import scipy.stats
from prdc import compute_prdc
from safetensors.numpy import save_file
from sklearn.neighbors import NearestNeighbors

FOLDER = pathlib.Path(__file__).resolve().parent
NEIGHBOURS = 5
random = np.random.default_rng(11)
mpmath.mp.dps = 50


def draw(seed, rows, width, scale, shift):
    """SplitMix64 of seed * 2^32 + index; four 22-bit numbers of it (two of each draw) added: near normal, and exact in f32 before the scaling."""
    index = np.arange(rows * width * 2, dtype=np.uint64) + np.uint64(seed << 32)
    with np.errstate(over="ignore"):
        z = (index + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    halves = (z >> np.uint64(42)) + ((z >> np.uint64(20)) & np.uint64((1 << 22) - 1))
    near_normal = halves.reshape(rows, width, 2).sum(-1).astype(np.float64) / 2**22 - 2
    return (near_normal * (scale * (1 + np.arange(width) % 7)) + shift).astype(np.float32)


def frechet(x, y):
    x, y = x.astype(np.float64), y.astype(np.float64)
    a, b = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    root = scipy.linalg.sqrtm(a)
    middle = scipy.linalg.sqrtm(root @ b @ root)
    return ((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(a) + np.trace(b) - 2 * np.trace(middle).real


def frechet_in_many_digits(x, y):
    def moments(x):
        rows, width = x.shape
        x = mpmath.matrix(x.astype(np.float64).tolist())
        mean = mpmath.matrix([sum(x[i, j] for i in range(rows)) / rows for j in range(width)])
        centred = mpmath.matrix(rows, width)
        for i in range(rows):
            for j in range(width):
                centred[i, j] = x[i, j] - mean[j]
        return mean, centred.T * centred / (rows - 1)

    def root(s):
        values, vectors = mpmath.eigsy(s)
        return vectors * mpmath.diag([mpmath.sqrt(max(value, 0)) for value in values]) * vectors.T

    (m, a), (n, b) = moments(x), moments(y)
    half = root(a)
    values = mpmath.eigsy(half * b * half, eigvals_only=True)
    trace = lambda s: sum(s[i, i] for i in range(s.rows))
    common = sum(mpmath.sqrt(max(value, 0)) for value in values)
    return float(sum((m[i] - n[i]) ** 2 for i in range(m.rows)) + trace(a) + trace(b) - 2 * common)


def kernel_distance(x, y):
    """The unbiased squared MMD with the cubic kernel."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    k = lambda a, b: (a @ b.T / a.shape[1] + 1) ** 3
    xx, yy, xy = k(x, x), k(y, y), k(x, y)
    m, n = len(x), len(y)
    return (xx.sum() - np.trace(xx)) / (m * (m - 1)) + (yy.sum() - np.trace(yy)) / (n * (n - 1)) - 2 * xy.mean()


def by_prdc(x, y):
    found = compute_prdc(x.astype(np.float64), y.astype(np.float64), NEIGHBOURS)
    counts = [found["precision"] * len(y), found["recall"] * len(x), found["density"] * NEIGHBOURS * len(y), found["coverage"] * len(x)]
    assert np.allclose(counts, np.round(counts), atol=1e-6)
    return np.round(counts)


def by_hand(x, y):
    """The same counts from squared differences, which make equal distances equal bits."""
    squared = lambda a, b: ((a[:, None].astype(np.float64) - b[None].astype(np.float64)) ** 2).sum(-1)

    def radii(a):
        distances = squared(a, a)
        np.fill_diagonal(distances, np.inf)
        return np.sort(distances, 1)[:, NEIGHBOURS - 1]

    between = squared(x, y)
    in_reals = between < radii(x)[:, None]
    in_fakes = between < radii(y)[None]
    return np.array([in_reals.any(0).sum(), in_fakes.any(1).sum(), in_reals.sum(), in_reals.any(1).sum()], np.float64)


def parzen(samples, validation, test):
    samples, validation, test = (a.astype(np.float64) for a in (samples, validation, test))

    def likelihoods(images, sigma):
        a = (images[:, None] - samples[None]) / sigma
        e = scipy.special.logsumexp(-0.5 * (a**2).sum(2), axis=1) - np.log(len(samples))
        return e - samples.shape[1] * np.log(sigma * np.sqrt(2 * np.pi))

    sigmas = np.logspace(-1, 0, num=10)
    sigma = sigmas[np.argmax([likelihoods(validation, sigma).mean() for sigma in sigmas])]
    found = likelihoods(test, sigma)
    return np.array([sigma, found.mean(), found.std() / np.sqrt(len(test))])


def number(value):
    return np.array([value], np.float64)


mixing = random.normal(0, 1, (16, 16)) / 4
real = (random.normal(0, 1, (300, 16)) @ mixing + 1).astype(np.float32)
fake = (random.normal(0, 1.2, (280, 16)) @ mixing + 1.1).astype(np.float32)
# Near each other and far from the origin, as activations behind a large bias are.
far_real, far_fake = real + np.float32(1000), fake + np.float32(1000)
# A sixth of the samples are copies of real examples, some of them several times.
copies = fake.copy()
copies[:40] = real[random.integers(0, 25, 40)]
subsets = [np.stack([random.permutation(len(a))[:90] for _ in range(20)]) for a in (real, fake)]
estimates = np.array([kernel_distance(real[i], fake[j]) for i, j in zip(*subsets)])
probabilities = scipy.special.softmax(random.normal(0, 2, (70, 10)), axis=1).astype(np.float32)
wide = probabilities.astype(np.float64)
images = {name: random.beta(0.4, 0.6, (rows, 49)).astype(np.float32) for name, rows in [("samples", 90), ("validation", 30), ("test", 50)]}
near = NearestNeighbors(n_neighbors=3, algorithm="brute").fit(real.astype(np.float64))
distances, indices = near.kneighbors(fake.astype(np.float64))

drawn_real, drawn_fake = draw(1, 2000, 84, 0.11, 0.3), draw(2, 1700, 84, 0.118, 0.33)

tensors = {
    "small/real": real,
    "small/fake": fake,
    "small/frechet": number(frechet(real, fake)),
    "small/kernel": number(kernel_distance(real, fake)),
    "small/counts": by_prdc(real, fake),
    "small/neighbours": indices.astype(np.float64),
    "small/distances": distances,
    "few/frechet": number(frechet_in_many_digits(real[:9], fake[:12])),
    "few/one_sided": number(frechet_in_many_digits(real[:60], fake[:12])),
    "far/counts": by_hand(far_real, far_fake),
    "far/frechet": number(frechet(far_real, far_fake)),
    "copies/fake": copies,
    "copies/counts": by_hand(real, copies),
    "subsets/real": subsets[0].astype(np.float64),
    "subsets/fake": subsets[1].astype(np.float64),
    "subsets/kernel": np.array([estimates.mean(), estimates.std()]),
    "classes/probabilities": probabilities,
    "classes/score": number(np.exp(np.mean([scipy.stats.entropy(row, wide.mean(0)) for row in wide]))),
    "parzen/score": parzen(**images),
    **{f"parzen/{name}": pixels for name, pixels in images.items()},
    "drawn/first": np.concatenate([drawn_real[0, :4], drawn_fake[-1, -4:]]),
    "drawn/frechet": number(frechet(drawn_real, drawn_fake)),
    "drawn/kernel": number(kernel_distance(drawn_real, drawn_fake)),
    "drawn/counts": by_prdc(drawn_real, drawn_fake),
}
assert np.array_equal(tensors["small/counts"], by_hand(real, fake))
assert abs(frechet(real, fake) / frechet_in_many_digits(real, fake) - 1) < 1e-9
save_file({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, FOLDER / "scores.safetensors")
for name, tensor in tensors.items():
    print(name, tensor.shape, tensor.ravel()[:4])
