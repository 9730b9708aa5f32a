"""Tensors with named subscripts of every sort, and their NumPy."""
import numpy as np

from .arrays import FLOATS, INTEGERS, READ_FLOATS, UNSIGNED, kind
from .case import Term
from . import named
from . import operations as ops
from . import positional

LETTERS = "ijklmnpqrst"


def position(c, index):
    return max(at for at, (name, _) in enumerate(c.frame) if name == index)


def extent(c, index):
    return c.frame[position(c, index)][1]


def visible(c):
    return list(dict.fromkeys(name for name, _ in c.frame))


def span(c, index):
    """NumPy text of the values of an index along its axis."""
    shape = [1] * len(c.frame)
    shape[position(c, index)] = n = extent(c, index)
    return f"np.arange({n}).reshape({tuple(shape)})"


def index_value(c, index):
    c.features.add("index value")
    return Term(index, c.let(span(c, index)), "i64", False, (index,), frozenset())


def literal(c, other, positive=False):
    """A number that the text combines with `other`."""
    if other.dtype == "b1":
        return ops.number(c, c.choices.pick(["true", "false"]), "b1")
    if kind(other.dtype) == 2 and c.choices.chance(2):
        return ops.number(c, c.choices.pick(["0.5", "2.0", "1.5", "0.25", "3.0"]), "f64")
    low = 0 if other.dtype in UNSIGNED or positive else -3
    value = c.choices.pick([n for n in (2, 1, 3, 0, 5, 7, -1, -3) if n >= max(low, 1 if positive else low)])
    return ops.number(c, str(value), "i64")


# --- accesses ---------------------------------------------------------------------------------------------------

class Subscript:
    def __init__(self, text, size, index=None, integer=None, term=None):
        self.text, self.size, self.index, self.integer, self.term = text, size, index, integer, term


def plain(c, index):
    return Subscript(index, extent(c, index), index=index)


def integer(c):
    size = c.choices.between(1, 4)
    value = c.choices.between(-size, size - 1) if c.choices.chance(2) else c.choices.below(size)
    c.features.add("integer subscript")
    return Subscript(str(value), size, integer=value)


def affine(c):
    """A term such as i + 1, 2 * i - j, i // 2, 3 - i."""
    c.features.add("affine subscript")
    term = index_value(c, c.choices.pick(visible(c)))
    form = c.choices.below(6)
    if form == 1:
        term = ops.binary(c, "*", ops.number(c, str(c.choices.between(2, 3)), "i64"), term)
    elif form == 2:
        return ops.binary(c, "-", ops.number(c, str(c.choices.between(2, 7)), "i64"), term)
    elif form == 3:
        term = ops.binary(c, c.choices.pick(["//", "%"]), term, ops.number(c, str(c.choices.between(2, 3)), "i64"))
    elif form == 4 and len(c.frame) > 1:
        term = ops.binary(c, c.choices.pick("+-"), term, index_value(c, c.choices.pick(visible(c))))
    return ops.binary(c, "+", term, ops.number(c, str(c.choices.between(1, 3)), "i64"))


def gathered(c):
    """A term that reads a subscript, or finds one."""
    c.features.add("gather")
    names = visible(c)
    if names and c.choices.chance(4) and c.spend():
        return named.value(c, "i")
    if names and c.choices.chance(6) and c.spend():
        return ops.subscript_of_float(c, named.value(c, "f"))
    if c.choices.chance(4) and c.spend():
        c.features.add("argmax as subscript")
        return named.reduction(c, "i", reducer=c.choices.pick(["argmax", "argmin"]))
    chosen = c.choices.shuffled(names)[:c.choices.between(1, 2)] if names else []
    subs = [plain(c, i) for i in chosen] or [integer(c)]
    if names and c.budget > 2 and c.choices.chance(4):
        c.features.add("chain")
        c.budget -= 2
        subs[-1] = fitted(c, gathered(c), inside=True)[0]
    name, dtype = c.index_tensor([s.size for s in subs], c.choices.between(1, 7))
    return read(c, name, dtype, subs, "check")


def fitted(c, term, inside=False):
    """(subscript, whether it may be outside) of an integer term."""
    if term.text in visible(c):
        return plain(c, term.text), False
    values = c.value(term)
    low, high = (int(values.min()), int(values.max())) if values.size else (0, 0)
    fits = 0 <= low and high < 48
    way = c.choices.between(2, 4) if inside else c.choices.below(6)
    if way == 5 or (not fits and way in (0, 1)):
        return Subscript(term.text, c.choices.between(1, 6), term=term), True
    if not fits and (way == 2 or term.dtype == "u64"):
        size = c.choices.between(1, 6)
        term = ops.binary(c, "%", term, ops.number(c, str(size), "i64"))
    elif not fits:
        size = c.choices.between(2, 6)
        term = ops.binary(c, "maximum", term, ops.number(c, "0", "i64"))
        term = ops.binary(c, "minimum", term, ops.number(c, str(size - 1), "i64"))
    else:
        size = high + 1 + c.choices.pick([0, 0, 1, 2])
    return Subscript(term.text, size, term=term), False


