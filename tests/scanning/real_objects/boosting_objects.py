"""XGBoost, LightGBM and CatBoost: boosters, wrappers and data sets."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

Named = Iterator[tuple[str, Callable[[], object]]]

_RNG = np.random.default_rng(0)
_X = _RNG.random((80, 4))
_Y = (_X[:, 0] > 0.5).astype(int)
_THREE = np.digitize(_X[:, 0], [0.3, 0.6])
_TARGET = _X @ [1.0, 2.0, 3.0, 4.0]
_GROUPS = np.repeat(np.arange(8), 10)


def objects() -> Named:
    """Names and makers of values."""
    warnings.simplefilter("ignore")
    for part in (_xgboost, _lightgbm, _catboost):
        try:
            yield from part()
        except ImportError:
            continue


def _xgboost() -> Named:
    import xgboost as xgb

    for name in "XGBClassifier XGBRegressor XGBRFClassifier XGBRFRegressor".split():
        yield f"xgb-{name}", partial(_fit, getattr(xgb, name), n_estimators=3)
        yield f"xgb-unfitted-{name}", getattr(xgb, name)
    yield "xgb-ranker", lambda: xgb.XGBRanker(n_estimators=3).fit(_X, _Y, group=[10] * 8)
    yield "xgb-three", lambda: xgb.XGBClassifier(n_estimators=3).fit(_X, _THREE)
    yield (
        "xgb-early",
        lambda: xgb.XGBClassifier(
            n_estimators=9, early_stopping_rounds=2, eval_metric=["logloss", "auc"]
        ).fit(_X, _Y, eval_set=[(_X, _Y)]),
    )
    yield (
        "xgb-callback",
        lambda: (
            xgb.XGBClassifier(n_estimators=3, callbacks=[xgb.callback.EarlyStopping(2)])
            .set_params(eval_metric="logloss")
            .fit(_X, _Y, eval_set=[(_X, _Y)])
        ),
    )
    yield "xgb-scheduler", lambda: [xgb.callback.EvaluationMonitor(), xgb.callback.EarlyStopping(3)]
    for booster in ("gbtree", "gblinear", "dart"):
        yield f"xgb-{booster}", partial(_fit, xgb.XGBClassifier, booster=booster, n_estimators=3)
    yield "xgb-booster", lambda: xgb.train({"objective": "binary:logistic"}, xgb.DMatrix(_X, _Y), 3)
    yield (
        "xgb-booster-names",
        lambda: xgb.train({}, xgb.DMatrix(_X, _Y, feature_names=list("abcd")), 3),
    )
    yield (
        "xgb-metric",
        lambda: xgb.XGBRegressor(n_estimators=3, eval_metric=_metric()).fit(
            _X, _TARGET, eval_set=[(_X, _TARGET)]
        ),
    )
    yield (
        "xgb-monotone",
        lambda: xgb.XGBRegressor(n_estimators=3, monotone_constraints=(1, 0, 0, 0)).fit(
            _X, _TARGET
        ),
    )
    yield "xgb-frame", _xgb_frame
    yield "xgb-pipeline", lambda: _pipeline(xgb.XGBClassifier(n_estimators=3))
    yield "xgb-grid", lambda: _grid(xgb.XGBClassifier(n_estimators=3), {"max_depth": [1, 2]})
    yield "xgb-results", lambda: xgb.cv({}, xgb.DMatrix(_X, _Y), 3, nfold=2)
    yield (
        "xgb-missing",
        lambda: xgb.XGBClassifier(missing=-1, n_estimators=2, enable_categorical=True).fit(_X, _Y),
    )


def _metric() -> Any:
    from sklearn.metrics import mean_absolute_error

    return mean_absolute_error


def _xgb_frame() -> object:
    import pandas as pd
    import xgboost as xgb

    frame = pd.DataFrame({"a": _X[:, 0], "c": pd.Categorical(np.where(_Y, "x", "y"))})
    return xgb.XGBClassifier(n_estimators=3, enable_categorical=True, tree_method="hist").fit(
        frame, _Y
    )


def _fit(cls: type, **given: object) -> object:
    return cls(**given).fit(_X, _Y)


def _pipeline(model: object) -> object:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), model).fit(_X, _Y)


def _grid(model: object, grid: dict[str, object]) -> object:
    from sklearn.model_selection import GridSearchCV

    return GridSearchCV(model, grid, cv=2).fit(_X, _Y)


def _lightgbm() -> Named:
    import lightgbm as lgb

    quiet = {"n_estimators": 3, "verbose": -1}
    for name in ("LGBMClassifier", "LGBMRegressor", "LGBMModel"):
        given = quiet | ({"objective": "binary"} if name == "LGBMModel" else {})
        yield f"lgb-{name}", partial(_fit, getattr(lgb, name), **given)
        yield f"lgb-unfitted-{name}", getattr(lgb, name)
    yield "lgb-ranker", lambda: lgb.LGBMRanker(**quiet).fit(_X, _Y, group=[10] * 8)
    yield "lgb-three", lambda: lgb.LGBMClassifier(**quiet).fit(_X, _THREE)
    for kind in ("gbdt", "dart", "rf"):
        more = {"bagging_freq": 1, "bagging_fraction": 0.5} if kind == "rf" else {}
        yield f"lgb-{kind}", partial(_fit, lgb.LGBMClassifier, boosting_type=kind, **quiet, **more)
    yield "lgb-booster", lambda: lgb.train({"verbose": -1}, lgb.Dataset(_X, _Y), 3)
    yield (
        "lgb-booster-evaluated",
        lambda: lgb.train(
            {"verbose": -1, "metric": ["l1", "l2"]},
            lgb.Dataset(_X, _Y),
            5,
            valid_sets=[lgb.Dataset(_X, _Y)],
            callbacks=[lgb.early_stopping(2, verbose=False)],
        ),
    )
    yield (
        "lgb-cv",
        lambda: lgb.cv({"verbose": -1}, lgb.Dataset(_X, _Y), 3, nfold=2, return_cvbooster=True),
    )
    yield (
        "lgb-early",
        lambda: lgb.LGBMClassifier(**quiet).fit(
            _X, _Y, eval_set=[(_X, _Y)], callbacks=[lgb.early_stopping(2, verbose=False)]
        ),
    )
    yield "lgb-text-labels", lambda: lgb.LGBMClassifier(**quiet).fit(_X, np.where(_Y, "yes", "no"))
    yield "lgb-frame", _lgb_frame
    yield "lgb-pipeline", lambda: _pipeline(lgb.LGBMClassifier(**quiet))
    yield "lgb-grid", lambda: _grid(lgb.LGBMClassifier(**quiet), {"num_leaves": [4, 8]})
    yield "lgb-dataset", lambda: lgb.Dataset(_X, _Y, free_raw_data=False)
    yield (
        "lgb-dict",
        lambda: {"models": [lgb.train({"verbose": -1}, lgb.Dataset(_X, _Y), 2)], "best": 3},
    )


def _lgb_frame() -> object:
    import lightgbm as lgb
    import pandas as pd

    frame = pd.DataFrame({"a": _X[:, 0], "c": pd.Categorical(np.where(_Y, "x", "y"))})
    return lgb.LGBMClassifier(n_estimators=3, verbose=-1).fit(frame, _Y)


def _catboost() -> Named:
    import catboost as cat

    quiet = {"iterations": 3, "verbose": 0, "allow_writing_files": False}
    for name in ("CatBoostClassifier", "CatBoostRegressor", "CatBoost"):
        yield f"cat-{name}", partial(_cat_fit, getattr(cat, name), quiet)
        yield (
            f"cat-unfitted-{name}",
            partial(getattr(cat, name), dict(quiet) if name == "CatBoost" else None),
        )
    yield "cat-ranker", lambda: cat.CatBoostRanker(**quiet).fit(_X, _TARGET, group_id=_GROUPS)
    yield "cat-three", lambda: cat.CatBoostClassifier(**quiet).fit(_X, _THREE)
    yield (
        "cat-categories",
        lambda: cat.CatBoostClassifier(**quiet).fit(
            np.c_[_X.astype(object), np.where(_Y, "x", "y")], _Y, cat_features=[4]
        ),
    )
    yield "cat-evaluated", lambda: cat.CatBoostClassifier(**quiet).fit(_X, _Y, eval_set=(_X, _Y))
    yield "cat-pipeline", lambda: _pipeline(cat.CatBoostClassifier(**quiet))
    yield "cat-grid", lambda: _grid(cat.CatBoostClassifier(**quiet), {"depth": [2, 3]})
    yield (
        "cat-losses",
        lambda: cat.CatBoostRegressor(loss_function="Quantile:alpha=0.7", **quiet).fit(_X, _TARGET),
    )


def _cat_fit(cls: type, quiet: dict[str, object]) -> object:
    made = cls(dict(quiet)) if cls.__name__ == "CatBoost" else cls(**quiet)
    return made.fit(_X, _Y)
