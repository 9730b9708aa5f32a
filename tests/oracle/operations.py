"""Scalar operations and reductions on terms: their text, their NumPy, their dtype and how exact they are."""
import dataclasses

import numpy as np

from .arrays import NUMPY, UNIT, UNSIGNED, common, kind
from .case import HALF_STEP, HALF_TINY, Term

ARITHMETIC = {"+": "np.add", "-": "np.subtract", "*": "np.multiply"}
WHOLE = {"//": "np.floor_divide", "%": "np.remainder"}
COMPARE = {"==": "np.equal", "!=": "np.not_equal", "<": "np.less", "<=": "np.less_equal", ">": "np.greater",
           ">=": "np.greater_equal"}
BITS = {"&": "np.bitwise_and", "|": "np.bitwise_or", "^": "np.bitwise_xor"}
BOUNDS = {"minimum": "np.minimum", "maximum": "np.maximum"}
ROUNDING = {"floor": "np.floor", "ceil": "np.ceil", "trunc": "np.trunc", "round": "np.rint", "sqrt": "np.sqrt"}
TRANSCENDENTAL = {"exp": "np.exp", "log": "np.log", "sin": "np.sin", "cos": "np.cos", "tanh": "np.tanh",
                  "atan": "np.arctan", "tan": "np.tan", "exp2": "np.exp2", "expm1": "np.expm1", "log2": "np.log2",
                  "log10": "np.log10", "log1p": "np.log1p", "asin": "np.arcsin", "acos": "np.arccos", "sinh": "np.sinh",
                  "cosh": "np.cosh", "asinh": "np.arcsinh", "acosh": "np.arccosh", "atanh": "np.arctanh", "cbrt": "np.cbrt"}
PAIRS = {"pow": "np.power", "hypot": "np.hypot", "atan2": "np.arctan2"}
KINDS = {"isnan": "np.isnan", "isinf": "np.isinf", "isfinite": "np.isfinite"}


def floating(dtype):
    return dtype if kind(dtype) == 2 else "f64"


def merged(*terms):
    """(free, sized) of an expression of these."""
    free = tuple(dict.fromkeys(name for t in terms for name in t.free))
    return free, frozenset().union(*(t.sized for t in terms))


def raw(term, dtype):
    """NumPy text of the term's value as `dtype`."""
    return term.name if term.dtype == dtype and not term.weak else f"{term.name}.astype('{NUMPY[dtype]}')"


def number(c, text, dtype):
    """A number of the program text."""
    value = {"b1": f"np.bool_({text.capitalize()})", "i64": f"np.int64({text})", "f64": f"np.float64({text})"}[dtype]
    return Term(text, c.let(value), dtype, weak=True)


def magnitude(term):
    return f"np.abs({term.name}.astype('f8'))"


def bound(*terms):
    """NumPy text of the sum of the error bounds."""
    return " + ".join(t.error for t in terms if t.error) or None


def made(c, text, code, dtype, terms, weak=False, error=None, signless=None):
    free, sized = merged(*terms)
    name = c.let(code)
    if error:
        error = c.let(f"{error} + {2 * UNIT.get(dtype, 0)!r} * np.abs({name}.astype('f8'))")
    signless = any(t.signless for t in terms) if signless is None else signless
    return Term(text, name, dtype, weak, free, sized, error, signless)


def binary(c, op, a, b):
    """a op b. For / the divisor, and for the rest but + - * both sides, must be exact."""
    dtype, weak = common(a.type, b.type)
    text = f"{op}({a.text}, {b.text})" if op in BOUNDS or op in PAIRS else f"({a.text} {op} {b.text})"
    c.features.add(op)
    if a.weak != b.weak:
        c.features.add("weak number")
    elif a.dtype != b.dtype:
        c.features.add("promotion")
    error = None
    if op == "*" and "b1" in (a.dtype, b.dtype):
        return selection(c, text, a, b, dtype, weak)
    if op == "/" or op in PAIRS:
        dtype = floating(dtype)
    left, right = raw(a, dtype), raw(b, dtype)
    if op in COMPARE:
        return made(c, text, f"{COMPARE[op]}({left}, {right})", "b1", (a, b), signless=False)
    if op in PAIRS:
        code = f"{PAIRS[op]}({raw(a, 'f64')}, {raw(b, 'f64')}).astype('{NUMPY[dtype]}')"
        return transcendental(c, text, code, dtype, (a, b))
    if op == "*" and (a.error or b.error):
        error = " + ".join(f"{x.error} * ({magnitude(y)} + {y.error or 0})" for x, y in ((a, b), (b, a)) if x.error)
    elif op == "/" and a.error:
        error = f"{a.error} / {magnitude(b)}"
    else:
        error = bound(a, b)
    function = {**ARITHMETIC, **WHOLE, **BITS, **BOUNDS, "/": "np.divide", "<<": "np.left_shift",
                ">>": "np.right_shift"}[op]
    code = f"{function}({left}, {right})"
    choosers = [t.selects for t in (a, b)[:{"*": 2, "/": 1}.get(op, 0)] if t.selects]
    signless = a.signless or b.signless or op in BOUNDS
    if choosers:
        return selected(c, text, code, dtype, (a, b), weak, error, signless, choosers)
    return made(c, text, code, dtype, (a, b), weak, error, signless)


