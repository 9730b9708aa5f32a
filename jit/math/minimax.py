#!/usr/bin/env python3
"""Prints the coefficients of the polynomials in this folder, as f32 or f64 numbers, and the error that they leave.

A polynomial p of a given degree replaces f on an interval so that the largest |weight * (p - f)| is least: least squares
with weights that are multiplied by the errors until these are level (Lawson's iteration). The coefficients are rounded
one after another, lowest first, each time with the others fitted again. Needs NumPy, with a long double of 64 bits.
"""
from decimal import Decimal, getcontext
from fractions import Fraction
from math import comb, factorial

import numpy as np

getcontext().prec = 70  # for numbers of which more digits are needed than a long double has
wide = np.longdouble


def fit(f, weight, powers, x):
    scale = wide(np.abs(x).max())
    exact = np.array([(x / scale) ** p for p in powers]).T
    matrix, w = exact.astype(float), weight.astype(float)
    levels = np.full(len(x), 1 / len(x))
    best, least = None, np.inf
    for _ in range(400):
        r = np.sqrt(levels) * w
        c = np.zeros(len(powers), wide)
        for _ in range(2):  # the second time for the digits that the first has not
            c = c + np.linalg.lstsq(matrix * r[:, None], (f - exact @ c).astype(float) * r, rcond=None)[0]
        error = np.abs(w * (exact @ c - f)).astype(float)
        if error.max() < least:
            best, least = c, error.max()
        levels *= np.maximum(error, 1e-6 * error.max())
        levels /= levels.sum()
    return [c / scale**p for c, p in zip(best, powers)]


def polynomial(name, f, weight, degree, low, high, stress=None, number=np.float32):
    """The weight makes the error relative to the function; `stress` says where it matters more."""
    n = 2000
    x = (wide(low) + high) / 2 - (wide(high) - low) / 2 * np.cos(np.pi * (np.arange(n, dtype=wide) + 0.5) / n)
    rest, w = f(x), weight(x)
    stressed = w * stress(x) if stress else w
    coefficients = []
    for k in range(degree + 1):
        c = number(fit(rest, stressed, range(k, degree + 1), x)[0])
        rest = rest - wide(c) * x**k
        coefficients.append(c)
    print(f"{name}: error 2^{float(np.log2(np.abs(w * rest).max())):.1f}")
    for c in coefficients:
        print(f"  {c:.9g}f" if number is np.float32 else f"  {c:.17g}")


def parts(name, value, count, number=np.float32):
    """`value` as a sum of numbers."""
    for _ in range(count):
        c = number(value)
        value -= type(value)(c)
        print(f"{name}: {c:.9g}f" if number is np.float32 else f"{name}: {c:.17g}")


def product(name, high, low):
    """The two f32 numbers whose product is nearest to high + low."""
    a = np.arange(2**23, 2**24) / 2.0**23
    b = (high / a).astype(np.float32).astype(float)
    error = np.abs(a * b - high - low)  # a * b has 48 bits and is exact
    best = error.argmin()
    print(f"{name}: {a[best]:.9g}f * {b[best]:.9g}f, error 2^{np.log2(error[best]):.1f}")


def odd(f):
    """(f(x) / x - 1) / x^2 as a function of z = x^2, and the weight that makes its error that of f."""
    return lambda z: (f(np.sqrt(z)) / np.sqrt(z) - 1) / z, lambda z: z * np.sqrt(z) / f(np.sqrt(z))


