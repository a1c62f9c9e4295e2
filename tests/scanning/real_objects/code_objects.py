"""Functions and classes of a program's own, as dill and cloudpickle write them: with their code.

Run in `__main__`, since that is what both write by value.
"""

# ruff: noqa: RUF013, UP045, PYI024, N818, C416 - written as programs write it

import abc
import collections
import dataclasses
import enum
import functools
import math
import typing

import numpy as np

SCALE = 3.5


def plain(x):
    return x + 1


def with_global(x):
    return x * SCALE


def with_import(x):
    return np.log1p(x) + math.sqrt(2)


def with_inner_import(x):
    import json

    return json.dumps(x)


def with_defaults(x, y=2, *args, z=None, **kwargs):
    """Has a docstring."""
    return [x, y, args, z, kwargs]


def annotated(x: int, y: "list[str]" = None) -> typing.Optional[float]:
    return None


def recursive(n):
    return 1 if n < 2 else n * recursive(n - 1)


def closure(a):
    b = [a]

    def inner(x):
        return x + a + len(b)

    return inner


def generator(n):
    yield from range(n)


async def coroutine():
    return 1


def decorated(f):
    @functools.wraps(f)
    def wrapper(*args):
        return f(*args)

    return wrapper


def preprocess(frame):
    frame = frame.copy()
    frame["x"] = frame["x"].fillna(0).astype(float)
    frame.columns = [c.strip().lower() for c in frame.columns]
    return frame.dropna().reset_index(drop=True)


def tokenize(text):
    return [word.strip(".,!?") for word in text.lower().split() if len(word) > 2]


class Simple:
    limit = 3

    def __init__(self, a):
        self.a = a

    def method(self):
        return self.a


class Child(Simple):
    def __init__(self, a):
        super().__init__(a)
        self.b = np.ones(2)

    @property
    def double(self):
        return self.a * 2

    @staticmethod
    def static():
        return 1

    @classmethod
    def make(cls):
        return cls(1)


class WithState:
    def __init__(self):
        self.x = 1

    def __getstate__(self):
        return {"x": self.x}

    def __setstate__(self, state):
        self.__dict__.update(state)


class Slots:
    __slots__ = ("a", "b")

    def __init__(self):
        self.a = 1
        self.b = 2


class Colour(enum.Enum):
    RED = 1
    BLUE = "b"


class Flags(enum.IntFlag):
    A = 1
    B = 2


@dataclasses.dataclass
class Data:
    a: int
    b: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    a: int = 1


class Abstract(abc.ABC):
    @abc.abstractmethod
    def run(self): ...


class Concrete(Abstract):
    def run(self):
        return 1


Point = collections.namedtuple("Point", "x y")


class Typed(typing.NamedTuple):
    a: int
    b: str = "x"


class Failure(ValueError):
    pass


T = typing.TypeVar("T")


class Generic(typing.Generic[T]):
    pass


class Meta(type):
    pass


class WithMeta(metaclass=Meta):
    pass


class Wrapper:
    def __init__(self, model):
        self.model = model

    def predict(self, x):
        return self.model.predict(np.asarray(x))


def objects():
    """Names and makers of values."""
    for one in (
        plain,
        with_global,
        with_import,
        with_inner_import,
        with_defaults,
        annotated,
        recursive,
        generator,
        coroutine,
        preprocess,
        tokenize,
    ):
        yield f"function-{one.__name__}", functools.partial(lambda f: f, one)
    yield "lambda", lambda: lambda x: x + 1
    yield "lambda-numpy", lambda: lambda x: np.log(x).astype("float32")
    yield "lambda-nested", lambda: lambda x: lambda y: y + x
    yield "lambda-list", lambda: {"f": lambda x: x, "g": [lambda x: -x]}
    yield "closure", lambda: closure(3)
    yield "decorated", lambda: decorated(plain)
    yield "partial", lambda: functools.partial(with_defaults, y=3)
    yield "comprehension", lambda: lambda xs: [x for x in xs if x] + list({k: v for k, v in xs})
    for one in (
        Simple,
        Child,
        WithState,
        Slots,
        Colour,
        Flags,
        Data,
        Frozen,
        Abstract,
        Concrete,
        Point,
        Typed,
        Failure,
        Generic,
        WithMeta,
        Wrapper,
    ):
        yield f"class-{one.__name__}", functools.partial(lambda c: c, one)
    yield "instance-Simple", lambda: Simple(1)
    yield "instance-Child", lambda: Child(1)
    yield "instance-WithState", WithState
    yield "instance-Slots", Slots
    yield "instance-Data", lambda: Data(1, [2])
    yield "instance-Frozen", Frozen
    yield "instance-Concrete", Concrete
    yield "instance-Point", lambda: Point(1, 2)
    yield "instance-Typed", lambda: Typed(1)
    yield "instance-Failure", lambda: Failure("x")
    yield "instance-Generic", Generic
    yield "instance-WithMeta", WithMeta
    yield "members", lambda: [Colour.RED, Colour.BLUE, Flags.A | Flags.B]
    yield "bound-method", lambda: Simple(1).method
    yield "static-method", lambda: Child.static
    yield "class-method", lambda: Child.make
    yield "property", lambda: Child.double
    yield "type-variable", lambda: T
    yield "code", lambda: plain.__code__
    yield "module", lambda: [np, math]
    yield "code-in-dict", lambda: {"columns": ["a"], "clean": preprocess, "scale": 2.0}
    yield from _estimators()


def _estimators():
    try:
        from sklearn.base import BaseEstimator, TransformerMixin
        from sklearn.linear_model import Ridge
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import FunctionTransformer, StandardScaler
    except ImportError:
        return

    class Custom(BaseEstimator, TransformerMixin):
        def __init__(self, k=1):
            self.k = k

        def fit(self, x, y=None):
            self.mean_ = np.mean(x)
            return self

        def transform(self, x):
            return np.asarray(x) - self.mean_

    x = np.arange(12.0).reshape(6, 2)
    yield "estimator-own", lambda: Custom().fit(x)
    yield (
        "pipeline-lambda",
        lambda: make_pipeline(FunctionTransformer(lambda v: v + 1), Ridge()).fit(x, x[:, 0]),
    )
    yield (
        "pipeline-function",
        lambda: make_pipeline(FunctionTransformer(plain), StandardScaler()).fit(x),
    )
    yield "pipeline-own", lambda: make_pipeline(Custom(), Ridge()).fit(x, x[:, 0])
    yield "wrapped-model", lambda: Wrapper(Ridge().fit(x, x[:, 0]))