def selection(c, text, a, b, dtype, weak):
    """b1 * x: x where it is true, otherwise 0."""
    c.features.add("b1 * x")
    if a.dtype == b.dtype:
        return made(c, text, f"np.logical_and({a.name}, {b.name})", "b1", (a, b), weak)
    chooser, value = (a, b) if a.dtype == "b1" else (b, a)
    choosers = [chooser.name] + [value.selects] * bool(value.selects)
    return selected(c, text, raw(value, dtype), dtype, (a, b), weak, value.error, None, choosers)


def selected(c, text, code, dtype, terms, weak, error, signless, choosers):
    """A product, or a quotient, with b1 factors: 0 where not all of them hold, whatever the other factors are there."""
    chooser = c.let(" & ".join(choosers))
    if not any(t.dtype == "b1" for t in terms):
        c.features.add("b1 * x with another factor")
    error = f"np.where({chooser}, {error}, 0.0)" if error else None
    code = f"np.where({chooser}, {code}, np.zeros((), '{NUMPY[dtype]}'))"
    return dataclasses.replace(made(c, text, code, dtype, terms, weak, error, signless), selects=chooser)


def where(c, condition, a, b):
    dtype, weak = common(a.type, b.type)
    c.features.add("where")
    error = f"np.where({condition.name}, {a.error or 0.0}, {b.error or 0.0})" if a.error or b.error else None
    return made(c, f"where({condition.text}, {a.text}, {b.text})",
                f"np.where({raw(condition, 'b1')}, {raw(a, dtype)}, {raw(b, dtype)})", dtype, (condition, a, b), weak,
                error)


def unary(c, op, a):
    """Functions of one argument; but for neg, abs and sq it must be exact."""
    c.features.add(op)
    if op == "neg":
        return made(c, f"(-{a.text})", f"np.negative({a.name})", a.dtype, (a,), error=bound(a))
    if op == "abs":
        return made(c, f"abs({a.text})", f"np.abs({a.name})", a.dtype, (a,), error=bound(a))
    if op == "sq":
        error = f"{a.error} * (2 * {magnitude(a)} + {a.error})" if a.error else None
        return made(c, f"sq({a.text})", f"{a.name} * {a.name}", a.dtype, (a,), error=error)
    if op == "sign":
        return made(c, f"sign({a.text})", f"np.sign({a.name})", a.dtype, (a,))
    if op in KINDS:
        return made(c, f"{op}({a.text})", f"{KINDS[op]}({raw(a, floating(a.dtype))})", "b1", (a,), signless=False)
    if op == "not":
        return made(c, f"(!{a.text})", f"np.invert({a.name})", a.dtype, (a,))
    dtype = floating(a.dtype)
    if op in ROUNDING:
        return made(c, f"{op}({a.text})", f"{ROUNDING[op]}({raw(a, dtype)})", dtype, (a,))
    code = f"{TRANSCENDENTAL[op]}({raw(a, 'f64')}).astype('{NUMPY[dtype]}')"
    return transcendental(c, f"{op}({a.text})", code, dtype, (a,))


def transcendental(c, text, code, dtype, terms):
    """1 ULP is promised; NumPy's own f64 may be as far away on the other side."""
    c.features.add("transcendental")
    tiny = float(np.finfo(NUMPY[dtype]).smallest_subnormal)
    free, sized = merged(*terms)
    name = c.let(code)
    error = c.let(f"{8 * UNIT[dtype]!r} * np.abs({name}.astype('f8')) + {tiny!r}")
    return Term(text, name, dtype, False, free, sized, error, True)


def cast(c, dtype, a):
    """Of a float to an integer only if the value is inside its range."""
    c.features.add("cast")
    value, code = c.value(a), f"{a.name}.astype('{NUMPY[dtype]}')"
    if kind(a.dtype) == 2 and kind(dtype) == 1:
        limits = np.iinfo(NUMPY[dtype])
        edge = float(min(limits.max, 2**62))
        a = binary(c, "minimum", a, number(c, repr(min(edge, 100.0)), "f64"))
        a = binary(c, "maximum", a, number(c, repr(-100.0 if limits.min < -100 else 0.0), "f64"))
        if np.isnan(value).any():
            a = where(c, binary(c, "==", a, a), a, number(c, "7", "i64"))
        code = f"{a.name}.astype('{NUMPY[dtype]}')"
    error = bound(a) if kind(dtype) == 2 else None
    if dtype == "f16":
        code = f"{a.name}.astype('f4').astype('f2').astype('f4')"
        error = f"{error} + {HALF_STEP!r} * {magnitude(a)} + {HALF_TINY!r}" if error else None
    return made(c, f"{dtype}({a.text})", code, dtype, (a,), error=error)


