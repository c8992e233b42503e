"""Incidents in which every word that others can write is one given text."""

from dataclasses import replace
from typing import Any

from bot.incident import Actor, Check, Deployment, EndpointState, Event
from bot.signals import Shape
from cards import Rendered, alerts, error, evidence, help, parked, show  # noqa: A004
from tests.cards import rollbacks, samples
from tests.cards.samples import (
    acknowledged,
    alert,
    approved,
    asked,
    evaluated,
    failed,
    received,
    rejected,
    report,
    requested,
    resolved,
    result,
    shifted,
    started,
    unavailable,
)


def histories(text: str, figure: float | None = 0.42) -> dict[str, tuple[Event, ...]]:
    """Return histories of every stage, `text` in every field of a sender's choice."""
    stranger = Actor(samples.TENANT, "a" * 36, text)
    state = _state(text)
    foreign: dict[str, Any] = {
        "title": text,
        "rule": text,
        "description": text,
        "deployment": text,
        "endpoint": text,
        "monitor": text,
        "readings": tuple(
            replace(
                samples.ALERT.readings[0],
                feature=name,
                metric=text,
                unit=text,
                value=figure,
            )
            for name in (text, "")
        ),
    }
    fired = replace(received, alert=alert(**foreign))
    told = replace(
        evaluated,
        report=_report(text, figure),
        state=state,
        missing={text: text, f"{text}_2": text, f"{text}_3": text},
    )
    took = replace(acknowledged, by=stranger, note=text)
    wants = replace(
        requested,
        by=stranger,
        reason=text,
        target=text,
        captured=state,
        traffic={text: 100},
        checks=(
            Check(name=text, result="passed", text=text),
            Check(name=text, result="failed", text=text),
            Check(name=text, result="not known", text=text),
        ),
    )
    given = replace(approved, by=stranger)
    moved = replace(shifted, after={text: 100}, state=state)
    stopped = replace(failed, reason=text, live={text: 100})
    stuck = replace(samples.parked, effect=text, reason=text)
    first = (fired, told, took)
    watched = replace(
        rollbacks.watched, worse=(text,), unknown=(f"{text}: {text}",), target=text
    )
    job = replace(rollbacks.wanted.job, name=text, experiment=text, inputs=(text,) * 6)
    train = replace(
        rollbacks.wanted,
        by=stranger,
        reason=text,
        job=job,
        deployment=text,
        model=text,
        thresholds=(text,) * 9,
        captured=state,
        checks=wants.checks,
    )
    trained = replace(rollbacks.refused, job=text, reason=text)
    return {
        "firing": (fired, told, stuck),
        "firing-alone": (fired,),
        "firing-latency": (
            replace(fired, alert=alert(**foreign, kind="latency")),
            replace(unavailable, missing={text: text}),
        ),
        "acknowledged": first,
        "asked": (*first, replace(asked, by=stranger)),
        "rejected": (*first, wants, replace(rejected, by=stranger, reason=text)),
        "approval": (*first, wants),
        "working": (*first, wants, given),
        "rolled-back": (*first, wants, given, replace(started, before=state), moved),
        "not-rolled-back": (*first, wants, given, stopped),
        "stale": (*first, wants, replace(rollbacks.stale, reason=text)),
        "afterwards": (*first, wants, given, replace(moved, watch_minutes=9), watched),
        "retraining": (*first, train),
        "retraining-ended": (
            *first,
            train,
            replace(rollbacks.agreed, by=stranger),
            trained,
        ),
        "resolved": (
            *first,
            wants,
            given,
            moved,
            replace(
                resolved,
                alert=alert(**foreign, status="resolved", ends_at=samples.after(112)),
            ),
        ),
    }


def _state(text: str) -> EndpointState:
    names = (text, f"{text}_2", *(f"{text}_{n}" for n in range(20)))
    return EndpointState(
        at=samples.after(0.2),
        traffic=dict.fromkeys(names, 4),
        deployments=tuple(Deployment(name=n, model=text) for n in names),
        provisioning_state=text,
        digest="9f2c41d0" * 8,
    )


def _report(text: str, figure: float | None) -> Any:
    shape = Shape(
        bins=tuple(f"{text}_{n}" for n in range(30)),
        reference=(1 / 30,) * 30,
        production=(1 / 30,) * 30,
    )
    return report(
        *(
            result(
                f"{text}_{n}", figure, shape=shape, data_type="Categorical", reason=text
            )
            for n in range(40)
        ),
        result(text, None, "cannot compute", reason=text, flags=(text,)),
        sentence=text,
        reference_name=text,
        production_name=text,
        dropped=(text,) * 30,
    )


def cards(text: str, figure: float | None = 0.42) -> dict[str, Rendered]:
    """Return every card of every such incident."""
    past = histories(text, figure)
    views = {name: samples.view(events) for name, events in past.items()}
    return {
        **{name: show(view) for name, view in views.items()},
        "evidence": evidence.render(views["firing"], text),
        "evidence-latency": evidence.render(views["firing-latency"], text),
        "parked": parked.render(views["firing"]),
        "error": error.render(text, asked="Approve", id="R-7", who=(text,)),
        "help": help.render([(text, text)] * 20, text),
        "alerts": alerts.render(list(views.values()) * 3, samples.after(200), text),
    }
