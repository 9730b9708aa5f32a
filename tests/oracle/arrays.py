"""dtypes of both languages, the promotion of Ricci's, and random arrays."""
import numpy as np

# What is computed with; see FILE.
NUMPY = {"b1": "?", "i8": "i1", "i16": "i2", "i32": "i4", "i64": "i8", "u8": "u1", "u16": "u2", "u32": "u4",
         "u64": "u8", "f16": "f4", "f32": "f4", "f64": "f8"}
FILE = {**NUMPY, "f16": "f2"}  # f16 is stored in 16 bits, and rounded to them there alone
SIGNED, UNSIGNED, FLOATS = ["i64", "i32", "i16", "i8"], ["u8", "u16", "u32", "u64"], ["f32", "f64"]
INTEGERS = SIGNED + UNSIGNED
READ_FLOATS = FLOATS + ["f32", "f64", "f16"]
UNIT = {"f16": 2.0**-24, "f32": 2.0**-24, "f64": 2.0**-53}  # of rounding
RICCI = {np.dtype(code): name for name, code in FILE.items()}


def size(dtype):
    return np.dtype(NUMPY[dtype]).itemsize


def kind(dtype):
    """0 bool, 1 integer, 2 float."""
    return 0 if dtype == "b1" else 2 if dtype in UNIT else 1


def promote(a, b):
    """The array API's common dtype, and the float of an integer with a float; None for u64 with a signed integer."""
    if a == b:
        return a
    if kind(a) != kind(b):
        return a if kind(a) > kind(b) else b
    if kind(a) == 2:
        return max(a, b)  # by name
    if (a in SIGNED) == (b in SIGNED):
        return a if size(a) > size(b) else b
    s, u = (a, b) if a in SIGNED else (b, a)
    wider = {1: "i16", 2: "i32", 4: "i64"}
    return None if u == "u64" else s if size(s) > size(u) else wider[size(u)]


def common(a, b):
    """(dtype, weak) of two (dtype, weak): a weak number adopts the other's dtype where its kind allows."""
    if a[1] == b[1]:
        return promote(a[0], b[0]), a[1]
    weak, strong = (a, b) if a[1] else (b, a)
    return (strong[0] if kind(weak[0]) <= kind(strong[0]) else weak[0]), False


def same_kind(value, to):
    """Whether elements of dtype `to` may be assigned a (dtype, weak)."""
    if kind(value[0]) > kind(to):
        return False
    return value[1] or not (value[0] in SIGNED and to in UNSIGNED)


def random_array(seed, dtype, shape, style):
    """Style 0: small whole numbers; 1: 40 % of other numbers; 2: 25 % of others and 15 % of special ones."""
    rng = np.random.default_rng(seed)
    whole = rng.integers(-8, 9, shape)
    chosen = rng.random(shape)
    if dtype == "b1":
        return np.asarray(whole > 0)
    code = FILE[dtype]
    if kind(dtype) == 1:
        whole = abs(whole) if dtype in UNSIGNED else whole
        limits = np.iinfo(code)
        wide = rng.integers(limits.min // 2, limits.max // 2, shape, endpoint=True).astype(code)
        extreme = rng.choice(np.array([limits.min, limits.max, limits.max - 1], code), shape)
        result = whole.astype(code)
        others, special = wide, extreme
    else:
        result = whole.astype(code)
        others = (rng.standard_normal(shape) * 10.0 ** rng.integers(-3, 4, shape)).astype(code)
        tiny = np.finfo(code).smallest_subnormal * 3
        special = rng.choice(np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, tiny], code), shape)
    if style == 1:
        result = np.where(chosen < 0.4, others, result)
    elif style == 2:
        result = np.where(chosen < 0.25, others, np.where(chosen < 0.4, special, result))
    return np.asarray(result, code)


def as_text(array, order):
    """NumPy text that makes the array."""
    flat = repr(array.ravel().tolist())
    text = f"np.array({flat}, '{array.dtype.str[1:]}').reshape({array.shape})"
    return f"np.asfortranarray({text})" if order == "F" else text
