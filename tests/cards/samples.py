"""Sample incidents of a loan endpoint, one for each turn that an incident can take.

Other tests may use them: `view("firing")`, or `incident(*events)` for one of your own.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.approval.awaited import ExecutorHeard, ExecutorSilent
from bot.approval.oversight import EvidenceRead
from bot.incident import (
    Acknowledged,
    Actor,
    Alert,
    AlertReceived,
    Assigned,
    Assignment,
    Change,
    ChangesFound,
    Check,
    DecisionRecorded,
    Deployment,
    Difference,
    EffectParked,
    EndpointState,
    Escalated,
    Event,
    Health,
    Incident,
    Kind,
    Noted,
    Reading,
    RollbackApproved,
    RollbackAsked,
    RollbackExpired,
    RollbackImpossible,
    RollbackRejected,
    RollbackRequested,
    ShiftFailed,
    ShiftInterrupted,
    ShiftStarted,
    SignalsEvaluated,
    Snoozed,
    TrafficShifted,
)
from bot.levels import OfModel, Step, Summary
from bot.signals import FeatureResult, Report, Shape
from bot.watch import Endpoint, WatchList
from cards import Links, Rendered, View, more
from cards import access as access_card
from cards import drift as drift_card
from cards import health as health_card
from cards import status as status_card
from cards.digest import Day
from tests.cards.served import ANSWERS, cost, serving, unpriced

TENANT = "0a1b2c3d-0000-4000-8000-00000000000a"
PRIYA = Actor(TENANT, "8d2b0c1e-5f0a-4c7b-9a43-0d5a3f1e7a11", "Priya Raman")
JONAS = Actor(TENANT, "51f7a6c0-9e0b-4f0e-8d52-2c7f1c9b3e22", "Jonas Weber")
MEI = Actor(TENANT, "c3a9e8d2-1b7f-4b62-8c55-6f4e2d9a0b33", "Mei Chen")
OMAR = Actor(TENANT, "e7d4b1f8-3c6a-4d29-9b18-a2c5e8f07d44", "Omar Haddad")

FIRED = datetime(2026, 11, 23, 8, 14, tzinfo=UTC)
ENDPOINT_ID = (
    "/subscriptions/11111111-1111-1111-1111-111111111111/resourcegroups/rg-risk-prod"
    "/providers/microsoft.machinelearningservices/workspaces/mlw-risk-prod"
    "/onlineendpoints/loan-screening"
)


def after(minutes: float) -> datetime:
    """Return the moment so many minutes after the alert fired."""
    return FIRED + timedelta(minutes=minutes)


def watch(**endpoint: Any) -> WatchList:
    """Return the watch list, with these settings of the endpoint changed."""
    people = [
        {"name": PRIYA.name, "accounts": [PRIYA.id], "roles": ["owner", "approver"]},
        {"name": JONAS.name, "accounts": [JONAS.id], "roles": ["operator"]},
        {"name": MEI.name, "accounts": [MEI.id], "roles": ["approver"]},
        {"name": OMAR.name, "accounts": [OMAR.id], "roles": ["viewer"]},
    ]
    loan = {
        "id": ENDPOINT_ID,
        "owner": PRIYA.name,
        "channel": "risk",
        "model": "loan-risk",
        "monitor": "loan-drift-daily",
        "latency_p95_ms": 250,
        "rollback_target": "green",
    }
    return WatchList.model_validate(
        {
            "tenant": TENANT,
            "people": people,
            "channels": {"risk": {"id": "19:risk@thread.tacv2", "name": "Loan risk"}},
            "endpoints": [{**loan, **endpoint}],
        }
    )


def result(
    feature: str, value: float | None, verdict: Any = "breached", **more: Any
) -> FeatureResult:
    """Return one feature's Jensen-Shannon distance against a limit of 0.30."""
    fields: dict[str, Any] = {
        "data_type": "Numerical",
        "metric": "JensenShannonDistance",
        "threshold": 0.3,
        "breached_when": "above",
        "interval": (value - 0.01, value + 0.01) if value else None,
        "noise_floor": 0.02,
        "reference_count": 48_211,
        "production_count": 12_004,
        **more,
    }
    return FeatureResult(feature=feature, value=value, verdict=verdict, **fields)


