"""The workloads of ricci_bench in NumPy: as most people write them, and as an expert does (None: the same)."""
import numpy as np

RNG = np.random.default_rng(1)


def uniform(low, high, *shape):
    return RNG.uniform(low, high, shape).astype(np.float32)


def class_scores(smooth, batch=8, classes=21, height=512):
    if not smooth:
        return uniform(-1, 1, batch, classes, height, 512)
    h, w = np.mgrid[0:height, 0:512].astype(np.float32)
    fields = [np.sin((0.02 + 0.03 * f) * w + 9 * p) * np.cos((0.02 + 0.03 * g) * h - 9 * p)
              for f, g, p in RNG.random((batch * classes, 3))]
    return np.stack(fields).reshape(batch, classes, height, 512).astype(np.float32)


def gather_of_argmax(smooth, batch=8, classes=21, height=512, channels=64):
    scores, feature = class_scores(smooth, batch, classes, height), uniform(-1, 1, batch, channels, height, 512)

    def naive():
        b, h, w = np.indices((batch, height, 512))
        return feature[b, scores.argmax(1), h, w]

    return naive, lambda: np.take_along_axis(feature, scores.argmax(1)[:, None], 1)[:, 0]


def gather_rows_of_argmax():
    scores, feature = class_scores(False, 4), uniform(-1, 1, 4, 21, 4, 512, 512)

    def naive():
        b, d, h, w = np.indices((4, 4, 512, 512))
        return feature[b, scores.argmax(1)[:, None], d, h, w]

    return naive, lambda: np.take_along_axis(feature, scores.argmax(1)[:, None, None], 1)[:, 0]


def class_statistics(smooth):
    scores = class_scores(smooth)

    def naive():
        one_hot = np.eye(21, dtype=np.float32)[scores.argmax(1)].transpose(0, 3, 1, 2)
        return (one_hot * scores).sum((0, 2, 3)) / one_hot.sum((0, 2, 3))

    def expert():
        label = scores.argmax(1).ravel()
        return np.bincount(label, scores.max(1).ravel(), 21) / np.bincount(label, minlength=21)

    return naive, expert


def softmax(axis, *shape):
    x, out = uniform(-4, 4, *shape), np.empty(shape, np.float32)

    def naive():
        e = np.exp(x - x.max(axis, keepdims=True))
        return e / e.sum(axis, keepdims=True)

    def expert():
        np.subtract(x, x.max(axis, keepdims=True), out=out)
        np.exp(out, out=out)
        np.divide(out, out.sum(axis, keepdims=True), out=out)

    return naive, expert


def nearest(points, length, count, whole=True):
    x = uniform(-1, 1, points, length)
    centroid = x[:count].copy()
    literal = lambda: ((x[:, None] - centroid) ** 2).sum(-1).argmin(1)
    expanded = lambda: ((centroid * centroid).sum(1) - 2 * (x @ centroid.T)).argmin(1)  # other bits: sums cancel
    return (literal if whole else None), expanded


def elementwise(size=1 << 24):
    x = uniform(-4, 4, size)
    return lambda: np.sin(x) * np.exp(-x * x) + np.sqrt(np.abs(x)), None


def scatter_add():
    x, index, out = uniform(-1, 1, 1 << 20, 16), RNG.integers(0, 10000, 1 << 20), np.zeros((10000, 16), np.float32)

    def expert():
        for column in range(16):
            out[:, column] += np.bincount(index, x[:, column], 10000)

    return lambda: np.add.at(out, index, x), expert


def histogram(run, bins=1024):
    label = np.repeat(RNG.integers(0, bins, (1 << 24) // run), run).astype(np.int32)
    counts = np.zeros(bins, np.int32)
    return lambda: np.add.at(counts, label, 1), lambda: np.bincount(label, minlength=bins)


def tiny():
    scores, feature = uniform(-1, 1, 2, 5, 3, 4), uniform(0, 1, 2, 5, 3, 4)

    def naive():
        b, h, w = np.indices((2, 3, 4))
        return feature[b, scores.argmax(1), h, w]

    return naive, lambda: np.take_along_axis(feature, scores.argmax(1)[:, None], 1)[:, 0]


def embedding_bag():
    table, ids = uniform(-1, 1, 100000, 64), RNG.integers(0, 100000, (65536, 20))
    return lambda: table[ids].sum(1), None


def grid_sample(random):
    size = 512
    picture = uniform(-1, 1, 4, 16, size, size)
    v, u = np.mgrid[0:size, 0:size].astype(np.float32) / 256 - 1
    turned = np.broadcast_to(np.stack([0.9 * u - 0.3 * v + 0.05, 0.3 * u + 0.9 * v - 0.02], -1), (4, size, size, 2))
    grid = uniform(-1, 1, 4, size, size, 2) if random else turned.astype(np.float32)

    def naive():
        y, x = (grid[..., 1] + 1) * (size / 2) - 0.5, (grid[..., 0] + 1) * (size / 2) - 0.5
        row, column = np.floor(y).astype(int), np.floor(x).astype(int)
        batch = np.arange(4)[:, None, None]
        total = 0
        for i in (0, 1):
            for j in (0, 1):
                r, c = row + i, column + j
                weight = (1 - np.abs(y - r)) * (1 - np.abs(x - c)) * ((r >= 0) & (r < size) & (c >= 0) & (c < size))
                total = total + weight[..., None] * picture[batch, :, r.clip(0, size - 1), c.clip(0, size - 1)]
        return np.ascontiguousarray(total.transpose(0, 3, 1, 2))

    return naive, None


def stencil():
    x, weight = uniform(-1, 1, 2050, 2050), uniform(0, 1, 3, 3)

    def window(x):
        rows, columns = x.shape[0] - 2, x.shape[1] - 2
        return sum(weight[k, l] * x[k:k + rows, l:l + columns] for k in range(3) for l in range(3))

    return lambda: window(window(x)), None


def convolution():
    x, w = uniform(-1, 1, 4, 64, 58, 58), uniform(-1, 1, 64, 64, 3, 3)

    def naive():
        return sum(np.einsum("oc,bcij->boij", w[:, :, u, v], x[:, :, u:u + 56, v:v + 56], optimize=True)
                   for u in range(3) for v in range(3))

    def expert():
        windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), (2, 3))
        return np.tensordot(w, windows, ((1, 2, 3), (1, 4, 5))).transpose(1, 0, 2, 3)

    return naive, expert