def subscript_of_float(c, a):
    """floor_index(a) and its siblings: they saturate, and NaN becomes the smallest i64."""
    name = c.choices.pick(["floor_index", "round_index", "trunc_index"])
    c.features.add(name)
    function = {"floor_index": "np.floor", "round_index": "np.rint", "trunc_index": "np.trunc"}[name]
    whole = c.let(f"{function}({a.name}.astype('f8'))")
    inside = f"np.nan_to_num(np.clip({whole}, -2.0**63, 2.0**63 - 1024)).astype('i8')"  # the next double is too large
    saturated = f"np.where({whole} >= 2.0**63, np.int64(2**63 - 1), {inside})"
    code = f"np.where(np.isnan({a.name}), np.int64(-2**63), {saturated})"
    return made(c, f"{name}({a.text})", code, "i64", (a,), signless=False)


# --- reductions ---------------------------------------------------------------------------------------------------

def is_dyadic(values, axes, digits):
    """Whether every order of summation gives the same: multiples of 2^-k whose magnitudes fit the digits."""
    if not np.isfinite(values).all():
        return False
    total = np.abs(values).sum(axes)
    return any((values * 2.0**k == np.rint(values * 2.0**k)).all() and (total * 2.0**k < 2.0**digits).all()
               for k in range(0, 11))


def reducers(kinds, exact):
    """Those with results of a kind: "b", "i" or "f"."""
    if kinds == "b":
        return ["any", "all"]
    if kinds == "i":
        return ["argmax", "sum", "argmin", "count", "max", "min", "prod"]
    if exact:
        return ["sum", "max", "min"]
    return ["sum", "max", "mean", "min", "prod", "var", "stddev", "norm", "logsumexp", "softmax"]


OF_TAME = ("mean", "var", "stddev", "norm", "logsumexp", "softmax", "prod", "cumprod")  # of values without inf and NaN


def needs_elements(reducer):
    return reducer in ("max", "min", "argmax", "argmin", "logsumexp", "softmax")


def reduced_dtype(reducer, dtype):
    if reducer in ("sum", "prod"):
        return dtype if kind(dtype) == 2 else "u64" if dtype in UNSIGNED else "i64"
    if reducer in ("max", "min"):
        return dtype
    if reducer in ("any", "all"):
        return "b1"
    return "i64" if reducer in ("argmax", "argmin", "count") else floating(dtype)


def reduce(c, reducer, body, axes, text, free, sized, keepdims=False):
    """`reducer` of an exact term over the NumPy axes (a tuple)."""
    c.features.add(reducer)
    dtype = reduced_dtype(reducer, body.dtype)
    code, v = NUMPY[dtype], body.name
    keep = ", keepdims=True" if keepdims else ""
    shape = c.value(body).shape
    n = int(np.prod([shape[a] for a in axes]))
    over = f"{axes}{keep}"
    error, signless = None, kind(dtype) == 2
    if reducer in ("argmax", "argmin"):
        if len(axes) > 1:  # row-major in the order of `axes`
            inner = tuple(range(len(shape) - len(axes), len(shape)))
            outer = tuple(n for a, n in enumerate(shape) if a - len(shape) not in axes and a not in axes)
            name = c.let(f"np.moveaxis({v}, {axes}, {inner}).reshape({outer + (n,)}).{reducer}(-1)")
            if keepdims:
                name = c.let(f"np.expand_dims({name}, {axes})")
        else:
            name = c.let(f"{v}.{reducer}({axes[0]}{keep})")
    elif reducer == "count":
        name = c.let(f"np.count_nonzero({v}, {over})")
    elif reducer in ("any", "all", "max", "min"):
        name = c.let(f"{v}.{reducer}({over})")
    elif kind(dtype) == 1:
        name = c.let(f"{v}.{reducer}({axes}, dtype='{code}'{keep})")
    else:
        name, error = float_reduction(c, reducer, f"{v}.astype('f8')", axes, keepdims, n, dtype)
    return Term(text, name, dtype, False, free, sized, error, signless)


def along(c, found, names, sizes):
    """The coordinate along one of the indices that an arg-reduction runs over."""
    c.features.add("along")
    which = c.choices.below(len(names))
    coordinate = c.let(f"np.unravel_index({found.name}, {tuple(sizes)})[{which}]")
    return dataclasses.replace(found, text=f"along({names[which]}, {found.text})", name=coordinate)


