"""Libraries a data scientist pickles beside the large ones."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

Named = Iterator[tuple[str, Callable[[], object]]]

_RNG = np.random.default_rng(0)
_X = _RNG.random((60, 3))
_Y = (_X[:, 0] > 0.5).astype(int)
_TARGET = _X @ [1.0, 2.0, 3.0]
_SERIES = np.sin(np.arange(60.0)) + 5


def objects() -> Named:
    """Names and makers of values."""
    warnings.simplefilter("ignore")
    logging.disable()
    for part in (
        *(_statsmodels, _imblearn, _networkx, _hmmlearn, _umap, _hdbscan, _encoders, _gensim),
        *(_prophet, _pmdarima, _lifelines, _polars, _arrow, _omegaconf, _pydantic, _sympy),
        *(_pillow, _mlxtend, _shap, _dateutil, _pytz, _nltk, _flair, _attrs, _tqdm),
    ):
        try:
            yield from part()
        except ImportError:
            continue


def _statsmodels() -> Named:
    import statsmodels.api as sm
    import statsmodels.formula.api as formula
    from statsmodels.tsa.api import ARIMA, ExponentialSmoothing, SimpleExpSmoothing

    design = sm.add_constant(_X)
    yield "sm-ols", lambda: sm.OLS(_TARGET, design).fit()
    yield "sm-logit", lambda: sm.Logit(_Y, design).fit_regularized(disp=0)
    yield "sm-glm", lambda: sm.GLM(_TARGET, design, family=sm.families.Gaussian()).fit()
    yield "sm-poisson", lambda: sm.GLM(_Y, design, family=sm.families.Poisson()).fit()
    yield "sm-formula", lambda: formula.ols("y ~ a", {"y": _TARGET, "a": _X[:, 0]}).fit()
    yield "sm-arima", lambda: ARIMA(_SERIES, order=(1, 0, 0)).fit()
    yield (
        "sm-smoothing",
        lambda: [
            SimpleExpSmoothing(_SERIES, initialization_method="estimated").fit(),
            ExponentialSmoothing(_SERIES, trend="add").fit(),
        ],
    )
    yield "sm-robust", lambda: sm.RLM(_TARGET, design).fit()
    yield "sm-quantile", lambda: sm.QuantReg(_TARGET, design).fit()
    yield "sm-kde", lambda: sm.nonparametric.KDEUnivariate(_TARGET)
    yield "sm-decompose", lambda: sm.tsa.seasonal_decompose(_SERIES, period=6)
    yield (
        "sm-table",
        lambda: sm.stats.anova_lm(formula.ols("y ~ a", {"y": _TARGET, "a": _X[:, 0]}).fit()),
    )


def _imblearn() -> Named:
    import imblearn
    from sklearn.tree import DecisionTreeClassifier

    for name in "SMOTE ADASYN RandomOverSampler BorderlineSMOTE".split():
        yield f"imb-{name}", getattr(imblearn.over_sampling, name)
    yield "imb-under", imblearn.under_sampling.RandomUnderSampler
    yield (
        "imb-pipeline",
        lambda: imblearn.pipeline.make_pipeline(
            imblearn.over_sampling.RandomOverSampler(), DecisionTreeClassifier()
        ).fit(_X, _Y),
    )
    yield "imb-forest", lambda: imblearn.ensemble.BalancedRandomForestClassifier(3).fit(_X, _Y)
    yield "imb-easy", lambda: imblearn.ensemble.EasyEnsembleClassifier(2).fit(_X, _Y)


def _networkx() -> Named:
    import networkx as nx

    for name in "Graph DiGraph MultiGraph MultiDiGraph".split():
        yield f"nx-{name}", partial(_graph, name)
    yield "nx-attributes", nx.karate_club_graph
    yield "nx-view", lambda: nx.path_graph(4).subgraph([0, 1])


def _graph(name: str) -> object:
    import networkx as nx

    return getattr(nx, name)([(1, 2), (2, 3)])


def _hmmlearn() -> Named:
    from hmmlearn import hmm

    yield "hmm-gaussian", lambda: hmm.GaussianHMM(2, n_iter=2).fit(_X)
    yield "hmm-categorical", lambda: hmm.CategoricalHMM(2, n_iter=2).fit(_Y.reshape(-1, 1))
    yield "hmm-mixture", lambda: hmm.GMMHMM(2, n_iter=2).fit(_X)


def _umap() -> Named:
    import umap

    yield "umap", lambda: umap.UMAP(n_neighbors=5, n_epochs=5, random_state=0).fit(_X)


def _hdbscan() -> Named:
    import hdbscan

    yield "hdbscan", lambda: hdbscan.HDBSCAN(prediction_data=True).fit(_X)


def _encoders() -> Named:
    import category_encoders as encoders
    import pandas as pd

    frame = pd.DataFrame({"c": np.where(_Y, "x", "y")})
    for name in "TargetEncoder OrdinalEncoder BinaryEncoder HashingEncoder CatBoostEncoder WOEEncoder".split():
        yield f"ce-{name}", partial(_encoder, name, frame)
    del encoders


def _encoder(name: str, frame: Any) -> object:
    import category_encoders as encoders

    return getattr(encoders, name)().fit(frame, _Y)


def _gensim() -> Named:
    from gensim.corpora import Dictionary
    from gensim.models import Doc2Vec, FastText, LdaModel, TfidfModel, Word2Vec
    from gensim.models.doc2vec import TaggedDocument
    from gensim.models.phrases import Phrases

    texts = [["a", "b", "c"], ["a", "d"], ["b", "e", "a"]] * 3
    yield "gensim-word2vec", lambda: Word2Vec(texts, vector_size=4, min_count=1)
    yield "gensim-vectors", lambda: Word2Vec(texts, vector_size=4, min_count=1).wv
    yield (
        "gensim-doc2vec",
        lambda: Doc2Vec(
            [TaggedDocument(t, [n]) for n, t in enumerate(texts)], vector_size=4, min_count=1
        ),
    )
    yield "gensim-fasttext", lambda: FastText(texts, vector_size=4, min_count=1, bucket=10)
    yield "gensim-dictionary", lambda: Dictionary(texts)
    yield "gensim-lda", lambda: LdaModel([[(0, 1)], [(1, 2)]], num_topics=2)
    yield "gensim-tfidf", lambda: TfidfModel([[(0, 1)], [(1, 2)]])
    yield "gensim-phrases", lambda: Phrases(texts, min_count=1)


def _prophet() -> Named:
    import pandas as pd
    from prophet import Prophet

    frame = pd.DataFrame({"ds": pd.date_range("2026-01-01", periods=60), "y": _SERIES})
    yield "prophet-unfitted", Prophet
    yield "prophet", lambda: Prophet().fit(frame)


def _pmdarima() -> Named:
    import pmdarima

    yield "pmdarima", lambda: pmdarima.ARIMA((1, 0, 0)).fit(_SERIES)


def _lifelines() -> Named:
    import lifelines

    yield "lifelines-km", lambda: lifelines.KaplanMeierFitter().fit(_TARGET, _Y)
    yield "lifelines-weibull", lambda: lifelines.WeibullFitter().fit(_TARGET + 0.1, _Y)
    yield "lifelines-cox", _cox


def _cox() -> object:
    import lifelines
    import pandas as pd

    frame = pd.DataFrame({"t": _TARGET, "e": _Y, "a": _X[:, 1]})
    return lifelines.CoxPHFitter().fit(frame, "t", "e")


def _polars() -> Named:
    import polars as pl

    yield "polars-frame", lambda: pl.DataFrame({"a": [1, 2], "b": ["x", None]})
    yield "polars-series", lambda: pl.Series("a", [1.0, 2.0])
    yield "polars-dtypes", lambda: [pl.Int64, pl.String(), pl.List(pl.Float32), pl.Datetime("us")]
    yield "polars-schema", lambda: pl.DataFrame({"a": [1]}).schema


def _arrow() -> Named:
    import pyarrow as pa

    yield (
        "arrow-array",
        lambda: [pa.array([1, None]), pa.array(["a"]), pa.chunked_array([[1], [2]])],
    )
    yield "arrow-table", lambda: pa.table({"a": [1, 2], "b": ["x", "y"]})
    yield "arrow-batch", lambda: pa.record_batch({"a": [1]})
    yield (
        "arrow-types",
        lambda: [
            pa.int64(),
            pa.list_(pa.string()),
            pa.timestamp("ns", "UTC"),
            pa.struct([("a", pa.int8())]),
        ],
    )
    yield "arrow-schema", lambda: pa.schema([pa.field("a", pa.int64(), metadata={"k": "v"})])
    yield "arrow-scalar", lambda: [pa.scalar(1), pa.scalar("x")]
    yield "arrow-buffer", lambda: pa.py_buffer(b"abc")
    yield "arrow-tensor", lambda: pa.array([[1, 2], [3]])


def _omegaconf() -> Named:
    from omegaconf import OmegaConf

    yield (
        "omegaconf",
        lambda: OmegaConf.create({"a": 1, "b": {"c": [1, "x", None, 2.5, True]}, "d": "${a}"}),
    )


def _pydantic() -> Named:
    import pydantic

    yield "pydantic-values", lambda: [pydantic.SecretStr("x"), pydantic.AnyUrl("http://a/")]


def _sympy() -> Named:
    import sympy

    x = sympy.Symbol("x")
    yield "sympy-expression", lambda: x**2 + sympy.sin(x) / 3
    yield "sympy-matrix", lambda: sympy.Matrix([[1, x], [0, 1]])
    yield (
        "sympy-numbers",
        lambda: [sympy.Integer(3), sympy.Rational(1, 3), sympy.Float(1.5), sympy.pi],
    )


def _pillow() -> Named:
    from PIL import Image

    for mode in ("L", "RGB", "RGBA", "1"):
        yield f"pil-{mode}", partial(Image.new, mode, (3, 2))


def _mlxtend() -> Named:
    from mlxtend.classifier import StackingClassifier
    from mlxtend.preprocessing import TransactionEncoder
    from sklearn.linear_model import LogisticRegression

    yield (
        "mlxtend-stacking",
        lambda: StackingClassifier([LogisticRegression()], LogisticRegression()).fit(_X, _Y),
    )
    yield "mlxtend-encoder", lambda: TransactionEncoder().fit([["a", "b"], ["c"]])


def _shap() -> Named:
    import shap

    yield "shap-explanation", lambda: shap.Explanation(np.ones(3), 0.5, feature_names=list("abc"))


def _dateutil() -> Named:
    import datetime as dt

    from dateutil import relativedelta, rrule, tz

    yield (
        "dateutil-delta",
        lambda: relativedelta.relativedelta(months=1, weekday=relativedelta.MO(2)),
    )
    yield (
        "dateutil-zones",
        lambda: [tz.tzutc(), tz.tzlocal(), tz.tzoffset("X", 3600), tz.gettz("Europe/Berlin")],
    )
    yield (
        "dateutil-rule",
        lambda: list(
            rrule.rrule(rrule.DAILY, count=2, dtstart=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
        ),
    )


def _pytz() -> Named:
    import datetime as dt

    import pytz

    yield "pytz-zones", lambda: [pytz.utc, pytz.timezone("Europe/Berlin"), pytz.FixedOffset(90)]
    yield (
        "pytz-datetime",
        lambda: pytz.timezone("US/Eastern").localize(dt.datetime.fromisoformat("2026-01-01")),
    )


def _nltk() -> Named:
    import nltk

    yield "nltk-frequencies", lambda: nltk.FreqDist("abracadabra")
    yield "nltk-conditional", lambda: nltk.ConditionalFreqDist([("a", 1), ("b", 2)])
    yield (
        "nltk-stemmers",
        lambda: [nltk.PorterStemmer(), nltk.SnowballStemmer("english"), nltk.LancasterStemmer()],
    )
    yield (
        "nltk-tokenizers",
        lambda: [
            nltk.RegexpTokenizer(r"\w+"),
            nltk.TreebankWordTokenizer(),
            nltk.WhitespaceTokenizer(),
        ],
    )
    yield "nltk-bayes", lambda: nltk.NaiveBayesClassifier.train([({"a": 1}, "x"), ({"a": 2}, "y")])
    yield "nltk-tagger", lambda: nltk.UnigramTagger([[("a", "X"), ("b", "Y")]])
    yield "nltk-tree", lambda: nltk.Tree.fromstring("(S (NP a) (VP b))")
    yield (
        "nltk-punkt",
        lambda: nltk.tokenize.punkt.PunktSentenceTokenizer("Some text. More text here."),
    )


def _flair() -> Named:
    from flair.data import Dictionary, Sentence

    yield "flair-dictionary", Dictionary
    yield "flair-sentence", lambda: Sentence("a b")


def _attrs() -> Named:
    import attr

    yield "attrs-nothing", lambda: [attr.NOTHING, attr.Factory(list)]


def _tqdm() -> Named:
    import tqdm

    yield "tqdm-range", lambda: list(tqdm.trange(0))