def quotient(name, series, weight, degree, degree_below, high):
    """p / d for f of this series, where d is 1 at 0: first both as in fit, from p - f * d over the last d, then p alone."""
    n = 2000
    z = wide(high) / 2 * (1 - np.cos(np.pi * (np.arange(n, dtype=wide) + 0.5) / n))
    near = [wide(float(c)) + wide(float(c - Fraction(float(c)))) for c in series]
    of = lambda coefficients, z: sum(wide(c) * z**k for k, c in enumerate(coefficients))
    f, w = of(near, z), weight(z)
    scale = wide(high)
    powers = np.array([(z / scale) ** k for k in range(max(degree, degree_below) + 1)])
    exact = np.concatenate([powers[: degree + 1], -f * powers[1 : degree_below + 1]]).T
    levels, c, best, least = np.full(n, 1 / n), np.zeros(degree + 1 + degree_below, wide), None, np.inf
    for _ in range(3000):
        below = 1 + sum(c[degree + k] * powers[k] for k in range(1, degree_below + 1))
        r = (np.sqrt(levels) * w / below).astype(float)
        for _ in range(3):
            c = c + np.linalg.lstsq(exact.astype(float) * r[:, None], (f - exact @ c).astype(float) * r, rcond=None)[0]
        below = 1 + sum(c[degree + k] * powers[k] for k in range(1, degree_below + 1))
        error = np.abs(w * (exact @ c - f) / below).astype(float)
        if error.max() < least:
            best, least = c, error.max()
        levels *= np.maximum(error, 1e-6 * error.max())
        levels /= levels.sum()
    below = [1.0] + [float(best[degree + k] / scale**k) for k in range(1, degree_below + 1)]
    print(f"{name}, below:", *(f"{c:.17g}" for c in below))
    polynomial(f"{name}, above", lambda z: of(near, z) * of(below, z), lambda z: weight(z) / of(below, z), degree,
               tiny**2, high, number=float)


def table_of_logarithms(first):
    """For each 16th of the f32 numbers m from those bits to twice as much, and the f64 numbers between the same bounds:
    the c of few bits for which |m * c - 1| is least and m * c - 1 exact."""
    number = lambda bits: float(np.uint32(bits).view(np.float32))
    table, most = [], 0
    for start in range(first, first + 2**23, 2**19):
        low, high = number(start), number(start + 2**19 - 1)
        fits = [(0, 1.0)] if low <= 1 <= high else []
        for bits in range(8):
            for c in (k / 2**bits for k in range(int(2**bits / high), int(2**bits / low) + 2)):
                far = max(abs(low * c - 1), abs(high * c - 1))
                # m, and so m * c - 1, is a multiple of a power of two; it is exact if it has no more than 24 bits.
                if far < 2.0 ** (24 - bits - (24 if high < 1 else 23)):
                    fits.append((far, c))
        c = min(fits)[1]
        most = max(most, abs(low * c - 1), abs(high * c - 1))
        table.append(c)
    print("table: " + ", ".join(f"{c:g}" for c in table) + f"\n  |f| < {most:.4f}")
    return table


def base(name, log_of_base, table, bits, number):
    """1 / log(base) in two numbers, log(2) / log(base) too, and -log(c) / log(base); the first parts of the latter have so
    many bits after the point."""
    show = lambda *numbers: print("  " + ", ".join(f"{x:.9g}f" if number is np.float32 else f"{x:.17g}" for x in numbers))
    rest = lambda value, part: number(float(value - Decimal(float(part))))
    cut = lambda value: number(float(round(value * 2**bits) * Decimal(2) ** -bits))
    print(name)
    factor, two, logs = 1 / log_of_base, Decimal(2).ln() / log_of_base, [-Decimal(c).ln() / log_of_base for c in table]
    show(number(float(factor)), rest(factor, number(float(factor))), cut(two), rest(two, cut(two)))
    show(*[cut(log) for log in logs])
    show(*[rest(log, cut(log)) for log in logs])


def table_of_cube_roots(limit):
    """For each 32nd from 1 to 2 a number of 17 bits and c, the f32 number nearest to its cube's inverse: of those for which
    |m * c - 1| is not too large the pair that is nearest to being exact. 2^(k / 3) in a part of seven bits and what is
    missing, and a third of it."""
    rows = []
    for start in (1 + Fraction(k, 32) for k in range(32)):
        low, high = float(start), float(start + Fraction(1, 32))
        near = round(((low + high) / 2) ** (1 / 3) * 2**16)
        pairs = [(root, np.float32(root**-3.0)) for root in (k / 2**16 for k in range(near - 500, near + 501))]
        wrong = lambda root, c: abs(float(Fraction(float(c)) * Fraction(root) ** 3 - 1))
        fits = [(wrong(*pair), *pair) for pair in pairs if max(1 - low * pair[1], high * pair[1] - 1) < limit]
        rows.append(min(fits))
    print("cbrt, c: " + ", ".join(f"{c:.9g}f" for _, _, c in rows))
    print("cbrt, roots: " + ", ".join(f"{root:.9g}f" for _, root, _ in rows))
    print(f"cbrt, least exact: 2^{np.log2(max(row[0] for row in rows)):.1f}")
    for power in [Decimal(2) ** (Decimal(k) / 3) for k in range(3)]:
        first = Decimal(round(power * 64)) / 64
        print("cbrt, power: " + ", ".join(f"{np.float32(float(x)):.9g}f" for x in (first, power - first, power / 3)))