def access(c, kinds, must=(), simple=False):
    """A tensor of a kind ("b", "i", "f") read with all indices of `must` and others as subscripts."""
    if not must and not simple and c.choices.chance(6):
        return c.choices.pick([viewed, aligned, whole_array])(c, kinds)
    names, subs, outside = visible(c), [plain(c, i) for i in must], False
    more = c.choices.below(3 if len(must) < 2 else 2)
    if not must and not names:
        more = max(more, 1)
    for _ in range(max(more, 1 - len(must))):
        form = c.choices.below(2 if simple or c.budget < 1 else 6)
        if names and form in (0, 5):
            subs.append(plain(c, c.choices.pick(names)))
        elif form == 1 or (not names and form == 0) or len(subs) > 3:
            subs.append(integer(c))
        else:
            c.budget -= 1
            sub, may_be_outside = fitted(c, affine(c) if names and form < 4 else gathered(c))
            subs.append(sub)
            outside = outside or may_be_outside
    subs = c.choices.shuffled(subs)
    spare = lambda s: s.index not in must or sum(other.index == s.index for other in subs) > 1
    while np.prod([s.size for s in subs], dtype="f8") > 5000 and any(map(spare, subs)):
        subs.remove(next(filter(spare, subs)))
    subs = subs or [integer(c)]
    dtype = c.choices.pick({"b": ["b1"], "i": ["i64", "i32"] + INTEGERS, "f": READ_FLOATS}[kinds])
    name = c.tensor(dtype, [s.size for s in subs])
    inside = all(s.term is None or in_range(c.value(s.term), s.size) for s in subs)
    policies = ["clip", "wrap", "fill"] if outside or c.choices.chance(12) else ["check"]
    policy = c.choices.pick(policies if any(s.term for s in subs) and 0 not in [s.size for s in subs] else ["check"])
    if policy == "check" and not inside:
        return access(c, kinds, must, simple=True)
    return read(c, name, dtype, subs, policy)


def some_indices(c):
    return c.choices.shuffled(visible(c))[:c.choices.between(1, 3)]


def scalar_or(c, kinds, indices):
    """A tensor of rank 0, where there are no indices to read one with."""
    if indices:
        return None
    c.features.add("rank 0")
    dtype = {"b": "b1", "i": "i32", "f": "f32"}[kinds]
    name = c.tensor(dtype, ())
    return Term(name, c.let(f"{name} + 0" if kinds != "b" else name), dtype)


def viewed(c, kinds):
    """x[::-1, 1:][i, j]: named subscripts of a slice."""
    indices = some_indices(c)
    if none := scalar_or(c, kinds, indices):
        return none
    c.features.add("named subscripts of a view")
    return indexed_by(c, indices, lambda shape: positional.view_of_shape(c, shape, kinds, True))


def whole_array(c, kinds):
    """(an expression over whole arrays)[i, j]."""
    indices = some_indices(c)
    if none := scalar_or(c, kinds, indices):
        return none
    c.features.add("named subscripts of an expression")
    return indexed_by(c, indices, lambda shape: positional.of_shape(c, shape, kinds))


def indexed_by(c, indices, make):
    frame = c.frame
    shape, c.frame = tuple(extent(c, i) for i in indices), []
    term = make(shape)
    c.frame = frame
    text = term.text if term.text[-1] in ")]" else f"({term.text})"
    return Term(f"{text}[{', '.join(indices)}]", c.let(framed(c, term.name, indices)), term.dtype, False,
                tuple(indices), frozenset(indices), None, term.signless)


def aligned(c, kinds):
    """x[b, argmax(y, 1), h, w]: an array without subscripts takes the indices around it."""
    indices = some_indices(c)
    if none := scalar_or(c, kinds, indices):
        return none
    c.features.add("aligned subscript")
    frame = c.frame
    shape, c.frame = tuple(extent(c, i) for i in indices), []
    chosen = positional.of_shape(c, shape, "i")
    c.frame = frame
    chosen = Term(chosen.text, c.let(framed(c, chosen.name, indices)), chosen.dtype, False, tuple(indices),
                  frozenset(indices))
    subs = [plain(c, i) for i in indices]
    subs.insert(c.choices.below(len(subs) + 1), fitted(c, chosen, inside=True)[0])
    dtype = c.choices.pick({"b": ["b1"], "i": INTEGERS, "f": FLOATS}[kinds])
    return read(c, c.tensor(dtype, [s.size for s in subs]), dtype, subs, "check")


