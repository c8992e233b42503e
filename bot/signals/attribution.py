"""Feature attribution drift: does the model still lean on the same features?

The ranking measure needs NumPy only. Importances come from wherever the model is
explained; `surrogate_importances` makes them as Azure ML does, and needs LightGBM (the
extra "attribution").

Source: Azure/azureml-assets at 4b41f8cc, feature_importance_metrics.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bot.signals.columns import NUMBERS, spark_type
from bot.signals.metric import CannotCompute, Mode
from bot.signals.report import FeatureResult, Report, Verdict

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]

METRIC = "NormalizedDiscountedCumulativeGain"
_LEAST_MOVE = 0.005  # share of the importance
_TREES = {
    "boosting": "gbdt",
    "learning_rate": 0.1,
    "max_depth": 5,
    "seed": 777,
    "verbose": -1,
    "num_threads": 1,
}


def ranking_gain(reference: Floats, production: Floats) -> float:
    """Return the normalised discounted cumulative gain of production's ranking.

    Args:
        reference: shape (k,), importance of each feature, k at least 2: the gains.
        production: shape (k,), importance of the same features: their order. Features
            that tie share their gains.

    Returns:
        1 where production ranks the features as the reference weighs them; 0 where the
        reference has no importance at all.

    Raises:
        CannotCompute: there is one feature only, which has no order.

    Source: Järvelin and Kekäläinen (2002); ties as McSherry and Najork (2008).

    >>> round(ranking_gain(np.array([3.0, 2.0, 1.0]), np.array([1.0, 2.0, 3.0])), 3)
    0.79
    """
    if len(reference) < 2:  # noqa: PLR2004
        raise CannotCompute(
            "Computing NDCG is only meaningful when there is more than 1 document. "
            f"Got {len(reference)} instead.",
            kind="ValueError",
        )
    discount = 1 / np.log2(np.arange(len(reference)) + 2)
    best = float(np.sort(reference)[::-1] @ discount)
    if best == 0:
        return 0.0
    _, group, sizes = np.unique(-production, return_inverse=True, return_counts=True)
    gains = np.bincount(group, weights=reference) / sizes
    ends = np.cumsum(sizes)
    shares = np.diff(np.cumsum(discount)[ends - 1], prepend=0.0)
    return float(gains @ shares) / best


def attribution(
    reference: Mapping[str, float],
    production: Mapping[str, float],
    *,
    threshold: float | None = 0.9,
    mode: Mode = "sound",
) -> Report:
    """Return whether the order of importance has changed, and which feature moved most.

    Args:
        reference, production: importance by feature; both must name the same features.
        threshold: breached below; Azure ML has no default.
    """
    names = sorted(reference.keys() & production.keys())
    ours = np.array([reference[name] for name in names], dtype=np.float64)
    theirs = np.array([production[name] for name in names], dtype=np.float64)
    result = _result(names, ours, theirs, threshold)
    said = {
        "breached": f"The model leans on other features than it did; {result.reason}.",
        "not breached": "The model leans on the same features as it did.",
    }
    unknown = f"Attribution could not be compared: {result.reason}."
    return Report(
        signal="feature-attribution-drift",
        mode=mode,
        verdict=result.verdict,
        sentence=said.get(result.verdict, unknown),
        results=(result,),
        reference_rows=0,
        production_rows=0,
        dropped=tuple(
            f"{name}: importance on one side only"
            for name in sorted(reference.keys() ^ production.keys())
        ),
    )


def _result(
    names: list[str], ours: Floats, theirs: Floats, threshold: float | None
) -> FeatureResult:
    plain = FeatureResult(
        feature="feature attribution",
        data_type="Numerical",
        metric=METRIC,
        value=None,
        threshold=threshold,
        breached_when="below",
        verdict="cannot compute",
    )
    try:
        value = ranking_gain(ours, theirs)
    except CannotCompute as error:
        flag = f"Azure ML raises {error.kind}: {error.reason}"
        return replace(plain, reason=error.reason, flags=(flag,))
    if not math.isfinite(value):
        return replace(plain, reason="an importance is not a number")
    below = threshold is not None and value < threshold
    verdict: Verdict = "breached" if below else "not breached"
    reason = _moved(names, ours, theirs)
    return replace(plain, value=value, verdict=verdict, reason=reason)


def _moved(names: list[str], reference: Floats, production: Floats) -> str:
    """Return which feature gained or lost the most of the importance."""
    shares = [
        side / side.sum() if side.sum() else side for side in (reference, production)
    ]
    change = shares[1] - shares[0]
    most = int(np.argmax(np.abs(change)))
    if abs(change[most]) < _LEAST_MOVE:
        return "no feature gained or lost"
    word = "gained" if change[most] > 0 else "lost"
    now, then = shares[1][most], shares[0][most]
    return f"{names[most]} {word} most ({then:.0%} to {now:.0%} of the importance)"


def surrogate_importances(table: "pa.Table", target: str) -> dict[str, float]:
    """Return each feature's mean absolute SHAP value in a model fitted to the data.

    Args:
        table: features and the target; a text target makes it a classification. Columns
            that are neither number, text nor truth value are left out.

    Raises:
        ModuleNotFoundError: the extra "attribution" is not installed.
        CannotCompute: there is no row, or no feature that a tree could use.
    """
    import lightgbm  # noqa: PLC0415 (an extra)

    plain = {name: _plain(table.column(name)) for name in table.column_names}
    names = [n for n, c in plain.items() if n != target and _usable(c)]
    if not names or not table.num_rows or not _usable(plain[target]):
        raise CannotCompute("no row, or no column that a tree could use")
    features = np.column_stack([_coded(plain[name]) for name in names])
    truth = _coded(plain[target])
    told, parts_of = _told(truth, text=not _is_number(plain[target])), len(names) + 1
    model = lightgbm.train(told, lightgbm.Dataset(features, truth), 200)
    parts = np.asarray(model.predict(features, pred_contrib=True))
    parts = np.abs(parts.reshape(len(features), -1, parts_of)).mean(axis=(0, 1))
    return dict(zip(names, parts[:-1].tolist(), strict=True))


def _told(truth: Floats, *, text: bool) -> dict[str, object]:
    """Return LightGBM's parameters as Azure ML sets them."""
    classes = len(np.unique(truth)) if text else 0
    if classes > 2:  # noqa: PLR2004 (more than yes and no)
        return {**_TREES, "objective": "multiclass", "num_class": classes}
    return {**_TREES, "objective": "binary" if text else "regression"}


def _plain(column: "pa.ChunkedArray") -> "pa.ChunkedArray":
    value_type = getattr(column.type, "value_type", None)
    return column if value_type is None else column.cast(value_type)


def _usable(column: "pa.ChunkedArray") -> bool:
    return spark_type(column.type) in NUMBERS | {"string", "boolean"}


def _is_number(column: "pa.ChunkedArray") -> bool:
    return spark_type(column.type) in NUMBERS


def _coded(column: "pa.ChunkedArray") -> Floats:
    """Return numbers as they are, and text as the rank of its value."""
    import pyarrow.compute as pc  # noqa: PLC0415

    if not _is_number(column):
        values = column.cast("string").unique().sort()
        column = pc.index_in(column.cast("string"), value_set=values)
    coded: Floats = column.cast("double").to_numpy(zero_copy_only=False)
    return coded