INCOME = Shape(
    bins=("under 20k", "20k to 40k", "40k to 60k", "60k to 80k", "over 80k"),
    reference=(0.18, 0.41, 0.26, 0.11, 0.04),
    production=(0.07, 0.22, 0.33, 0.24, 0.14),
)


def report(*results: FeatureResult, **more: Any) -> Report:
    """Return the loan report: 6 of 23 features over the limit, the worst first."""
    top = (
        result("annual_income", 0.4213, shape=INCOME),
        result("debt_to_income", 0.37),
        result("employment_years", 0.34),
        result("loan_amount", 0.33),
        result("postcode_region", 0.32, data_type="Categorical"),
        result("interest_rate", 0.3004),
        *(result(f"feature_{n}", 0.1 - n / 1000, "not breached") for n in range(17)),
    )
    fields: dict[str, Any] = {
        "signal": "data-drift",
        "mode": "sound",
        "verdict": "breached",
        "sentence": "6 of 23 features have drifted, annual_income most: "
        "incomes of 40k and more are twice as frequent as in the reference.",
        "reference_rows": 48_211,
        "production_rows": 12_004,
        "reference_window": (
            datetime(2026, 9, 1, tzinfo=UTC),
            datetime(2026, 10, 1, tzinfo=UTC),
        ),
        "production_window": (after(-24 * 60), FIRED),
        "reference_name": "loan-reference:1",
        "production_name": "model data collector",
        "dropped": ("applicant_id: not in the reference",),
        **more,
    }
    return Report(results=results or top, **fields)


ALERT = Alert(
    source="azure_ml_events",
    kind="data-drift",
    fingerprint="loan-drift-daily/annual_income",
    status="firing",
    severity=2,
    title="Model monitor breach: loan-drift-daily",
    rule="loan-drift-daily / data_drift",
    description="Data drift has failed due to one or more features violating metric "
    "thresholds",
    starts_at=FIRED,
    resources=(ENDPOINT_ID,),
    endpoint="loan-screening",
    deployment="blue",
    monitor="loan-drift-daily",
    readings=(
        Reading(
            metric="jensen_shannon_distance",
            feature="annual_income",
            value=0.4213,
            threshold=0.3,
            breached_when="above",
        ),
        Reading(
            metric="jensen_shannon_distance",
            feature="interest_rate",
            value=0.2871,
            threshold=0.3,
            breached_when="above",
        ),
    ),
)


def alert(**changes: Any) -> Alert:
    """Return the drift alert with some fields changed."""
    fields = {name: getattr(ALERT, name) for name in Alert.__dataclass_fields__}
    return Alert(**{**fields, **changes})


def health(end: datetime, deployment: str = "", **figures: float | None) -> Health:
    """Return one served hour, by default a healthy one."""
    known = {
        "requests": 12_480.0,
        "error_rate": 0.003,
        "latency_p95_ms": 182.0,
        "availability": 0.9997,
        **figures,
    }
    start = end - timedelta(hours=1)
    return Health(start=start, end=end, deployment=deployment, **known)


def state(at: datetime, traffic: Mapping[str, int]) -> EndpointState:
    """Return the endpoint with its three deployments."""
    deployments = [
        Deployment(name="blue", model="loan-risk:14", provisioning_state="Succeeded"),
        Deployment(name="green", model="loan-risk:13", provisioning_state="Succeeded"),
        Deployment(name="canary", model="loan-risk:12", provisioning_state="Succeeded"),
    ]
    return EndpointState(
        at=at,
        traffic=traffic,
        deployments=tuple(deployments),
        provisioning_state="Succeeded",
        digest="9f2c41d0" * 8,
    )


SPLIT = {"blue": 90, "green": 10}
MOVED = {"blue": 0, "green": 100, "canary": 0}

