"""Expressions over whole arrays: NumPy's subscripts, reductions over axes, elementwise functions."""
import numpy as np

from .arrays import INTEGERS, READ_FLOATS, common
from .case import Term
from . import accesses
from . import named
from . import operations as ops


def target(c, kinds, shape):
    """A tensor that is written."""
    dtype = c.choices.pick({"b": ["b1"], "i": ["i64", "i32"] + INTEGERS, "f": READ_FLOATS}[kinds])
    name = c.tensor(dtype, shape)
    return Term(name, name, dtype)


def tensor(c, kinds, shape):
    """A tensor that is read."""
    if kinds != "f":
        return target(c, kinds, shape)
    dtype = c.choices.pick(READ_FLOATS)
    name = c.tensor(dtype, shape)
    return Term(name, c.computed(name, dtype), dtype)


def shape_of(c, term):
    return c.value(term).shape


def of_shape(c, shape, kinds, exact=True):
    """A term of a kind and a shape, without indices."""
    if not c.spend():
        return tensor(c, kinds, shape)
    term = c.choices.pick([elementwise, view_of_shape, over_axis, gathered_of_shape, centred, newaxes, elementwise,
                           running, over_axes, ordered])(c, shape, kinds, exact)
    return tensor(c, kinds, shape) if exact and term.error else term


def elementwise(c, shape, kinds, exact):
    form = c.choices.below(6)
    if form == 0:
        return tensor(c, kinds, shape)
    a = of_shape(c, shape, kinds, exact and kinds != "b")
    if form == 1:
        b = of_shape(c, shape, "b")
        return ops.where(c, b, a, accesses.literal(c, a))
    if form == 2 and kinds == "f" and not a.error:
        functions = list(ops.ROUNDING) + ([] if exact else list(ops.TRANSCENDENTAL))
        return ops.unary(c, c.choices.pick(functions), a)
    if form == 3:
        of = of_shape(c, shape, c.choices.pick("fib"))
        dtype = {"b": ["b1"], "i": INTEGERS, "f": READ_FLOATS}[kinds]
        return ops.cast(c, c.choices.pick(dtype), of)
    b = accesses.literal(c, a) if c.choices.chance(3) else of_shape(c, shape, kinds, exact)
    if common(a.type, b.type)[0] is None or (kinds != "b" and b.dtype == "b1"):
        b = accesses.literal(c, a)
    operators = {"b": list(ops.BITS) + ["==", "!="], "i": ["+", "-", "*", "//", "%", "minimum", "maximum", "&", "|"],
                 "f": ["+", "-", "*", "minimum", "maximum"]}[kinds]
    return ops.binary(c, c.choices.pick(operators), a, b)


def over_axis(c, shape, kinds, exact):
    """sum(x, axis), sum(x, axis, keepdims) where the shape has a 1, softmax(x, axis)."""
    reducer = c.choices.pick(ops.reducers(kinds, exact))
    argument = {"any": "b", "all": "b", "count": "b", "argmax": "f", "argmin": "i"}.get(reducer, kinds)
    axis = c.choices.below(len(shape) + 1)
    keep = axis < len(shape) and shape[axis] == 1 and reducer != "softmax"
    n = c.choices.pick([3, 2, 1, 5, 9, 17])
    if reducer == "softmax":
        if not shape or 0 in shape:
            return tensor(c, kinds, shape)
        axis %= len(shape)
        inner = shape
    else:
        inner = shape[:axis] + (n,) + shape[axis + keep:]
    body = of_shape(c, inner, argument)
    if not named.suits(reducer, c.value(body), axis):
        return body if reducer == "softmax" else of_max(c, body, axis, keep)
    return reduced(c, reducer, body, axis, keep)


def over_axes(c, shape, kinds, exact):
    """sum(x, (0, 2)), sum(x, (0, 2), keepdims) where the shape has ones, softmax(x, (0, 2))."""
    reducer = c.choices.pick(ops.reducers(kinds, exact))
    argument = {"any": "b", "all": "b", "count": "b", "argmax": "f", "argmin": "i"}.get(reducer, kinds)
    count, ones = c.choices.pick([2, 2, 3]), [axis for axis, n in enumerate(shape) if n == 1]
    stays = reducer == "softmax"
    keep = not stays and len(ones) >= count
    if (stays and (len(shape) < count or 0 in shape)) or (not keep and len(shape) + count > 6):
        return tensor(c, kinds, shape)
    places = ones if keep else range(len(shape) + (0 if stays else count))
    axes = tuple(c.choices.shuffled(list(places))[:count])
    inner = list(shape)
    for axis in sorted(axes):
        if not stays:
            inner[axis:axis + keep] = [c.choices.pick([3, 2, 1, 5, 9])]
    body = of_shape(c, tuple(inner), argument)
    if not named.suits(reducer, c.value(body), axes):
        return body if stays else of_max(c, body, axes, keep)
    return reduced(c, reducer, body, axes, keep)


