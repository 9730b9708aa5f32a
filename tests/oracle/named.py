"""Expressions over named indices: operators, guards, reductions, deltas."""
import numpy as np

from .arrays import FLOATS, INTEGERS, READ_FLOATS, UNIT, common
from .case import Term
from . import accesses
from . import operations as ops
from . import ranges
from . import segments


def value(c, kinds, exact=True):
    """A term of a kind: "b", "i" or "f"; with `exact` one whose bits are known."""
    if not c.spend():
        return accesses.access(c, kinds, simple=True)
    term = {"b": condition, "i": whole, "f": real}[kinds](c, exact)
    if exact and term.error:
        return accesses.access(c, kinds, simple=True)
    return term


def condition(c, exact):
    form = c.choices.below(8)
    if form == 7 and c.frame:
        return delta(c)
    if form < 3:
        a = value(c, c.choices.pick("ifi"))
        b = accesses.literal(c, a) if c.choices.chance(2) else value(c, "f" if a.dtype in UNIT else "i")
        if common(a.type, b.type)[0] is None:
            b = accesses.literal(c, a)
        return ops.binary(c, c.choices.pick(list(ops.COMPARE)), a, b)
    if form == 3:
        return ops.binary(c, c.choices.pick(list(ops.BITS)), value(c, "b"), value(c, "b"))
    if form == 4:
        return ops.unary(c, "not", value(c, "b"))
    if form == 6:
        return ops.unary(c, c.choices.pick(list(ops.KINDS)), value(c, "f"))
    if form == 5:
        return reduction(c, "b")
    return accesses.access(c, "b")


def whole(c, exact):
    form = c.choices.below(10)
    if form < 2 or (form < 4 and not c.frame):
        return accesses.access(c, "i")
    if form == 2:
        return accesses.index_value(c, c.choices.pick(accesses.visible(c)))
    if form == 3:
        return c.choices.pick([reduction, reduction, delta_sum, scan, by_key, ordered])(c, "i")
    if form == 4:
        a = value(c, "i")
        op = c.choices.pick(["neg", "abs", "sq", "not"])
        return ops.unary(c, op, a)
    if form == 5:
        return ops.where(c, value(c, "b"), *pair(c, "i"))
    if form == 6:
        return ops.cast(c, c.choices.pick(INTEGERS), value(c, c.choices.pick("ibf")))
    if form == 7:
        a, b = value(c, "b"), value(c, "i")
        return ops.binary(c, "*", *c.choices.shuffled([a, b]))
    if form == 8:
        return guarded(c, "i")
    a, b = pair(c, "i")
    op = c.choices.pick(["+", "-", "*", "//", "%", "minimum", "maximum", "&", "|", "^", "<<", ">>"])
    if op in ("<<", ">>"):
        b = ops.number(c, str(c.choices.between(0, 7)), "i64")
    return ops.binary(c, op, a, b)


def pair(c, kinds, exact=True):
    """Two terms with a common dtype; the second may be a number."""
    a = value(c, kinds, exact)
    b = accesses.literal(c, a) if c.choices.chance(3) else value(c, c.choices.pick([kinds, kinds, "i"]), exact)
    if common(a.type, b.type)[0] is None or b.dtype == "b1":
        b = accesses.literal(c, a)
    return a, b


def real(c, exact):
    form = c.choices.below(10)
    if form < 2:
        return accesses.access(c, "f")
    if form == 2:
        return c.choices.pick([reduction, reduction, delta_sum, scan, by_key, ordered])(c, "f")
    if form == 3:
        a = value(c, "f", exact)
        return ops.unary(c, c.choices.pick(["neg", "abs", "sq"]), a)
    if form == 4:
        return ops.where(c, value(c, "b"), *pair(c, "f", exact))
    if form == 5:
        a = value(c, c.choices.pick("ffi"))
        functions = list(ops.ROUNDING) + ["sign"] + ([] if exact else list(ops.TRANSCENDENTAL) * 2)
        return ops.unary(c, c.choices.pick(functions), a)
    if form == 6:
        return ops.binary(c, "*", *c.choices.shuffled([value(c, "b"), value(c, "f", exact)]))
    if form == 7:
        return guarded(c, "f")
    if form == 8:
        return ops.cast(c, c.choices.pick(READ_FLOATS), value(c, c.choices.pick("fib")))
    op = c.choices.pick(["+", "-", "*", "/", "//", "%", "minimum", "maximum"] + ([] if exact else list(ops.PAIRS)))
    a, b = pair(c, "f", exact and op not in ops.PAIRS)
    if op in ("/", "//", "%") or op in ops.PAIRS:
        a, b = (t if not t.error else accesses.access(c, "f", simple=True) for t in (a, b))
        if b.signless:
            b = accesses.literal(c, b, positive=True)
        if op == "atan2" and a.signless and b.weak:
            op = "hypot"  # of two numbers of the text only one dtype is known
        elif op == "atan2" and a.signless:
            a = accesses.literal(c, a, positive=True)
    return ops.binary(c, op, a, b)


