"""Whole statements: new tensors, writes, updates, several results."""
import numpy as np

from .arrays import INTEGERS, NUMPY, READ_FLOATS, UNIT, kind, same_kind
from .case import Term
from . import accesses, named, positional, positions, ranges
from . import operations as ops

AT = {"+=": "np.add", "-=": "np.subtract", "*=": "np.multiply", "max=": "np.maximum", "min=": "np.minimum",
      "|=": "np.logical_or", "&=": "np.logical_and"}


def open_frame(c, most=3):
    names = c.choices.shuffled(list(accesses.LETTERS[:5]))[:c.choices.between(1, most)]
    sizes = [3, 2, 4, 5, 1, 7] + ([0] if c.choices.chance(8) else []) + ([16, 17, 33, 70] if len(names) == 1 else [])
    if c.choices.chance(16):  # enough for several tiles, or for several threads
        c.features.add("large")
        c.budget = min(c.budget, 5)
        sizes = {1: [1031, 4099, 30011], 2: [33, 70, 129, 257], 3: [9, 17, 33]}[len(names)]
    c.frame = [(name, c.choices.pick(sizes)) for name in names]


def completed(c, term):
    """The term, with something that gives every free index its extent."""
    missing = [i for i in term.free if i not in term.sized]
    if not missing:
        return term
    other = named.sized_access(c, "i" if kind(term.dtype) == 1 else "f" if kind(term.dtype) else "b", missing)
    if term.dtype == "b1":
        return ops.binary(c, "^", term, other)
    if ops.common(term.type, other.type)[0] is None:
        other = accesses.access(c, "i", must=missing, simple=True)
        return ops.where(c, ops.binary(c, ">", other, accesses.literal(c, other)), term, accesses.literal(c, term))
    return ops.binary(c, "+", term, other)


def laid_out(c, variable, order):
    """NumPy variable: the value with the axes of these indices, which are all that it depends on."""
    used = [(name, n) for name, n in c.frame if name in order]
    shape = tuple(n if name in order else 1 for name, n in c.frame)
    code = f"np.broadcast_to({variable}, {shape}).reshape({tuple(n for _, n in used)})"
    axes = [[name for name, _ in used].index(i) for i in order]
    if axes != sorted(axes):
        code += f".transpose({', '.join(map(str, axes))})"
    return c.let(code)


def finish(c, name, term, order):
    error = laid_out(c, term.error, order) if term.error else None
    c.output(name, laid_out(c, term.name, order), c.env[error] if error else None, term.signless, term.dtype)


def new_tensor(c):
    """r[j, i] = e, r = e, r = order(e, j, i)."""
    open_frame(c)
    term = completed(c, named.value(c, c.choices.pick("fffiib"), exact=False))
    order = c.choices.shuffled(term.free)
    name = c.fresh("r")
    form = c.choices.below(4)
    if not order or (form == 1 and len(order) == 1):
        c.text.append(f"{name} = {term.text}")
    elif form == 2:
        c.features.add("order")
        c.text.append(f"{name} = order({term.text}, {', '.join(order)})")
    else:
        c.text.append(f"{name}[{', '.join(order)}] = {term.text}")
    finish(c, name, term, order)


def whole_arrays(c):
    """r = an expression over whole arrays; also aligned with the left-hand side."""
    kinds = c.choices.pick("ffib")
    if c.choices.chance(3):
        shape = tuple(c.choices.pick([3, 2, 4, 1, 5]) for _ in range(c.choices.between(1, 3)))
        term = positional.of_shape(c, shape, kinds, exact=False)
    else:
        term = positional.any_indexing(c, kinds)
        if c.choices.chance(3) and c.value(term).ndim:
            axis = c.choices.below(c.value(term).ndim)
            reducer = c.choices.pick(["any"] if kinds == "b" else ["sum", "max", "argmax"])
            if not (ops.needs_elements(reducer) and c.value(term).shape[axis] == 0):
                term = positional.reduced(c, reducer, term, axis, c.choices.chance(3))
    name, rank = c.fresh("r"), c.value(term).ndim
    target = name
    if 0 < rank <= 5 and c.choices.chance(4):
        c.features.add("aligned with the left")
        target = f"{name}[{', '.join(accesses.LETTERS[:rank])}]"
    c.text.append(f"{target} = {term.text}")
    c.output(name, term.name, c.env[term.error] if term.error else None, term.signless, term.dtype)