EXPLAINED = report(
    sentence="6 of 23 features are over the drift limit; annual_income moved most; "
    "the predictions have not moved.",
    explained=(
        "annual_income has been so since 22 Nov 21:00 UTC",
        "annual_income and debt_to_income moved together",
        "application_channel web: 75% of the shift of annual_income in 58% of the rows",
    ),
)
received = AlertReceived(at=after(0.1), alert=ALERT, delivery="d-1")
evaluated = SignalsEvaluated(
    at=after(0.3),
    report=report(),
    health=(health(after(0)),),
    state=state(after(0.2), SPLIT),
)
acknowledged = Acknowledged(
    at=after(4), by=JONAS, note="Looks like the partner feed. On it."
)
asked = RollbackAsked(at=after(9), by=JONAS, reason="Partner feed", target="green")
requested = RollbackRequested(
    at=after(10),
    by=JONAS,
    request="R-7",
    reason="Income drift comes from the partner feed. Version 13 ignores it. "
    "Please move back until the feed is fixed.",
    target="green",
    captured=state(after(10), SPLIT),
    traffic=MOVED,
    checks=(
        Check(
            name="health",
            result="passed",
            text="green answered with 0.1% errors, P95 latency 175 ms",
        ),
        Check(
            name="ready",
            result="passed",
            text="green is deployed (Succeeded), 2 instances",
        ),
        Check(name="traffic", result="passed", text="traffic adds up to 100%"),
    ),
    health=(
        health(after(10)),
        health(after(10), "green", requests=1_210.0, error_rate=0.001),
    ),
    expires_at=after(70),
)
approved = RollbackApproved(at=after(14), by=MEI, request="R-7", person=MEI.name)
rejected = RollbackRejected(
    at=after(14), by=MEI, request="R-7", reason="Version 13 fails for new branches."
)
expired = RollbackExpired(at=after(70), request="R-7")
started = ShiftStarted(at=after(14.2), request="R-7", before=state(after(14.2), SPLIT))
shifted = TrafficShifted(
    at=after(16.7),
    request="R-7",
    before=SPLIT,
    after=MOVED,
    state=state(after(16.7), MOVED),
    health=(
        health(after(77), requests=12_660.0, error_rate=0.001, latency_p95_ms=177.0),
    ),
)
failed = ShiftFailed(
    at=after(14.5),
    request="R-7",
    reason="Traffic was changed to blue 80%, green 20% after the request captured it; "
    "the approval covers only the captured split.",
    live={"blue": 80, "green": 20},
)
lost = ShiftFailed(
    at=after(20),
    request="R-7",
    reason="Azure did not answer while the traffic was being moved.",
    live=None,
)
resolved = AlertReceived(
    at=after(112.1), alert=alert(status="resolved", ends_at=after(112)), delivery="d-2"
)
clean_again = SignalsEvaluated(
    at=after(112.3),
    report=report(
        *(result(f"feature_{n}", 0.18 - n / 100, "not breached") for n in range(9)),
        verdict="not breached",
        sentence="None of 9 features is over its limit.",
    ),
    health=(health(after(112)),),
    state=state(after(112.2), MOVED),
)
parked = EffectParked(
    at=after(5), effect="EvaluateSignals", reason="Access to the data was refused."
)

latency_alert = alert(
    source="azure_monitor",
    kind="latency",
    severity=1,
    title="loan-screening-latency",
    rule="loan-screening-latency",
    description="P95 of request latency is over 250 ms",
    monitor="",
    deployment="",
    readings=(
        Reading(
            metric="RequestLatency_P95",
            value=912.0,
            threshold=250.0,
            breached_when="above",
            unit="MilliSeconds",
        ),
    ),
    window=(after(-5), FIRED),
)
slow = SignalsEvaluated(
    at=after(0.3),
    report=None,
    health=(health(after(0), latency_p95_ms=912.0, error_rate=0.021),),
    state=state(after(0.2), SPLIT),
    also=(serving(kind="latency", p95=912.0, rpm=672.0, failed=0.021, cpu=88.0),),
)
calm = replace(slow, health=(), also=(serving(kind="latency", rpm=31.0),))
few = replace(slow, health=(), also=(serving(kind="latency", rpm=0.4, past=(9.0,)),))
too_little = SignalsEvaluated(
    at=after(0.3),
    report=report(
        *(
            result(name, None, "not enough data", reason="84 rows; 500 are needed")
            for name in ("annual_income", "loan_amount")
        ),
        verdict="not enough data",
        sentence="84 rows of production are too few to tell drift from chance.",
        production_rows=84,
    ),
    state=state(after(0.2), SPLIT),
    missing={"endpoint health": "Azure Monitor has no values for this window."},
)
unavailable = SignalsEvaluated(
    at=after(0.3),
    report=None,
    missing={
        "drift": "The reference data loan-reference:1 could not be read.",
        "endpoint state": "Azure answered 403 Forbidden.",
    },
)
disputed = SignalsEvaluated(
    at=after(0.3),
    report=report(
        result("annual_income", 0.11, "not breached"),
        result("interest_rate", 0.09, "not breached"),
        verdict="not breached",
        sentence="None of 2 features is over its limit.",
    ),
    health=(health(after(0)),),
    state=state(after(0.2), SPLIT),
)

