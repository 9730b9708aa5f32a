#!/usr/bin/env python3
"""Common expressions of 1 to 10 million elements in Ricci and in NumPy: prints how many times NumPy's time Ricci takes,
as a table, and every cell where that is more than 1, the worst first.

  /usr/bin/python3 tests/bench/small_sizes.py [--bench build/tests/bench/ricci_small_sizes] [--filter REGEX]
                                              [--sizes 1,10,...] [--threads 1,2] [--rounds N]

A time is that of a whole warm call with the allocation of its result. Both take turns; a ratio is the median over the
rounds. NumPy has one thread for its matrix products as well, and one thread of Ricci runs on the same processor: another
one may be up to twice as slow, by what else runs beside it.
"""
import argparse
import os
import pathlib
import re
import statistics
import subprocess
import time

from small_sizes_data import Data, np


def softmax(m):
    e = np.exp(m - m.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def scatter_add(d):
    return np.bincount(d.label, d.x, d.bins).astype("f4")


def mean_rows(d):
    return d.m.var(1)


def less_neighbours(d):
    d.x[1:-1] -= np.float32(0.5) * (d.x[:-2] + d.x[2:])


def mean_of_four(d):
    m = d.m
    m[1:-1, 1:-1] = np.float32(0.25) * (m[:-2, 1:-1] + m[2:, 1:-1] + m[1:-1, :-2] + m[1:-1, 2:])


def neighbours(d):
    p = np.pad(d.m, 1, "wrap")
    return p[:-2, 1:-1] + p[2:, 1:-1] + p[1:-1, :-2] + p[1:-1, 2:]


def windows(planes, rows, columns):
    return np.lib.stride_tricks.sliding_window_view(planes, (rows, columns), (1, 2))


def cosines(d):
    near, far = (points / np.linalg.norm(points, axis=1, keepdims=True) for points in (d.near, d.far))
    return near @ far.T


def with_border(d):
    rows, columns, colours = d.picture.shape
    wide = np.zeros((rows + 2, columns + 2, colours), "u1")
    wide[1:-1, 1:-1] = d.picture
    return wide


def padded(x, most, mode):
    return np.pad(x, min(most, len(x) - 1), mode)


def life(cells, mode):
    p = np.pad(cells, 1, mode)
    n = p[:-2, :-2] + p[:-2, 1:-1] + p[:-2, 2:] + p[1:-1, :-2] + p[1:-1, 2:] + p[2:, :-2] + p[2:, 1:-1] + p[2:, 2:]
    return (n == 3) | ((n == 2) & (cells == 1))


def mean_of_nine(grey):
    p = np.pad(grey, 1, "wrap").astype("u2")
    rows = p[:-2] + p[1:-1] + p[2:]
    return ((rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) // 9).astype("u1")


FORMS = {
    "x + y": lambda d: d.x + d.y,
    "2 * x + 1": lambda d: 2 * d.x + 1,
    "exp(x)": lambda d: np.exp(d.x),
    "where(x > 0, x, y)": lambda d: np.where(d.x > 0, d.x, d.y),
    "i32 to f64": lambda d: d.label.astype("f8"),
    "x > y": lambda d: d.x > d.y,
    "clip": lambda d: np.minimum(np.maximum(d.x, np.float32(-0.5)), np.float32(0.5)),
    "sqrt(y)": lambda d: np.sqrt(d.y),
    "x + y of f64": lambda d: d.v + d.v,
    "exp of f64": lambda d: np.exp(d.v),
    "i32 + i32": lambda d: d.label + d.place,
    "u8 to f32": lambda d: d.byte.astype("f4"),
    "u8 table": lambda d: d.table[d.byte],
    "difference of neighbours": lambda d: d.x[1:] - d.x[:-1],
    "reversed": lambda d: d.x[::-1].copy(),
    "sum": lambda d: d.x.sum(),
    "dot": lambda d: d.x.dot(d.y),
    "max": lambda d: d.x.max(),
    "argmax": lambda d: d.x.argmax(),
    "count(x > 0)": lambda d: np.count_nonzero(d.x > 0),
    "sum of f64": lambda d: d.v.sum(),
    "sum of i32": lambda d: d.label.sum(),
    "max of i32": lambda d: d.label.max(),
    "max of u8": lambda d: d.byte.max(),
    "argmax of f64": lambda d: d.v.argmax(),
    "argmin of i32": lambda d: d.place.argmin(),
    "any(x > 2)": lambda d: (d.x > 2).any(),
    "sum axis 0": lambda d: d.m.sum(0),
    "sum axis 1": lambda d: d.m.sum(1),
    "max axis 0": lambda d: d.m.max(0),
    "max axis 1": lambda d: d.m.max(1),
    "argmax axis 0": lambda d: d.m.argmax(0),
    "argmax axis 1": lambda d: d.m.argmax(1),
    "mean and variance axis 1": mean_rows,
    "add a row": lambda d: d.m + d.n[0],
    "outer product": lambda d: np.multiply.outer(d.m[:, 0], d.n[0]),
    "gather": lambda d: d.x[d.place],
    "gather rows": lambda d: d.m[d.place[:d.rows] % d.rows],
    "one-hot of 16": lambda d: np.eye(16, dtype="f4")[d.label % 16],
    "bits of bytes": lambda d: np.unpackbits(d.byte),
    "rows of eight": lambda d: np.multiply.outer(d.x, d.eight),
    "maps times a matrix across": lambda d: np.tensordot(d.maps, d.across, ((1, 2), (1, 0))),
    "layer": lambda d: np.tanh(d.m @ d.n[0] + d.n[:, 0]),
    "logistic regression": lambda d: 1 / (1 + np.exp(-(d.m @ d.n[0]))),
    "long rows times a vector": lambda d: d.twenty @ d.twenty[0],
    "products of 12 by 12": lambda d: d.twelves @ d.twelves,
    "bincount": lambda d: np.bincount(d.label, minlength=d.bins),
    "scatter-add": scatter_add,
    "cumsum": lambda d: d.x.cumsum(),
    "cumsum axis 0": lambda d: d.m.cumsum(0),
    "cumsum axis 1": lambda d: d.m.cumsum(1),
    "transpose": lambda d: d.m.T.copy(),
    "matmul": lambda d: d.m @ d.n.T,
    "softmax axis 1": lambda d: softmax(d.m),
    "x[x > 0]": lambda d: d.x[d.x > 0],
    "sort": lambda d: np.sort(d.x),
    "argsort": lambda d: np.argsort(d.x, kind="stable"),
    "sort axis 0": lambda d: np.sort(d.m, 0),
    "sort axis 1": lambda d: np.sort(d.m, 1),
    "sort axis 1 of f64": lambda d: np.sort(d.w, 1),
    "argsort axis 1": lambda d: np.argsort(d.m, 1),
    "nonzero(x > 0)": lambda d: np.nonzero(d.x > 0)[0],
    "log(y)": lambda d: np.log(d.y),
    "y to the power of 1.5": lambda d: d.y ** np.float32(1.5),
    "sigmoid": lambda d: 1 / (1 + np.exp(-d.x)),
    "log of f64": lambda d: np.log(d.u),
    "sqrt of f64": lambda d: np.sqrt(d.u),
    "i32 // 7": lambda d: d.place // 7,
    "i32 % 7": lambda d: d.place % 7,
    "i32 // i32": lambda d: d.place // d.divisor,
    "i32 % i32": lambda d: d.place % d.divisor,
    "i64 // 7": lambda d: d.whole // 7,
    "i64 * i64": lambda d: d.whole * d.whole,
    "u8 + u8": lambda d: d.byte + d.byte,
    "u8 * 3": lambda d: d.byte * np.uint8(3),
    "u8 // 7": lambda d: d.byte // np.uint8(7),
    "u8 > 100": lambda d: d.byte > 100,
    "clip of u8": lambda d: np.minimum(np.maximum(d.byte, np.uint8(50)), np.uint8(150)),
    "f32 to i32": lambda d: (100 * d.x).astype("i4"),
    "f32 to u8": lambda d: (100 * d.y).astype("u1"),
    "i64 to f32": lambda d: d.whole.astype("f4"),
    "x is NaN": lambda d: np.isnan(d.x),
    "bool & bool": lambda d: d.flag & d.other_flag,
    "not bool": lambda d: ~d.flag,
    "count of bool": lambda d: np.count_nonzero(d.flag),
    "any of bool": lambda d: d.flag.any(),
    "all(x < 2)": lambda d: (d.x < 2).all(),
    "x equals y": lambda d: np.array_equal(d.x, d.y),
    "mean": lambda d: d.x.mean(),
    "variance": lambda d: d.x.var(),
    "min of f64": lambda d: d.v.min(),
    "sum of u8": lambda d: d.byte.sum(),
    "mean of u8": lambda d: d.byte.mean(),
    "product of f64": lambda d: d.u.prod(),
    "dot of f64": lambda d: d.v.dot(d.u),
    "norm": lambda d: np.linalg.norm(d.x),
    "mean axis 0": lambda d: d.m.mean(0),
    "mean axis 1": lambda d: d.m.mean(1),
    "sum axis 0 of f64": lambda d: d.w.sum(0),
    "sum axis 1 of f64": lambda d: d.w.sum(1),
    "count(m > 0) axis 1": lambda d: np.count_nonzero(d.m > 0, 1),
    "any(m > 0.9) axis 0": lambda d: (d.m > 0.9).any(0),
    "argmax axis 1 of f64": lambda d: d.w.argmax(1),
    "add a column": lambda d: d.m + d.n[:, :1],
    "subtract the mean of rows": lambda d: d.m - d.m.mean(1, keepdims=True),
    "matrix times vector": lambda d: d.m @ d.n[0],
    "vector times matrix": lambda d: d.m[:, 0] @ d.n,
    "every second": lambda d: d.x[::2].copy(),
    "moved by one": lambda d: np.roll(d.x, -1),
    "reversed rows": lambda d: d.m[:, ::-1].copy(),
    "column reversed": lambda d: d.m[::-1].copy(),
    "cumsum of f64": lambda d: d.v.cumsum(),
    "cumsum of i32": lambda d: d.label.cumsum(),
    "cummax": lambda d: np.maximum.accumulate(d.x),
    "gather of f64": lambda d: d.v[d.place],
    "x squared": lambda d: d.x ** 2,
    "root of y by a power": lambda d: d.y ** np.float32(0.5),
    "sum of three columns": lambda d: d.thin.sum(1),
    "largest of three columns": lambda d: d.thin.argmax(1),
    "three columns to grey": lambda d: d.thin @ d.thin[0],
    "A A^T": lambda d: d.m @ d.m.T,
    "A^T A": lambda d: d.m.T @ d.m,
    "matmul of columns": lambda d: d.m.T @ d.n,
    "matmul of four columns": lambda d: d.m @ d.narrow,
    "points turned": lambda d: d.thin @ d.turn,
    "quadratic form of points": lambda d: ((d.thin @ d.turn) * d.thin).sum(1),
    "x[x > 0.98]": lambda d: d.x[d.x > 0.98],
    "x[x > -0.98]": lambda d: d.x[d.x > -0.98],
    "x[flag]": lambda d: d.x[d.flag],
    "v[flag]": lambda d: d.v[d.flag],
    "sort of f64": lambda d: np.sort(d.v),
    "sort of i32": lambda d: np.sort(d.place),
    "sort of u8": lambda d: np.sort(d.byte),
    "argsort of i32": lambda d: np.argsort(d.label, kind="stable"),
    "argmax of flags": lambda d: d.flag.argmax(),
    "first of x > 0.999": lambda d: (d.x > 0.999).argmax(),
    "i64 // i64": lambda d: d.whole // d.divisor64,
    "i64 % i64": lambda d: d.whole % d.divisor64,
    "gather that wraps around": lambda d: d.x.take(d.beside, mode="wrap"),
    "border that wraps around": lambda d: np.pad(d.m, 1, "wrap"),
    "neighbours that wrap around": neighbours,
    "sums of three columns": lambda d: d.thin.sum(0),
    "products of three columns": lambda d: d.thin.T @ d.thin,
    "mean colour": lambda d: d.picture.mean((0, 1)),
    "three columns less their means": lambda d: d.thin - d.thin.mean(0),
    "matrices times vectors": lambda d: np.einsum("bij,bj->bi", d.turns, d.points),
    "gradient of three columns": lambda d: d.third @ d.thin,
    "gradient of eight columns": lambda d: d.eighth @ d.eights,
    "rows of 32 times a vector": lambda d: d.rows32 @ d.rows32[0],
    "distances by a product": lambda d: (d.near ** 2).sum(1)[:, None] + (d.far ** 2).sum(1) - 2 * d.near @ d.far.T,
    "convolution": lambda d: np.tensordot(d.filters, windows(d.planes, 3, 3), ((1, 2, 3), (0, 3, 4))),
    "convolution of every second": lambda d: np.tensordot(d.filters, windows(d.planes, 3, 3)[:, ::2, ::2],
                                                          ((1, 2, 3), (0, 3, 4))),
    "gradient of filters": lambda d: np.tensordot(d.maps, windows(d.planes, *d.maps.shape[1:]), ((1, 2), (3, 4))),
    "three rows times a matrix": lambda d: d.turn3 @ d.n,
    "eight rows times a matrix": lambda d: d.turn8 @ d.n,
    "matrix times a column": lambda d: d.m @ d.tall,
    "row times a matrix": lambda d: d.flat @ d.m,
    "column times a row": lambda d: d.tall @ d.flat,
    "rows of one gathered": lambda d: d.pairs[:, :1][d.place],
    "cosines of rows": cosines,
    "first true of rows": lambda d: d.few.argmax(1),
    "any of rows of flags": lambda d: d.few.any(1),
    "picture with a border": with_border,
    "padded by reflection": lambda d: padded(d.x, 2, "reflect"),
    "padded by symmetry": lambda d: padded(d.x, 2, "symmetric"),
    "padded with its ends": lambda d: padded(d.x, 2, "edge"),
    "matrix padded by reflection": lambda d: padded(d.m, 1, "reflect"),
    "picture padded by reflection": lambda d: padded(d.grey, 1, "reflect"),
    "game of life": lambda d: life(d.cells, "constant"),
    "game of life that wraps": lambda d: life(d.cells, "wrap"),
    "game of life by a sum": lambda d: life(d.cells, "constant"),
    "game of life that wraps by a sum": lambda d: life(d.cells, "wrap"),
    "mean of nine bytes": lambda d: mean_of_nine(d.grey),
    "argmax of u8": lambda d: d.byte.argmax(),
    "argmin of u8": lambda d: d.byte.argmin(),
    "argmax of i16": lambda d: d.sample.argmax(),
    "argmax axis 1 of u8": lambda d: d.grey.argmax(1),
    "argmax axis 0 of u8": lambda d: d.grey.argmax(0),
    "picture enlarged": lambda d: d.grey.repeat(2, 0).repeat(2, 1),
    "picture with colours enlarged": lambda d: d.picture.repeat(2, 0).repeat(2, 1),
    "picture rotated": lambda d: np.rot90(d.grey).copy(),
    "picture with colours rotated": lambda d: np.rot90(d.picture).copy(),
    "picture reversed": lambda d: d.grey[:, ::-1].copy(),
    "picture transposed": lambda d: d.grey.T.copy(),
    "x = 0": lambda d: d.x.fill(0),
    "x = y": lambda d: np.copyto(d.x, d.y),
    "x += y": lambda d: np.add(d.x, d.y, out=d.x),
    "x *= -1": lambda d: np.multiply(d.x, np.float32(-1), out=d.x),
    "x = -x": lambda d: np.negative(d.x, out=d.x),
    "x = minimum(x, y)": lambda d: np.minimum(d.x, d.y, out=d.x),
    "every second of x = y": lambda d: np.copyto(d.x[::2], d.y[::2]),
    "x[2i] = y[2i]": lambda d: np.copyto(d.x[::2], d.y[::2]),
    "every third of x = y": lambda d: np.copyto(d.x[::3], d.y[::3]),
    "x[2i + 1] = half": lambda d: np.copyto(d.x[1::2], d.half),
    "x[2i] = 2 x[2i] + 1": lambda d: np.add(d.x[::2] * np.float32(2), np.float32(1), out=d.x[::2]),
    "x[2i + 1] += half": lambda d: np.add(d.x[1::2], d.half, out=d.x[1::2]),
    "every second f64": lambda d: np.copyto(d.v[::2], d.u[::2]),
    "every second byte": lambda d: np.add(d.byte[::2], np.uint8(1), out=d.byte[::2]),
    "first of pairs = x": lambda d: np.copyto(d.pairs[:, 0], d.x),
    "every second column": lambda d: np.copyto(d.m[:, ::2], d.n[:, ::2]),
    "x moved in place": lambda d: np.copyto(d.x[1:], d.x[:-1]),
    "x moved back in place": lambda d: np.copyto(d.x[:-1], d.x[1:]),
    "x less its neighbours in place": less_neighbours,
    "mean of four in place": mean_of_four,
    "x reversed in place": lambda d: np.copyto(d.x, d.x[::-1]),
    "x[x > 0.5] = 0": lambda d: d.x.__setitem__(d.x > 0.5, 0),
    "x[place] = y": lambda d: d.x.__setitem__(d.place, d.y),
    "two rows exchanged": lambda d: d.m.__setitem__(d.ends, d.m[d.other_ends]),
    "a row of m = one of n": lambda d: np.copyto(d.m[0], d.n[0]),
    "m += a row": lambda d: np.add(d.m, d.n[0], out=d.m),
    "m -= means of rows": lambda d: np.subtract(d.m, d.m.mean(1, keepdims=True), out=d.m),
}

# Functions by their names in Ricci and NumPy, and what they are of, in f32 and f64.
ONE = {name: name for name in "exp2 expm1 sin cos tan sinh cosh tanh cbrt".split()}
ONE |= {"a" + name: "arc" + name for name in "sin cos tan sinh cosh tanh".split()}
OF = {"log2": "yu", "log10": "yu", "log1p": "yu", "acosh": ("above", "above64")}
TWO = {"atan2": "arctan2", "hypot": "hypot", "fmod": "fmod", "floor_divide": "floor_divide", "remainder": "remainder"}


def form(function, *operands):
    return lambda d: function(*(getattr(d, operand) for operand in operands))


for ours, theirs in (ONE | {name: name for name in OF if name != "acosh"}).items():
    single, double = OF.get(ours, "xv")
    FORMS[f"{ours}({single})"] = form(getattr(np, theirs), single)
    FORMS[f"{ours} of f64"] = form(getattr(np, theirs), double)
for ours, theirs in TWO.items():
    FORMS[f"{ours}(x, y)"] = form(getattr(np, theirs), "x", "y")
    FORMS[f"{ours} of two f64"] = form(getattr(np, theirs), "v", "u")
FORMS["y to the power of x"] = form(np.power, "y", "x")
FORMS["u to the power of v"] = form(np.power, "u", "v")


def seconds_of(form, data):
    start = time.perf_counter()
    form(data)
    calls = int(min(5e3, max(1, 1e-3 / (time.perf_counter() - start))))
    start = time.perf_counter()
    for _ in range(calls):
        form(data)
    return (time.perf_counter() - start) / calls


def short(seconds):
    for unit, name in ((1, "s"), (1e-3, "ms"), (1e-6, "us")):
        if seconds >= unit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds * 1e9:.0f} ns"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = pathlib.Path(__file__).parents[2]
    parser.add_argument("--bench", default=str(root / "build/tests/bench/ricci_small_sizes"))
    parser.add_argument("--filter", default="")
    parser.add_argument("--sizes", default="1,10,100,1000,10000,100000,1000000,10000000")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    threads = [int(count) for count in options.threads.split(",")]
    bench = subprocess.Popen([options.bench], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    processors = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(processors)})

    def ask(line):
        bench.stdin.write(line + "\n")
        bench.stdin.flush()
        return bench.stdout.readline().strip()

    ask("list")
    while bench.stdout.readline().strip():
        pass
    slower = []
    print(f"{'expression':26}T " + "".join(f"{size:>10}" for size in sizes))
    for name in filter(re.compile(options.filter).search, FORMS):
        lines = {count: f"{name:26}{count} " for count in threads}
        for size in sizes:
            if name in ("matmul", "A A^T", "A^T A") and size > 10 ** 6:
                continue
            data = Data(size)
            times = {count: [] for count in threads}
            for _ in range(options.rounds):
                peer = seconds_of(FORMS[name], data)
                for count in threads:
                    os.sched_setaffinity(bench.pid, {max(processors)} if count == 1 else processors)
                    times[count].append((float(ask(f"{name}/{size}/{count}")), peer))
            for count in threads:
                ratio = statistics.median(ours / peer for ours, peer in times[count])
                lines[count] += f"{ratio:10.2f}"
                if ratio > 1:
                    ours, peer = (statistics.median(side) for side in zip(*times[count]))
                    slower.append((ratio, f"{name} of {size}, {count} threads: {short(ours)}, NumPy {short(peer)}"))
        for line in lines.values():
            print(line, flush=True)
    print("\nSlower than NumPy:" if slower else "\nNothing is slower than NumPy.")
    for ratio, cell in sorted(slower, reverse=True):
        print(f"  {ratio:.2f}  {cell}")


main()