def several(c):
    """a, b = e, f."""
    c.features.add("several results")
    shape = tuple(c.choices.pick([3, 2, 4, 1, 5, 17]) for _ in range(c.choices.between(1, 3)))
    terms = [positional.of_shape(c, shape, c.choices.pick("fib"), exact=False) for _ in range(2)]
    if c.choices.chance(2) and 0 not in shape:
        body = positional.tensor(c, "f", shape)
        axis = c.choices.below(len(shape))
        terms = [positional.reduced(c, reducer, body, axis) for reducer in ("max", "argmax")]
    stem = c.fresh("r")
    names = [stem + "a", stem + "b"]
    c.text.append(f"{', '.join(names)} = {', '.join(t.text for t in terms)}")
    for name, term in zip(names, terms):
        c.output(name, term.name, c.env[term.error] if term.error else None, term.signless, term.dtype)


# --- writes to tensors that exist ---------------------------------------------------------------------------------

def target_subscripts(c, must):
    """Subscripts that use all indices of `must`."""
    subs = []
    for i in must:
        form = c.choices.below(4)
        if form < 2:
            subs.append(accesses.plain(c, i))
        elif form == 2:
            name, dtype = c.index_tensor([accesses.extent(c, i)], c.choices.between(1, 5))
            term = accesses.read(c, name, dtype, [accesses.plain(c, i)], "check")
            c.features.add("scatter")
            subs.append(accesses.fitted(c, term)[0])
        else:
            term = ops.binary(c, "+", accesses.index_value(c, i), ops.number(c, str(c.choices.between(1, 3)), "i64"))
            subs.append(accesses.fitted(c, term)[0])
    if c.choices.chance(3) and len(subs) < 4:
        sub = accesses.integer(c) if c.choices.chance(2) else accesses.fitted(c, accesses.gathered(c))[0]
        subs.append(sub)
    return c.choices.shuffled(subs)


def write(c):
    """t[subscripts] = e, += e and the others; duplicates; the right-hand side may read t."""
    open_frame(c, most=2)
    names = [name for name, _ in c.frame]
    assign = c.choices.pick(["=", "+=", "-=", "*=", "max=", "min=", "|=", "&="])
    extra = assign != "=" and c.choices.chance(2)
    if extra:
        c.features.add("index of the right alone")
        c.frame = c.frame + [("s", c.choices.pick([3, 2, 5, 1, 17]))]
    subs = target_subscripts(c, names)
    allowed = {name for s in subs for name in ([s.index] if s.index else s.term.free if s.term else [])}
    if assign == "=":
        hidden = [name for name, _ in c.frame if name not in allowed]
        assert not hidden, hidden
    kinds = "b" if assign in ("|=", "&=") else c.choices.pick("fi")
    shape = [s.size for s in subs]
    dtype = c.choices.pick({"b": ["b1"], "i": ["i64", "i32"] + INTEGERS, "f": READ_FLOATS}[kinds])
    array = c.tensor(dtype, shape)
    term = named.value(c, c.choices.pick({"b": "b", "i": "ii", "f": "fffi"}[kinds]))
    if not same_kind(term.type, dtype):
        term = ops.cast(c, dtype, term)
    given = {s.index for s in subs if s.index} | {n for s in subs if s.term for n in s.term.sized}
    on_left = [n for s in subs for n in ([s.index] if s.index else s.term.free if s.term else ())]
    if any(i not in given | term.sized for i in on_left + list(term.free)):
        missing = [i for i in dict.fromkeys(on_left + list(term.free)) if i not in given]
        other = accesses.access(c, kinds, must=missing, simple=True)
        if not same_kind(other.type, dtype):
            other = ops.cast(c, dtype, other)
        term = ops.binary(c, "|", term, other) if kinds == "b" else ops.where(
            c, ops.binary(c, ">", other, accesses.literal(c, other)), other, accesses.literal(c, other))
    used = list(dict.fromkeys(on_left + list(term.free)))
    if kinds == "f" and assign == "*=":
        factors = np.concatenate([np.ravel(c.value(term)), np.ravel(c.env[array])]).astype("f8")
        once = not extra and not any(s.term for s in subs)
        if not (named.is_tame(factors) if once else named.suits("prod", factors, None)):
            assign = "max="
    outside = any(s.term and not accesses.in_range(c.value(s.term), s.size) for s in subs)
    drops = any(s.term for s in subs) and (outside or c.choices.chance(6))
    if drops:
        c.features.add("drop")
    c.features.add(assign + (" with computed subscripts" if any(s.term for s in subs) else ""))
    if array in term.text or any(array in s.text for s in subs):
        c.features.add("reads its target")
    c.text.append(f"{f'drop({array})' if drops else array}[{', '.join(s.text for s in subs)}] {assign} {term.text}")
    perform(c, array, dtype, subs, assign, term, used)


