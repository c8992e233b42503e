"""Clinical risk scores: a laboratory changes its feed, and values go missing overnight.

The daily check of data quality finds it; whoever is responsible is called within four
hours; and nothing is trained again before a second person has reviewed it.
"""

from datetime import timedelta

import numpy as np
import pyarrow as pa
from numpy.random import Generator

from bot.simulator.hands import Hands, Measured, at, detected, within
from bot.simulator.scenarios._case import Case, breached, scenario
from bot.watch import Escalation, ServiceLevels, SignalRule

_NAMES = {
    "loan-prescreening": "sepsis-risk",
    "loan-drift-daily": "sepsis-quality-daily",
    "loan_data_drift": "sepsis_data_quality",
    "mlw-risk-prod": "mlw-clinical-prod",
    "Pre-screening of personal loan applications": "Early warning for sepsis on wards",
    "loan": "sepsis",
}
_WARDS = ("medical", "surgical", "intensive", "emergency")
_LOST = ("medical", "emergency")  # whose samples go to that laboratory
_FOUR_HOURS = timedelta(hours=4)


def rows(random: Generator, count: int, shifted: bool) -> pa.Table:  # noqa: FBT001
    """Return measurements of patients; shifted: a laboratory sends no lactate any more."""
    lactate = random.gamma(2.2, 0.7, count).round(2)
    ward = random.choice(_WARDS, count, p=(0.44, 0.3, 0.1, 0.16))
    lost = np.isin(ward, _LOST) & (shifted is True)
    gone = random.random(count) < np.where(lost, 0.55, 0.015)
    heart = random.normal(86, 15, count).round()
    pressure = random.normal(81, 12, count).round()
    pull = 0.5 * (lactate - 1.5) + 0.03 * (heart - 86) - 0.03 * (pressure - 81) - 2
    return pa.table(
        {
            "heart_rate": heart,
            "mean_pressure": pressure,
            "temperature": random.normal(37.1, 0.7, count).round(1),
            "lactate": pa.array(lactate, mask=gone),
            "leucocytes": random.gamma(6, 1.6, count).round(1),
            "ward": ward,
            "sex": random.choice(("f", "m"), count),
            "score": (1 / (1 + np.exp(-pull))).round(4),
        }
    )


async def course(hands: Hands) -> list[Measured]:
    """The check, the call, the review: what is trained waits for a second person."""
    card = await hands.first("CardShown")
    found = await hands.event("SignalsEvaluated")
    called = await hands.first("Escalated")
    await hands.press("priya", "Acknowledge", "A-1")
    await hands.say(
        "priya", "decide A-1 retrain without lactate until the feed is back"
    )
    await hands.event("RetrainingRequested")
    before = [e["type"] for e in await hands.history("A-1")]
    await hands.press("mei", "Approve retraining", "A-1")
    approved = await hands.event("RetrainingApproved")
    started = await hands.event("RetrainingStarted")
    report = found.get("report") or {}
    worst = (report.get("results") or [{}])[0]
    why = "; ".join(report.get("explained") or [])
    return [
        Measured(
            objective="the daily check finds the gap in the data by itself",
            measured=f"{worst.get('feature')} {worst.get('metric')} "
            f"{worst.get('value') or 0:.0%} missing",
            met=report.get("verdict") == "breached" and worst["feature"] == "lactate",
        ),
        Measured(
            objective="it is told since when, and on which wards",
            measured=why,
            met="lactate has been so since" in why and "ward medical" in why,
        ),
        detected("a card within a day of it", card, found, timedelta(days=1)),
        within(
            "somebody is called within four hours (set to 3 s here, to be seen)",
            at(called) - at(card),
            _FOUR_HOURS,
        ),
        Measured(
            objective="nothing is trained before a second person has reviewed it",
            measured=f"approved by {approved['by']['name']}, then started",
            met="RetrainingStarted" not in before and at(approved) <= at(started),
        ),
    ]


SCENARIO = scenario(
    Case(
        name="clinical",
        title="Clinical early warning: a laboratory's values go missing overnight",
        names=_NAMES,
        rows=rows,
        found={"data-quality": breached("NullValueRate", 0.05, lactate=0.17)},
        signals={"data-quality": "sepsis_data_quality"},
        rules=(SignalRule(metric="NullValueRate", threshold=0.05),),
        levels=ServiceLevels(
            detect_minutes=1440, acknowledge_minutes=60, decide_minutes=240
        ),
        course=course,
        begins="data-quality",
        hours=12,  # overnight
        segments=("ward",),
        protected=("sex",),
        # So short that a listener sees it happen; the case itself has four hours.
        escalation=Escalation(owner_minutes=0.05, team_minutes=60, risk_minutes=180),
    )
)
