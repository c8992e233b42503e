"""What may be kept and shown of other people's data; applied before anything is kept.

Protected columns are not even read. Names of categories appear only when at least twenty
rows have them: fewer can point at a person. Rows themselves never leave the engine.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from bot.evidence.veil import hidden
from bot.incident import Alert, AlertReceived, Event, Incident, Reading
from bot.signals import FeatureResult, Report, Shape
from bot.signals.explanation import where
from bot.watch import Disclosure
from cards.words import clean, redact, unsecret

OTHER, MISSING = "other", "missing"
# Columns of our constant queries; whatever else a table may get is left out.
LOG_COLUMNS = frozenset(
    {"deployment", "status", "requests", "p95_ms", "reason", "first", "last"}
    | {"events", "name", "at", "run"}
)
_LONGEST = 200
_KNOWN = 4096  # texts: a pack of months says the same few over and over
LEFT_OUT = "[left out]"
_SAID = ("reason", "note", "text")  # fields of events that hold somebody's own words
# In what ARM calls systemData: a mail address, a name, or an application's id.
_PEOPLE = frozenset({"createdby", "lastmodifiedby", "changedby"})
# One that was cut short says as much.
_MAIL = re.compile(r"[\w.+'-]{1,64}@(?:[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}|[\w.-]*…)")


def columns(names: Iterable[str], rule: Disclosure) -> list[str]:
    """Return the columns that may be looked at, in their order; case does not matter."""
    protected = {name.lower() for name in rule.protected}
    allowed = {name.lower() for name in rule.columns}
    return [
        name
        for name in names
        if name.lower() not in protected and (not allowed or name.lower() in allowed)
    ]


def report(found: Report, rule: Disclosure) -> Report:
    """Return the report without names of rare categories."""
    results = tuple(_result(result, rule) for result in found.results)
    return replace(found, results=results)


def _result(result: FeatureResult, rule: Disclosure) -> FeatureResult:
    if result.data_type != "Categorical" or result.shape is None:
        return result
    counts = (result.reference_count, result.production_count)
    shape = _frequent(result.shape, counts, rule.least_count)
    if shape == result.shape:
        return result
    return replace(result, shape=shape, where=where(shape))


def _frequent(shape: Shape, counts: tuple[int, int], least: int) -> Shape:
    """Return the shape with rare categories joined to "other"; both sides are looked at.

    A count is a share of the rows that were compared, rounded down.
    """
    kept: dict[str, tuple[float, float]] = {}
    rest: list[tuple[float, float]] = []
    for name, before, now in zip(
        shape.bins, shape.reference, shape.production, strict=True
    ):
        seen = max(round(before * counts[0]), round(now * counts[1]))
        told = name != OTHER and not hidden(name)
        if told and (name == MISSING or seen >= least):
            kept[name] = (before, now)
        else:
            rest.append((before, now))
    if rest:
        joined = (sum(b for b, _ in rest), sum(n for _, n in rest))
        last = kept.pop(MISSING, None)
        kept[OTHER] = joined
        if last is not None:
            kept[MISSING] = last
    return Shape(
        bins=tuple(kept),
        reference=tuple(b for b, _ in kept.values()),
        production=tuple(n for _, n in kept.values()),
    )


def log_rows(
    names: Iterable[str], rows: Iterable[Iterable[Any]]
) -> tuple[list[str], list[list[Any]], list[str]]:
    """Return allowed columns, their rows, and the names of columns that were left out."""
    every = list(names)
    places = [place for place, name in enumerate(every) if name in LOG_COLUMNS]
    left_out = [name for name in every if name not in LOG_COLUMNS]
    cells = [[_cell(row[p]) for p in places] for row in map(list, rows)]
    return [every[p] for p in places], cells, left_out


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    return clean(_text(str(value)), _LONGEST, empty="")


def tags(found: Mapping[str, str]) -> dict[str, str]:
    """Return tags with secrets and numbers of persons blanked."""
    return {
        _text(str(k))[:_LONGEST]: _text(str(v))[:_LONGEST] for k, v in found.items()
    }


def document(value: Any) -> Any:
    """Return JSON of Azure's without who it names, secrets and numbers of persons.

    Object ids stay, as in the history; of each name or mail address it says that it is
    left out. The digest of the whole is recorded beside it.
    """
    if isinstance(value, Mapping):
        return {
            redact(str(k)): LEFT_OUT if str(k).lower() in _PEOPLE and v else document(v)
            for k, v in value.items()
        }
    if isinstance(value, list | tuple):
        return [document(each) for each in value]
    if isinstance(value, str):
        return _text(value)
    return value


def alert(found: Alert) -> Alert:
    """Return an alert as it may be kept: without secrets, mail addresses and numbers.

    Whoever writes an alert rule, a dimension or a custom property can put anything there.
    Names and ids, by which things are found, lose secrets and mail addresses alone.
    """
    return replace(
        found,
        fingerprint=fingerprint(found.fingerprint),
        title=_text(found.title),
        rule=_name(found.rule),
        description=_text(found.description),
        resources=tuple(map(_name, found.resources)),
        endpoint=_name(found.endpoint),
        deployment=_name(found.deployment),
        monitor=_name(found.monitor),
        readings=tuple(map(_reading, found.readings)),
        labels={
            _name(k): _name(v) if v.startswith("/") else _text(v)
            for k, v in found.labels.items()
        },
    )


def unprotected(found: Alert, rule: Disclosure) -> Alert:
    """Return an alert that does not name a protected column, as Azure's own monitor may."""
    if not rule.protected:
        return found
    names = "|".join(map(re.escape, rule.protected))
    named = re.compile(rf"(?<!\w)(?:{names})(?!\w)", re.IGNORECASE)

    def blank(text: str) -> str:
        return named.sub(LEFT_OUT, text)

    return replace(
        found,
        title=blank(found.title),
        description=blank(found.description),
        readings=tuple(
            replace(one, feature=blank(one.feature)) for one in found.readings
        ),
        labels={k: blank(v) for k, v in found.labels.items() if not named.search(k)},
    )


