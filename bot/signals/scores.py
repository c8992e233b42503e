"""The measures of a model against its labels: a function each, and a record.

Source: azureml-metrics 0.0.91 as Azure/azureml-assets at 4b41f8cc calls it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bot.signals.metric import CannotCompute, Direction

Values: TypeAlias = NDArray[Any]
Task: TypeAlias = Literal["classification", "regression"]


def accuracy(truth: Values, predicted: Values) -> float:
    """Return the share of rows predicted right.

    >>> accuracy(np.array(["no", "yes"]), np.array(["no", "no"]))
    0.5
    """
    return float(np.mean(truth == predicted))


def precision(truth: Values, predicted: Values) -> float:
    """Return precision averaged over the classes of either side; 0 if never predicted.

    >>> precision(np.array([0, 1, 1, 2]), np.array([0, 1, 0, 0]))
    0.4444444444444444
    """
    return _macro(truth, predicted, of=predicted)


def recall(truth: Values, predicted: Values) -> float:
    """Return recall averaged over the classes of either side; 0 if there is none."""
    return _macro(truth, predicted, of=truth)


def _macro(truth: Values, predicted: Values, of: Values) -> float:
    shares = []
    for label in np.unique(np.concatenate((truth, predicted))):
        total = int((of == label).sum())
        right = int(((truth == label) & (predicted == label)).sum())
        shares.append(right / total if total else 0.0)
    return float(np.mean(shares))


def root_mean_squared_error(truth: Values, predicted: Values) -> float:
    """Return the root of the mean squared error, in the target's unit."""
    return math.sqrt(float(np.mean((truth - predicted) ** 2)))


def mean_absolute_error(truth: Values, predicted: Values) -> float:
    """Return the mean absolute error, in the target's unit."""
    return float(np.mean(np.abs(truth - predicted)))


@dataclass(frozen=True, slots=True)
class Score:
    """One measure of performance, and which way is worse."""

    name: str
    task: Task
    breached_when: Direction
    compute: Callable[[Values, Values], float]


SCORES = (
    Score("Accuracy", "classification", "below", accuracy),
    Score("Precision", "classification", "below", precision),
    Score("Recall", "classification", "below", recall),
    Score("RootMeanSquaredError", "regression", "above", root_mean_squared_error),
    Score("MeanAbsoluteError", "regression", "above", mean_absolute_error),
)


def scores(truth: Values, predicted: Values, task: Task) -> dict[str, float]:
    """Return every score of the task.

    Args:
        truth, predicted: shape (n,), labels of one type, or numbers.

    Raises:
        CannotCompute: no row, or a number is NaN, which Azure ML refuses too.
    """
    if len(truth) != len(predicted):
        raise ValueError(f"{len(truth)} labels for {len(predicted)} predictions")
    if not len(truth):
        raise CannotCompute("no labelled row")
    if task == "regression":
        truth, predicted = truth.astype(np.float64), predicted.astype(np.float64)
        _refuse_nan(truth, "y_test")
        _refuse_nan(predicted, "y_pred")
    return {s.name: s.compute(truth, predicted) for s in SCORES if s.task == task}


def _refuse_nan(values: NDArray[np.float64], name: str) -> None:
    if np.isnan(values).any():
        raise CannotCompute(
            f"Assertion Failed. Invalid Operation. Target: {name}. Reference Code: "
            f"validate_regression. Details: Elements of {name} cannot be NaN",
            kind="InvalidOperationException",
        )
