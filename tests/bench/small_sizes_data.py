"""The data of small_sizes.py, as that of small_sizes.hpp."""
import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"
import numpy as np  # noqa: E402: after the variable that it reads

RNG = np.random.default_rng(1)


class Data:
    def __init__(self, size):
        rows = int(size ** 0.5)
        columns = size // rows
        self.rows = rows
        self.x, self.y = RNG.uniform(-1, 1, size).astype("f4"), RNG.uniform(0, 1, size).astype("f4")
        self.above = 1 + 9 * self.y
        self.above64 = self.above.astype("f8")
        self.m, self.n = (RNG.uniform(-1, 1, (rows, columns)).astype("f4") for _ in range(2))
        self.thin = RNG.uniform(0, 1, ((size + 2) // 3, 3)).astype("f4")
        self.turn = RNG.uniform(-1, 1, (3, 3)).astype("f4")
        self.narrow = RNG.uniform(-1, 1, (columns, 4)).astype("f4")
        self.half, self.pairs = RNG.uniform(0, 1, size // 2).astype("f4"), np.zeros((size, 2), "f4")
        self.v, self.w, self.byte = self.x.astype("f8"), self.m.astype("f8"), (200 * self.y).astype("u1")
        self.u, self.flag, self.other_flag = self.y.astype("f8"), self.x > 0, self.y > 0.5
        self.table = RNG.uniform(0, 1, 256).astype("f4")
        self.bins = min(size, 1000)
        self.label = RNG.integers(0, self.bins, size).astype("i4")
        self.place = RNG.integers(0, size, size).astype("i4")
        self.divisor, self.whole = self.label + 1, self.place.astype("i8")
        self.divisor64, self.beside = self.divisor.astype("i8"), self.whole - size // 2
        self.turns = RNG.uniform(-1, 1, (size // 9 + 1, 3, 3))
        self.points = RNG.uniform(-1, 1, (size // 9 + 1, 3))
        self.grey = RNG.integers(0, 255, (rows, columns)).astype("u1")
        self.eights, self.rows32 = (RNG.uniform(-1, 1, (-(-size // k), k)).astype("f4") for k in (8, 32))
        self.third, self.eighth = self.thin[:, 0].copy(), self.eights[:, 0].copy()
        self.near, self.far = (RNG.uniform(-1, 1, (count, 8)).astype("f4") for count in (rows, columns))
        side = int((size // 8 + 1) ** 0.5)
        self.planes, self.maps, self.filters, self.turn3 = (RNG.uniform(-1, 1, shape).astype("f4") for shape in (
            (8, side + 2, side + 2), (16, side, side), (16, 8, 3, 3), (3, rows)))
        self.across, self.eight = RNG.uniform(-1, 1, (side, side)).astype("f4"), np.arange(1, 9, dtype="f4")
        self.turn8 = RNG.uniform(-1, 1, (8, rows)).astype("f4")
        self.twenty = RNG.uniform(-1, 1, (20, size // 20 + 1)).astype("f4")
        self.twelves = RNG.uniform(-1, 1, (size // 144 + 1, 12, 12)).astype("f4")
        self.few = RNG.uniform(0, 1, (rows, columns)) > 0.97
        self.tall, self.flat = (RNG.uniform(-1, 1, shape).astype("f4") for shape in ((columns, 1), (1, rows)))
        self.ends, self.other_ends = np.array([0, rows - 1], "i4"), np.array([rows - 1, 0], "i4")
        self.cells = (self.n > 0).astype("u1")
        self.sample = (30000 * self.x).astype("i2")
        self.picture = RNG.integers(0, 256, (rows, columns // 3 + 1, 3)).astype("u1")