def table_of_tanh():
    """For [0, 1/8) and two intervals of each power of two from there to 12 the columns of the table: c near the middle for
    which tanh(c) is nearest to an f32 number, that, and the coefficients of degrees 1 to 6 of tanh(c + d) in d."""
    single, edges = np.float32, [wide(0)] + [m * wide(2) ** e for e in range(-3, 4) for m in (1, wide(1.5))]
    for low, high in zip(edges, edges[1:]):
        high = min(high, wide(9.6))
        middle = single((low + high) / 2)
        near = [single(middle + k * np.spacing(middle)) for k in range(-3000, 3001)] if low else [single(0)]
        far = lambda c: np.abs(np.tanh(wide(c)) - wide(single(np.tanh(wide(c))))) / np.spacing(single(np.tanh(wide(c))))
        c = min(near, key=far)
        x = (low + high) / 2 - (high - low) / 2 * np.cos(np.pi * (np.arange(600, dtype=wide) + 0.5) / 600)
        x = x[(np.abs(x - wide(c)) > 1e-7) & (x > 1e-6)]
        d, start = x - wide(c), single(np.tanh(wide(c)))
        rest, weight, coefficients = (np.tanh(x) - wide(start)) / d, np.abs(d / np.tanh(x)), []
        for k in range(6):
            fixed = single(1 - k) if not low and k < 2 else None
            coefficients.append(single(fit(rest, weight, range(k, 6), d)[0]) if fixed is None else fixed)
            rest = rest - wide(coefficients[-1]) * d**k
        error = float(np.log2(np.abs(weight * rest).max()))
        print(f"tanh {float(low)}: " + ", ".join(f"{v:.9g}f" for v in [c, start, *coefficients]) + f", error 2^{error:.1f}")


def table_of_arc_tangents():
    """For [0, 1/8), two intervals of each power of two from there to 16, and the numbers beyond: the tangent of the angle
    in the middle, of few bits, and that angle in two parts."""
    def angle(x):
        for _ in range(5):
            x = x / (1 + (1 + x * x).sqrt())
        return 32 * sum(Decimal(-1) ** k * x ** (2 * k + 1) / (2 * k + 1) for k in range(40))

    edges = [m * 2.0**e for e in range(-3, 4) for m in (1, 1.5)] + [16.0]
    for low, high in zip(edges, edges[1:]):
        c = float(np.float16(np.tan((np.arctan(low) + np.arctan(high)) / 2)))
        of_c = angle(Decimal(c))
        print(f"arc tangent {low}: {c:.17g}, {float(of_c):.17g}, {float(of_c - Decimal(float(of_c))):.17g}")


def stress_of_sine(z):
    """Where r is just above and sin(r) below a power of two, rounding r costs a whole ulp: below 1/4, and at 1/2."""
    return np.where(z < 0.066, 32, np.where((z > 0.247) & (z < 0.2755), 2, 1))


