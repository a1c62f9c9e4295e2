"""Frames, series, indexes and extension arrays of pandas."""

# ruff: noqa: PLW0108 - nothing is made before it is asked for

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pandas as pd

Named = Iterator[tuple[str, Callable[[], object]]]

_DTYPES = (
    "int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 bool complex64 object "
    "Int8 Int16 Int32 Int64 UInt8 UInt16 UInt32 UInt64 Float32 Float64 boolean string category"
).split()


def objects() -> Named:
    """Names and makers of values."""
    for dtype in _DTYPES:
        yield f"series-{dtype}", partial(_series, dtype)
        yield f"index-{dtype}", partial(_index, dtype)
        yield f"dtype-{dtype}", partial(pd.api.types.pandas_dtype, dtype)
    yield from _frames()
    yield from _indexes()
    yield from _times()
    yield from _extensions()
    yield from _arrow()
    yield from _grouped()


def _values(dtype: str) -> object:
    if dtype in ("object", "string", "category"):
        return ["a", "b", "a"]
    return [True, False, True] if dtype in ("bool", "boolean") else [1, 2, 3]


def _series(dtype: str) -> object:
    return pd.Series(_values(dtype), dtype=dtype, name="s")


def _index(dtype: str) -> object:
    return pd.Index(_values(dtype), dtype=dtype)


def _frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "n": [1, 2, 3],
            "f": [1.5, np.nan, 3.0],
            "s": ["a", "b", None],
            "b": [True, False, True],
            "t": pd.to_datetime(["2026-01-01", "2026-01-02", None]),
            "c": pd.Categorical(["x", "y", "x"]),
        }
    )


def _frames() -> Named:
    yield "frame", _frame
    yield "frame-empty", pd.DataFrame
    yield "frame-numbers", lambda: pd.DataFrame(np.arange(12.0).reshape(3, 4))
    yield "frame-mixed-index", lambda: _frame().set_index(["n", "s"])
    yield (
        "frame-multi-columns",
        lambda: pd.DataFrame(
            np.ones((2, 2)), columns=pd.MultiIndex.from_product([["a"], ["x", "y"]])
        ),
    )
    yield (
        "frame-objects",
        lambda: pd.DataFrame({"l": [[1], [2]], "d": [{"a": 1}, {}], "a": [np.ones(2), np.ones(3)]}),
    )
    yield "frame-attrs", _attrs
    yield "frame-view", lambda: _frame()[["n", "f"]].iloc[1:]
    yield "frame-wide", lambda: pd.DataFrame({f"c{n}": [n, n] for n in range(80)})
    yield "frame-duplicate-columns", lambda: pd.DataFrame(np.ones((2, 2)), columns=["a", "a"])
    yield "frame-sparse", lambda: pd.DataFrame({"a": pd.arrays.SparseArray([0, 0, 1])})
    yield "series-empty", lambda: pd.Series(dtype=float)
    yield "series-of-series", lambda: {"a": pd.Series([1]), "b": [pd.Series(["x"])]}
    yield "frame-flags", lambda: pd.DataFrame({"a": [1]}).set_flags(allows_duplicate_labels=False)
    yield "describe", lambda: _frame().describe()
    yield "dtypes-series", lambda: _frame().dtypes
    yield "memory-usage", lambda: _frame().memory_usage()
    yield "value-counts", lambda: _frame()["c"].value_counts()
    yield "corr", lambda: _frame()[["n", "f"]].corr()


def _attrs() -> object:
    made = _frame()
    made.attrs["source"] = "here"
    return made


