"""More turns of the sample incident: what can come of a rollback, and a retraining."""

from collections.abc import Mapping
from dataclasses import replace

from bot.approval.awaited import ExecutorSilent
from bot.approval.oversight import OutcomeWatched
from bot.approval.retraining import (
    Job,
    RetrainingApproved,
    RetrainingEnded,
    RetrainingImpossible,
    RetrainingLapsed,
    RetrainingRejected,
    RetrainingRequested,
    RetrainingStarted,
    RetrainingSubmitted,
)
from bot.incident import (
    Check,
    DecisionExpired,
    DecisionRecorded,
    Event,
    RollbackAsked,
    RollbackRejected,
    RollbackStale,
    ShiftFailed,
)
from tests.cards.samples import (
    HISTORIES,
    JONAS,
    MEI,
    MOVED,
    PRIYA,
    SPLIT,
    acknowledged,
    after,
    approved,
    asked,
    evaluated,
    health,
    received,
    report,
    requested,
    resolved,
    result,
    shifted,
    started,
    state,
)
from tests.cards.served import serving

_OPEN = (received, evaluated, acknowledged, asked, requested)
stale = RollbackStale(
    at=after(14),
    request="R-7",
    reason="the traffic is blue 50%, green 50% by now, not blue 90%, green 10% as "
    "captured",
    live={"blue": 50, "green": 50},
)
withdrawn = RollbackRejected(
    at=after(15), by=JONAS, request="R-7", reason="13 fails too", withdrawn=True
)
unsettled = ShiftFailed(
    at=after(34.2),
    request="R-7",
    reason="The change was sent, but no end after 20 minutes: Azure is still Updating",
    live=SPLIT,
    settled=False,
)
throttled = ShiftFailed(
    at=after(14.5),
    request="R-7",
    reason="Nothing was changed: Azure is limiting our requests (TooManyRequests).",
    live=SPLIT,
)
forbidden = ShiftFailed(
    at=after(14.5),
    request="R-7",
    reason="Nothing was changed: this identity may not change the traffic of "
    "loan-screening (AuthorizationFailed).",
    live=SPLIT,
)
moved = replace(shifted, watch_minutes=15, health=())
_calm = report(
    *(result(f"feature_{n}", 0.18 - n / 100, "not breached") for n in range(9)),
    verdict="not breached",
)
watched = OutcomeWatched(
    at=after(32),
    request="R-7",
    before=(health(after(14), latency_p95_ms=228.0, error_rate=0.011),),
    after=(health(after(32), latency_p95_ms=177.0, error_rate=0.001),),
    target="green",
    drift=_calm,
    drift_before=report(),
    served=serving(past=None),
    served_before=serving(p95=228.0, failed=0.011, past=None),
)
worse = replace(
    watched,
    after=(health(after(32), latency_p95_ms=412.0, error_rate=0.034),),
    worse=("errors 3.4%, before 1.1%", "P95 latency 412 ms, before 228 ms"),
    drift=report(),
    drift_before=report(),
    served=serving(p95=412.0, failed=0.034, past=None),
    served_before=serving(p95=228.0, failed=0.011, past=None),
)
doubtful = replace(
    requested,
    checks=(
        requested.checks[1],
        Check(
            name="health",
            result="failed",
            text="green answered with 4.0% errors, P95 latency 175 ms",
        ),
        Check(
            name="capacity",
            result="not known",
            text="whether green can take all requests is not known",
        ),
        requested.checks[2],
    ),
)
aware = replace(approved, accepted=("health", "capacity"))
moved_on = replace(
    watched,
    after=(
        *watched.after[:1],
        health(after(30), "green", requests=1_210.0, error_rate=0.001),
    ),
    target="green",
    moved_on="traffic is blue 50%, green 50% by now",
)
blind = replace(
    watched,
    before=(),
    after=(),
    unknown=(
        "how it served before the move: Azure Monitor does not answer",
        "the drift of green: 84 rows of production are too few to tell",
    ),
    drift=None,
    drift_before=None,
    served=None,
    served_before=None,
)
undo_asked = RollbackAsked(at=after(40), by=JONAS, reason="13 is worse", undoes="R-7")
undo = replace(
    requested,
    at=after(41),
    request="R-8",
    reason="13 answers with three times the errors.",
    target="blue",
    captured=state(after(41), MOVED),
    traffic={**SPLIT, "canary": 0},
    expires_at=after(101),
    undoes="R-7",
)
undone = replace(
    shifted,
    at=after(46.7),
    request="R-8",
    before=MOVED,
    after=SPLIT,
    state=state(after(46.7), SPLIT),
    health=(),
    watch_minutes=15,
)

