"""How well a model does, once labels have come in: often late, and not for every row.

Source: azureml-metrics 0.0.91 as Azure/azureml-assets at 4b41f8cc calls it.
"""

import math
from collections.abc import Collection, Mapping

import numpy as np

from bot.signals.metric import CannotCompute, Mode
from bot.signals.quality import wilson
from bot.signals.report import FeatureResult, Report, Verdict
from bot.signals.scores import SCORES, Score, Task, Values, scores
from bot.signals.sentence import WORST_FIRST, overall
from bot.signals.verdict import azure_breached, azure_breached_when

_FEWEST = 100  # labelled rows below which we do not judge
_Z = 1.959963984540054


def performance(
    truth: Values,
    predicted: Values,
    *,
    task: Task,
    thresholds: Mapping[str, float],
    mode: Mode = "sound",
    predictions: int | None = None,
    reference_rows: int = 0,
    production_name: str = "",
    age: str = "",
    only: Collection[str] = (),
) -> Report:
    """Return the model's scores against their limits.

    Args:
        truth, predicted: shape (n,), the rows whose label has come in; NaN is a label
            that has not, though Azure ML's job fails by it.
        thresholds: limit by score name; scores without one are shown, never breached.
        predictions: how many predictions the window had; labels may be missing still.
        reference_rows: labelled rows that the limits come from.
        age: how late the labels came, in words.
        only: names of the scores that are asked for; () = all of the task.

    Raises:
        ValueError: the task has no score of such a name.
    """
    asked = _asked(task, only)
    total = predictions or len(truth)
    if mode == "sound":
        truth, predicted = _labelled_rows(truth, predicted)
    try:
        found = scores(truth, predicted, task)
        results = [
            _result(score, found[score.name], thresholds, mode, (truth, predicted))
            for score in asked
        ]
    except CannotCompute as error:
        results = [_refused(score, error) for score in asked]
    ranked = sorted(results, key=lambda result: WORST_FIRST.index(result.verdict))
    labels = len(truth)
    return Report(
        signal="model-performance",
        mode=mode,
        verdict=overall(ranked),
        sentence=_sentence(ranked),
        results=tuple(ranked),
        reference_rows=reference_rows,
        production_rows=labels,
        production_name=production_name,
        findings=_coverage(labels, total, age),
    )


def _asked(task: Task, only: Collection[str]) -> list[Score]:
    known = [score for score in SCORES if score.task == task]
    names = [score.name for score in known]
    if stray := [name for name in only if name not in names]:
        raise ValueError(f"{stray[0]} is none of {', '.join(names)}")
    return [score for score in known if not only or score.name in only]


def _labelled_rows(truth: Values, predicted: Values) -> tuple[Values, Values]:
    """Return the rows without NaN; what is no number has none."""
    there = np.ones(len(truth), dtype=np.bool_)
    for side in (truth, predicted):
        if side.dtype.kind == "f" and len(side) == len(there):
            there &= ~np.isnan(side)
    return (truth, predicted) if there.all() else (truth[there], predicted[there])


def _coverage(labels: int, total: int, age: str) -> tuple[str, ...]:
    share = f"labels for {labels:,} of {total:,} predictions"
    some = (f"{share} ({labels / total:.0%})",) if total > labels else ()
    return (*some, age) if age else some


def limits(
    truth: Values, predicted: Values, *, task: Task, tolerance: float
) -> dict[str, float]:
    """Return limits that allow a model to be worse than here by a share.

    Args:
        truth, predicted: shape (n,), of the reference; NaN is no label.
        tolerance: 0.1 allows an accuracy of 0.9 to fall to 0.81, an error to grow by a
            tenth.

    >>> limits(np.arange(4), np.array([0, 1, 2, 9]), task="regression", tolerance=0.1)
    {'RootMeanSquaredError': 3.3000000000000003, 'MeanAbsoluteError': 1.6500000000000001}
    """
    found = scores(*_labelled_rows(truth, predicted), task)
    factor = {"below": 1 - tolerance, "above": 1 + tolerance}
    return {
        s.name: found[s.name] * factor[s.breached_when]
        for s in SCORES
        if s.name in found
    }