late = replace(lost, live=MOVED)

snoozed = Snoozed(
    at=after(6),
    by=JONAS,
    until=after(126),
    reason="The partner feed is repaired at 10.",
)
escalated = Escalated(
    at=after(30.1), to="owner", step=0, since=1, names=("Priya Raman",)
)
KINDS: Mapping[str, Any] = {  # one alert of each kind that has no card of its own
    "prediction-drift": {"title": "Predictions moved", "readings": ()},
    "data-quality": {
        "title": "Null values",
        "readings": (
            Reading(
                metric="NullValueRate",
                feature="annual_income",
                value=0.083,
                threshold=0.05,
                breached_when="above",
            ),
        ),
    },
    "attribution-drift": {
        "title": "NDCG fell",
        "readings": (
            Reading(
                metric="NormalizedDiscountedCumulativeGain",
                value=0.71,
                threshold=0.9,
                breached_when="below",
            ),
        ),
    },
    "performance": {
        "title": "Accuracy fell",
        "readings": (
            Reading(
                metric="Accuracy", value=0.81, threshold=0.9, breached_when="below"
            ),
        ),
    },
    "errors": {
        "title": "More than 1% of requests fail",
        "severity": 0,
        "readings": (
            Reading(
                metric="RequestErrors",
                value=4.2,
                threshold=1,
                breached_when="above",
                unit="Percent",
            ),
        ),
    },
    "availability": {"title": "Health probe failed", "severity": 0, "readings": ()},
    "traffic": {
        "title": "No requests for 30 minutes",
        "readings": (
            Reading(
                metric="RequestsPerMinute",
                value=0,
                threshold=10,
                breached_when="below",
                unit="Count",
            ),
        ),
    },
    "cost": {
        "title": "Budget credit-models at 92%",
        "description": "Actual cost is over 90% of the budget of EUR 4,000",
        "readings": (
            Reading(
                metric="Spent",
                value=3_680,
                threshold=3_600,
                breached_when="above",
                unit="EUR",
            ),
        ),
    },
    "resource": {
        "title": "CPU over 90%",
        "readings": (
            Reading(
                metric="CpuUtilizationPercentage",
                value=96.4,
                threshold=90,
                breached_when="above",
                unit="Percent",
            ),
        ),
    },
    "silence": {
        "title": "No result of loan-drift-daily for 26 hours",
        "description": "The monitor has not reported since 22 Nov 06:00 UTC",
        "severity": 3,
        "readings": (),
    },
    "platform": {
        "title": "Azure Machine Learning, West Europe: degraded",
        "description": "Customers may see errors when they call online endpoints",
        "severity": 1,
        "readings": (),
    },
}


def of_kind(kind: str) -> AlertReceived:
    """Return an alert of this kind; the sender's words are its description."""
    about = {"description": KINDS[kind]["title"], "rule": f"loan-{kind}", "monitor": ""}
    told = alert(kind=kind, deployment="", **{**about, **KINDS[kind]})
    return AlertReceived(at=after(0.1), alert=told, delivery="d-1")