def running_sums(axis):
    x, out = uniform(-1, 1, 4096, 4096), np.empty((4096, 4096), np.float32)
    return lambda: x.cumsum(axis), lambda: np.cumsum(x, axis, out=out)


def compress():
    x = uniform(-1, 1, 1 << 24)
    return lambda: x[x > 0], None


def layer_norm():
    x, gain, bias = uniform(-1, 1, 16384, 1024), uniform(0, 1, 1024), uniform(-1, 1, 1024)
    naive = lambda: (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5) * gain + bias

    def expert():
        apart = x - x.mean(1, keepdims=True)
        apart *= (1 / np.sqrt(np.einsum("ij,ij->i", apart, apart) / 1024 + np.float32(1e-5)))[:, None]
        apart *= gain
        apart += bias

    return naive, expert


def attention():
    query, key, value = (uniform(-1, 1, 8, 16, 512, 64) for _ in range(3))

    def naive():
        e = query @ key.swapaxes(-1, -2) / np.float32(8)
        e = np.exp(e - e.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True) @ value

    return naive, None


def matmul(*shape):
    a, b = uniform(-1, 1, *shape), uniform(-1, 1, *shape)
    return lambda: a @ b, None


def layer(size):
    a, b, bias, out = uniform(-1, 1, size, size), uniform(-1, 1, size, size), uniform(-1, 1, size), np.empty((size, size), np.float32)

    def expert():
        np.matmul(a, b, out=out)
        np.add(out, bias, out=out)
        np.maximum(out, 0, out=out)

    return lambda: np.maximum(a @ b + bias, 0), expert


def copy():
    x, out = uniform(-1, 1, 1 << 24), np.empty(1 << 24, np.float32)
    return lambda: np.copyto(out, x), None


def transposed():
    x, out = uniform(-1, 1, 2048, 2048), np.empty((2048, 2048), np.float32)
    return lambda: np.copyto(out, x.T), None


def planes_of_pixels():
    x, out = uniform(-1, 1, 16, 128, 128, 64), np.empty((16, 64, 128, 128), np.float32)
    return lambda: np.ascontiguousarray(x.transpose(0, 3, 1, 2)), lambda: np.copyto(out, x.transpose(0, 3, 1, 2))


def sum_of_all():
    x = uniform(-1, 1, 1 << 24)
    return x.sum, None


"""By the name of the workload in ricci_bench: what makes (naive, expert)."""
FORMS = {
    "W1 random": lambda: gather_of_argmax(False),
    "W1 smooth": lambda: gather_of_argmax(True),
    "W1 with index d": gather_rows_of_argmax,
    "W1 of 3": lambda: gather_of_argmax(False, 8, 3, 512, 3),
    "W1 of 150": lambda: gather_of_argmax(True, 2, 150, 512, 150),
    "W1 of 1000": lambda: gather_of_argmax(True, 1, 1000, 128, 1000),
    "W2 random": lambda: class_statistics(False),
    "W2 smooth": lambda: class_statistics(True),
    "W3 softmax axis 1": lambda: softmax(1, 8, 21, 512, 512),
    "W3 softmax last axis": lambda: softmax(1, 8192, 4096),
    "W4 nearest of 10": lambda: nearest(10000, 784, 10),
    "W4 nearest of 16": lambda: nearest(1048576, 3, 16),
    "W4 nearest of 512": lambda: nearest(65536, 64, 512, whole=False),  # the literal form takes 8 GB
    "W5 embedding bag": embedding_bag,
    "W6 sin exp sqrt": elementwise,
    "W6 four times as many": lambda: elementwise(1 << 26),
    "W7 scatter add": scatter_add,
    "W7 histogram random": lambda: histogram(1),
    "W7 histogram of runs": lambda: histogram(64),
    "W7 few bins": lambda: histogram(1, 16),
    "W7 many bins": lambda: histogram(1, 1 << 20),
    "W8 grid_sample random": lambda: grid_sample(True),
    "W8 grid_sample turned": lambda: grid_sample(False),
    "W10 tiny": tiny,
    "stencil 3x3 twice": stencil,
    "convolution": convolution,
    "cumsum along rows": lambda: running_sums(1),
    "cumsum down columns": lambda: running_sums(0),
    "x[x > 0]": compress,
    "layer norm": layer_norm,
    "attention": attention,
    "W9 matmul": lambda: matmul(512, 512),
    "W9 layer": lambda: layer(512),
    "W9 layer large": lambda: layer(1024),
    "W9 batch": lambda: matmul(64, 32, 32),
    "copy": copy,
    "transposed copy": transposed,
    "W9 NHWC to NCHW": planes_of_pixels,
    "sum": sum_of_all,
}