def running(c, shape, kinds, exact):
    """cumsum(x, axis) and its siblings."""
    if not shape or kinds == "b":
        return tensor(c, kinds, shape)
    body, axis, name = of_shape(c, shape, kinds), c.choices.below(len(shape)), c.choices.pick(list(ops.SCANS))
    if not named.suits(name, c.value(body), axis):
        name = "cumsum"
    written = axis - len(shape) if c.choices.chance(2) else axis
    return ops.scan(c, name, body, axis, f"{name}({body.text}, {written})")


def ordered(c, shape, kinds, exact):
    """sort(x, axis), argsort(x, axis), topk(x, K, axis), argtopk(x, K, axis)."""
    if not shape or kinds == "b":
        return tensor(c, kinds, shape)
    axis = c.choices.below(len(shape))
    written = axis - len(shape) if c.choices.chance(2) else axis
    form = c.choices.pick(["sort", "topk"] + (["argsort", "argtopk"] if kinds == "i" else []))
    taken = form.endswith("topk") and shape[axis] > 0
    more = c.choices.below(4) if taken else 0
    of = c.choices.pick("fi") if form.startswith("arg") else kinds
    body = of_shape(c, shape[:axis] + (shape[axis] + more,) + shape[axis + 1:], of)
    if not taken:
        name, descending = ("argsort" if form.startswith("arg") else "sort"), c.choices.chance(3)
        text = f"{name}({body.text}, {written}{', descending' if descending else ''})"
        return ops.order(c, name, body, axis, text, descending)
    c.features.add(form)
    text = f"{form}({body.text}, {shape[axis]}, {written})"
    whole = ops.order(c, "argsort" if form.startswith("arg") else "sort", body, axis, text, True)
    cut = f"{whole.name}[{', '.join([':'] * axis + [f':{shape[axis]}'])}]"
    return Term(text, c.let(cut), whole.dtype, False, (), frozenset(), None, whole.signless)


def reduced(c, reducer, body, axis, keep=False):
    """Over an axis, or over a tuple of them."""
    rank, axes = c.value(body).ndim, axis if isinstance(axis, tuple) else (axis,)
    numbers = [a - rank if c.choices.chance(2) else a for a in axes]
    written = f"({', '.join(map(str, numbers))})" if isinstance(axis, tuple) else numbers[0]
    if min(numbers) < 0:
        c.features.add("negative axis")
    if len(axes) > 1:
        c.features.add("several axes")
    if keep:
        c.features.add("keepdims")
    text = f"{reducer}({body.text}, {written}{', keepdims' if keep else ''})"
    return ops.reduce(c, reducer, body, axes, text, (), frozenset(), keep)


def of_max(c, body, axis, keep):
    return reduced(c, "max", body, axis, keep)


def centred(c, shape, kinds, exact):
    """x - mean(x, axis, keepdims): an axis that stays takes the extent of what it is combined with."""
    if not shape or kinds == "b" or 0 in shape:
        return tensor(c, kinds, shape)
    a = of_shape(c, shape, kinds)
    reducer = c.choices.pick([r for r in ops.reducers(kinds, exact) if r not in ("prod", "softmax")])
    if len(a.text) > 200:  # it is written twice
        return a
    if not named.is_tame(c.value(a)):
        reducer = "max"
    b = reduced(c, reducer, a, c.choices.below(len(shape)), True)
    if common(a.type, b.type)[0] is None:
        return a
    return ops.binary(c, c.choices.pick("-+"), a, b)