def perform(c, array, dtype, subs, assign, term, used):
    """The write in NumPy: over one axis of all iterations, in the order of the indices `used`."""
    flat = lambda code, cast="": c.let(f"np.array({laid_out(c, c.let(code), used)}){cast}.reshape(-1)")
    axes = [flat(accesses.span(c, s.index) if s.index else s.term.name if s.term else s.text) for s in subs]
    values = flat(term.name, f".astype('{NUMPY[dtype]}')")
    inside = " & ".join(f"({axis} >= 0) & ({axis} < {s.size})" for axis, s in zip(axes, subs) if s.term) or None
    if inside:
        keep = c.let(inside)
        axes = [c.let(f"{axis}[{keep}].astype('i8')") for axis in axes]
        values = c.let(f"{values}[{keep}]")
    at = f"({', '.join(axes)},)"
    error, signless = None, assign not in ("=",)
    widen(c, array, dtype)
    if assign == "=":
        c.do(f"{array}[{at}] = {values}")
    elif kind(dtype) == 2 and assign in ("+=", "-=", "*="):
        error = float_update(c, array, dtype, at, assign, values)
    else:
        c.do(f"{AT[assign]}.at({array}, {at}, {values})")
    finish_write(c, array, dtype, error, signless or term.signless)


def widen(c, array, dtype):
    """An array of 16 bits as what it is computed in."""
    if dtype == "f16":
        c.features.add("f16 target")
        c.do(f"{array} = {array}.astype('f4')")


def finish_write(c, array, dtype, error, signless):
    c.output(array, array, error, signless, dtype)
    if dtype == "f16":
        c.do(f"{array} = {array}.astype('f2')")


def float_update(c, array, dtype, at, assign, values):
    """The update in f64, and its error bound; None if every order gives the same bits."""
    old, new = c.env[array], c.env[values]
    wide = c.let(f"{array}.astype('f8')")
    total = c.let(f"np.abs({array}.astype('f8'))")
    steps = (new.size + 10) * UNIT[dtype]
    if assign == "*=":
        c.do(f"{AT[assign]}.at({wide}, {at}, {values})")
        c.do(f"{array} = {wide}.astype('{NUMPY[dtype]}')")
        return 2 * steps * np.abs(c.env[wide]) + 1e-300
    c.do(f"{AT[assign]}.at({wide}, {at}, {values})")
    c.do(f"np.add.at({total}, {at}, np.abs({values}))")
    c.do(f"{array} = {wide}.astype('{NUMPY[dtype]}')")
    both = np.concatenate([old.ravel(), new.ravel()]).astype("f8")
    digits = 53 if dtype == "f64" else 24
    if np.isfinite(both).all() and any((both * 2.0**k == np.rint(both * 2.0**k)).all()
                                       and (c.env[total] * 2.0**k < 2.0**digits).all() for k in range(11)):
        return None
    return steps * c.env[total]


