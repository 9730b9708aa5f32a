#!/usr/bin/env python3
"""Compiles every program of a folder and requires of each exactly one error, which says what its `// expect:` lines
name (`// expect: nothing`: no error). Every rule of ricci/rules.def must be named by one of them.
Usage: compile_fail.py FOLDER INCLUDE[:INCLUDE...] COMPILER..."""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys


def fault(compiler, includes, source):
    """What is wrong with the compiler's answer, or an empty string."""
    command = [compiler, "-std=c++23", "-fsyntax-only", *(f"-I{folder}" for folder in includes), str(source)]
    answer = subprocess.run(command, capture_output=True, text=True).stderr
    expected = re.findall(r"^// expect: (.*)$", source.read_text(), re.MULTILINE)
    errors = re.findall(r"^.*\berror: .*$", answer, re.MULTILINE)
    if expected == ["nothing"]:
        return f"expected no error:\n{answer}" if errors else ""
    if len(errors) != 1:
        return f"expected one error, got {len(errors)}:\n{answer}"
    missing = [text for text in expected if text not in answer]
    return f"the error does not say {missing}:\n{answer}" if missing or not expected else ""


# Rules that no compiler can find broken, and why.
NOT_OF_PROGRAMS = {
    "not_assignable": "C++ has no operator= there, and says so itself",
    "not_of_the_same_mask": "which masks are the same is known when the statement runs",
    "scan_target_steered_by_itself": "which tensors are the same is known when the statement runs",
}


def forgotten_rules(folder, includes):
    """The rules that no program expects."""
    files = [path for path in (pathlib.Path(include) / "ricci/rules.def" for include in includes) if path.exists()]
    rules = re.findall(r"^RICCI_RULE\((\w+),", files[0].read_text(), re.MULTILINE)
    expected = "".join(source.read_text() for source in folder.glob("*.cpp"))
    return [rule for rule in rules if f"// expect: {rule}\n" not in expected and rule not in NOT_OF_PROGRAMS]


def main():
    folder, includes, compilers = pathlib.Path(sys.argv[1]), sys.argv[2].split(":"), sys.argv[3:]
    available = {os.path.realpath(path): path for path in map(shutil.which, compilers) if path}
    jobs = [(compiler, source) for compiler in available.values() for source in sorted(folder.glob("*.cpp"))]
    if not jobs:
        sys.exit("no compiler or no program found")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        faults = list(pool.map(lambda job: fault(job[0], includes, job[1]), jobs))
    for (compiler, source), text in zip(jobs, faults):
        if text:
            print(f"{source.name} with {compiler}: {text}")
    forgotten = forgotten_rules(folder, includes)
    for rule in forgotten:
        print(f"no program breaks the rule {rule}")
    print(f"{len(jobs)} programs, {sum(map(bool, faults))} faults, {len(forgotten)} rules without a program")
    sys.exit(any(faults) or bool(forgotten))


main()