over = replace(resolved, tier=1)
fired = replace(received, tier=1)
record = DecisionRecorded(
    at=after(130),
    by=PRIYA,
    choice="false-positive",
    reason="The partner sent incomes in another currency for a day.",
    expires_at=after(130 + 30 * 24 * 60),
)
retrain = DecisionRecorded(
    at=after(20),
    by=PRIYA,
    choice="retrain",
    reason="Applicants earn more since the rate rise; version 14 has never seen them.",
    expires_at=after(20 + 30 * 24 * 60),
)
wanted = RetrainingRequested(
    at=after(21),
    by=PRIYA,
    request="R-8",
    reason=retrain.reason,
    decided=3,
    job=Job(
        name="loan-training-202609",
        status="Completed",
        experiment="loan-training",
        compute="cpu-cluster",
        environment="loan-training:9",
        inputs=("applications: loan-applications:12",),
    ),
    deployment="blue",
    model="loan-risk:14",
    thresholds=("JensenShannonDistance 0.3", "P95 latency 250 ms"),
    captured=state(after(21), SPLIT),
    checks=(
        Check(
            name="job",
            result="passed",
            text="loan-training-202609 ended as Completed when it last ran",
        ),
        Check(name="signals", result="passed", text="the signals say: breached"),
    ),
    expires_at=after(81),
)
agreed = RetrainingApproved(at=after(25), by=MEI, request="R-8", person=MEI.name)
begun = RetrainingStarted(at=after(25.1), request="R-8", job=wanted.submits)
running = RetrainingSubmitted(
    at=after(25.2), request="R-8", job=wanted.submits, status="Queued"
)
complete = RetrainingEnded(
    at=after(160), request="R-8", job=wanted.submits, status="Completed"
)
refused = replace(
    complete,
    at=after(25.3),
    status="not submitted",
    reason="nothing was submitted: Our identity may not do that to the job "
    "loan-training-202609 (AuthorizationFailed).",
)
_WANTED = (received, evaluated, retrain, wanted)
_RUNNING = (*_WANTED, agreed, begun, running)

MORE: Mapping[str, tuple[Event, ...]] = {
    "stale": (*_OPEN, stale),
    "stale-without-an-alert": (asked, requested, stale),
    "withdrawn": (*_OPEN, withdrawn),
    "unsettled": (*_OPEN, approved, started, unsettled),
    "throttled": (*_OPEN, approved, started, throttled),
    "forbidden": (*_OPEN, approved, started, forbidden),
    "afterwards-to-come": (*_OPEN, approved, started, moved),
    "afterwards": (*_OPEN, approved, started, moved, watched),
    "afterwards-worse": (*_OPEN, approved, started, moved, worse),
    "afterwards-not-known": (*_OPEN, approved, started, moved, blind),
    "afterwards-changed-by-hand": (*_OPEN, approved, started, moved, moved_on),
    "approval-in-doubt": (*_OPEN[:-1], doubtful),
    "done-in-doubt": (*_OPEN[:-1], doubtful, aware, started, moved),
    "undo": (*_OPEN, approved, started, moved, worse, undo_asked, undo),
    "undone": (
        *(*_OPEN, approved, started, moved, worse, undo_asked, undo),
        replace(approved, at=after(44), request="R-8"),
        replace(started, at=after(44.1), request="R-8"),
        undone,
    ),
    "undecided": (fired, evaluated, acknowledged, over),
    "decided": (fired, evaluated, acknowledged, over, record),
    "retraining": _WANTED,
    "retraining-impossible": (
        *(received, evaluated, retrain),
        RetrainingImpossible(
            at=after(21),
            decided=3,
            reason="the watch list names no job that trains this model",
        ),
    ),
    "retraining-rejected": (
        *_WANTED,
        RetrainingRejected(
            at=after(30), by=MEI, request="R-8", reason="Wait for the labels of May."
        ),
    ),
    "retraining-expired": (*_WANTED, RetrainingLapsed(at=after(81), request="R-8")),
    "retraining-unsubmitted": (
        *_WANTED,
        agreed,
        ExecutorSilent(at=after(32), request="R-8", since=after(20)),
    ),
    "retraining-unread": (
        *_RUNNING,
        ExecutorSilent(at=after(90), request="R-8", since=after(80)),
    ),
    "retraining-not-carried-out": (
        *_WANTED,
        agreed,
        RetrainingLapsed(at=after(83), request="R-8", approved=True),
    ),
    "retraining-stale": (
        *_WANTED,
        RetrainingLapsed(
            at=after(30), request="R-8", reason="blue runs loan-risk:15 by now"
        ),
    ),
    "retraining-running": _RUNNING,
    "retraining-complete": (*_RUNNING, complete),
    "retraining-not-submitted": (*_WANTED, agreed, begun, refused),
    "retraining-and-rollback": (
        *HISTORIES["approval"][:2],
        replace(retrain, at=after(3)),
        replace(wanted, at=after(5)),
        requested,
    ),
    "decision-expired": (
        *(fired, evaluated, acknowledged, record),
        DecisionExpired(at=record.expires_at, decided=4),
    ),
}