def shown(found: Incident) -> Incident:
    """Return a history as it may be rendered, with what an older version let in left out.

    Rows are never changed, so what was kept before there was this policy is still there,
    and is blanked wherever it is shown. What this version keeps stays as it is.
    """
    return replace(found, history=tuple(map(_event, found.history)))


def _event(event: Event) -> Event:
    if isinstance(event, AlertReceived):
        return replace(event, alert=alert(event.alert))
    told = {name: getattr(event, name, "") for name in _SAID}
    blanked: dict[str, Any] = {
        name: t for name, said in told.items() if said and (t := _text(said)) != said
    }
    return replace(event, **blanked) if blanked else event


def fingerprint(text: str) -> str:
    """Return a fingerprint as it may be kept; one that held a secret ends in its digest."""
    kept = _name(text)
    if kept == text:
        return text
    whole = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    return f"{kept} {whole[:16]}"


def _reading(one: Reading) -> Reading:
    return replace(
        one,
        metric=_name(one.metric),
        feature=_text(one.feature),
        unit=_name(one.unit),
    )


def reason(text: str) -> str:
    """Return why something was set aside, which may quote what somebody sent."""
    return _text(text)


@lru_cache(maxsize=_KNOWN)
def _text(text: str) -> str:
    return _MAIL.sub(LEFT_OUT, redact(_whole(text))) if text else text


@lru_cache(maxsize=_KNOWN)
def _name(text: str) -> str:
    return _MAIL.sub(LEFT_OUT, unsecret(_whole(text))) if text else text


def _whole(text: str) -> str:
    """Return a text that was cut without its last word: half a secret is not known.

    >>> _whole("ask canary.per…"), _whole("a-word…")
    ('ask …', 'a-word…')
    """
    cut = text.endswith("…") and " " in text
    return f"{text[: text.rindex(' ')]} …" if cut else text


def words(text: str) -> str:
    """Return a short text of somebody else's without secrets and personal numbers.

    An object id stays: without it nobody could ask who it was.
    """
    return clean(text, _LONGEST, empty="")
