#!/usr/bin/env python3
"""Runs ricci_bench and the same work in NumPy, workload by workload, and prints one table.

  /usr/bin/python3 tests/bench/report.py [--bench build/tests/bench/ricci_bench] [--filter REGEX] [--threads 1,2]
                                         [--json FILE] [--png FILE] [--readme README.md]

--readme puts the table between the two lines `<!-- benchmark -->` of the file. NumPy is needed, for --png matplotlib
as well (Debian: python3-numpy, python3-matplotlib).
"""
import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # of NumPy: its times stand beside those of one thread

import numpy

from numpy_forms import FORMS

# At most this many times the hand-written kernel's time.
GOALS = {
    "W1": 1.05, "W2": 1.05, "W3 softmax axis 1": 1.10, "W3 softmax last axis": 1.15, "W4": 1.20, "W5": 1.10, "W6": 1.20,
    "W7": 1.15, "W8": 1.25, "W10": None, "matmul": 1.10, "W9": 1.10, "transposed copy": 1.10, "copy": 1.10,
}


def goal_of(name):
    return next((GOALS[key] for key in sorted(GOALS, key=len, reverse=True) if name.startswith(key)), None)


def machine():
    info = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", info)
    caches = subprocess.run(["lscpu", "-C=NAME,ONE-SIZE"], capture_output=True, text=True).stdout.split("\n")[1:]
    sizes = ", ".join(" ".join(line.split()) for line in caches if line.strip())
    return f"{model.group(1) if model else 'unknown processor'}, {len(os.sched_getaffinity(0))} processors; {sizes}"


# Ricci's and OpenBLAS's kernels for AVX2.
narrow_vectors = {"RICCI_VECTOR_BYTES": "32", "OPENBLAS_CORETYPE": "Haswell"}


def has_wide_vectors():
    return " avx512bw " in pathlib.Path("/proc/cpuinfo").read_text()


def run_ricci(bench, name, threads, environment={}):
    """Rows by number of threads."""
    escaped = re.sub(r"([()[.*+?^$|{\\])", r"\\\1", name)  # POSIX knows fewer escapes than re.escape writes
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "rows.json"
        done = subprocess.run([bench, "--json", str(out), "--threads", threads, f"--benchmark_filter=^{escaped}/"],
                              env=os.environ | {"RICCI_CACHE": "off"} | environment, capture_output=True, text=True)
        rows = json.loads(out.read_text())["benchmarks"] if out.exists() and out.stat().st_size else []
    failed = [row for row in rows if row.get("error_occurred")]
    if failed or done.returncode or not rows:
        sys.exit(f"{name}: {failed[0]['error_message'] if failed else done.stdout + done.stderr}")
    return {int(row["threads"]): row for row in rows}


def milliseconds(form):
    """The median of 5 runs or as many as fit into 3 s, after one that is not counted; short ones are repeated."""
    if form is None:
        return None
    begin = time.perf_counter()
    form()
    calls = max(1, int(1e-3 / max(time.perf_counter() - begin, 1e-7)))
    samples = []
    while len(samples) < 5 and (len(samples) < 2 or time.perf_counter() - begin < 3):
        start = time.perf_counter()
        for _ in range(calls):
            form()
        samples.append((time.perf_counter() - start) / calls)
    return statistics.median(samples) * 1e3


def short(ms):
    return "" if ms is None else f"{ms * 1e6:.0f} ns" if ms < 1e-3 else f"{ms:.3g}"


def table(rows):
    lines = ["| work | shape | T | by hand, ms | Ricci, ms | ratio | goal | ratio, AVX2 | GB/s | temporary bytes "
             "| compile, ms | NumPy, ms (times Ricci's) | expert NumPy, ms |", "|---" * 13 + "|"]
    for row in rows:
        def peer(ms):
            return "" if ms is None or row["threads"] > 1 else f"{short(ms)} ({ms / row['ricci_ms']:.3g})"
        narrow = "" if row["ratio_avx2"] is None else f"{row['ratio_avx2']:.2f}"
        compiled = f"{row['compile_ms']:.3g}" if row["compile_ms"] and row["threads"] == 1 else ""
        lines.append(f"| {row['name']} | {row['shape']} | {row['threads']} | {short(row['hand_ms'])} "
                     f"| {short(row['ricci_ms'])} | {row['ratio']:.2f} | {row['goal'] or ''} "
                     f"| {narrow} | {row['gigabytes_per_second']:.3g} | {row['temporary_bytes']:.0f} | {compiled} "
                     f"| {peer(row['numpy_ms'])} | {peer(row['expert_ms'])} |")
    return "\n".join(lines)


def draw(rows, file):
    """Bars of time relative to Ricci's on one thread, on a logarithmic scale."""
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    rows = [row for row in rows if row["threads"] == 1][::-1]
    figure, axes = pyplot.subplots(figsize=(9, 0.42 * len(rows) + 1.4))
    series = [("by hand", "hand_ms", "#4c78a8"), ("expert NumPy", "expert_ms", "#f2a65a"), ("NumPy", "numpy_ms", "#d1495b")]
    for k, (label, key, colour) in enumerate(series):
        places = [i + 0.26 * (1 - k) for i, row in enumerate(rows) if row[key]]
        axes.barh(places, [row[key] / row["ricci_ms"] for row in rows if row[key]], height=0.24, label=label, color=colour)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xscale("log")
    axes.set_yticks(range(len(rows)), [row["name"] for row in rows])
    axes.set_xlabel("time, in times of Ricci's (one thread; right of the line is slower than Ricci)")
    axes.legend(loc="lower right")
    axes.margins(y=0.01)
    figure.tight_layout()
    figure.savefig(file, dpi=110)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = pathlib.Path(__file__).parents[2]
    parser.add_argument("--bench", default=str(root / "build/tests/bench/ricci_bench"))
    parser.add_argument("--filter", default="")
    parser.add_argument("--threads", default="1,2" if os.cpu_count() > 1 else "1")
    parser.add_argument("--json")
    parser.add_argument("--png")
    parser.add_argument("--readme")
    options = parser.parse_args()
    listed = subprocess.run([options.bench, "--benchmark_list_tests=true"], capture_output=True, text=True, check=True)
    names = dict.fromkeys(line.split("/")[0] for line in listed.stdout.splitlines())  # name/threads/iterations:1
    rows = []
    for name in filter(re.compile(options.filter).search, names):
        measured = run_ricci(options.bench, name, options.threads)
        narrow = run_ricci(options.bench, name, "1", narrow_vectors)[1] if has_wide_vectors() else None
        naive, expert = FORMS[name]() if name in FORMS else (None, None)
        peers = {"numpy_ms": milliseconds(naive), "expert_ms": milliseconds(expert)}
        keep = ("hand_ms", "ricci_ms", "ratio", "gigabytes_per_second", "temporary_bytes", "accumulator_bytes", "compile_ms")
        for threads, row in measured.items():
            rows.append({"name": name, "shape": row["label"], "threads": threads, "goal": goal_of(name)}
                        | {key: row[key] for key in keep} | peers
                        | {"ratio_avx2": narrow["ratio"] if narrow and threads == 1 else None})
            print(table(rows[-1:]).split("\n")[-1], flush=True)
    text = f"{machine()}; NumPy {numpy.__version__}.\n\n{table(rows)}"
    print("\n" + text)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1))
    if options.png:
        draw(rows, options.png)
    if options.readme:
        file = pathlib.Path(options.readme)
        before, _, after = file.read_text().split("<!-- benchmark -->\n")
        file.write_text(f"{before}<!-- benchmark -->\n{text}\n<!-- benchmark -->\n{after}")


main()