served = SignalsEvaluated(
    at=after(0.3),
    report=None,
    health=(health(after(0)),),
    state=state(after(0.2), SPLIT),
)
changed = ChangesFound(
    at=after(0.4),
    start=after(-24 * 60),
    end=FIRED,
    changes=(
        Change(
            at=after(-31),
            operation="Microsoft.MachineLearningServices/workspaces/onlineEndpoints/write",
            status="Succeeded",
            resource=ENDPOINT_ID,
            by=JONAS.id,
        ),
        Change(
            at=after(-45),
            operation="Microsoft.MachineLearningServices/workspaces/onlineEndpoints/"
            "deployments/write",
            status="Succeeded",
            resource=f"{ENDPOINT_ID}/deployments/blue",
        ),
        Change(
            at=after(-46),
            operation="Microsoft.MachineLearningServices/workspaces/onlineEndpoints/"
            "deployments/delete",
            status="Succeeded",
            resource=f"{ENDPOINT_ID}/deployments/old",
        ),
    ),
    differences=(
        Difference(what="model of blue", was="loan-risk:13", now="loan-risk:14"),
    ),
)
HISTORIES: Mapping[str, tuple[Event, ...]] = {
    "firing-changed": (received, evaluated, changed),
    "firing-unchanged": (
        received,
        evaluated,
        replace(changed, changes=(), differences=()),
    ),
    "firing-changes-missing": (
        received,
        evaluated,
        replace(changed, changes=(), differences=(), missing="Azure refused it."),
    ),
    **{
        f"firing-{kind}": (
            of_kind(kind),
            replace(served, also=(ANSWERS[kind],)) if kind in ANSWERS else served,
        )
        for kind in KINDS
    },
    "firing-cost-unpriced": (of_kind("cost"), replace(served, also=(unpriced(),))),
    "escalated": (received, evaluated, escalated),
    "snoozed": (received, evaluated, acknowledged, snoozed),
    "assigned": (
        received,
        evaluated,
        Assigned(at=after(2), by=PRIYA, person="Jonas Weber"),
        acknowledged,
        Noted(at=after(5), by=JONAS, text="The vendor is informed, ticket 8812."),
        Noted(at=after(7), by=JONAS, text="Feed is repaired at 10."),
    ),
    "firing": (received, evaluated),
    "firing-alone": (received,),
    "firing-latency": (
        AlertReceived(at=after(0.1), alert=latency_alert, delivery="d-1"),
        slow,
    ),
    "firing-latency-calm": (
        AlertReceived(at=after(0.1), alert=latency_alert, delivery="d-1"),
        calm,
    ),
    "firing-latency-few": (
        AlertReceived(at=after(0.1), alert=latency_alert, delivery="d-1"),
        few,
    ),
    "firing-explained": (received, replace(evaluated, report=EXPLAINED)),
    "firing-slow-too": (
        received,
        replace(evaluated, also=(serving(p95=612.0, past=None),)),
    ),
    "firing-too-little-data": (received, too_little),
    "firing-missing": (received, unavailable),
    "firing-disputed": (received, disputed),
    "firing-parked": (received, parked),
    "acknowledged": (received, evaluated, acknowledged),
    "asked": (received, evaluated, acknowledged, asked),
    "impossible": (
        received,
        evaluated,
        asked,
        RollbackImpossible(
            at=after(9.5), asked=3, reason="green does not exist any more."
        ),
    ),
    "approval": (received, evaluated, acknowledged, asked, requested),
    "rejected": (received, evaluated, acknowledged, asked, requested, rejected),
    "expired": (received, evaluated, acknowledged, asked, requested, expired),
    "working": (received, evaluated, acknowledged, asked, requested, approved),
    "not-begun": (
        received,
        evaluated,
        acknowledged,
        asked,
        requested,
        approved,
        ExecutorSilent(at=after(15), request="R-7", since=after(12)),
    ),
    "begun-and-left": (
        received,
        evaluated,
        acknowledged,
        asked,
        requested,
        approved,
        started,
        ExecutorSilent(at=after(16), request="R-7"),
    ),
    "heard-again": (
        received,
        evaluated,
        acknowledged,
        asked,
        requested,
        approved,
        ExecutorSilent(at=after(15), request="R-7", since=after(12)),
        ExecutorHeard(at=after(16), request="R-7"),
    ),
    "not-carried-out": (
        received,
        evaluated,
        acknowledged,
        asked,
        requested,
        approved,
        replace(expired, approved=True),
    ),
    "interrupted": (
        received,
        evaluated,
        acknowledged,
        asked,
        requested,
        approved,
        started,
        ShiftInterrupted(at=after(14.6), request="R-7"),
    ),
    "rolled-back": (
        received,
        evaluated,
        acknowledged,
        asked,
        requested,
        approved,
        started,
        shifted,
    ),
    "not-rolled-back": (received, evaluated, asked, requested, approved, failed),
    "not-known": (received, evaluated, asked, requested, approved, started, lost),
    "moved-after-all": (received, evaluated, asked, requested, approved, late),
    "resolved": (
        received,
        evaluated,
        acknowledged,
        asked,
        requested,
        approved,
        started,
        shifted,
        resolved,
        clean_again,
    ),
    "resolved-alone": (received, evaluated, resolved),
}