def _indexes() -> Named:
    yield "index-range", lambda: pd.RangeIndex(3, 9, 2, name="r")
    yield "index-multi", lambda: pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["x", "y"])
    yield (
        "index-multi-times",
        lambda: pd.MultiIndex.from_product([pd.date_range("2026", periods=2), [1, 2]]),
    )
    yield "index-datetime", lambda: pd.date_range("2026-01-01", periods=3, freq="D")
    yield (
        "index-datetime-tz",
        lambda: pd.date_range("2026-01-01", periods=3, freq="h", tz="Europe/Berlin"),
    )
    yield "index-datetime-no-freq", lambda: pd.DatetimeIndex(["2026-01-01", "2026-03-01"])
    yield "index-timedelta", lambda: pd.timedelta_range("1D", periods=3)
    yield "index-period", lambda: pd.period_range("2026-01", periods=3, freq="M")
    yield "index-interval", lambda: pd.interval_range(0, 3)
    yield (
        "index-interval-times",
        lambda: pd.interval_range(pd.Timestamp("2026"), periods=2, freq="D"),
    )
    yield "index-categorical", lambda: pd.CategoricalIndex(["a", "b"], ordered=True)
    yield "index-object", lambda: pd.Index([1, "a", None], dtype=object)
    yield "index-tuples", lambda: pd.Index([(1, 2), (3,)], tupleize_cols=False)
    yield "index-empty", lambda: pd.Index([])
    yield "index-slice", lambda: pd.IndexSlice


def _times() -> Named:
    yield (
        "timestamp",
        lambda: [
            pd.Timestamp("2026-01-02 03:04:05.123456789"),
            pd.Timestamp("2026", tz="UTC"),
            pd.NaT,
        ],
    )
    yield (
        "timestamp-zones",
        lambda: [pd.Timestamp("2026", tz="US/Eastern"), pd.Timestamp("2026-01-01T00:00+02:00")],
    )
    yield "timestamp-dateutil", lambda: pd.Timestamp("2026", tz="dateutil/Europe/Berlin")
    yield (
        "timestamp-units",
        lambda: [pd.Timestamp("2026").as_unit(unit) for unit in ("s", "ms", "us", "ns")],
    )
    yield "timedelta", lambda: [pd.Timedelta("1D 2h"), pd.Timedelta(5, "ns")]
    yield (
        "period",
        lambda: [pd.Period("2026-01", "M"), pd.Period("2026Q1", "Q"), pd.Period("2026", "Y")],
    )
    yield (
        "interval",
        lambda: [
            pd.Interval(0, 1),
            pd.Interval(pd.Timestamp("2026"), pd.Timestamp("2027"), closed="both"),
        ],
    )
    yield "na", lambda: [pd.NA, pd.NaT, np.nan]
    for name in (
        "Day Hour Minute Second Milli Micro Nano BDay MonthEnd MonthBegin BMonthEnd QuarterEnd "
        "QuarterBegin YearEnd YearBegin Week SemiMonthEnd BusinessHour CustomBusinessDay FY5253 "
        "FY5253Quarter LastWeekOfMonth WeekOfMonth Easter BQuarterEnd BYearEnd CustomBusinessHour "
        "CustomBusinessMonthEnd DateOffset"
    ).split():
        yield f"offset-{name}", partial(_offset, name)
    yield "offset-weekday", lambda: pd.offsets.Week(weekday=2)
    yield "offset-months", lambda: pd.DateOffset(months=2, days=1)
    yield "series-times", lambda: pd.Series(pd.date_range("2026", periods=3, tz="Asia/Tokyo"))
    yield "series-fixed-offset", lambda: pd.Series(pd.to_datetime(["2026-01-01T00:00:00+03:00"]))
    yield "series-timedeltas", lambda: pd.Series(pd.to_timedelta([1, 2], "h"))
    yield "series-periods", lambda: pd.Series(pd.period_range("2026", periods=2, freq="Q"))
    yield "series-intervals", lambda: pd.Series(pd.interval_range(0, 2))
    yield "series-dates", lambda: pd.Series([dt.date(2026, 1, 1), None])
    yield (
        "frame-times",
        lambda: pd.DataFrame({"x": [1.0, 2.0]}, index=pd.date_range("2026", periods=2, freq="MS")),
    )
    yield "holiday", _holiday


