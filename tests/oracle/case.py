"""A case: arrays, a program in Ricci's text language, and the same program in NumPy, which runs while it is made."""
import dataclasses
import warnings
from typing import Optional

import numpy as np

from . import arrays
from .arrays import NUMPY, RICCI

HALF_STEP, HALF_TINY = 2.0**-10, 2.0**-24  # between neighbours of f16: relative, and of the smallest

np.seterr(all="ignore")
warnings.simplefilter("ignore", RuntimeWarning)


@dataclasses.dataclass(frozen=True)
class Term:
    """A part of an expression. Its NumPy value has one axis for each index of Case.frame (of extent 1 where it does not
    depend on the index), then its unnamed axes; numbers may have none."""
    text: str                    # in Ricci
    name: str                    # the variable of the NumPy program
    dtype: str
    weak: bool = False
    free: tuple = ()             # free indices, in order of first appearance
    sized: frozenset = frozenset()   # those that a tensor gives an extent
    error: Optional[str] = None  # NumPy variable of a bound on the absolute error; None: the bits are known
    signless: bool = False       # zeros may have either sign
    selects: Optional[str] = None    # NumPy variable of the b1 factors of a product or quotient

    @property
    def type(self):
        return self.dtype, self.weak


@dataclasses.dataclass
class Output:
    value: np.ndarray
    error: Optional[np.ndarray]
    signless: bool


class Case:
    def __init__(self, choices, number=0):
        self.choices, self.number = choices, number
        self.frame = []      # (index, extent) of the indices in scope; NumPy's axes
        self.inputs = {}     # name: (array, order of its elements in the file)
        self.text = []       # statements of Ricci
        self.code = []       # statements of NumPy
        self.outputs = {}    # name: Output, after the whole program
        self.features = set()
        self.env = {"np": np}
        self.names = 0
        self.budget = 10     # operations left
        self.refusal = None  # part of the sentence with which Ricci must refuse

    # --- the NumPy program ---------------------------------------------------------------------------------------

    def let(self, code):
        """A new variable of the NumPy program."""
        name = f"v{len(self.code)}"
        self.code.append(f"{name} = {code}")
        self.env[name] = np.asarray(eval(code, self.env))
        return name

    def do(self, code):
        self.code.append(code)
        exec(code, self.env)

    def value(self, term):
        return self.env[term.name]

    def computed(self, name, dtype):
        """The variable in the dtype that Ricci computes in."""
        if dtype != "f16":
            return name
        self.features.add("f16")
        return self.let(f"{name}.astype('f4')")

    # --- arrays ----------------------------------------------------------------------------------------------------

    def fresh(self, stem):
        self.names += 1
        return f"{stem}{self.number}_{self.names}"

    def add_input(self, array, stem="x"):
        """The name of a new input; sometimes one whose file has Fortran's order."""
        name = self.fresh(stem)
        order = "F" if array.ndim > 1 and self.choices.chance(4) else "C"
        self.inputs[name] = array, order
        self.env[name] = array.copy()
        if order == "F":
            self.features.add("permuted input")
        return name

    def tensor(self, dtype, shape):
        """The name of an input with random elements: a new one, or one that is there already."""
        known = [n for n, (a, _) in self.inputs.items() if a.shape == tuple(shape) and RICCI[a.dtype] == dtype]
        known = [n for n in known if n not in self.outputs or self.outputs[n].error is None]
        if known and self.choices.chance(3):
            return self.choices.pick(known)
        style = self.choices.pick([0, 0, 0, 1, 1, 2])
        array = arrays.random_array(self.choices.below(1 << 16), dtype, tuple(shape), style)
        if 0 in shape:
            self.features.add("extent 0")
        elif 1 in shape:
            self.features.add("extent 1")
        return self.add_input(array)

    def index_tensor(self, shape, limit, signed=False):
        """The name of an input with subscripts below `limit`, and its dtype."""
        dtypes = [d for d in (arrays.SIGNED if signed else arrays.INTEGERS) if limit - 1 <= np.iinfo(NUMPY[d]).max]
        dtype = self.choices.pick(dtypes)
        rng = np.random.default_rng(self.choices.below(1 << 16))
        return self.add_input(rng.integers(0, max(limit, 1), tuple(shape)).astype(NUMPY[dtype]), "at"), dtype

    def output(self, name, variable, error=None, signless=False, dtype=None):
        value = np.array(self.env[variable])
        if dtype == "f16":
            if error is not None:
                error = error + HALF_STEP * np.abs(value.astype("f8")) + HALF_TINY
            value = value.astype("f2")
        self.outputs[name] = Output(value, error, signless)

    def spend(self):
        self.budget -= 1
        return self.budget > 0