def incident(*events: Event) -> Incident:
    """Return A-42 with this history."""
    return Incident(
        id="A-42", group_key="loan", endpoint=ENDPOINT_ID, history=tuple(events)
    )


def sign(incident_id: str, revision: int) -> str:
    """Return a token as long as a real one."""
    return f"v1.{incident_id}.{revision}.kV3n8Jq2mK0e7w5nQyZ1sB4uT9xLr6"


def view(
    history: str | tuple[Event, ...] = "firing",
    *,
    listed: WatchList | None = None,
    viewer: Actor | None = None,
) -> View:
    """Return the view of a sample by name, or of a history of your own."""
    events = HISTORIES[history] if isinstance(history, str) else history
    people = listed or watch()
    endpoint: Endpoint = people.endpoints[0]
    return View(
        incident=incident(*events),
        endpoint=endpoint,
        watch=people,
        now=max((e.at for e in events), default=FIRED) + timedelta(minutes=1),
        links=Links(pages="https://watchkeeper.contoso.example"),
        sign=sign,
        viewer=viewer,
    )


def served_for(hours: int = 24, *, known: bool = True) -> Rendered:
    """Return the health of the last hours, or nothing known of it."""
    end = after(30)
    points = [(end - timedelta(hours=h), 182.0 + 80 * (h < 3)) for h in range(hours)]
    whole = health(end, latency_p95_ms=262.0)
    whole = replace(whole, start=end - timedelta(hours=hours))
    parts = (whole, health(end, "blue"), health(end, "green", requests=None))
    return health_card.render(
        watch().endpoints[0],
        Links(),
        end,
        health=parts if known else (),
        report=serving(p95=262.0) if known else None,
        cost=cost(limit=None) if known else None,
        latency=points[::-1] if known else (),
        gaps={} if known else {"health": "Azure Monitor did not answer in time"},
    )


def drifted(report_: Report | None, feature: str = "", **gaps: str) -> Rendered:
    return drift_card.render(
        watch().endpoints[0],
        Links(),
        after(30),
        report=report_,
        feature=feature,
        gaps=gaps,
    )


HELP = (
    ("help", "what you can ask"),
    ("alerts [endpoint]", "open alerts, the newest first"),
    ("show <incident>", "the card of an incident, here"),
    ("ack <incident> [note]", "say that you are on it"),
    ("evidence <incident>", "what the alert rests on"),
    (
        "rollback <endpoint | incident> [to <deployment>] <reason>",
        "ask for traffic to be moved back; a second person approves",
    ),
    ("approve <request>", "let a requested rollback run"),
    ("reject <request> <reason>", "stop a requested rollback"),
)
NOTE = "Anyone here can read and acknowledge. A rollback needs a second person."