def newaxes(c, shape, kinds, exact):
    """x[:, newaxis] * y[newaxis, :]: an outer product of a split of the axes."""
    if len(shape) < 2 or kinds == "b":
        return tensor(c, kinds, shape)
    c.features.add("newaxis")
    mine = [c.choices.chance(2) for _ in shape]
    if all(mine) or not any(mine):
        mine[0] = not mine[0]

    def spread(keeps):
        part = tensor(c, kinds, tuple(n for n, keep in zip(shape, keeps) if keep))
        text = ", ".join(":" if keep else "newaxis" for keep in keeps)
        code = ", ".join(":" if keep else "None" for keep in keeps)
        return Term(f"{part.text}[{text}]", c.let(f"{part.name}[{code}]"), part.dtype)

    a, b = spread(mine), spread([not m for m in mine])
    if common(a.type, b.type)[0] is None:
        return tensor(c, kinds, shape)
    return ops.binary(c, c.choices.pick("*+-"), a, b)


def view_of_shape(c, shape, kinds, exact):
    """A tensor with slices, integers and new axes that leave the shape."""
    items, sizes = [], []
    for n in shape:
        if n == 1 and c.choices.chance(2):
            items.append("newaxis")
            continue
        text, size = slice_of(c, n)
        items.append(text)
        sizes.append(size)
    if c.choices.chance(3) and len(items) < 5:
        at, size = c.choices.below(len(items) + 1), c.choices.between(1, 3)
        items.insert(at, str(c.choices.between(-size, size - 1)))
        sizes.insert(sum(1 for item in items[:at] if item != "newaxis"), size)
    x = tensor(c, kinds, tuple(sizes))
    return indexed(c, x, items)


def slice_of(c, n):
    """(text, extent of the axis) of a slice with n elements."""
    form = c.choices.below(4)
    if form == 0 or n == 0:
        return ":", n
    step = c.choices.pick([1, -1, 2, -2, 3])
    size = (n - 1) * abs(step) + 1 + c.choices.below(3)
    if form == 1:  # from one end
        last = (n - 1) * abs(step) + 1
        c.features.add("slice")
        if step > 0:
            return f":{last}" + (f":{step}" if step > 1 else ""), size
        return (f":{size - last - 1}" if size > last else ":") + f":{step}", size
    start = c.choices.below(size - (n - 1) * abs(step))
    stop = start + (n - 1) * step + (1 if step > 0 else -1)
    if step < 0:
        start, stop = size - 1 - start, size - 1 - start + (n - 1) * step - 1
    c.features.add("slice")
    first = start - size if form == 3 and start else start
    return f"{first}:{'' if stop < 0 else stop - size if form == 3 and stop < size else stop}:{step}", size


def indexed(c, x, items):
    """x[items] where both languages write the items alike, but for newaxis."""
    if not items:
        return x
    if "newaxis" in items:
        c.features.add("newaxis")
    code = ", ".join("None" if item == "newaxis" else item for item in items)
    return Term(f"{x.text}[{', '.join(items)}]", c.let(f"np.asarray({x.name}[{code}])"), x.dtype)


def gathered_of_shape(c, shape, kinds, exact):
    """A tensor with integer arrays for a block of the axes."""
    if not shape:
        return tensor(c, kinds, shape)
    first = c.choices.below(len(shape))
    last = c.choices.between(first + 1, min(len(shape), first + 2))
    count = c.choices.between(1, 2)
    sizes = [c.choices.between(1, 6) for _ in range(count)]
    picked = [array_subscript(c, shape[first:last], size) for size in sizes]
    x = tensor(c, kinds, shape[:first] + tuple(sizes) + shape[last:])
    return mixed(c, x, [":"] * first + picked + [":"] * (len(shape) - last))


def array_subscript(c, shape, limit):
    """A term with subscripts below `limit`."""
    form = c.choices.below(4)
    if form == 3 and len(shape) == 2:  # broadcast
        c.features.add("broadcast subscripts")
        keep = c.choices.below(2)
        name, dtype = c.index_tensor([shape[keep]], limit)
        text, code = (":, newaxis", ":, None") if keep == 0 else ("newaxis, :", "None, :")
        ones = tensor_of_zeros(c, shape)
        part = Term(f"{name}[{text}]", c.let(f"{name}[{code}]"), dtype)
        if common(part.type, ones.type)[0] is None:
            return ones
        return ops.binary(c, "+", part, ones)
    if form == 2 and c.spend():
        c.features.add("argmax as subscript")
        best = reduced(c, "argmax", tensor(c, "f", tuple(shape) + (c.choices.between(1, limit),)), len(shape))
        return best
    name, dtype = c.index_tensor(shape, limit)
    return Term(name, name, dtype)