half_pi, ln2 = 2 * np.arctan(wide(1)), np.log(wide(2))
half = ln2 / 2 * (1 + wide(2) ** -16)  # a reduced argument may be a little beyond the half of the period
quarter = half_pi / 2 * (1 + wide(2) ** -12)
third, tiny = 1 / wide(3), wide(2) ** -20
polynomial("exp", lambda x: (np.expm1(x) - x) / x**2, lambda x: x**2 / np.exp(x), 4, -half, half)
polynomial("log", lambda x: (np.log1p(x) - x + x**2 / 2) / x**3, lambda x: np.abs(x**3 / np.log1p(x)), 7, -third, third)
polynomial("sin", *odd(np.sin), 2, tiny, quarter**2, stress_of_sine)
polynomial("cos", lambda z: (np.cos(np.sqrt(z)) - 1 + z / 2) / z**2, lambda z: z**2 / np.cos(np.sqrt(z)), 2, tiny, quarter**2)
polynomial("atan", *odd(np.arctan), 8, tiny, wide(1))
double = {"number": np.float64}
polynomial("f64 exp", lambda x: (np.expm1(x) - x) / x**2, lambda x: x**2 / np.exp(x), 9, -half, half, **double)
quarter64, eighth, log2e = half_pi / 2 * (1 + wide(2) ** -30), np.sqrt(wide(2)) - 1, 1 / ln2
series = lambda z, terms: sum(z**k * term for k, term in enumerate(terms))
sin_rest = [wide(-1) ** (k + 1) / wide(factorial(2 * k + 3)) for k in range(14)]  # (sin x / x - 1) / z as a series of z = x^2
cos_rest = [wide(-1) ** (k + 1) / wide(factorial(2 * k + 2)) for k in range(14)]  # (cos x - 1) / z
tanh_rest = [1 / wide(factorial(2 * k + 3)) - 1 / wide(factorial(2 * k + 2)) for k in range(14)]  # times cosh x
atan_rest = [wide(-1) ** (k + 1) / (2 * k + 3) for k in range(40)]
relative_tanh = lambda z: z * np.sqrt(z) / np.tanh(np.sqrt(z))
polynomial("f64 sin", lambda z: series(z, sin_rest), lambda z: z, 5, tiny**2, quarter64**2, **double)
polynomial("f64 cos", lambda z: series(z, cos_rest), lambda z: z / np.cos(np.sqrt(z)), 6, tiny**2, quarter64**2, **double)
polynomial("f64 tanh", lambda z: series(z, tanh_rest) / np.cosh(np.sqrt(z)), relative_tanh, 11, tiny**2, wide(0.625) ** 2, **double)
polynomial("f64 atan2", lambda z: series(z, atan_rest), lambda z: z, 11, tiny**2, eighth**2, **double)
polynomial("f64 atan", lambda z: series(z, atan_rest), lambda z: z, 5, tiny**2, wide(1) / 64, **double)
table_of_arc_tangents()
to_the_end = lambda z: 1 + 3 * (z / quarter**2) ** 2  # there other errors are larger, so that this one must be less
polynomial("tan", *odd(np.tan), 5, tiny, quarter**2, to_the_end)
tan_terms = [Fraction(1)]  # tan x = x + x^3 / 3 + ..., of which the derivative is 1 + tan^2 x
for k in range(1, 44):
    tan_terms.append(sum(tan_terms[i] * tan_terms[k - 1 - i] for i in range(k)) / (2 * k + 1))
relative_tan = lambda z: z * np.sqrt(z) / np.tan(np.sqrt(z)) * (1 + 8 * (z / quarter**2) ** 3)
quotient("f64 tan", tan_terms[1:], relative_tan, 2, 3, quarter64**2)
asin_rest = [wide(comb(2 * k, k)) / wide(4**k) / (2 * k + 1) for k in range(1, 120)]
atanh_rest = [1 / wide(2 * k + 3) for k in range(60)]
relative_asin = lambda z: z * np.sqrt(z) / np.arcsin(np.sqrt(z))
relative_atanh = lambda z: z * np.sqrt(z) / np.arctanh(np.sqrt(z))
most_s = wide(0.2007)  # of atanh: what a power of two that differs from the nearest by less than 2^0.087 leaves
polynomial("asin", lambda z: series(z, asin_rest), relative_asin, 4, tiny, wide(0.25))
polynomial("f64 asin", lambda z: series(z, asin_rest), relative_asin, 12, tiny**2, wide(0.25), **double)
polynomial("atanh", lambda z: series(z, atanh_rest), relative_atanh, 2, tiny, most_s**2)
polynomial("f64 atanh", lambda z: series(z, atanh_rest), relative_atanh, 7, tiny**2, most_s**2, **double)
inverses = table_of_logarithms(0x3F340000)
for name, log_of_base, single, wider in (("e", Decimal(1), 15, 41), ("2", Decimal(2).ln(), 17, 41), ("10", Decimal(10).ln(), 17, 42)):
    base(f"base {name}", log_of_base, inverses, single, np.float32)
    base(f"f64 base {name}", log_of_base, inverses, wider, np.float64)
