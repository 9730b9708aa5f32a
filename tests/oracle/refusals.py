"""Programs that NumPy rejects and that Ricci must refuse with one sentence."""
from . import accesses, positional


def program(c):
    c.features.add("refused")
    c.choices.pick([integer_outside, gather_outside, too_many, float_subscript, zero_step, unequal_extents,
                   mask_too_long, unequal_arrays, write_outside])(c)


def refuse(c, text, code, sentence):
    """NumPy must raise too."""
    c.text.append(text)
    c.code.append(code)
    c.refusal = sentence
    try:
        exec(code, c.env)
    except (IndexError, ValueError, TypeError):
        return
    raise AssertionError(f"NumPy accepts {code}")


def tensor(c):
    shape = tuple(c.choices.between(1, 4) for _ in range(c.choices.between(1, 3)))
    return positional.tensor(c, c.choices.pick("fib"), shape), shape


def full(c, shape, at, item):
    return ", ".join(item if k == at else c.choices.pick([":", "0"]) for k in range(len(shape)))


def integer_outside(c):
    x, shape = tensor(c)
    at = c.choices.below(len(shape))
    n = c.choices.pick([shape[at], -shape[at] - 1, shape[at] + 5])
    items = full(c, shape, at, str(n))
    refuse(c, f"{x.text}[{items}]", f"{x.name}[{items}]", f"subscript {n} is outside axis {at} of {x.text}")


def gather_outside(c):
    x, shape = tensor(c)
    at = c.choices.below(len(shape))
    name, _ = c.index_tensor([5], shape[at])
    array, order = c.inputs[name]
    where = c.choices.below(5)
    array[where] = shape[at] + c.choices.below(3)
    c.env[name] = array.copy()
    items = full(c, shape, at, name)
    refuse(c, f"{x.text}[{items}]", f"{x.name}[{items}]",
           rf"subscript {array[where]} is outside axis {at} of {x.text}.* \(extent {shape[at]}\)")


def too_many(c):
    x, shape = tensor(c)
    items = ", ".join(["0"] * (len(shape) + c.choices.between(1, 2)))
    refuse(c, f"{x.text}[{items}]", f"{x.name}[{items}]",
           "the number of subscripts must equal the rank of the tensor; an ellipsis stands for the others")


def float_subscript(c):
    x, shape = tensor(c)
    at = c.choices.below(len(shape))
    y = positional.tensor(c, "f", (2,))
    items = full(c, shape, at, y.text)
    refuse(c, f"{x.text}[{items}]", f"{x.name}[{items}]", r"a subscript must be an integer; write i64\(\.\.\.\)")


def zero_step(c):
    x, shape = tensor(c)
    items = full(c, shape, c.choices.below(len(shape)), "::0")
    refuse(c, f"{x.text}[{items}]", f"{x.name}[{items}]", "the step of a slice is 0")


def unequal_extents(c):
    x, shape = tensor(c)
    at = c.choices.below(len(shape))
    other = shape[:at] + (shape[at] + 2 if shape[at] > 1 else 3,) + shape[at + 1:]
    y = positional.tensor(c, "f", other)
    if shape[at] == 1:  # NumPy stretches it
        return zero_step(c)
    indices = ", ".join(accesses.LETTERS[:len(shape)])
    text = c.choices.pick([f"where({x.text} == {x.text}, {y.text}, 0.5)",
                           f"where({x.text}[{indices}] == {x.text}[{indices}], {y.text}[{indices}], 0.5)"])
    refuse(c, text, f"np.where({x.name} == {x.name}, {y.name}, 0.5)", "has extent .* and extent .*; they must be equal")


def mask_too_long(c):
    n = c.choices.between(1, 5)
    x, mask = positional.target(c, "fi"[c.choices.below(2)], (n, 2)), positional.tensor(c, "b", (n + 1,))
    refuse(c, f"{x.text}[{mask.text}, :] = 0", f"{x.name}[{mask.name}, :] = 0",
           f"an unnamed axis has extent {n + 1} in axis 0 of {mask.text} and extent {n} in axis 0 of {x.text}")


def unequal_arrays(c):
    x = positional.tensor(c, "f", (3, 3))
    (a, _), (b, _) = c.index_tensor([2], 3), c.index_tensor([3], 3)
    refuse(c, f"{x.text}[{a}, {b}]", f"{x.name}[{a}, {b}]", f"extent 2 in axis 0 of {a} and extent 3 in axis 0 of {b}")


def write_outside(c):
    n = c.choices.between(1, 5)
    x = positional.target(c, "i", (n,))
    name, _ = c.index_tensor([4], n)
    array, _ = c.inputs[name]
    array[c.choices.below(4)] = n
    c.env[name] = array.copy()
    refuse(c, f"{x.text}[{name}] {c.choices.pick(['=', '+='])} 1", f"{x.name}[{name}] = 1",
           rf"subscript {n} is outside axis 0 of {x.text} \(extent {n}\)")
