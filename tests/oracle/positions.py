"""What a condition over named indices chooses: new axes whose extent follows from the data."""
import numpy as np

from .arrays import INTEGERS, READ_FLOATS
from .case import Term
from . import accesses, named
from . import operations as ops


def positions(c):
    """(text, NumPy variable, number of iterations) of nonzero(i, j, condition) over all indices of the frame."""
    names = [name for name, _ in c.frame]
    condition = named.sized_value(c, "b", names)
    names = c.choices.shuffled(names)
    shape = tuple(n for _, n in c.frame)
    order = [[name for name, _ in c.frame].index(i) for i in names]
    spread = f"np.broadcast_to({condition.name}, {shape}).transpose({', '.join(map(str, order))})"
    return f"nonzero({', '.join(names)}, {condition.text})", c.let(f"np.flatnonzero({spread})"), int(np.prod(shape))


def statement(c, frame):
    """r = nonzero(i, j, e), r[n, k] = x[nonzero(i, j, e)[n], k], t[nonzero(i, e)[n]] += 1, and a reduction over n."""
    c.features.add("nonzero")
    c.frame = frame
    text, at, size = positions(c)
    c.frame = []
    form, name = c.choices.below(4), c.fresh("r")
    if form == 0 or size == 0:
        c.text.append(f"{name} = {text}")
        c.output(name, at, dtype="i64")
        return
    if form == 1:
        c.features.add("nonzero as subscript")
        rest = c.choices.pick([(), (3,), (17,)])
        dtype = c.choices.pick(READ_FLOATS + INTEGERS)
        x = c.tensor(dtype, (size,) + rest)
        names = ["q", "r"][:1 + len(rest)]
        c.text.append(f"{name}[{', '.join(names)}] = {x}[{', '.join([f'{text}[q]'] + names[1:])}]")
        c.output(name, c.computed(c.let(f"{x}[{at}]"), dtype), dtype=dtype)
        return
    if form == 2:
        c.features.add("reduction over chosen")
        dtype = c.choices.pick(["i64", "i32", "u8", "f32", "f64"])
        x = c.tensor(dtype, (size,))
        body = Term("", c.let(f"{x}[{at}]"), dtype)
        reducer = c.choices.pick(["sum", "max", "argmax"] if c.env[at].size else ["sum"])
        total = ops.reduce(c, reducer, body, (0,), "", (), frozenset())
        c.text.append(f"{name} = {reducer}(q, {x}[{text}[q]])")
        c.output(name, total.name, c.env[total.error] if total.error else None, True, total.dtype)
        return
    c.features.add("scatter at chosen")
    dtype, key_size = c.choices.pick(["i64", "i32", "u8"]), c.choices.between(1, 6)
    t = c.tensor(dtype, (key_size,))
    keys, _ = c.index_tensor((size,), key_size)
    c.text.append(f"{t}[{keys}[{text}[q]]] += 1")
    c.do(f"np.add.at({t}, {keys}[{at}], {t}.dtype.type(1))")
    c.output(t, t)