def order(c, name, body, axis, text, descending=False):
    """argsort or sort along one axis: stable, NaN as the largest."""
    c.features.update({name, "descending"} if descending else {name})
    n, v = c.value(body).shape[axis], body.name
    at = f"np.argsort({v}, {axis}, kind='stable')"
    if descending:  # equals by smallest index as well
        at = f"{n - 1} - np.flip(np.argsort(np.flip({v}, {axis}), {axis}, kind='stable'), {axis})"
    at = c.let(f"np.asarray({at})")
    if name.startswith("arg"):
        return Term(text, at, "i64", False, body.free, body.sized)
    return Term(text, c.let(f"np.take_along_axis({v}, {at}, {axis})"), body.dtype, False, body.free, body.sized, None,
                body.signless)


SCANS = {"cumsum": "np.cumsum", "cummax": "np.maximum.accumulate", "cumprod": "np.cumprod",
         "cummin": "np.minimum.accumulate"}


def scan(c, name, body, axis, text):
    """The running sum, product, maximum or minimum of an exact term along one axis."""
    c.features.add(name)
    dtype = reduced_dtype({"cumsum": "sum", "cumprod": "prod"}.get(name, "max"), body.dtype)
    code, error = NUMPY[dtype], None
    if name in ("cummax", "cummin"):
        variable = c.let(f"{SCANS[name]}({body.name}, {axis})")
    elif kind(dtype) == 1:
        variable = c.let(f"{SCANS[name]}({body.name}, {axis}, dtype='{code}')")
    else:
        wide = c.let(f"{body.name}.astype('f8')")
        variable = c.let(f"{SCANS[name]}({wide}, {axis}).astype('{code}')")
        steps = (c.value(body).shape[axis] + 10) * UNIT[dtype]
        if name == "cumprod":
            error = c.let(f"{2 * steps!r} * np.abs({variable}.astype('f8'))")
        elif not is_dyadic(c.env[wide], axis, 53 if dtype == "f64" else 24):
            error = c.let(f"{steps!r} * np.cumsum(np.abs({wide}), {axis})")
    return Term(text, variable, dtype, False, body.free, body.sized, error, kind(dtype) == 2)


def float_reduction(c, reducer, v, axes, keepdims, n, dtype):
    """(value, error bound or None) of the f64 argument `v` reduced in `dtype`."""
    u, code, keep = UNIT[dtype], NUMPY[dtype], ", keepdims=True" if keepdims else ""
    steps = (n + 10) * u
    w = c.let(v)
    values = c.env[w]
    if reducer == "sum":
        name = c.let(f"{w}.sum({axes}{keep}).astype('{code}')")
        exact = is_dyadic(values, axes, 53 if dtype == "f64" else 24)
        return name, None if exact else c.let(f"{steps!r} * np.abs({w}).sum({axes}{keep})")
    if reducer == "prod":
        name = c.let(f"{w}.prod({axes}{keep}).astype('{code}')")
        return name, c.let(f"{2 * steps!r} * np.abs({name}.astype('f8'))")
    if reducer == "mean":
        name = c.let(f"({w}.sum({axes}{keep}) / {float(n)}).astype('{code}')")
        return name, c.let(f"{steps!r} * np.abs({w}).sum({axes}{keep}) / {float(n)}")
    if reducer in ("var", "stddev", "norm"):
        squares = c.let(f"np.square({w}).sum({axes}{keep})" + ("" if reducer == "norm" else f" / {float(n)}"))
        exact = c.let(squares if reducer == "norm" else f"{w}.var({axes}{keep})")
        error = c.let(f"{4 * steps!r} * {squares}")
        if reducer == "var":
            return c.let(f"{exact}.astype('{code}')"), error
        root = c.let(f"np.sqrt({exact})")
        return c.let(f"{root}.astype('{code}')"), c.let(
            f"np.minimum(np.sqrt({error}), {error} / np.maximum({root}, 1e-300)) + {4 * u!r} * {root}")
    top = c.let(f"{w}.max({axes}, keepdims=True)")
    total = c.let(f"np.exp({w} - {top}).sum({axes}, keepdims=True)")
    if reducer == "softmax":
        name = c.let(f"(np.exp({w} - {top}) / {total}).astype('{code}')")
        tiny = float(np.finfo(code).smallest_subnormal)
        return name, c.let(f"({2 * steps!r} + {4 * u!r} * np.abs({w} - {top})) * {name}.astype('f8') + {4 * tiny!r}")
    squeeze = "" if keepdims else f".squeeze({axes})"
    name = c.let(f"(np.log({total}) + {top}){squeeze}.astype('{code}')")
    return name, c.let(f"{8 * steps!r} * (1 + np.abs({top}{squeeze}))")
