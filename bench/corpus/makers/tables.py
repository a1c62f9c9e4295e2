"""scikit-learn, pandas, numpy, boosters: what they and joblib and pickle write."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from bench.corpus.makers import library


def _data() -> tuple[Any, Any]:
    numpy = library("numpy")
    rng = numpy.random.default_rng(3)
    return rng.normal(size=(80, 4)), rng.integers(0, 2, 80)


def _estimators() -> dict[str, Any]:
    numpy = library("numpy")
    linear, svm, tree = (
        library("sklearn.linear_model"),
        library("sklearn.svm"),
        library("sklearn.tree"),
    )
    forest, near = library("sklearn.ensemble"), library("sklearn.neighbors")
    prepare, pipe = library("sklearn.preprocessing"), library("sklearn.pipeline")
    compose, select = library("sklearn.compose"), library("sklearn.model_selection")
    columns = compose.ColumnTransformer(
        [
            ("n", prepare.StandardScaler(), [0, 1]),
            ("q", prepare.KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf"), [2, 3]),
        ]
    )
    return {
        "logistic": linear.LogisticRegression(),
        "ridge": linear.Ridge(),
        "sgd": linear.SGDClassifier(),
        "svc": svm.SVC(probability=False),
        "tree": tree.DecisionTreeClassifier(max_depth=3),
        "forest": forest.RandomForestClassifier(n_estimators=4),
        "boosting": forest.GradientBoostingClassifier(n_estimators=3),
        "hist-boosting": forest.HistGradientBoostingClassifier(max_iter=3),
        "isolation": forest.IsolationForest(n_estimators=3),
        "neighbours": near.KNeighborsClassifier(),
        "ball-tree": near.KNeighborsClassifier(algorithm="ball_tree"),
        "bayes": library("sklearn.naive_bayes").GaussianNB(),
        "perceptron": library("sklearn.neural_network").MLPClassifier((4,), max_iter=5),
        "process": library("sklearn.gaussian_process").GaussianProcessClassifier(),
        "discriminant": library("sklearn.discriminant_analysis").LinearDiscriminantAnalysis(),
        "k-means": library("sklearn.cluster").KMeans(2, n_init=1),
        "components": library("sklearn.decomposition").PCA(2),
        "pipeline": pipe.make_pipeline(columns, linear.LogisticRegression()),
        "log-pipeline": pipe.make_pipeline(
            prepare.FunctionTransformer(numpy.abs), linear.LogisticRegression()
        ),
        "search": select.GridSearchCV(linear.LogisticRegression(), {"C": [0.1, 1]}, cv=2),
        "voting": forest.VotingClassifier(
            [("a", tree.DecisionTreeClassifier(max_depth=2)), ("b", linear.LogisticRegression())]
        ),
        "calibrated": library("sklearn.calibration").CalibratedClassifierCV(svm.LinearSVC(), cv=2),
    }


def sklearn__pickle(folder: Path) -> None:
    x, y = _data()
    for number, (name, model) in enumerate(_estimators().items()):
        (folder / f"{name}.pkl").write_bytes(pickle.dumps(model.fit(x, y), 2 + number % 4))


def sklearn__joblib(folder: Path) -> None:
    x, y = _data()
    joblib = library("joblib")
    for number, (name, model) in enumerate(_estimators().items()):
        compress = (0, 3, ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3))[number % 6]
        joblib.dump(model.fit(x, y), folder / f"{name}.joblib", compress=compress)


def sklearn__text(folder: Path) -> None:
    text, joblib = library("sklearn.feature_extraction.text"), library("joblib")
    words = ["the system is good", "the os is bad", "eval of exec", "import the cat"] * 5
    model = library("sklearn.pipeline").make_pipeline(
        text.TfidfVectorizer(ngram_range=(1, 2)), library("sklearn.naive_bayes").MultinomialNB()
    )
    model.fit(words, [0, 1, 0, 1] * 5)
    joblib.dump(model, folder / "text.joblib")
    (folder / "text.pkl").write_bytes(pickle.dumps(model))
    (folder / "counts.pkl").write_bytes(pickle.dumps(text.HashingVectorizer().transform(words)))


def skops__files(folder: Path) -> None:
    x, y = _data()
    io = library("skops.io")
    for name, model in _estimators().items():
        if name not in ("process", "ball-tree"):
            io.dump(model.fit(x, y), folder / f"{name}.skops")


def numpy__files(folder: Path) -> None:
    numpy = library("numpy")
    rng = numpy.random.default_rng(1)
    x = rng.normal(size=(9, 4))
    numpy.save(folder / "plain.npy", x)
    numpy.save(folder / "fortran.npy", numpy.asfortranarray(x))
    numpy.save(folder / "objects.npy", numpy.array(["a", None, {"b": 1}], dtype=object))
    numpy.save(
        folder / "records.npy",
        numpy.zeros(3, dtype=[("a", "<i4"), ("b", "<f4", (2,)), ("c", "U4")]),
    )
    numpy.save(folder / "texts.npy", numpy.array(["ab", "cde"]))
    numpy.save(folder / "dates.npy", numpy.array(["2024-01-01"], dtype="M8[D]"))
    numpy.savez(folder / "several.npz", x=x, y=x[0])
    numpy.savez_compressed(folder / "packed.npz", x=x, words=numpy.array(["a", "b"], dtype=object))
    x.dump(folder / "dumped.pkl")
    (folder / "generator.pkl").write_bytes(pickle.dumps(rng))
    (folder / "state.pkl").write_bytes(pickle.dumps(numpy.random.RandomState(1)))
    (folder / "masked.pkl").write_bytes(pickle.dumps(numpy.ma.masked_array([1, 2], [0, 1])))
    (folder / "scalars.pkl").write_bytes(
        pickle.dumps(
            [numpy.float32(1), numpy.int64(2), numpy.bool_(1), numpy.str_("a"), numpy.dtype("f4")]
        )
    )
    (folder / "protocol5.pkl").write_bytes(pickle.dumps({"x": x, "f": numpy.asfortranarray(x)}, 5))


def scipy__files(folder: Path) -> None:
    sparse, numpy = library("scipy.sparse"), library("numpy")
    matrix = sparse.random(20, 20, 0.1, format="csr", random_state=numpy.random.default_rng(1))
    sparse.save_npz(folder / "csr.npz", matrix)
    for kind in ("csr", "csc", "coo", "lil", "dok"):
        (folder / f"{kind}.pkl").write_bytes(pickle.dumps(matrix.asformat(kind)))
    library("scipy.io").savemat(folder / "x.mat", {"x": numpy.eye(3)})
    (folder / "tree.pkl").write_bytes(pickle.dumps(library("scipy.spatial").cKDTree(numpy.eye(4))))
    (folder / "spline.pkl").write_bytes(
        pickle.dumps(library("scipy.interpolate").CubicSpline([0, 1, 2], [0, 1, 0]))
    )


def pandas__files(folder: Path) -> None:
    pandas = library("pandas")
    frame = pandas.DataFrame(
        {
            "a": [1, 2, 3],
            "b": ["x", "y", None],
            "c": [0.1, 0.2, 0.3],
            "d": pandas.date_range("2024-01-01", periods=3, tz="UTC"),
            "e": pandas.Categorical(["u", "v", "u"]),
        }
    )
    for ending in ("", ".gz", ".bz2", ".xz", ".zip", ".tar"):
        frame.to_pickle(folder / f"frame.pkl{ending}")
    frame.set_index(["a", "b"]).to_pickle(folder / "multi.pkl")
    frame["c"].to_pickle(folder / "series.pkl")
    pandas.Series([1, None], dtype="Int64").to_pickle(folder / "nullable.pkl")
    pandas.Series(pandas.interval_range(0, 3)).to_pickle(folder / "intervals.pkl")
    pandas.Series(
        [pandas.Timestamp("2024"), pandas.Timedelta("1h"), pandas.Period("2024Q1")], dtype=object
    ).to_pickle(folder / "objects.pkl")
    frame.to_csv(folder / "frame.csv")
    frame.to_json(folder / "frame.json")
    frame.to_parquet(folder / "frame.parquet")
    frame.to_feather(folder / "frame.feather")


def xgboost__files(folder: Path) -> None:
    x, y = _data()
    xgboost = library("xgboost")
    model = xgboost.XGBClassifier(n_estimators=4, max_depth=3).fit(x, y)
    for name in ("model.json", "model.ubj"):
        model.save_model(folder / name)
    booster = model.get_booster()
    booster.set_attr(note="trained on the first of May")
    booster.save_model(folder / "attributes.ubj")
    (folder / "classifier.pkl").write_bytes(pickle.dumps(model))
    (folder / "booster.pkl").write_bytes(pickle.dumps(booster))
    (folder / "config.json").write_text(booster.save_config())
    booster.dump_model(folder / "dump.txt")
    library("joblib").dump(
        xgboost.XGBRegressor(n_estimators=2).fit(x, y), folder / "regressor.joblib"
    )
    linear = xgboost.train(
        {"booster": "dart", "objective": "binary:logistic"}, xgboost.DMatrix(x, y), 3
    )
    linear.save_model(folder / "dart.json")


def lightgbm__files(folder: Path) -> None:
    x, y = _data()
    lightgbm = library("lightgbm")
    model = lightgbm.LGBMClassifier(n_estimators=3, min_child_samples=2, verbose=-1).fit(x, y)
    model.booster_.save_model(folder / "model.txt")
    (folder / "model.json").write_text(library("json").dumps(model.booster_.dump_model()))
    (folder / "classifier.pkl").write_bytes(pickle.dumps(model))
    (folder / "booster.pkl").write_bytes(pickle.dumps(model.booster_))
    library("joblib").dump(model, folder / "classifier.joblib")
    forest = lightgbm.LGBMRegressor(
        boosting_type="rf",
        n_estimators=2,
        subsample=0.5,
        subsample_freq=1,
        verbose=-1,
        linear_tree=False,
    )
    forest.fit(x, y).booster_.save_model(folder / "forest.txt")


def catboost__files(folder: Path) -> None:
    x, y = _data()
    catboost = library("catboost")
    model = catboost.CatBoostClassifier(
        iterations=3, depth=3, verbose=0, allow_writing_files=False
    ).fit(x, y)
    model.save_model(str(folder / "model.cbm"))
    for form in ("json", "onnx", "coreml", "cpp", "python", "pmml"):
        ending = {"coreml": "mlmodel", "python": "py"}.get(form, form)
        model.save_model(str(folder / f"model.{ending}"), format=form)
    (folder / "classifier.pkl").write_bytes(pickle.dumps(model))
    library("joblib").dump(model, folder / "classifier.joblib")


def _shrink(x: float) -> float:
    return x / 2


def functions__files(folder: Path) -> None:
    def inner(x: float) -> float:
        return _shrink(x) + 1

    for name in ("dill", "cloudpickle"):
        module = library(name)
        (folder / f"{name}-data.pkl").write_bytes(module.dumps({"a": [1, 2, 3], "b": "text"}))
        (folder / f"{name}-partial.pkl").write_bytes(
            module.dumps(library("functools").partial(max, 1))
        )
        (folder / f"{name}-function.pkl").write_bytes(module.dumps(inner))
    x, y = _data()
    model = library("sklearn.linear_model").LogisticRegression().fit(x, y)
    (folder / "cloudpickle-model.pkl").write_bytes(library("cloudpickle").dumps(model))