def positional_write(c):
    """t[1:3, at] = e, t[mask] += e, t += e."""
    kinds = c.choices.pick("fib")
    shape, items = positional.soup(c, masks=True)
    x = positional.target(c, kinds, shape)
    assign = c.choices.pick(["="] + (["|=", "&="] if kinds == "b" else ["+=", "-=", "max=", "min="]))
    code = ", ".join("None" if i == "newaxis" else i if isinstance(i, str) else i.name for i in items)
    text = ", ".join(i if isinstance(i, str) else i.text for i in items)
    form = c.choices.below(4)
    if form == 3:  # a mask of the whole tensor
        mask = ops.binary(c, ">", x, accesses.literal(c, x)) if kinds != "b" else positional.tensor(c, "b", shape)
        text, code, items = mask.text, mask.name, [mask]
    masks = [i for i in items if isinstance(i, Term) and i.dtype == "b1"]
    plain_code = code
    for mask in masks:  # the shape before masks choose
        plain_code = plain_code.replace(mask.name, ", ".join([":"] * c.value(mask).ndim))
    inner = np.asarray(eval(f"{x.name}[{plain_code}]", c.env)).shape
    whole_value = not masks and len(inner) > 0 and c.choices.chance(2)
    value = positional.of_shape(c, inner, kinds) if whole_value else accesses.literal(c, x, positive=True)
    if not same_kind(value.type, x.dtype):
        value = ops.cast(c, x.dtype, value)
    c.features.update({assign, "mask"} if masks else {assign})
    if any(isinstance(i, Term) and i.dtype != "b1" for i in items):
        c.features.add("integer array")
    c.text.append(f"{x.text}[{text}] {assign} {value.text}")
    values = c.let(f"np.array({ops.raw(value, x.dtype)})")  # it may be a part of the target
    error = None
    widen(c, x.name, x.dtype)
    if assign == "=":
        c.do(f"{x.name}[{code}] = {values}")
    elif kind(x.dtype) == 2 and assign in ("+=", "-="):
        at = f"np.s_[{code}]"
        error = float_update(c, x.name, x.dtype, at, assign, values)
    else:
        c.do(f"{AT[assign]}.at({x.name}, np.s_[{code}], {values})")
    finish_write(c, x.name, x.dtype, error, assign != "=" or value.signless)


def whole_update(c):
    """t += e."""
    kinds = c.choices.pick("fi")
    shape = tuple(c.choices.pick([3, 2, 4, 1, 5, 17]) for _ in range(c.choices.between(1, 3)))
    x = positional.target(c, kinds, shape)
    value = positional.of_shape(c, shape, kinds)
    if not same_kind(value.type, x.dtype):
        value = ops.cast(c, x.dtype, value)
    assign = c.choices.pick(["+=", "-=", "*=", "max=", "min="])
    c.features.update({"whole update", assign})
    c.text.append(f"{x.text} {assign} {value.text}")
    widen(c, x.name, x.dtype)
    c.do(f"{x.name} = {AT[assign]}({x.name}, {ops.raw(value, x.dtype)})")
    finish_write(c, x.name, x.dtype, None, True)


def chosen(c):
    open_frame(c, most=2)
    positions.statement(c, c.frame)


def program(c):
    """One statement of the case."""
    form = c.choices.pick([new_tensor, whole_arrays, new_tensor, write, whole_arrays, positional_write, new_tensor,
                           write, several, whole_update])
    if c.choices.chance(10):
        form = c.choices.pick([ranges.window, ranges.recurrence, ranges.write_range, chosen])
    c.budget = c.choices.pick([4, 8, 12, 20])
    form(c)
