"""What the watch list asks of an endpoint's figures: rules, and late labels."""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from bot.signals.catalogue import kind_of
from bot.watch.parts import Strict


class SignalRule(Strict):
    """A metric that we compute, and the limit that we alert on.

    Of rows (drift, data quality), of how the endpoint serves ("RequestLatency_P95" in
    milliseconds, "ErrorRate" as a share, "RequestsPerMinute" as a multiple of what is
    usual), of cost, of the model's performance or of its attribution.
    """

    metric: str
    threshold: float = Field(allow_inf_nan=False)
    signal: str = "data-drift"
    columns: tuple[str, ...] = ()  # () = all that both sides have

    @model_validator(mode="after")
    def _known(self) -> Self:
        kind_of(self.metric)
        return self

    @property
    def name(self) -> str:
        """Return the metric's own name, however it was written."""
        return kind_of(self.metric)[0]

    @property
    def kind(self) -> str:
        """Return the signal; only a measure of drift does not say itself which."""
        own = kind_of(self.metric)[1]
        return self.signal if own == "data-drift" else own


class Labels(Strict):
    """Where the truth about predictions is found once it is known, often days later."""

    truth: str  # column of the label
    predicted: str  # column of the prediction, in the production data
    # Data asset with the labels, "loan-labels:3"; "": they are in the production data
    data: str = Field(default="", pattern=r"^([\w.-]+:[\w.-]+)?$")
    key: str = ""  # column that labels and predictions share ("on" is true in YAML)
    predicted_at: str = ""  # columns of moments: how late labels came
    labelled_at: str = ""
    task: Literal["classification", "regression"] | None = None  # None: by the types

    @model_validator(mode="after")
    def _joined(self) -> Self:
        if self.data and not self.key:
            raise ValueError("labels: `key` names the column that joins them")
        return self


def limits(rules: tuple[SignalRule, ...], signal: str) -> Mapping[str, float]:
    """Return the limits of a signal by metric; the last of two rules counts."""
    return {r.name: r.threshold for r in rules if r.kind == signal}