def tensor_of_zeros(c, shape):
    name = c.add_input(np.zeros(shape, "i4"), "zero")
    return Term(name, name, "i32")


def mixed(c, x, items, policy=None):
    """x[items], where an item is text or an integer term; integer terms with and without axes."""
    c.features.add("integer array")
    texts = [item if isinstance(item, str) else item.text for item in items]
    codes = ["None" if item == "newaxis" else item if isinstance(item, str) else item.name for item in items]
    return Term(f"{x.text}[{', '.join(texts)}]", c.let(f"np.asarray({x.name}[{', '.join(codes)}])"), x.dtype)


# --- NumPy's whole indexing ----------------------------------------------------------------------------------------

def any_slice(c, n):
    c.features.add("slice")
    bound = lambda: c.choices.pick(["", "", str(c.choices.between(-n - 2, n + 2))])
    step = c.choices.pick(["", ":1", ":2", ":-1", ":-2", ":3"])
    return f"{bound()}:{bound()}{step}"


def soup(c, masks=False):
    """(shape of a tensor, items): any of NumPy's subscripts in any order."""
    shape = tuple(c.choices.pick([3, 2, 4, 1, 5, 7, 0] if c.choices.chance(6) else [3, 2, 4, 5])
                  for _ in range(c.choices.between(1, 4)))
    common_shape = tuple(c.choices.pick([2, 3, 1, 4]) for _ in range(c.choices.between(1, 2)))
    items, axis, dots, has_mask = [], 0, False, False
    while axis < len(shape):
        n, form = shape[axis], c.choices.below(9)
        if form == 8 and len(items) < 6:
            items.append("newaxis")
            continue
        if form == 7 and not dots:
            items.append("...")
            dots = True
            axis += c.choices.below(len(shape) - axis + 1)
            c.features.add("ellipsis")
            continue
        axis += 1
        if form in (0, 1):
            items.append(any_slice(c, n))
        elif form == 2 and n > 0:
            items.append(str(c.choices.between(-n, n - 1)))
        elif form in (3, 4) and n > 0 and not has_mask:
            items.append(array_subscript(c, common_shape, n))
        elif form == 5 and masks and not any(isinstance(item, Term) for item in items):
            mask = tensor(c, "b", (n,))
            items.append(mask)
            has_mask = True
        else:
            items.append(":")
    return shape, items


def from_the_end(c, kinds):
    """wrap(x)[at] where some of `at` are negative: NumPy's meaning of them."""
    c.features.add("wrap with negative subscripts")
    n, shape = c.choices.between(1, 6), tuple(c.choices.between(1, 4) for _ in range(c.choices.between(1, 2)))
    at = c.add_input(np.random.default_rng(c.choices.below(1000)).integers(-n, n, shape), "at")
    x = tensor(c, kinds, (n, 3)[:c.choices.between(1, 2)])
    rest = ", :" if c.value(x).ndim == 2 else ""
    return Term(f"wrap({x.text})[{at}{rest}]", c.let(f"{x.name}[{at}{rest}]"), x.dtype)


def chosen(c, kinds):
    """x[mask] with a mask of the whole array, and nonzero(mask)."""
    shape = tuple(c.choices.pick([3, 2, 4, 5, 1, 17]) for _ in range(c.choices.between(1, 2)))
    mask = of_shape(c, shape, "b")
    if kinds == "i" and c.choices.chance(2):
        c.features.add("nonzero")
        return Term(f"nonzero({mask.text})", c.let(f"np.flatnonzero({mask.name})"), "i64")
    c.features.add("mask on the right")
    x = tensor(c, kinds, shape)
    return Term(f"{x.text}[{mask.text}]", c.let(f"{x.name}[{mask.name}]"), x.dtype)


def any_indexing(c, kinds):
    """A tensor with any of NumPy's subscripts."""
    if c.choices.chance(12):
        return from_the_end(c, kinds)
    if c.choices.chance(8):
        return chosen(c, kinds)
    shape, items = soup(c, masks=True)
    x = tensor(c, kinds, shape)
    if any(isinstance(item, Term) and item.dtype == "b1" for item in items):
        c.features.add("mask on the right")
    texts = all(isinstance(item, str) for item in items)
    return indexed(c, x, items) if texts else mixed(c, x, items)
