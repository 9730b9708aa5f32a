#!/usr/bin/env python3
"""The workloads of ricci_bench that PyTorch has functions for, as it is written there, on the processor: prints
milliseconds per call by number of threads, to stand beside those of `ricci_bench --threads`.

  python3 tests/bench/torch_forms.py [--threads 1,2] [--filter REGEX]

Times are medians of warm calls with the allocation of their result. PyTorch is needed (any version that has
torch.nn.functional.scaled_dot_product_attention).
"""
import argparse
import os
import re
import statistics
import sys
import time

try:
    import torch
    import torch.nn.functional as F
except ImportError:
    sys.exit("torch_forms.py: PyTorch is needed, and this Python does not have it")

RANDOM = torch.Generator().manual_seed(1)


def uniform(*shape):
    return torch.rand(*shape, generator=RANDOM) * 2 - 1


def integers(high, *shape):
    return torch.randint(0, high, shape, generator=RANDOM)


def gather_of_argmax():
    scores, feature = uniform(8, 21, 512, 512), uniform(8, 64, 512, 512)
    return lambda: torch.gather(feature, 1, scores.argmax(1, keepdim=True))


def mean_scores():
    scores = uniform(8, 21, 512, 512)

    def form():
        most, label = scores.max(1)
        label = label.flatten()
        return torch.zeros(21).index_add_(0, label, most.flatten()) / torch.bincount(label, minlength=21)

    return form


def softmax(*shape):
    x = uniform(*shape)
    return lambda: torch.softmax(x, 1)


def nearest():
    x, centroid = uniform(65536, 64), uniform(512, 64)
    return lambda: centroid[torch.cdist(x, centroid).argmin(1)]


def embedding_bag():
    table, ids = uniform(100000, 64), integers(100000, 65536, 20)
    return lambda: F.embedding_bag(ids, table, mode="sum")


def elementwise():
    x = uniform(16 << 20)
    return lambda: torch.sin(x) * torch.exp(-x * x) + torch.sqrt(torch.abs(x))


def scatter_add():
    x, row = uniform(1 << 20, 16), integers(10000, 1 << 20)
    return lambda: torch.zeros(10000, 16).index_add_(0, row, x)


def histogram():
    label = integers(1024, 16 << 20)
    return lambda: torch.bincount(label, minlength=1024)


def grid_sample():
    x, grid = uniform(4, 16, 512, 512), uniform(4, 512, 512, 2)
    return lambda: F.grid_sample(x, grid, align_corners=False)


def layer(size):
    a, b, bias = uniform(size, size), uniform(size, size), uniform(size)
    return lambda: torch.relu(torch.addmm(bias, a, b))


def planes_of_pixels():
    x = uniform(16, 128, 128, 64)
    return lambda: x.permute(0, 3, 1, 2).contiguous()


def convolution():
    x, w = uniform(4, 64, 58, 58), uniform(64, 64, 3, 3)
    return lambda: F.conv2d(x, w)


def layer_norm():
    x, scale, shift = uniform(16384, 1024), uniform(1024), uniform(1024)
    return lambda: F.layer_norm(x, (1024,), scale, shift)


def attention():
    query, key, value = (uniform(8, 16, 512, 64) for _ in range(3))
    return lambda: F.scaled_dot_product_attention(query, key, value)


def cumsum():
    x = uniform(4096, 4096)
    return lambda: torch.cumsum(x, 1)


def compress():
    x = uniform(16 << 20)
    return lambda: x[x > 0]


FORMS = {
    "W1 random": gather_of_argmax,
    "W2 random": mean_scores,
    "W3 softmax axis 1": lambda: softmax(8, 21, 512, 512),
    "W3 softmax last axis": lambda: softmax(8192, 4096),
    "W4 nearest of 512": nearest,
    "W5 embedding bag": embedding_bag,
    "W6 sin exp sqrt": elementwise,
    "W7 scatter add": scatter_add,
    "W7 histogram random": histogram,
    "W8 grid_sample random": grid_sample,
    "W9 layer": lambda: layer(512),
    "W9 layer large": lambda: layer(1024),
    "W9 NHWC to NCHW": planes_of_pixels,
    "convolution": convolution,
    "layer norm": layer_norm,
    "attention": attention,
    "cumsum along rows": cumsum,
    "x[x > 0]": compress,
}


def milliseconds(form):
    """The median of the calls of 0.3 s, at least 5, after two that are not counted."""
    form(), form()
    times, start = [], time.perf_counter()
    while len(times) < 5 or time.perf_counter() - start < 0.3:
        begin = time.perf_counter()
        form()
        times.append(time.perf_counter() - begin)
    return statistics.median(times) * 1e3


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", default="1,2" if os.cpu_count() > 1 else "1")
    parser.add_argument("--filter", default="")
    options = parser.parse_args()
    threads = [int(count) for count in options.threads.split(",")]
    print(f"PyTorch {torch.__version__}\n{'workload':24}" + "".join(f"{f'{count} threads':>12}" for count in threads))
    with torch.inference_mode():
        for name in filter(re.compile(options.filter).search, FORMS):
            form, line = FORMS[name](), f"{name:24}"
            for count in threads:
                torch.set_num_threads(count)
                line += f"{milliseconds(form):12.3f}"
            print(line, flush=True)


main()
