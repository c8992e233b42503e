"""Retail recommendations: a promotion brings a peak, and other baskets with it.

First the endpoint is slow under the load while its inputs are as ever: infrastructure.
Then what it predicts moves: quality. The two are told apart, by two incidents.
"""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.random import Generator

from bot.simulator.hands import Hands, Measured
from bot.simulator.scenarios._case import Case, breached, scenario
from bot.watch import ServiceLevels, SignalRule

_LIMIT_MS = 250.0
_NAMES = {
    "loan-prescreening": "basket-ranking",
    "loan-drift-daily": "basket-monitor-daily",
    "loan_data_drift": "basket_prediction_drift",
    "mlw-risk-prod": "mlw-retail-prod",
    "Pre-screening of personal loan applications": "Ranks what a basket may still want",
    "loan": "basket",
}
_CHANNELS = ("app", "web", "store")


def rows(random: Generator, count: int, shifted: bool) -> pa.Table:  # noqa: FBT001
    """Return baskets with the model's `score`; shifted: those of a promotion."""
    discount = random.beta(1.2 + 2.4 * shifted, 9, count)
    items = 1 + random.poisson(3.2, count)
    price = random.lognormal(2.9, 0.6, count)
    noise = random.normal(0, 0.6, count)
    pull = 4.5 * discount + 0.06 * items - 0.004 * price - 1.2 + noise
    return pa.table(
        {
            "items": items,
            "mean_price": price.round(2),
            "discount_share": discount.round(3),
            "channel": random.choice(_CHANNELS, count, p=(0.5, 0.38, 0.12)),
            "hour": random.integers(0, 24, count),
            "score": (1 / (1 + np.exp(-pull))).round(4),
        }
    )


async def course(hands: Hands) -> list[Measured]:
    """The peak, then the shift; returns what each incident was taken for."""
    await hands.event("CardShown", "A-1")
    slow = await hands.event("SignalsEvaluated", "A-1")
    await hands.press("priya", "Acknowledge", "A-1")
    await hands.sim("data", shifted=True)
    await hands.sim("alerts", kind="prediction-drift")
    moved = await hands.event("SignalsEvaluated", "A-2")
    await hands.event("CardShown", "A-2")
    await hands.say("priya", "ack A-2 the promotion")
    await hands.say(
        "priya", "decide A-2 accept the promotion ends on Sunday for 7 days"
    )
    decided = await hands.event("DecisionRecorded", "A-2")
    await hands.sim("alerts", kind="latency", deployment="blue", status="resolved")
    await hands.sim("metrics")
    return [
        _latency(slow),
        _cause(slow),
        _infrastructure(slow),
        _quality(moved),
        Measured(
            objective="what drifted is decided by a person, with a reason and an end",
            measured=f"{decided['by']['name']}: {decided['choice']}, "
            f"{decided['reason']}, until {decided['expires_at'][:10]}",
            met=bool(decided["by"] and decided["reason"] and decided["expires_at"]),
        ),
    ]


def _latency(seen: dict[str, object]) -> Measured:
    figures = _p95(seen)
    worst = max(figures, default=0.0)
    return Measured(
        objective=f"the P95 at the peak is told against its {_LIMIT_MS:.0f} ms",
        measured=f"{worst:.0f} ms",
        met=worst > _LIMIT_MS,
    )


def _cause(seen: dict[str, Any]) -> Measured:
    found = {r["metric"]: r for report in seen["also"] for r in report["results"]}
    traffic = found["RequestsPerMinute"]
    return Measured(
        objective="what the peak is: traffic that past weeks did not have",
        measured=traffic["reason"],
        met=traffic["verdict"] == "breached",
    )


def _p95(seen: dict[str, object]) -> list[float]:
    health = seen.get("health")
    found = health if isinstance(health, list) else []
    return [float(h["latency_p95_ms"]) for h in found if h.get("latency_p95_ms")]


def _infrastructure(seen: dict[str, object]) -> Measured:
    verdict = _verdict(seen)
    return Measured(
        objective="slow, with inputs and predictions as ever: infrastructure",
        measured=f"predictions {verdict}",
        met=verdict == "not breached",
    )


def _quality(seen: dict[str, object]) -> Measured:
    verdict = _verdict(seen)
    return Measured(
        objective="prediction drift is an incident of its own: quality",
        measured=f"predictions {verdict}",
        met=verdict == "breached",
    )


def _verdict(seen: dict[str, object]) -> str:
    report = seen.get("report")
    return str(report["verdict"]) if isinstance(report, dict) else "not computed"


SCENARIO = scenario(
    Case(
        name="retail",
        title="Retail ranking: a promotion brings a peak, then other baskets",
        names=_NAMES,
        rows=rows,
        found={
            "prediction-drift": breached("JensenShannonDistance", 0.1, score=0.2712)
        },
        signals={"prediction-drift": "basket_prediction_drift"},
        rules=(
            SignalRule(
                metric="JensenShannonDistance", threshold=0.1, columns=("score",)
            ),
        ),
        levels=ServiceLevels(
            detect_minutes=30,
            acknowledge_minutes=15,
            decide_minutes=240,
            resolve_minutes=1440,
        ),
        course=course,
        begins="latency",
        peak=4.0,
        tier=2,
        shifted=False,
        rpm=900.0,
        latency_p95_ms=_LIMIT_MS,
    )
)
