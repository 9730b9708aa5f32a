"""Writes tests/data/seed/*.npy: inputs of the seed programs and what NumPy makes of them (run once, results stored).

Every tested size is a leading part of the stored inputs: C classes of scores, C + 7 channels of feature, the first W
columns. The scores are quarters, so that sums of them are exact in any order, and full of ties; one pixel has a NaN,
and the features hold a NaN and an infinity, which selections must keep to themselves.
"""
import pathlib
import numpy as np

CLASSES = [1, 3, 21]
WIDTHS = [1, 5, 15, 16, 17, 31, 33, 64, 65]
folder = pathlib.Path(__file__).parent / "seed"


def save(name, array):
    np.save(folder / f"{name}.npy", np.ascontiguousarray(array))


random = np.random.default_rng(1)
scores = (random.integers(-8, 9, size=(2, 21, 4, 65)) / 4).astype(np.float32)
feature = random.standard_normal((2, 28, 4, 65)).astype(np.float32)
scores[1, 0, 2, 64] = np.nan
feature[0, 0, 0, 2] = np.nan
feature[1, 2, 3, 4] = np.inf
save("scores", scores)
save("feature", feature)

for classes in CLASSES:
    s, f = scores[:, :classes], feature[:, :classes + 7]
    best = s.argmax(1)
    b, h, w = np.indices(best.shape)
    save(f"picked_{classes}", f[b, best, h, w])

    one_hot = np.arange(classes)[:, None, None] == best[:, None]
    save(f"confidence_{classes}", np.where(one_hot, f[:, :classes], 0).sum(1))

    means = np.empty((len(WIDTHS), classes), np.float32)
    for row, width in enumerate(WIDTHS):
        chosen = np.where(one_hot, s, 0)[..., :width].sum((0, 2, 3))
        with np.errstate(invalid="ignore"):
            means[row] = chosen / one_hot[..., :width].sum((0, 2, 3)).astype(np.float32)
    save(f"mean_{classes}", means)