def in_range(values, size):
    return values.size == 0 or (values.min() >= 0 and values.max() < size)


def read(c, array, dtype, subs, policy):
    """The access as a term. `array` is the name of an input in both programs."""
    filler = None
    if policy != "check":
        c.features.add(policy)
    if policy == "fill":
        filler = ops.number(c, *{0: ("true", "b1"), 1: ("7", "i64"), 2: ("2.5", "f64")}[kind(dtype)])
    prefix = array if policy == "check" else f"fill({array}, {filler.text})" if filler else f"{policy}({array})"
    text = f"{prefix}[{', '.join(s.text for s in subs)}]"
    code = basic_code(c, array, subs) or alongside_code(c, array, subs, policy) or fancy_code(c, array, subs, policy)
    if filler:
        inside = " & ".join(f"({s.term.name} >= 0) & ({s.term.name} < {s.size})" for s in subs if s.term) or "True"
        code = f"np.where({inside}, {code}, {ops.raw(filler, dtype)})"
    parts = [Term("", "", "i64", free=(s.index,)) if s.index else s.term for s in subs if s.integer is None]
    free, sized = ops.merged(*parts) if parts else ((), frozenset())
    sized |= {s.index for s in subs if s.index}
    if len({s.index for s in subs if s.index}) < sum(1 for s in subs if s.index):
        c.features.add("diagonal")
    if sum(1 for s in subs if s.term) > 1:
        c.features.add("several computed subscripts")
    return Term(text, c.computed(c.let(code), dtype), dtype, False, free, sized, None, False)


def framed(c, code, indices):
    """NumPy text: an array with one axis per index, as one with the axes of the frame."""
    at = [position(c, i) for i in indices]
    order = sorted(range(len(at)), key=lambda k: at[k])
    if order != list(range(len(at))):
        code += f".transpose({', '.join(map(str, order))})"
    if not at:
        return code
    return f"{code}[{', '.join(':' if k in at else 'None' for k in range(len(c.frame)))}]"


def basic_code(c, array, subs):
    """Slices and integers alone; the diagonal with einsum."""
    if any(s.term for s in subs):
        return None
    indices = [s.index for s in subs if s.index]
    if len(set(indices)) < len(indices):
        if len(indices) < len(subs):
            return None
        unique = list(dict.fromkeys(indices))
        return framed(c, f"np.einsum('{''.join(indices)}->{''.join(unique)}', {array})", unique)
    if c.choices.chance(3):
        return None
    return framed(c, f"{array}[{', '.join(':' if s.index else s.text for s in subs)}]", indices)


def bounded(s, policy):
    """NumPy text of a computed subscript with its policy; the bounds have its dtype, or u64 would become a float."""
    v = s.term.name
    if policy == "check":
        return v
    if policy == "wrap":
        return f"np.mod({v}, {v}.dtype.type({s.size}))"
    return f"np.clip({v}, {v}.dtype.type(0), {v}.dtype.type({s.size - 1}))"


def alongside_code(c, array, subs, policy):
    """np.take_along_axis for one computed subscript among different indices."""
    computed = [k for k, s in enumerate(subs) if s.term]
    indices = [s.index for s in subs if s.index]
    if len(computed) != 1 or len(indices) + 1 != len(subs) or len(set(indices)) < len(indices):
        return None
    if not c.choices.chance(2):
        return None
    sub = subs[computed[0]]
    if not indices or c.value(sub.term).ndim == 0:
        return None
    moved = f"np.moveaxis({array}, {computed[0]}, -1)"
    at = [position(c, i) for i in indices]
    order = sorted(range(len(at)), key=lambda k: at[k])
    spread = ", ".join([":" if k in at else "None" for k in range(len(c.frame))] + [":"])
    moved = f"{moved}.transpose({', '.join(map(str, order + [len(at)]))})[{spread}]"
    chosen = f"{bounded(sub, policy)}.astype('i8')[..., None]"
    return f"np.take_along_axis({moved}, {chosen}, -1)[..., 0]"


def fancy_code(c, array, subs, policy):
    codes = [span(c, s.index) if s.index else bounded(s, policy) if s.term else s.text for s in subs]
    return f"{array}[{', '.join(codes)}]"
