#!/usr/bin/env python3
"""NumPy as an oracle: random index expressions are written in Ricci's text language and in NumPy, which must agree in
dtype, shape and values. Usage: numpy_oracle.py RICCI [--seed N] [--count N]. Fails unless COUNT expressions ran."""
import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np

from oracle import arrays, refusals, statements
from oracle.case import Case
from oracle.choices import Choices, reduced

BATCH = 40
WAYS = [(threads, width) for width in ("", "32", "16") for threads in (1, 3)]  # to run a batch; "": the widest vectors


def generated(choices, number=0):
    case = Case(choices, number)
    if choices.chance(16):
        refusals.program(case)
    else:
        statements.program(case)
        while choices.chance(5):
            statements.program(case)
    return case


def run(ricci, cases, folder, way):
    """The driver's answer to the text of all cases: (exit status, standard error)."""
    threads, width = way
    environment = {**os.environ, "RICCI_CACHE": "off", **({"RICCI_VECTOR_BYTES": width} if width else {})}
    command = [ricci, "--json", "--threads", str(threads)]
    for case in cases:
        text = "\n".join(case.text)
        for name, (array, order) in case.inputs.items():
            if name in text:
                np.save(folder / f"{name}.npy", np.asarray(array, order=order))
                command += ["--bind", f"{name}={folder / name}.npy"]
        for name in case.outputs:
            command += ["--save", f"{name}={folder / name}.out.npy"]
    program = folder / "program.ricci"
    program.write_text("".join(line + "\n" for case in cases for line in case.text))
    answer = subprocess.run(command + [str(program)], capture_output=True, text=True, timeout=600,
                            env=environment)
    if answer.returncode == 0:
        statements = [json.loads(line) for line in answer.stdout.splitlines()]
        if len(statements) != sum(len(case.text) for case in cases):
            return 0, f"{len(statements)} statements reported"
    return answer.returncode, answer.stderr


def difference(case, folder):
    """How Ricci's results differ from NumPy's; empty if they do not."""
    for name, expected in case.outputs.items():
        found, value = np.load(folder / f"{name}.out.npy"), expected.value
        if found.dtype != value.dtype or found.shape != value.shape:
            return f"{name} is {found.dtype}{list(found.shape)}, expected {value.dtype}{list(value.shape)}"
        same = found == value
        if value.dtype.kind == "f":
            same |= np.isnan(found) & np.isnan(value)
            if expected.error is not None:
                a, b = found.astype("f8"), value.astype("f8")
                same |= np.isfinite(a) & np.isfinite(b) & (np.abs(a - b) <= expected.error)
            elif not expected.signless:
                same &= (np.signbit(found) == np.signbit(value)) | np.isnan(value)
        if not same.all():
            at = tuple(int(k) for k in np.argwhere(~np.asarray(same))[0])
            return f"{name}{list(at)} is {found[at]!r}, expected {value[at]!r}; all: {found.tolist()}"
    return ""


def is_trivial(case):
    """Whether no result has two different elements, but for those of one element."""
    return not case.refusal and all(o.value.size != 1 and np.unique(o.value).size < 2 for o in case.outputs.values())


def verdict(ricci, case, folder, way):
    """What is wrong with a case that runs alone; empty if nothing is."""
    status, message = run(ricci, [case], folder, way)
    if case.refusal:
        lines = message.strip().count("\n") + 1
        if status != 1 or lines != 1 or not re.search(case.refusal, message):
            return f"expected one line that matches {case.refusal!r} and status 1, got status {status}: {message}"
        return ""
    return f"status {status}: {message}" if status or message else difference(case, folder)


def run_batch(ricci, cases, folder, way):
    """[(case, what is wrong)]: all cases in one process; those after one that is refused in another."""
    faults = [(case, verdict(ricci, case, folder, way)) for case in cases if case.refusal]
    waiting = [case for case in cases if not case.refusal]
    while waiting:
        status, message = run(ricci, waiting, folder, way)
        if status == 0 and not message:
            return faults + [(case, difference(case, folder)) for case in waiting]
        guilty = [(case, fault) for case in waiting if (fault := verdict(ricci, case, folder, way))]
        if not guilty:
            return faults + [(waiting[0], f"status {status} together, none alone: {message}")]
        faults += guilty
        waiting = [case for case in waiting if case not in [other for other, _ in guilty]]
    return faults


def reproduction(case, fault):
    text = "\n".join(case.text)
    used = {name: given for name, given in case.inputs.items() if name in text + "\n".join(case.code)}
    lines = ["--- Ricci"] + case.text + ["--- NumPy", "import numpy as np", "nan, inf = np.nan, np.inf"]
    lines += [f"{name} = {arrays.as_text(array, order)}" for name, (array, order) in used.items()]
    return "\n".join(lines + case.code + ["--- " + fault])


def simplest(ricci, case, fault, folder, way):
    """(case, fault) after reduction, if the case fails alone."""
    found = [case, fault]

    def fails(taken):
        try:
            candidate = generated(Choices(replay=taken), 0)
        except Exception:  # not a program of the generator
            return False
        fault = verdict(ricci, candidate, folder, way)
        if fault:
            found[:] = candidate, fault
        return bool(fault)

    if verdict(ricci, case, folder, way):
        reduced(case.choices.taken, fails)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ricci")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--keep-going", action="store_true", help="report every fault, not only the first three")
    options = parser.parse_args()
    features, executed, refused, trivial, faults = collections.Counter(), 0, 0, 0, []
    with tempfile.TemporaryDirectory() as name:
        for first in range(0, options.count, BATCH):
            folder = pathlib.Path(name) / str(first)
            folder.mkdir()
            numbers = range(first, min(first + BATCH, options.count))
            cases = [generated(Choices(options.seed * 1_000_000 + n), n) for n in numbers]
            way = WAYS[first // BATCH % len(WAYS)]
            for case, fault in run_batch(options.ricci, cases, folder, way):
                executed += 1
                refused += bool(case.refusal)
                trivial += is_trivial(case)
                features.update(case.features)
                if fault:
                    faults.append((case, fault))
                    if options.keep_going or len(faults) <= 3:
                        print(f"=== case {case.number} of seed {options.seed}; threads and vector bytes: {way}")
                        print(reproduction(*(simplest(options.ricci, case, fault, folder, way))), flush=True)
            for path in folder.iterdir():
                path.unlink()
    for feature, count in sorted(features.items(), key=lambda item: -item[1]):
        print(f"{count:6} {feature}")
    print(f"{executed} expressions executed, {refused} of them to be refused, {trivial} with trivial results, "
          f"{len(faults)} faults; seed {options.seed}")
    sys.exit(bool(faults) or executed != options.count)


main()
