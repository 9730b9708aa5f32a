#!/usr/bin/env python3
"""What index expressions cost the C++ compiler: user and system time at -O2, the best of three runs. A statement costs
the difference of a translation unit with 21 and one with 1, divided by 20; "shared names": all statements use the same
five indices, "new names": each its own. The exit status says whether the goals hold.
Usage: compile_cost.py [--json FILE] [--runs N] [COMPILER...]"""
import argparse
import json
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOALS = {"one expression, s": 1.5, "statement, shared names, ms": 60, "statement, new names, ms": 120}

TENSORS = """
extern Tensor<float, 4> scores, feature;
extern Tensor<float, 3> picked;
extern Tensor<std::int64_t, 3> label;
extern Tensor<float, 2> left, right, table;
extern Tensor<float, 1> average, scale;
extern Tensor<std::int64_t, 1> counts, at;
"""

STATEMENTS = """
picked[b, h, w] = feature[b, argmax(scores, 1), h, w];
label[b, h, w] = argmax(c, scores[b, c, h, w]);
counts[label[b, h, w]] += 1;
average[c] = sum(b, h, w, delta(c, label[b, h, w]) * scores[b, c, h, w]);
table[c, k] = sum(b, left[b, c] * right[b, k]);
picked[b, h, w] = sum(c, scores[b, c, h, w] * scale[c]);
picked[b, h, w] = feature[b, argmax(c, scores[b, c, h, w] * scale[c]), h, w];
average[c] += exp(scores[b, c, h, w] - max(k, scores[b, k, h, w]));
left[b, c] = right[at[b], c];
table[at[b], c] += left[b, c] - right[b, c];
picked[b, h, w] = where(h > 0, picked[b, h - 1, w], 0) + 2.5 * picked[b, h, w];
counts[at[b]] -= label[b, h, w] % 4;
table[c, k] = sum(b, sq(left[b, c] - right[b, k]));
at[b] = argmin(k, sum(c, sq(left[b, c] - right[k, c])));
scores[b, c, h, w] = scores[b, c, h, w] / sum(k, scores[b, k, h, w]);
average[c] = sum(b, delta(at[b], c) * scale[b]) / count(b, at[b] == c);
picked[b, h, w] = clip(feature)[b, label[b, h, w] + 1, h, w];
left[b, c] = fill(right, 0)[b, 2 * c - 1] * scale[c];
average[c].max_assign(scores[b, c, h, w]);
right[b, k] = sqrt(abs(left[b, k])) + floor(average[k] * 0.5);
scale[k] = any(b, left[b, k] > right[b, k]) * average[k];
""".split("\n")[1:-1]


def unit(statements, new_names):
    """The text of a translation unit."""
    lines = ["#include <ricci/ricci.hpp>", "using namespace ricci;", TENSORS if statements else ""]
    if statements and not new_names:
        lines.append('inline constexpr auto all_names = indices<"b c h w k">;')
    for n, statement in enumerate(statements):
        names = f'indices<"b{n} c{n} h{n} w{n} k{n}">' if new_names else "all_names"
        lines.append(f"void statement{n}() {{\n  [[maybe_unused]] const auto [b, c, h, w, k] = {names};")
        lines.append(f"  {statement}\n}}")
    return "\n".join(lines) + "\n"


def seconds(compiler, text, folder, runs):
    """User and system time of compiling the text."""
    source = folder / "unit.cpp"
    source.write_text(text)
    command = [compiler, "-std=c++23", "-O2", "-c", str(source), "-o", str(folder / "unit.o")]
    command += [f"-I{ROOT / layer}" for layer in ("dsl", "jit", "runtime")]
    times = []
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(times)


def measured(compiler, folder, runs):
    def time(statements, new_names=False):
        return seconds(compiler, unit(statements, new_names), folder, runs)

    one, more = time(STATEMENTS[:1]), len(STATEMENTS) - 1
    return {
        "ricci.hpp alone, s": time([]),
        "one expression, s": one,
        "statement, shared names, ms": (time(STATEMENTS) - one) / more * 1000,
        "statement, new names, ms": (time(STATEMENTS, True) - one) / more * 1000,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("compilers", nargs="*", default=["g++", "clang++-19"], metavar="COMPILER")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = {compiler: measured(compiler, pathlib.Path(folder), options.runs)
                   for compiler in filter(shutil.which, options.compilers)}
    if not results:
        sys.exit("no compiler found")
    print(f"{'':32}{'goal':>8}" + "".join(f"{compiler:>14}" for compiler in results))
    for name in next(iter(results.values())):
        print(f"{name:32}{GOALS.get(name, ''):>8}" + "".join(f"{r[name]:14.3g}" for r in results.values()))
    if options.json:
        options.json.write_text(json.dumps({"goals": GOALS, "measured": results}, indent=1) + "\n")
    sys.exit(any(r[name] >= goal for r in results.values() for name, goal in GOALS.items()))


main()
