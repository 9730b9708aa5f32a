"""Reductions by key: sums, counts, means and extremes over the elements whose key is an index. NumPy scatters."""
from .arrays import NUMPY, kind
from .case import Term
from . import accesses
from . import operations as ops

LETTER = "n"


def segment(c, kinds):
    """sum(n, delta(c, key[n]) * x[n, i]) and its relatives; nothing where the frame has no index."""
    if not c.frame or LETTER in accesses.visible(c):
        return None
    c.features.add("segment")
    names = c.choices.shuffled(accesses.visible(c))[:c.choices.between(1, 2)]
    key, others = names[0], names[1:]
    outer, size, length = list(c.frame), accesses.extent(c, key), c.choices.pick([5, 3, 9, 1, 33])
    dtype = c.choices.pick({"i": ["i64", "i32", "u8"], "f": ["f32", "f64"]}[kinds])
    keys, _ = c.index_tensor([length], size + 2, signed=True)
    x = c.tensor(dtype, [length] + [accesses.extent(c, i) for i in others])
    c.frame = outer + [(LETTER, length)]
    item = accesses.read(c, x, dtype, [accesses.plain(c, i) for i in [LETTER] + others], "check")
    c.frame = outer
    hit = c.choices.pick([f"delta({key}, {keys}[{LETTER}])", f"one_hot({keys}[{LETTER}], {key})",
                          f"({keys}[{LETTER}] == {key})"])
    form = c.choices.below(3)
    free, sized = (key,) + tuple(i for i in others), frozenset(others)
    if form == 1:
        return extreme(c, c.choices.pick(["max", "min"]), key, keys, x, dtype, item, free, sized)
    if form == 2:
        others, free, sized = [], (key,), frozenset()
        c.features.add("segment count")
        counts = c.let(f"np.bincount({keys}, minlength={size})[:{size}]")
        return Term(f"sum({LETTER}, {hit})", c.let(accesses.framed(c, counts, [key])), "i64", False, free, sized)
    return total(c, key, keys, x, dtype, f"sum({LETTER}, {hit} * {item.text})", [key] + others, free, sized)


def scattered(c, x, keys, size, start, dtype, function):
    rest = c.env[x].shape[1:]
    table = c.let(f"np.full({(size + 2,) + rest}, {start}, '{NUMPY[dtype]}')")
    c.do(f"{function}.at({table}, {keys}, {x})")
    return f"{table}[:{size}]"


def total(c, key, keys, x, dtype, text, indices, free, sized):
    size, result = accesses.extent(c, key), ops.reduced_dtype("sum", dtype)
    if kind(dtype) == 1:
        value = scattered(c, x, keys, size, 0, result, "np.add")
        return Term(text, c.let(accesses.framed(c, value, indices)), result, False, free, sized)
    wide = c.let(f"{x}.astype('f8')")
    value = f"{scattered(c, wide, keys, size, 0, 'f64', 'np.add')}.astype('{NUMPY[dtype]}')"
    error = None
    if not ops.is_dyadic(c.env[wide], 0, 53 if dtype == "f64" else 24):
        absolute = c.let(f"np.abs({wide})")
        error = c.let(f"{(c.env[x].shape[0] + 10) * ops.UNIT[dtype]!r} * "
                      f"{accesses.framed(c, scattered(c, absolute, keys, size, 0, 'f64', 'np.add'), indices)}")
    return Term(text, c.let(accesses.framed(c, value, indices)), dtype, False, free, sized, error, True)


def extreme(c, reducer, key, keys, x, dtype, item, free, sized):
    """max(n, where(key[n] == c, x[n], start)): the start where there is no element."""
    start = "0" if dtype in ("u8",) else "-1"
    function = {"max": "np.maximum", "min": "np.minimum"}[reducer]
    size = accesses.extent(c, key)
    table = scattered(c, x, keys, size, start, dtype, function)
    # The start takes part wherever one element has another key.
    length = c.env[x].shape[0]
    alone = c.let(f"np.bincount({keys}, minlength={size})[:{size}] == {length}")
    indices = [key] + [i for i in free if i != key]
    rest = "(" + ", ".join([":"] + ["None"] * (len(indices) - 1)) + ")"
    all_of_one = f"{alone}[{rest[1:-1]}]"
    value = c.let(f"np.where({all_of_one}, {x}.{reducer}(0), {table})")
    text = f"{reducer}({LETTER}, where({keys}[{LETTER}] == {key}, {item.text}, {start}))"
    return Term(text, c.let(accesses.framed(c, value, indices)), dtype, False, free, sized, None, True)