most_f = wide(0.0343)
log_rest = lambda first: lambda f: series(f, [wide(-1) ** (k + 1) / k for k in range(first, first + 40)])  # / f^first
polynomial("log of parts", log_rest(2), lambda f: f, 3, -most_f, most_f)
polynomial("f64 log of parts", log_rest(2), lambda f: f, 8, -most_f, most_f, **double)
polynomial("f64 pow: log, from f^4 on", log_rest(4), lambda f: f**3, 8, -most_f, most_f, **double)
parts("f64 1 / 3", Decimal(1) / 3, 2, float)
table_of_tanh()
most_r = ln2 / 32 * (1 + wide(2) ** -20)
exp_rest = lambda first: lambda r: series(r, [1 / wide(factorial(k)) for k in range(first, 25)])  # / r^first
polynomial("f64 exp in sixteenths", exp_rest(2), lambda r: r**2, 5, -most_r, most_r, **double)
polynomial("f64 exp2 in sixteenths", lambda r: ln2 * exp_rest(1)(r * ln2), lambda r: r, 5, -most_r / ln2, most_r / ln2, **double)
for power in [(Decimal(k) / 16 * Decimal(2).ln()).exp() for k in range(16)]:
    print(f"sixteenth: {float(power):.17g}, missing {float(power / Decimal(float(power)) - 1):.17g}")
table_of_cube_roots(1 / 60)
cbrt_rest = lambda r: (3 * np.expm1(np.log1p(r) * third) - r) / r**2
polynomial("cbrt", cbrt_rest, lambda r: r**2, 2, -wide(2) ** -6, wide(2) ** -6)
start = wide(0.1029)  # of 1 - x * y^3 for the y from the bits of x
polynomial("f64 cbrt: inverse", lambda e: (1 - e) ** -third, lambda e: (1 - e) ** third, 3, -start, start, **double)
log2_rest = [log2e * wide(-1) ** k / (k + 3) for k in range(30)]  # (log2(1 + f) / f - its first two terms) / f^2
polynomial("pow: log2", lambda x: series(x, log2_rest), lambda x: x**2 / log2e, 3, -wide(0.0343), wide(0.0343))
polynomial("pow: 2^x", lambda x: np.expm1(x * ln2) / x, lambda x: x * np.exp(-x * ln2), 5, -wide(0.501), wide(0.501))
parts("ln 2", ln2, 2)
parts("f64 ln 2", Decimal(2).ln(), 2, float)
parts("f64 log2(e)", 1 / Decimal(2).ln(), 1, float)
parts("pi / 2", half_pi, 3)
sixteen = sum(Decimal((-1) ** k * 16) / ((2 * k + 1) * 5 ** (2 * k + 1)) for k in range(60))
pi = sixteen - sum(Decimal((-1) ** k * 4) / ((2 * k + 1) * 239 ** (2 * k + 1)) for k in range(60))  # Machin's formula
first = Decimal(float(pi / 2))
second = round((pi / 2 - first) * 2**84) * Decimal(2) ** -84  # 31 bits
print(f"f64 pi / 2: {float(first):.17g} {float(second):.17g} {float(pi / 2 - first - second):.17g}")
below = np.nextafter(np.float32(half_pi), np.float32(0))  # so that the second part is positive, too
second = np.float32(float(pi / 2 - Decimal(float(below))))
third = np.float32(float(pi / 2 - Decimal(float(below)) - Decimal(float(second))))
print(f"tan, pi / 2: {below:.9g}f {second:.9g}f {third:.9g}f")
parts("log2(e)", 1 / ln2, 2)
parts("2 / pi", 1 / half_pi, 1)
product("pi / 2", 1.5707963267948966, 6.123233995736766e-17)