def guarded(c, kinds):
    """where(inside, x[e], other): x is not accesses.read outside."""
    if not c.frame:
        return accesses.access(c, kinds)
    c.features.add("guard")
    e = accesses.affine(c)
    size = c.choices.between(1, 5)
    index = c.choices.pick(accesses.visible(c))
    subs = c.choices.shuffled([accesses.Subscript(e.text, size, term=e), accesses.plain(c, index)])
    dtype = c.choices.pick(FLOATS if kinds == "f" else INTEGERS)
    name = c.tensor(dtype, [s.size for s in subs])
    low = ops.binary(c, ">=", e, ops.number(c, "0", "i64"))
    inside = ops.binary(c, "&", low, ops.binary(c, "<", e, ops.number(c, str(size), "i64")))
    term = accesses.read(c, name, dtype, subs, "clip") if 0 not in [s.size for s in subs] else None
    if term is None:
        return accesses.access(c, kinds, simple=True)
    text = f"{name}[{', '.join(s.text for s in subs)}]"
    term = Term(text, term.name, term.dtype, False, term.free, term.sized)
    return ops.where(c, inside, term, accesses.literal(c, term))


def reduction(c, kinds, exact=True, reducer=None):
    """A reduction over one or two indices of its own, or softmax over one around it."""
    if not reducer and c.choices.chance(6):
        return c.choices.pick([ranges.range_reduction, ranges.running_reduction])(c, kinds)
    reducer = reducer or c.choices.pick(ops.reducers(kinds, exact))
    if reducer == "softmax":
        return softmax(c)
    free_letters = [x for x in accesses.LETTERS if x not in accesses.visible(c)]
    if c.frame and c.choices.chance(12):
        c.features.add("shadowed index")
        free_letters = accesses.visible(c)
    room = int(np.prod([n for _, n in c.frame] or [1])) <= 400
    count = 2 if room and len(free_letters) > 1 and c.choices.chance(3) else 1
    names = c.choices.shuffled(free_letters[:4])[:count]
    sizes = [3, 2, 4, 1, 5, 7] + ([] if ops.needs_elements(reducer) else [0]) + ([17, 33] if room else [])
    outer = list(c.frame)
    c.frame = outer + [(name, c.choices.pick(sizes)) for name in names]
    argument = {"any": "bi", "all": "bi", "count": "bif", "argmax": "fib", "argmin": "fi"}.get(reducer, kinds)
    body = sized_value(c, c.choices.pick(argument), names)
    axes = tuple(range(-len(names), 0))
    if not suits(reducer, c.value(body), axes):
        body = sized_access(c, kinds, names)
        if not suits(reducer, c.value(body), axes):
            reducer = "max" if 0 not in c.value(body).shape else "sum"
    inner = c.value(body)
    c.frame = outer
    if len(names) > 1:
        c.features.add("several reduced indices")
    if reducer in ("argmax", "argmin") and inner.size:
        rows = inner.reshape(-1, int(np.prod(inner.shape[-len(names):])))
        best = rows.max(1, keepdims=True) if reducer == "argmax" else rows.min(1, keepdims=True)
        c.features.update({"ties"} if ((rows == best).sum(1) > 1).any() else set())
        c.features.update({"arg-reduction with NaN"} if np.isnan(best).any() else set())
    free = tuple(i for i in body.free if i not in names)
    term = ops.reduce(c, reducer, body, axes, f"{reducer}({', '.join(names)}, {body.text})", free,
                      body.sized - set(names))
    if reducer in ("argmax", "argmin") and c.choices.chance(2):
        return ops.along(c, term, names, inner.shape[-len(names):])
    return term


def is_tame(values):
    """Whether sums of squares and products neither overflow nor depend on the order."""
    if values.dtype.kind != "f":
        return True
    return bool(np.isfinite(values).all() and (values.size == 0 or np.abs(values).max() < 50))


def suits(reducer, values, axes):
    """Whether the reducer's result over the axes, or over all if they are None, does not depend on the order."""
    if reducer not in ops.OF_TAME:
        return True
    if not is_tame(values) or values.dtype.kind != "f" or reducer not in ("prod", "cumprod"):
        return is_tame(values)
    digits = np.abs(np.log2(np.where(values == 0, 1, np.abs(values.astype("f8"))))).sum(axes)
    return bool((digits < 120).all())  # no product of some of them is infinite or 0


def sized_access(c, kinds, names):
    return accesses.access(c, kinds, must=names, simple=True)


