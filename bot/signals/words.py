"""What all of the engine speaks of: modes, types of columns, and figures that are none."""

from typing import Literal, TypeAlias

Mode: TypeAlias = Literal["sound", "azureml"]
DataType: TypeAlias = Literal["Numerical", "Categorical"]
Direction: TypeAlias = Literal["above", "below"]


class CannotCompute(Exception):
    """The figure does not exist for this data. A finding, never a breach.

    `kind` is the exception that Azure ML's own component raises in the same place, or
    "" where Azure ML computes something (or does not compute this at all).
    """

    def __init__(self, reason: str, *, kind: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind = kind


class NotApplicable(CannotCompute):
    """The metric says nothing about such a column; no result is kept."""