def status(*names: str, known: bool = True) -> Rendered:
    """Return the endpoint's status with these samples open, or nothing known of it."""
    listed = watch().endpoints[0]
    return status_card.render(
        listed,
        Links(),
        after(30),
        state=state(after(30), SPLIT) if known else None,
        health=(
            (health(after(30)), health(after(30), "blue"), health(after(30), "green"))
            if known
            else ()
        ),
        report=serving(past=None) if known else None,
        levels=LEVELS[:1],
        open_alerts=[view(name) for name in names],
        gaps={} if known else {"endpoint state": "Azure answered 403 Forbidden."},
    )


def took(step: Step, minutes: int, *, met: int = 0, missed: int = 0) -> Summary:
    """Return a step of service levels as four incidents might have it."""
    length = timedelta(minutes=minutes)
    share = met / (met + missed) if met + missed else None
    return Summary(
        step=step, measured=4, met=met, missed=missed, running=0,
        median=length, p90=2 * length, share_met=share,
    )  # fmt: skip


LEVELS = (
    OfModel(
        model="loan-risk",
        tier=1,
        steps=(
            took("detect", 3, met=4),
            took("acknowledge", 4, met=3, missed=1),
            took("decide", 95, met=2, missed=1),
            took("resolve", 112),
        ),
    ),
    OfModel(model="card-fraud", tier=2, steps=(took("detect", 1),)),
)

DAY = Day(
    now=after(24 * 60),
    watched=14,
    open=(view("firing"), view("acknowledged")),
    fired=3,
    resolved=2,
    rollbacks=1,
    to_acknowledge=timedelta(minutes=4),
    to_resolve=timedelta(minutes=112),
    silent=1,
    per_day=tuple(
        (date(2026, 11, 17 + n), count) for n, count in enumerate((3, 1, 0, 2, 4, 1, 3))
    ),
    decided=(
        (
            view("resolved"),
            DecisionRecorded(
                at=after(200),
                by=PRIYA,
                choice="retrain",
                reason="Incomes have changed for good.",
                expires_at=after(30 * 24 * 60),
            ),
        ),
    ),
    root="9f2c41d0" * 8,
    levels=LEVELS,
)

_KINDS: tuple[Kind, ...] = ("errors", "latency", "data-drift", "resource")
WAITING = tuple(
    more.Waiting(id=f"A-{n}", severity=1 + n % 3, kind=_KINDS[n % 4], endpoint=name)
    for n, name in enumerate(
        ["loan-screening"] * 14 + ["fraud-scoring"] * 5 + ["churn"] * 2, 20
    )
)
HUNDREDS = tuple(
    more.Waiting(
        id=f"A-{n}",
        severity=1 + n % 4,
        kind=_KINDS[n % 4],
        endpoint=f"underwriting-secondary-{n % 60}",
    )
    for n in range(100, 1080)
)


EXECUTOR = "66666666-aaaa-4bbb-8ccc-000000000002"
READERS = "ffffffff-aaaa-4bbb-8ccc-000000000003"


_MANAGEMENT = "/providers/Microsoft.Management"


def reached(*, known: bool = True) -> Rendered:
    """Return the access review: a person, a group, an app; two readings of evidence."""
    group = ENDPOINT_ID.split("/providers/", 1)[0]
    found = tuple(
        Assignment(
            principal=p,
            kind=kind,
            role=role,
            scope=s,
            inherited=s != ENDPOINT_ID,
            condition="@Resource[…] StringEquals 'risk'"
            if "managementGroups" in s
            else "",
        )
        for p, kind, role, s in (
            (EXECUTOR, "ServicePrincipal", "Rollback executor", ENDPOINT_ID),
            (PRIYA.id, "User", "AzureML Data Scientist", group),
            (READERS, "Group", "Reader", group.rsplit("/resourcegroups/", 1)[0]),
            (MEI.id, "User", "Owner", f"{_MANAGEMENT}/managementGroups/mg-risk"),
        )
    )
    reads = [
        EvidenceRead(at=after(9), by=MEI, of="A-1", how="zip"),
        EvidenceRead(at=after(4), by=None, of="A-1", how="page"),
    ]
    return access_card.render(
        watch().endpoints[0],
        watch(),
        after(12),
        assignments=found if known else None,
        reads=reads if known else (),
        days=30,
        gaps={} if known else {"role assignments": "Our identity may not do that."},
    )
