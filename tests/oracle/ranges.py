"""Reductions and writes over ranges of an index, windows whose extent follows from the subscripts, recurrences."""
from .arrays import NUMPY
from .case import Term
from . import accesses
from . import named
from . import operations as ops


def bounds(c, size):
    """Two integer terms over the frame: low and high, sometimes outside [0, size)."""
    def one(first, last):
        if accesses.visible(c) and c.choices.chance(2):
            index = accesses.visible(c)[0]
            name, dtype = c.index_tensor([accesses.extent(c, index)], size + 2, signed=True)
            return accesses.read(c, name, dtype, [accesses.plain(c, index)], "check")
        return ops.number(c, str(c.choices.between(first, last)), "i64")
    return one(0, 2), one(1, size + 1)


def range_reduction(c, kinds):
    """sum(k(low, high), e)."""
    size = c.choices.between(1, 9)
    return over_range(c, kinds, size, *bounds(c, size))


def running_reduction(c, kinds):
    """sum(k(0, j + 1), e), sum(k(j, n), e): over what stands before or behind an index."""
    if not c.frame:
        return range_reduction(c, kinds)
    c.features.add("running range")
    j = c.choices.pick(accesses.visible(c))
    size = max(accesses.extent(c, j), 1) if c.choices.chance(2) else c.choices.between(1, 9)
    moving, shift = accesses.index_value(c, j), c.choices.pick([1, 0, 2, -1])
    if shift:
        moving = ops.binary(c, "+", moving, ops.number(c, str(shift), "i64"))
    fixed = lambda n: ops.number(c, str(n), "i64")
    low, high = (moving, fixed(size)) if c.choices.chance(2) else (fixed(0), moving)
    return over_range(c, kinds, size, low, high)


def over_range(c, kinds, size, low, high):
    index = next(x for x in accesses.LETTERS if x not in accesses.visible(c))
    outer = list(c.frame)
    c.frame = outer + [(index, size)]
    body = named.sized_access(c, kinds, [index])
    k = c.let(accesses.span(c, index))
    spread = lambda t: f"{t.name}[..., None]" if c.value(t).ndim else t.name
    inside = c.let(f"({k} >= {spread(low)}) & ({k} < {spread(high)})")
    reducers = {"b": ["any", "all"], "i": ["sum", "count", "prod", "max", "min"], "f": ["sum", "max", "min"]}[kinds]
    reducer = c.choices.pick(reducers)
    low_end, high_end = ("-np.inf", "np.inf") if kinds == "f" else (
        f"np.iinfo('{NUMPY[body.dtype]}').{end}" for end in ("min", "max"))
    if body.dtype == "b1":
        low_end, high_end = "False", "True"
    filler = {"all": "True", "any": "False", "prod": "1", "max": low_end, "min": high_end}.get(reducer, "0")
    c.features.add("range")
    masked = Term(body.text, c.let(f"np.where({inside}, {body.name}, np.array({filler}, '{NUMPY[body.dtype]}'))"),
                  body.dtype)
    c.frame = outer
    _, sized = ops.merged(body, low, high)
    free = tuple(i for i in ops.merged(low, high, body)[0] if i != index)
    text = f"{reducer}({index}({low.text}, {high.text}), {body.text})"
    return ops.reduce(c, reducer, masked, (-1,), text, free, sized - {index})


def window(c):
    """r[i] = sum(k, x[a * i + b * k + c] * w[k]): i takes the largest extent that keeps the subscript inside."""
    c.features.add("window")
    step, spacing, shift = c.choices.pick([1, 2, 3]), c.choices.pick([1, 2]), c.choices.below(3)
    taps, count = c.choices.between(1, 4), c.choices.between(1, 7)
    size = step * (count - 1) + spacing * (taps - 1) + shift + 1 + c.choices.below(step)
    dtype = c.choices.pick(["f64", "f32", "i32", "u8"])
    x, w, name = c.tensor(dtype, (size,)), c.tensor(dtype, (taps,)), c.fresh("r")
    subscript = f"i * {step} + {spacing} * k" + (f" + {shift}" if shift else "")
    c.text.append(f"{name}[i] = sum(k, {x}[{subscript}] * {w}[k])")
    windows = c.let(f"{x}[{step} * np.arange({count})[:, None] + {spacing} * np.arange({taps}) + {shift}]")
    c.frame = []
    body = Term("", c.let(f"{windows} * {w}"), dtype)
    total = ops.reduce(c, "sum", body, (-1,), "", (), frozenset())
    c.output(name, total.name, c.env[total.error] if total.error else None, True)


def recurrence(c):
    """d[t, k] = scan(t, where(t > 0, d[t - 1, k], 1) op x[t, k]), forwards or backwards."""
    c.features.add("recurrence")
    dtype = c.choices.pick(["i64", "f64", "u8", "f32", "i16"])
    shape = (c.choices.between(1, 9), c.choices.pick([1, 3, 5, 17]))[:c.choices.between(1, 2)]
    d, x = c.tensor(dtype, shape), c.tensor(dtype, shape)
    rest = ", k" if len(shape) == 2 else ""
    backwards = c.choices.chance(3)
    n = shape[0]
    op, function = c.choices.pick([("+", "np.add"), ("-", "np.subtract"), ("maximum", "np.maximum")])
    at = f"{n - 1} - t" if backwards else "t"
    before = f"{n} - t" if backwards else "t - 1"
    old = f"where(t > 0, {d}[{before}{rest}], 1)"
    value = f"{x}[t{rest}]"
    c.text.append(f"{d}[{at}{rest}] = scan(t, {f'{op}({old}, {value})' if op == 'maximum' else f'{old} {op} {value}'})")
    c.do(f"for t in range({n}):\n"
         f"    at = {n} - 1 - t if {backwards} else t\n"
         f"    old = {d}[at + 1 if {backwards} else at - 1] if t > 0 else np.array(1, '{NUMPY[dtype]}')\n"
         f"    {d}[at] = {function}(old, {x}[t]) if {x!r} != {d!r} else {function}(old, {d}[t])")
    c.output(d, d, None, True)


def write_range(c):
    """t[i(low, high)] = e: only a part of the axis."""
    c.features.add("range on the left")
    n = c.choices.between(1, 9)
    low, high = c.choices.between(0, 3), c.choices.between(0, n + 2)
    dtype = c.choices.pick(["i64", "f32", "u8"])
    t, x = c.tensor(dtype, (n,)), c.tensor(dtype, (n,))
    assign = c.choices.pick(["=", "+=", "max="])
    c.text.append(f"{t}[i({low}, {high})] {assign} {x}[i]")
    value = c.let(f"np.array({x}[{low}:{high}])")
    function = {"=": "{1}", "+=": "np.add({0}, {1})", "max=": "np.maximum({0}, {1})"}[assign]
    c.do(f"{t}[{low}:{high}] = " + function.format(f"{t}[{low}:{high}]", value))
    c.output(t, t, None, True)