def sized_value(c, kinds, names):
    """A term in which tensors give all of `names` their extents."""
    term = value(c, kinds)
    missing = [i for i in names if i not in term.sized]
    if not missing:
        return term
    other = sized_access(c, kinds, missing)
    if kinds == "b":
        return ops.binary(c, "|", term, other)
    if common(term.type, other.type)[0] is None:
        return ops.where(c, ops.binary(c, ">", other, accesses.literal(c, other)), term, accesses.literal(c, term))
    return ops.binary(c, c.choices.pick("*+-"), term, other)


def softmax(c):
    if not c.frame:
        return accesses.access(c, "f", simple=True)
    index = c.choices.pick(accesses.visible(c))
    body = sized_access(c, "f", [index])
    if not is_tame(c.value(body)) or accesses.extent(c, index) == 0:
        return body
    return ops.reduce(c, "softmax", body, (accesses.position(c, index),), f"softmax({index}, {body.text})", body.free,
                      body.sized)


def scan(c, kinds):
    """cumsum(j, e) and its siblings: j stays free."""
    if not c.frame:
        return accesses.access(c, kinds, simple=True)
    index = c.choices.pick(accesses.visible(c))
    name = c.choices.pick(list(ops.SCANS))
    body = sized_value(c, kinds, [index])
    if not suits(name, c.value(body), accesses.position(c, index)):
        name = "cummax"
    return ops.scan(c, name, body, accesses.position(c, index), f"{name}({index}, {body.text})")


def ordered(c, kinds):
    """argsort(j, e), sort(j, e): j stays free."""
    if not c.frame:
        return accesses.access(c, kinds, simple=True)
    index, descending = c.choices.pick(accesses.visible(c)), c.choices.chance(3)
    name = c.choices.pick(["sort", "argsort"] if kinds == "i" else ["sort"])
    body = sized_value(c, c.choices.pick("fi") if name == "argsort" else kinds, [index])
    text = f"{name}({index}, {body.text}{', descending' if descending else ''})"
    return ops.order(c, name, body, accesses.position(c, index), text, descending)


def delta(c):
    """delta(i, e), one_hot(e, i): a condition."""
    c.features.add("delta as a condition")
    index = c.choices.pick(accesses.visible(c))
    i = accesses.index_value(c, index)
    if c.choices.chance(2):
        i = accesses.affine(c)
    other = value(c, "i")
    if common(i.type, other.type)[0] is None:
        other = accesses.literal(c, i)
    hit = ops.binary(c, "==", i, other)
    if i.text in accesses.visible(c) and c.choices.chance(2):
        free = tuple(dict.fromkeys(other.free + i.free))
        return Term(f"one_hot({other.text}, {i.text})", hit.name, "b1", False, free, hit.sized)
    return Term(f"delta({i.text}, {other.text})", hit.name, "b1", False, hit.free, hit.sized)


def by_key(c, kinds):
    return segments.segment(c, kinds) or accesses.access(c, kinds, simple=True)


def delta_sum(c, kinds):
    """sum(k, delta(k, e) * x[k, ...]), and one_hot(e, k): a accesses.read."""
    c.features.add("delta")
    index = next(x for x in accesses.LETTERS if x not in accesses.visible(c))
    outer, size = list(c.frame), c.choices.between(1, 7)
    c.frame = outer + [(index, size)]
    chosen = gathered_outside(c, outer, size)
    k = accesses.index_value(c, index)
    form = c.choices.below(8)
    if form == 4:
        k = ops.binary(c, "+", k, ops.number(c, str(c.choices.between(1, 2)), "i64"))
    elif form == 5:
        k = ops.binary(c, "*", ops.number(c, "2", "i64"), k)
    elif form == 6:
        k = ops.binary(c, "-", ops.number(c, str(size - 1), "i64"), k)
    hit = ops.made(c, f"delta({k.text}, {chosen.text})", f"np.equal({k.name}, {chosen.name})", "b1", (k, chosen))
    if form in (0, 1) and c.choices.chance(2):
        free = tuple(dict.fromkeys(chosen.free + k.free))
        hit = Term(f"one_hot({chosen.text}, {index})", hit.name, "b1", False, free, hit.sized)
    if form == 7:  # two conditions
        hit = ops.binary(c, "&", hit, value(c, "b"))
    factors = c.choices.shuffled([hit, sized_access(c, kinds, [index])])
    body = ops.binary(c, "*", *factors)
    c.frame = outer
    free = tuple(i for i in body.free if i != index)
    return ops.reduce(c, "sum", body, (-1,), f"sum({index}, {body.text})", free, body.sized - {index})


def gathered_outside(c, outer, size):
    """An accesses.integer term over the indices around, mostly below `size`."""
    names = list(dict.fromkeys(name for name, _ in outer))
    chosen = c.choices.shuffled(names)[:c.choices.between(1, 2)]
    subs = [accesses.plain(c, i) for i in chosen] or [accesses.integer(c)]
    name, dtype = c.index_tensor([s.size for s in subs], size + c.choices.pick([0, 0, 2]), signed=True)
    return accesses.read(c, name, dtype, subs, "check")
