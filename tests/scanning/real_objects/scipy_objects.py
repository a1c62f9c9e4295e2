"""Matrices, distributions, interpolators, trees and results of SciPy."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from scipy import (
    cluster,
    integrate,
    interpolate,
    ndimage,
    optimize,
    signal,
    sparse,
    spatial,
    special,
    stats,
)
from scipy.spatial.transform import Rotation

Named = Iterator[tuple[str, Callable[[], object]]]

_X = np.linspace(0, 1, 12)
_FORMATS = "bsr coo csc csr dia dok lil bsr".split()
_POINTS = np.random.default_rng(0).random((30, 2))


def objects() -> Named:
    """Names and makers of values."""
    warnings.simplefilter("ignore")
    for form in _FORMATS:
        yield f"sparse-matrix-{form}", partial(_sparse, form)
        yield f"sparse-array-{form}", partial(_sparse_array, form)
    yield "sparse-coo-1d", lambda: sparse.coo_array(np.array([0, 1, 2]))
    yield "sparse-empty", lambda: sparse.csr_matrix((3, 4))
    yield "sparse-bool", lambda: sparse.csr_matrix(np.eye(3, dtype=bool))
    yield "linear-operator", lambda: sparse.linalg.aslinearoperator(np.eye(2))
    yield from _stats()
    yield from _interpolate()
    yield from _spatial()
    yield from _results()
    yield from _others()


def _sparse(form: str) -> object:
    return sparse.random(6, 4, 0.4, format=form, random_state=0)


def _sparse_array(form: str) -> object:
    return getattr(sparse, f"{form}_array")(np.eye(4))


def _stats() -> Named:
    for name in (
        "norm uniform expon gamma beta t chi2 lognorm poisson binom randint geom loguniform "
        "bernoulli cauchy dirichlet laplace logistic pareto rayleigh weibull_min truncnorm "
        "powerlaw skewnorm nbinom hypergeom zipf gumbel_r invgamma levy triang f"
    ).split():
        yield f"distribution-{name}", partial(getattr, stats, name)
        yield f"frozen-{name}", partial(_frozen, name)
    yield "multivariate-normal", lambda: stats.multivariate_normal
    yield "frozen-multivariate-normal", lambda: stats.multivariate_normal([0, 0], np.eye(2))
    yield "frozen-multivariate-t", lambda: stats.multivariate_t([0, 0], np.eye(2))
    yield "frozen-wishart", lambda: stats.wishart(3, np.eye(2))
    yield "frozen-multinomial", lambda: stats.multinomial(3, [0.5, 0.5])
    yield "kde", lambda: stats.gaussian_kde(_X)
    yield "rv-histogram", lambda: stats.rv_histogram(np.histogram(_X, 5))
    yield "rv-discrete", lambda: stats.rv_discrete(values=([1, 2], [0.5, 0.5]))
    yield "ecdf", lambda: stats.ecdf(_X)
    yield (
        "qmc",
        lambda: [
            stats.qmc.Sobol(2, seed=0),
            stats.qmc.Halton(2, seed=0),
            stats.qmc.LatinHypercube(2, seed=0),
        ],
    )
    yield "new-distributions", lambda: [stats.Normal(mu=0, sigma=1), stats.Uniform(a=0, b=1)]
    yield "ttest", lambda: [stats.ttest_ind(_X, _X + 1), stats.ttest_1samp(_X, 0)]
    yield (
        "tests",
        lambda: [
            stats.ks_2samp(_X, _X),
            stats.shapiro(_X),
            stats.mannwhitneyu(_X, _X),
            stats.kruskal(_X, _X + 1),
        ],
    )
    yield "anova", lambda: [stats.f_oneway(_X, _X + 1), stats.levene(_X, _X + 1)]
    yield (
        "correlations",
        lambda: [
            stats.pearsonr(_X, _X**2),
            stats.spearmanr(_X, _X**2),
            stats.kendalltau(_X, _X**2),
        ],
    )
    yield (
        "linregress",
        lambda: [
            stats.linregress(_X, _X**2),
            stats.theilslopes(_X, _X),
            stats.siegelslopes(_X, _X),
        ],
    )
    yield "describe", lambda: stats.describe(_X)
    yield (
        "mode",
        lambda: [stats.mode([1, 1, 2]), stats.anderson(_X), stats.normaltest(np.arange(30.0))],
    )
    yield (
        "chi2-contingency",
        lambda: [stats.chi2_contingency([[1, 2], [3, 4]]), stats.fisher_exact([[1, 2], [3, 4]])],
    )
    yield "bootstrap", lambda: stats.bootstrap((_X,), np.mean, n_resamples=20)
    yield "permutation", lambda: stats.permutation_test((_X, _X), _difference, n_resamples=20)
    yield (
        "binned",
        lambda: [stats.binned_statistic(_X, _X, "mean", 3), stats.cumfreq(_X), stats.relfreq(_X)],
    )
    yield "fit", lambda: stats.fit(stats.norm, _X, {"loc": (0, 1), "scale": (0.1, 1)})


def _difference(first: np.ndarray, second: np.ndarray) -> float:
    return float(first.mean() - second.mean())


def _frozen(name: str) -> object:
    made = getattr(stats, name)
    if name == "dirichlet":
        return made([1, 2])
    shapes = {
        "uniform": (0, 1),
        "randint": (1, 9),
        "loguniform": (1e-3, 1),
        "hypergeom": (9, 4, 3),
        "truncnorm": (-1, 1),
    }
    count = len(made.shapes.split(",")) if getattr(made, "shapes", None) else 0
    return made(*shapes.get(name, (0.5,) * count))


def _interpolate() -> Named:
    yield "interp1d", lambda: interpolate.interp1d(_X, _X**2)
    yield (
        "interp1d-cubic",
        lambda: interpolate.interp1d(_X, _X**2, kind="cubic", fill_value="extrapolate"),
    )
    yield "cubic-spline", lambda: interpolate.CubicSpline(_X, _X**2)
    yield (
        "pchip",
        lambda: [
            interpolate.PchipInterpolator(_X, _X**2),
            interpolate.Akima1DInterpolator(_X, _X**2),
        ],
    )
    yield (
        "b-spline",
        lambda: [
            interpolate.make_interp_spline(_X, _X**2),
            interpolate.BSpline(np.arange(8.0), np.ones(4), 3),
        ],
    )
    yield (
        "ppoly",
        lambda: [
            interpolate.PPoly(np.ones((2, 1)), [0, 1]),
            interpolate.BPoly(np.ones((2, 1)), [0, 1]),
        ],
    )
    yield (
        "univariate",
        lambda: [
            interpolate.UnivariateSpline(_X, _X**2),
            interpolate.InterpolatedUnivariateSpline(_X, _X),
        ],
    )
    yield "bivariate", lambda: interpolate.RectBivariateSpline(_X, _X, np.outer(_X, _X))
    yield "smooth-bivariate", lambda: interpolate.SmoothBivariateSpline(*_POINTS.T, _POINTS[:, 0])
    yield "regular-grid", lambda: interpolate.RegularGridInterpolator((_X, _X), np.outer(_X, _X))
    yield "linear-nd", lambda: interpolate.LinearNDInterpolator(_POINTS, _POINTS[:, 0])
    yield "nearest-nd", lambda: interpolate.NearestNDInterpolator(_POINTS, _POINTS[:, 0])
    yield "clough-tocher", lambda: interpolate.CloughTocher2DInterpolator(_POINTS, _POINTS[:, 0])
    yield (
        "rbf",
        lambda: [interpolate.RBFInterpolator(_POINTS, _POINTS[:, 0]), interpolate.Rbf(_X, _X)],
    )
    yield (
        "barycentric",
        lambda: [
            interpolate.BarycentricInterpolator(_X, _X),
            interpolate.KroghInterpolator(_X, _X),
        ],
    )
    yield "splrep", lambda: interpolate.splrep(_X, _X)


def _spatial() -> Named:
    yield "kdtree", lambda: spatial.KDTree(_POINTS)
    yield "ckdtree", lambda: spatial.cKDTree(_POINTS)
    yield "delaunay", lambda: spatial.Delaunay(_POINTS)
    yield "hull", lambda: spatial.ConvexHull(_POINTS)
    yield "voronoi", lambda: spatial.Voronoi(_POINTS)
    yield "rotation", lambda: [Rotation.from_euler("z", 1), Rotation.random(3, random_state=0)]
    yield "slerp", lambda: spatial.transform.Slerp([0, 1], Rotation.random(2, random_state=0))
    yield "rectangle", lambda: spatial.Rectangle([1, 1], [0, 0])
    yield (
        "distances",
        lambda: [
            spatial.distance.euclidean,
            spatial.distance.cosine,
            spatial.distance.pdist(_POINTS),
        ],
    )
    yield "procrustes", lambda: spatial.procrustes(_POINTS, _POINTS * 2)


def _results() -> Named:
    yield "minimize", lambda: optimize.minimize(_square, [1.0, 2.0])
    for method in "Nelder-Mead Powell CG BFGS L-BFGS-B TNC COBYLA SLSQP trust-constr".split():
        yield f"minimize-{method}", partial(optimize.minimize, _square, [1.0, 2.0], method=method)
    yield "minimize-scalar", lambda: optimize.minimize_scalar(_line)
    yield "root", lambda: [optimize.root(_line, 1.0), optimize.root_scalar(_cube, bracket=[-1, 2])]
    yield "curve-fit", lambda: optimize.curve_fit(_model, _X, _X)
    yield "least-squares", lambda: optimize.least_squares(_residual, [1.0])
    yield "linprog", lambda: optimize.linprog([1, 2], bounds=[(0, 1), (0, 1)])
    yield "milp", lambda: optimize.milp([1, 2], bounds=optimize.Bounds(0, 1))
    yield (
        "evolution",
        lambda: optimize.differential_evolution(_square, [(-1, 1)] * 2, maxiter=3, seed=0),
    )
    yield (
        "annealing",
        lambda: [
            optimize.dual_annealing(_square, [(-1, 1)] * 2, maxiter=3, seed=0),
            optimize.basinhopping(_square, [1.0], niter=2),
        ],
    )
    yield (
        "constraints",
        lambda: [optimize.Bounds([0], [1]), optimize.LinearConstraint([[1, 2]], 0, 1)],
    )
    yield "hess-inv", lambda: optimize.LbfgsInvHessProduct(np.ones((1, 2)), np.ones((1, 2)))
    yield "solve-ivp", lambda: integrate.solve_ivp(_slope, (0, 1), [1.0])
    yield "solve-ivp-dense", lambda: integrate.solve_ivp(_slope, (0, 1), [1.0], dense_output=True)
    yield "quad", lambda: integrate.quad(_line, 0, 1)
    yield "solve-bvp", lambda: integrate.solve_bvp(_bvp, _ends, _X, np.zeros((2, _X.size))).y


def _square(x: np.ndarray) -> float:
    return float((np.asarray(x) ** 2).sum())


def _line(x: float) -> float:
    return (x - 1) ** 2


def _cube(x: float) -> float:
    return x**3 - 0.5


def _model(x: np.ndarray, a: float) -> np.ndarray:
    return a * x


def _residual(x: np.ndarray) -> np.ndarray:
    return x - 2


def _slope(_t: float, y: np.ndarray) -> np.ndarray:
    return -y


def _bvp(_x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.vstack((y[1], -y[0]))


def _ends(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.array([a[0], b[0]])


def _others() -> Named:
    yield "linkage", lambda: cluster.hierarchy.linkage(_POINTS)
    yield "cluster-node", lambda: cluster.hierarchy.to_tree(cluster.hierarchy.linkage(_POINTS))
    yield "disjoint-set", lambda: cluster.hierarchy.DisjointSet([1, 2])
    yield (
        "lti",
        lambda: [
            signal.lti([1], [1, 1]),
            signal.TransferFunction([1], [1, 2]),
            signal.StateSpace(1, 1, 1, 1),
        ],
    )
    yield "dlti", lambda: [signal.dlti([1], [1, 1], dt=0.1), signal.ZerosPolesGain([], [1], 1)]
    yield (
        "filters",
        lambda: [signal.butter(2, 0.3), signal.firwin(5, 0.3), signal.get_window("hann", 8)],
    )
    yield "short-time-fft", lambda: signal.ShortTimeFFT(np.ones(4), 2, 1)
    yield (
        "special",
        lambda: [
            special.expit,
            special.softmax,
            special.erf,
            special.gammaln,
            special.orthogonal.legendre(2),
        ],
    )
    yield "ndimage", lambda: [ndimage.gaussian_filter, ndimage.generate_binary_structure(2, 1)]
    yield "spectrum", lambda: signal.periodogram(_X)
