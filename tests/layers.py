#!/usr/bin/env python3
"""The folders of jit/ use each other in one direction only: layers.py ROOT says which include breaks that."""

import pathlib
import re
import sys

# A folder may include those before it; "" is jit/ itself, with the pipeline. Public headers (ricci/) are for all.
ORDER = ["math", "helpers", "ir", "loop", "rewrite", "schedule", "lower", "specialise", "", "llvm", "cache", "run"]


def main(root):
    faults = []
    for path in sorted(root.rglob("*.[ch]pp")):
        folder = path.relative_to(root).parts[0] if path.parent != root else ""
        if folder == "ricci":
            continue
        if folder not in ORDER:
            sys.exit(f"{folder} has no place in tests/layers.py")
        text = path.read_text()
        for included in re.findall(r'#include "([^"]+)"', text):
            where = included.partition("/")[0] if "/" in included else ""
            if where in ORDER and ORDER.index(where) > ORDER.index(folder):
                faults.append(f"{path.relative_to(root)} includes {included}, which comes later")
        if folder != "llvm" and re.search(r"#include [<\"]llvm[-/]", text):
            faults.append(f"{path.relative_to(root)} includes LLVM")
    print("\n".join(faults) or "every stage includes earlier ones only")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]) / "jit"))