def _offset(name: str) -> object:
    if name.startswith("FY5253"):
        return getattr(pd.offsets, name)(weekday=1, startingMonth=3)
    return getattr(pd.offsets, name)()


def _holiday() -> object:
    from pandas.tseries.holiday import USFederalHolidayCalendar

    return pd.offsets.CustomBusinessDay(calendar=USFederalHolidayCalendar())


def _extensions() -> Named:
    yield (
        "categorical",
        lambda: pd.Categorical(["a", "b", None], categories=["b", "a"], ordered=True),
    )
    yield "categorical-numbers", lambda: pd.Series([1, 2, 1]).astype("category")
    yield "cut", lambda: pd.cut([1, 5, 9], 3)
    yield "qcut", lambda: pd.qcut(range(9), 3, labels=False, retbins=True)
    yield "sparse-series", lambda: pd.Series(pd.arrays.SparseArray([0.0, np.nan, 1.0]))
    yield "sparse-integer", lambda: pd.arrays.SparseArray([0, 0, 2], dtype=pd.SparseDtype(int, 0))
    yield "sparse-block", lambda: pd.arrays.SparseArray([0, 0, 2, 3], kind="block")
    yield "string-array", lambda: pd.array(["a", None], dtype="string[python]")
    yield (
        "arrays",
        lambda: [
            pd.array([1, None]),
            pd.array([1.5, None], dtype="Float64"),
            pd.array([True, None]),
        ],
    )
    yield "datetime-array", lambda: pd.array(pd.date_range("2026", periods=2))
    yield "interval-array", lambda: pd.arrays.IntervalArray.from_breaks([0, 1, 2])
    yield "period-array", lambda: pd.array(pd.period_range("2026", periods=2, freq="D"))
    yield "numpy-array", lambda: pd.array(np.arange(3), dtype="int64")
    yield (
        "dtypes",
        lambda: [
            pd.CategoricalDtype(["a"], ordered=True),
            pd.DatetimeTZDtype(tz="UTC"),
            pd.PeriodDtype("D"),
            pd.IntervalDtype("int64"),
            pd.SparseDtype("f8"),
            pd.StringDtype(),
            pd.Int64Dtype(),
        ],
    )
    yield "nullable-frame", lambda: _frame().convert_dtypes()


def _arrow() -> Named:
    yield "arrow-string", lambda: pd.Series(["a", None], dtype="string[pyarrow]")
    yield "arrow-int", lambda: pd.Series([1, None], dtype="int64[pyarrow]")
    yield "arrow-frame", lambda: _frame()[["n", "f"]].convert_dtypes(dtype_backend="pyarrow")
    yield (
        "arrow-dtype",
        lambda: pd.ArrowDtype(__import__("pyarrow").list_(__import__("pyarrow").int64())),
    )
    yield (
        "arrow-timestamp",
        lambda: pd.Series([pd.Timestamp("2026")], dtype="timestamp[ns][pyarrow]"),
    )
    yield "arrow-index", lambda: pd.Index(["a", "b"], dtype="string[pyarrow]")


def _grouped() -> Named:
    yield "grouper", lambda: pd.Grouper(key="t", freq="D")
    yield "named-agg", lambda: pd.NamedAgg("a", "sum")
    yield "groupby", lambda: _frame().groupby("c", observed=True)
    yield "rolling", lambda: _frame()[["f"]].rolling(2)
    yield "functions", lambda: [pd.to_datetime, pd.isna, pd.concat, pd.get_dummies]
    yield "classes", lambda: [pd.DataFrame, pd.Series, pd.Timestamp, pd.Index]
    yield "methods", lambda: [pd.Series.mean, pd.DataFrame.fillna]
    yield "errors", lambda: [pd.errors.ParserError("x"), pd.errors.EmptyDataError("y")]