def _result(
    score: Score,
    value: float,
    thresholds: Mapping[str, float],
    mode: Mode,
    rows: tuple[Values, Values],
) -> FeatureResult:
    count, when, reason = len(rows[0]), score.breached_when, ""
    # Azure ML's component is handed accuracy's threshold for precision too.
    lent = mode == "azureml" and score.name == "Precision"
    limit = thresholds.get("Accuracy" if lent else score.name)
    flags: tuple[str, ...] = ()
    beyond = limit is not None and (value < limit if when == "below" else value > limit)
    verdict: Verdict = "breached" if beyond else "not breached"
    interval = _interval(score, value, *rows)
    if mode == "azureml":
        when = azure_breached_when(score.name)
        breached = azure_breached(score.name, value, limit)
        verdict, flags = "breached" if breached else "not breached", _wrong(score)
    elif count < _FEWEST:
        verdict, reason = "not enough data", f"{count:,} labels; {_FEWEST} are needed"
    elif (
        beyond
        and limit is not None
        and interval
        and interval[0] <= limit <= interval[1]
    ):
        verdict, reason = "not breached", "beyond the limit, but within chance"
    return FeatureResult(
        feature="model",
        data_type="Categorical" if score.task == "classification" else "Numerical",
        metric=score.name,
        value=value,
        threshold=limit,
        breached_when=when,
        verdict=verdict,
        reason=reason,
        interval=interval,
        production_count=count,
        flags=flags,
    )


def _wrong(score: Score) -> tuple[str, ...]:
    """Return what is wrong with Azure ML's alert rule for this score."""
    turned = azure_breached_when(score.name) != score.breached_when
    said = ("Azure ML alerts when this is above its threshold",) if turned else ()
    lent = "Azure ML takes accuracy's threshold for precision"
    return (*said, lent) if score.name == "Precision" else said


def _interval(
    score: Score, value: float, truth: Values, predicted: Values
) -> tuple[float, float] | None:
    n = len(truth)
    if score.name == "Accuracy":
        return wilson(value, n)
    if score.task == "classification":
        spread = _Z * _macro_error(truth, predicted, score.name)
        return max(0.0, value - spread), min(1.0, value + spread)
    if n < 2:  # noqa: PLR2004
        return None
    errors = np.abs(truth.astype(np.float64) - predicted.astype(np.float64))
    if score.name == "MeanAbsoluteError":
        spread = _Z * float(errors.std(ddof=1)) / math.sqrt(n)
        return max(0.0, value - spread), value + spread
    spread = _Z * float((errors**2).std(ddof=1)) / math.sqrt(n)
    return math.sqrt(max(0.0, value**2 - spread)), math.sqrt(value**2 + spread)


def _macro_error(truth: Values, predicted: Values, name: str) -> float:
    """Return the standard error of macro precision or recall.

    Each class's share is a binomial's; one more of either kind keeps a class of three
    rows, all right, from being certain.
    """
    of = predicted if name == "Precision" else truth
    labels = np.unique(np.concatenate((truth, predicted)))
    variance = 0.0
    for label in labels:
        total = int((of == label).sum())
        right = int(((truth == label) & (predicted == label)).sum())
        share = (right + 1) / (total + 2)
        variance += share * (1 - share) / (total + 2)
    return math.sqrt(variance) / len(labels)


def _refused(score: Score, error: CannotCompute) -> FeatureResult:
    raised = (f"Azure ML raises {error.kind}: {error.reason}",) if error.kind else ()
    return FeatureResult(
        feature="model",
        data_type="Categorical" if score.task == "classification" else "Numerical",
        metric=score.name,
        value=None,
        threshold=None,
        breached_when=score.breached_when,
        verdict="cannot compute" if error.kind else "not enough data",
        reason=error.reason,
        flags=raised,
    )


def _sentence(ranked: list[FeatureResult]) -> str:
    over = [r for r in ranked if r.verdict == "breached"]
    if over:
        first = over[0]
        where = "below" if first.breached_when == "below" else "above"
        return f"{first.metric} is {first.value:.3g}, {where} its limit."
    first = ranked[0]
    if overall(ranked) == "not breached":
        return f"The model is within its limits; {first.metric} is {first.value:.3g}."
    return f"The model's performance is unknown: {first.reason}."
