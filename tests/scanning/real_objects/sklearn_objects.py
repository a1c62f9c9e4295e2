"""Every estimator of scikit-learn, fitted, and what is built of them."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import sklearn
from sklearn import (
    calibration,
    cluster,
    compose,
    covariance,
    datasets,
    decomposition,
    ensemble,
    feature_extraction,
    feature_selection,
    gaussian_process,
    impute,
    inspection,
    isotonic,
    kernel_approximation,
    linear_model,
    metrics,
    model_selection,
    multioutput,
    naive_bayes,
    neighbors,
    neural_network,
    pipeline,
    preprocessing,
    svm,
    tree,
)
from sklearn.experimental import enable_halving_search_cv, enable_iterative_imputer  # noqa: F401
from sklearn.utils import Bunch, all_estimators

Named = Iterator[tuple[str, Callable[[], object]]]

_RNG = np.random.default_rng(0)
_X = _RNG.random((60, 4))
_Y = (_X[:, 0] + _X[:, 1] > 1).astype(int)
_THREE = np.digitize(_X[:, 0], [0.3, 0.6])
_TARGET = _X @ [1.0, 2.0, 3.0, 4.0]
_TEXTS = ["the quick brown fox", "jumps over the dog", "lazy dogs sleep all day"] * 4


def objects() -> Named:
    """Names and makers of values."""
    warnings.simplefilter("ignore")
    for name, cls in all_estimators():
        yield f"fitted-{name}", partial(_fitted, cls)
        yield f"unfitted-{name}", partial(_unfitted, cls)
    yield from _variants()
    yield from _pipelines()
    yield from _searches()
    yield from _text()
    yield from _kernels()
    yield from _others()


def _made(cls: type) -> Any:
    parameters = inspect.signature(cls.__init__).parameters
    given: dict[str, Any] = {}
    classifier = issubclass(cls, sklearn.base.ClassifierMixin)
    simple = linear_model.LogisticRegression() if classifier else linear_model.Ridge()
    if "estimator" in parameters and parameters["estimator"].default is inspect.Parameter.empty:
        given["estimator"] = simple
    if "estimators" in parameters and parameters["estimators"].default is inspect.Parameter.empty:
        given["estimators"] = [("a", simple), ("b", sklearn.base.clone(simple))]
    if "transformers" in parameters:
        given["transformers"] = [("a", preprocessing.StandardScaler(), [0, 1])]
    if "transformer_list" in parameters:
        given["transformer_list"] = [("a", preprocessing.StandardScaler())]
    if "steps" in parameters:
        given["steps"] = [("a", preprocessing.StandardScaler()), ("b", linear_model.Ridge())]
    if "param_grid" in parameters:
        given["param_grid"] = {"C": [0.1, 1.0]}
        given["estimator"] = linear_model.LogisticRegression()
    if "param_distributions" in parameters:
        given["param_distributions"] = {"C": [0.1, 1.0]}
        given["estimator"] = linear_model.LogisticRegression()
    if "dictionary" in parameters and "dict_init" not in parameters:
        given["dictionary"] = np.eye(4)
    return cls(**given)


def _unfitted(cls: type) -> object:
    return _made(cls)


def _fitted(cls: type) -> object:
    made = _made(cls)
    ways: tuple[tuple[Any, ...], ...] = (
        (_X, _Y),
        (_X, _TARGET),
        (_X,),
        (_TEXTS,),
        (_TEXTS, _Y[:12]),
        (_X[:, 0], _TARGET),
        (_X, np.c_[_Y, 1 - _Y]),
        (_X, _X),
        (_Y,),
        ([["a", "b"], ["c"]],),
        ([{"a": 1, "b": 2}, {"a": 3}],),
        (_X @ _X.T,),
    )
    error: Exception | None = None
    for way in ways:
        try:
            return made.fit(*way)
        except Exception as failure:  # noqa: BLE001 - another way may suit
            error = failure
            made = _made(cls)
    raise error or ValueError(cls)


def _variants() -> Named:
    for (
        loss
    ) in "hinge log_loss modified_huber squared_hinge perceptron squared_error huber".split():
        yield f"sgd-{loss}", partial(_fit, linear_model.SGDClassifier, loss=loss)
    for loss in "squared_error huber epsilon_insensitive squared_epsilon_insensitive".split():
        yield f"sgd-regressor-{loss}", partial(_regress, linear_model.SGDRegressor, loss=loss)
    for loss in ("squared_error", "absolute_error", "poisson", "gamma", "quantile"):
        yield (
            f"hist-boosting-{loss}",
            partial(_regress, ensemble.HistGradientBoostingRegressor, loss=loss, quantile=0.5),
        )
    yield "hist-boosting-three", lambda: ensemble.HistGradientBoostingClassifier().fit(_X, _THREE)
    yield (
        "hist-boosting-early",
        lambda: ensemble.HistGradientBoostingClassifier(early_stopping=True).fit(_X, _Y),
    )
    for loss in ("squared_error", "absolute_error", "huber", "quantile"):
        yield f"boosting-{loss}", partial(_regress, ensemble.GradientBoostingRegressor, loss=loss)
    yield (
        "boosting-exponential",
        lambda: ensemble.GradientBoostingClassifier(loss="exponential").fit(_X, _Y),
    )
    yield "boosting-three", lambda: ensemble.GradientBoostingClassifier().fit(_X, _THREE)
    for algorithm in ("ball_tree", "kd_tree", "brute"):
        yield (
            f"neighbours-{algorithm}",
            partial(_fit, neighbors.KNeighborsClassifier, algorithm=algorithm),
        )
    for metric in "euclidean manhattan chebyshev minkowski canberra hamming".split():
        yield (
            f"neighbours-metric-{metric}",
            partial(_fit, neighbors.KNeighborsClassifier, metric=metric),
        )
    yield (
        "neighbours-callable",
        lambda: neighbors.KNeighborsClassifier(metric=metrics.pairwise.euclidean_distances).fit,
    )
    yield (
        "balltree",
        lambda: [
            neighbors.BallTree(_X),
            neighbors.KDTree(_X),
            neighbors.BallTree(_X, metric="haversine") if _X.shape[1] == 2 else None,
        ],
    )
    yield (
        "distance-metrics",
        lambda: [
            metrics.DistanceMetric.get_metric(m)
            for m in ("euclidean", "manhattan", "jaccard", "haversine")
        ],
    )
    for kernel in ("linear", "poly", "rbf", "sigmoid"):
        yield f"svc-{kernel}", partial(_fit, svm.SVC, kernel=kernel, probability=kernel == "rbf")
    for solver in ("lbfgs", "liblinear", "newton-cg", "sag", "saga"):
        yield f"logistic-{solver}", partial(_fit, linear_model.LogisticRegression, solver=solver)
    for solver in ("lbfgs", "sgd", "adam"):
        yield (
            f"mlp-{solver}",
            partial(
                _fit,
                neural_network.MLPClassifier,
                solver=solver,
                hidden_layer_sizes=(4,),
                max_iter=20,
                early_stopping=solver == "adam",
            ),
        )
    for criterion in ("gini", "entropy", "log_loss"):
        yield f"tree-{criterion}", partial(_fit, tree.DecisionTreeClassifier, criterion=criterion)
    for criterion in ("squared_error", "friedman_mse", "absolute_error", "poisson"):
        yield (
            f"tree-regressor-{criterion}",
            partial(_regress, tree.DecisionTreeRegressor, criterion=criterion),
        )
    for family in ("TweedieRegressor", "PoissonRegressor", "GammaRegressor"):
        yield f"glm-{family}", partial(_positive, family)
    yield (
        "glm-tweedie-log",
        lambda: linear_model.TweedieRegressor(power=1.5, link="log").fit(_X, _TARGET + 1),
    )
    yield (
        "random-state-object",
        lambda: ensemble.RandomForestClassifier(3, random_state=np.random.RandomState(0)).fit(
            _X, _Y
        ),
    )
    yield (
        "random-generator-parameter",
        lambda: ensemble.RandomForestClassifier(3, random_state=np.random.RandomState(1)),
    )
    yield (
        "text-labels",
        lambda: ensemble.RandomForestClassifier(3).fit(_X, np.where(_Y, "yes", "no")),
    )
    yield (
        "object-labels",
        lambda: ensemble.RandomForestClassifier(3).fit(
            _X, np.where(_Y, "yes", "no").astype(object)
        ),
    )
    yield "frame-features", _frame_features
    yield "sparse-features", _sparse_features
    yield "multi-output", lambda: ensemble.RandomForestClassifier(3).fit(_X, np.c_[_Y, _THREE])
    yield "forest-100", lambda: ensemble.RandomForestRegressor(100).fit(_X, _TARGET)
    yield "isolation", lambda: ensemble.IsolationForest(n_estimators=5).fit(_X)
    yield "extra-trees-embedding", lambda: ensemble.RandomTreesEmbedding(3).fit(_X)
    yield (
        "adaboost",
        lambda: ensemble.AdaBoostClassifier(
            tree.DecisionTreeClassifier(max_depth=1), n_estimators=5
        ).fit(_X, _Y),
    )
    yield "bagging", lambda: ensemble.BaggingClassifier(svm.SVC(), n_estimators=3).fit(_X, _Y)


def _fit(cls: type, **given: object) -> object:
    return cls(**given).fit(_X, _Y)


def _regress(cls: type, **given: object) -> object:
    return cls(**given).fit(_X, _TARGET + 1)


def _positive(name: str) -> object:
    return getattr(linear_model, name)().fit(_X, _TARGET + 1)


def _frame() -> Any:
    import pandas as pd

    return pd.DataFrame({"a": _X[:, 0], "b": _X[:, 1], "c": np.where(_Y, "x", "y"), "d": _THREE})


def _frame_features() -> object:
    return ensemble.RandomForestClassifier(3).fit(_frame()[["a", "b"]], _Y)


def _sparse_features() -> object:
    from scipy import sparse

    return svm.SVC().fit(sparse.csr_matrix(_X), _Y)


def _columns() -> Any:
    return compose.ColumnTransformer(
        [
            (
                "n",
                pipeline.make_pipeline(impute.SimpleImputer(), preprocessing.StandardScaler()),
                ["a", "b"],
            ),
            ("c", preprocessing.OneHotEncoder(handle_unknown="ignore"), ["c"]),
            ("o", preprocessing.OrdinalEncoder(), ["d"]),
        ],
        remainder="passthrough",
    )


def _pipelines() -> Named:
    yield (
        "pipeline",
        lambda: pipeline.make_pipeline(preprocessing.StandardScaler(), svm.SVC()).fit(_X, _Y),
    )
    yield (
        "pipeline-columns",
        lambda: pipeline.make_pipeline(_columns(), ensemble.RandomForestClassifier(3)).fit(
            _frame(), _Y
        ),
    )
    yield "columns", lambda: _columns().fit(_frame())
    yield "columns-pandas", lambda: _columns().set_output(transform="default").fit(_frame())
    yield (
        "columns-selector",
        lambda: compose.make_column_transformer(
            (preprocessing.StandardScaler(), compose.make_column_selector(dtype_include=np.number)),
            (preprocessing.OneHotEncoder(), compose.make_column_selector(dtype_include=object)),
        ).fit(_frame()),
    )
    yield (
        "columns-slice",
        lambda: compose.ColumnTransformer(
            [("a", "passthrough", slice(0, 2)), ("b", "drop", [2])]
        ).fit(_X),
    )
    yield (
        "union",
        lambda: pipeline.make_union(decomposition.PCA(2), feature_selection.SelectKBest(k=1)).fit(
            _X, _Y
        ),
    )
    for name, function in {
        "log1p": np.log1p,
        "sqrt": np.sqrt,
        "abs": np.abs,
        "mean": np.mean,
        "nan-to-num": np.nan_to_num,
        "len": len,
        "none": None,
    }.items():
        yield f"function-{name}", partial(preprocessing.FunctionTransformer, function)
    yield (
        "function-inverse",
        lambda: preprocessing.FunctionTransformer(
            np.log1p, inverse_func=np.expm1, validate=True
        ).fit(_X),
    )
    yield "function-scale", lambda: preprocessing.FunctionTransformer(preprocessing.scale)
    yield (
        "function-partial",
        lambda: preprocessing.FunctionTransformer(partial(np.clip, a_min=0, a_max=1)),
    )
    yield (
        "function-keywords",
        lambda: preprocessing.FunctionTransformer(np.round, kw_args={"decimals": 1}),
    )
    yield (
        "target",
        lambda: compose.TransformedTargetRegressor(
            linear_model.Ridge(), func=np.log1p, inverse_func=np.expm1
        ).fit(_X, _TARGET + 1),
    )
    yield (
        "stacking",
        lambda: ensemble.StackingClassifier(
            [("a", svm.SVC()), ("b", tree.DecisionTreeClassifier())]
        ).fit(_X, _Y),
    )
    yield (
        "voting",
        lambda: ensemble.VotingClassifier(
            [("a", naive_bayes.GaussianNB()), ("b", tree.DecisionTreeClassifier())], voting="soft"
        ).fit(_X, _Y),
    )
    yield (
        "calibrated",
        lambda: calibration.CalibratedClassifierCV(svm.LinearSVC(), cv=3).fit(_X, _Y),
    )
    yield (
        "calibrated-isotonic",
        lambda: calibration.CalibratedClassifierCV(
            naive_bayes.GaussianNB(), method="isotonic", cv=3
        ).fit(_X, _Y),
    )
    yield (
        "chain",
        lambda: multioutput.ClassifierChain(linear_model.LogisticRegression()).fit(
            _X, np.c_[_Y, 1 - _Y]
        ),
    )
    yield (
        "select-from-model",
        lambda: feature_selection.SelectFromModel(linear_model.Lasso(0.01)).fit(_X, _TARGET),
    )
    yield (
        "select-mutual",
        lambda: feature_selection.SelectKBest(feature_selection.mutual_info_classif, k=2).fit(
            _X, _Y
        ),
    )
    yield (
        "select-chi2",
        lambda: feature_selection.SelectPercentile(feature_selection.chi2).fit(_X, _Y),
    )
    yield "rfe", lambda: feature_selection.RFECV(linear_model.LogisticRegression()).fit(_X, _Y)
    yield (
        "cached-pipeline",
        lambda: pipeline.Pipeline([("a", preprocessing.StandardScaler())], memory="cache-folder"),
    )
    yield (
        "dict-of-models",
        lambda: {
            "model": tree.DecisionTreeClassifier().fit(_X, _Y),
            "scaler": preprocessing.StandardScaler().fit(_X),
            "columns": list("abcd"),
            "accuracy": 0.93,
        },
    )
    yield (
        "tuple-of-models",
        lambda: (linear_model.Ridge().fit(_X, _TARGET), {"mse": np.float64(0.1)}, ["a"]),
    )


def _searches() -> Named:
    yield (
        "grid",
        lambda: model_selection.GridSearchCV(
            svm.SVC(), {"C": [0.1, 1], "kernel": ["rbf"]}, cv=3
        ).fit(_X, _Y),
    )
    yield (
        "grid-pipeline",
        lambda: model_selection.GridSearchCV(
            pipeline.Pipeline(
                [("s", preprocessing.StandardScaler()), ("m", linear_model.LogisticRegression())]
            ),
            [{"m__C": np.logspace(-1, 1, 3)}, {"m": [svm.SVC()], "s": ["passthrough"]}],
            scoring="f1",
            cv=model_selection.StratifiedKFold(3, shuffle=True, random_state=1),
        ).fit(_X, _Y),
    )
    yield (
        "grid-scorers",
        lambda: model_selection.GridSearchCV(
            svm.SVC(),
            {"C": [1]},
            cv=3,
            refit="a",
            scoring={"a": "accuracy", "f": metrics.make_scorer(metrics.f1_score)},
        ).fit(_X, _Y),
    )
    yield "randomised", _randomised
    yield (
        "halving",
        lambda: model_selection.HalvingGridSearchCV(
            tree.DecisionTreeClassifier(), {"max_depth": [1, 2]}, cv=2
        ).fit(_X, _Y),
    )
    yield (
        "grid-results",
        lambda: (
            model_selection.GridSearchCV(svm.SVC(), {"C": [0.1, 1]}, cv=3).fit(_X, _Y).cv_results_
        ),
    )
    yield (
        "cross-validate",
        lambda: model_selection.cross_validate(svm.SVC(), _X, _Y, return_estimator=True),
    )
    yield "learning-curve", lambda: model_selection.learning_curve(svm.SVC(), _X, _Y)
    for name in "KFold StratifiedKFold ShuffleSplit TimeSeriesSplit GroupKFold LeaveOneOut RepeatedKFold StratifiedShuffleSplit".split():
        yield f"splitter-{name}", partial(_splitter, name)
    yield "predefined-split", lambda: model_selection.PredefinedSplit([0, 1, -1])
    yield "scorers", lambda: [metrics.get_scorer(name) for name in metrics.get_scorer_names()]
    yield "scorer-keywords", lambda: metrics.make_scorer(metrics.fbeta_score, beta=2)
    yield (
        "threshold",
        lambda: model_selection.TunedThresholdClassifierCV(linear_model.LogisticRegression()).fit(
            _X, _Y
        ),
    )


def _splitter(name: str) -> object:
    return getattr(model_selection, name)()


def _randomised() -> object:
    from scipy import stats

    return model_selection.RandomizedSearchCV(
        svm.SVC(),
        {"C": stats.loguniform(0.1, 10), "gamma": stats.uniform(0, 1)},
        n_iter=3,
        cv=3,
        random_state=0,
    ).fit(_X, _Y)


def _text() -> Named:
    text = feature_extraction.text
    yield "count", lambda: text.CountVectorizer(ngram_range=(1, 2)).fit(_TEXTS)
    yield "tfidf", lambda: text.TfidfVectorizer(stop_words="english", sublinear_tf=True).fit(_TEXTS)
    yield "tfidf-analyser", lambda: text.TfidfVectorizer(analyzer=str.split).fit(_TEXTS)
    yield (
        "tfidf-tokenizer",
        lambda: text.TfidfVectorizer(
            tokenizer=str.split, preprocessor=str.lower, token_pattern=None
        ).fit(_TEXTS),
    )
    yield "tfidf-dtype", lambda: text.TfidfVectorizer(dtype=np.float32).fit(_TEXTS)
    yield "hashing", lambda: text.HashingVectorizer(n_features=16)
    yield (
        "tfidf-pipeline",
        lambda: pipeline.make_pipeline(text.TfidfVectorizer(), naive_bayes.MultinomialNB()).fit(
            _TEXTS, _Y[:12]
        ),
    )
    yield (
        "lda",
        lambda: pipeline.make_pipeline(
            text.CountVectorizer(), decomposition.LatentDirichletAllocation(2)
        ).fit(_TEXTS),
    )
    yield "stop-words", lambda: text.ENGLISH_STOP_WORDS
    yield "dict-vectorizer", lambda: feature_extraction.DictVectorizer().fit([{"a": 1}, {"b": "x"}])


def _kernels() -> Named:
    kernels = gaussian_process.kernels
    yield (
        "gp",
        lambda: gaussian_process.GaussianProcessRegressor(
            kernels.RBF() + kernels.WhiteKernel()
        ).fit(_X, _TARGET),
    )
    yield (
        "gp-classifier",
        lambda: gaussian_process.GaussianProcessClassifier(1.0 * kernels.Matern()).fit(_X, _Y),
    )
    yield (
        "kernels",
        lambda: [
            kernels.ExpSineSquared(),
            kernels.DotProduct() ** 2,
            kernels.RationalQuadratic(),
            kernels.ConstantKernel(),
        ],
    )
    yield "nystroem", lambda: kernel_approximation.Nystroem(n_components=5).fit(_X)
    yield (
        "isotonic",
        lambda: isotonic.IsotonicRegression(out_of_bounds="clip").fit(_X[:, 0], _TARGET),
    )
    yield "spline", lambda: preprocessing.SplineTransformer().fit(_X)
    yield "covariance", lambda: covariance.MinCovDet().fit(_X)
    yield (
        "clusters",
        lambda: [
            cluster.KMeans(2).fit(_X),
            cluster.DBSCAN().fit(_X),
            cluster.AgglomerativeClustering().fit(_X),
        ],
    )
    yield "birch", lambda: cluster.Birch().fit(_X)
    yield "hdbscan", lambda: cluster.HDBSCAN().fit(_X)


def _others() -> Named:
    yield "bunch", lambda: [Bunch(a=1), datasets.load_iris()]
    yield "dataset-frame", lambda: datasets.load_iris(as_frame=True)
    yield (
        "confusion",
        lambda: [
            metrics.confusion_matrix(_Y, _Y),
            metrics.classification_report(_Y, _Y, output_dict=True),
        ],
    )
    yield (
        "permutation",
        lambda: inspection.permutation_importance(svm.SVC().fit(_X, _Y), _X, _Y, n_repeats=2),
    )
    yield (
        "partial-dependence",
        lambda: inspection.partial_dependence(
            ensemble.GradientBoostingClassifier().fit(_X, _Y), _X, [0]
        ),
    )
    yield (
        "encoders",
        lambda: [
            preprocessing.LabelEncoder().fit(["a", "b"]),
            preprocessing.LabelBinarizer().fit(_THREE),
        ],
    )
    yield "estimator-classes", lambda: [svm.SVC, linear_model.Ridge, preprocessing.StandardScaler]
    yield (
        "functions",
        lambda: [
            metrics.f1_score,
            metrics.accuracy_score,
            metrics.pairwise.cosine_similarity,
            metrics.pairwise.rbf_kernel,
        ],
    )
    yield (
        "imputers",
        lambda: [
            impute.KNNImputer().fit(_X),
            impute.IterativeImputer(max_iter=2).fit(_X),
            impute.SimpleImputer(strategy="constant", fill_value="x").fit([["a"], ["b"]]),
        ],
    )
    yield (
        "imputer-forest",
        lambda: impute.IterativeImputer(ensemble.RandomForestRegressor(2), max_iter=1).fit(_X),
    )
    yield (
        "one-hot",
        lambda: preprocessing.OneHotEncoder(min_frequency=2, sparse_output=False).fit(
            _frame()[["c"]]
        ),
    )
    yield "target-encoder", lambda: preprocessing.TargetEncoder().fit(_frame()[["c"]], _Y)
    yield "tree-object", lambda: tree.DecisionTreeClassifier().fit(_X, _Y).tree_
    yield "not-fitted", lambda: sklearn.exceptions.NotFittedError("x")
