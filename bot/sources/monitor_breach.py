"""Azure ML model monitoring: features beyond their thresholds, in the tags of a run.

The tag holds a sentence and the `repr` of a Python list of JSON texts, one per breached
feature. The run of the component carries one tag, the run of the whole monitor one tag
a signal. Each row is judged again by its metric's own direction (`Reading.breached`).
"""

import ast
import re
from typing import Any

from bot.incident import Alert, Reading
from bot.sources._event import Envelope, content, envelope, fingerprint, is_kind
from bot.sources._fields import Document, Route, line, mapping, member, number
from bot.sources._metrics import side, signal_kind
from bot.strict_json import NotJson
from bot.strict_json import parse as parse_json

ROUTE: Route = "events"
_SENTENCE = "violating metric thresholds"
_COMPONENT_TAG = "azureml_modelmonitor_threshold_breached"
_ROOT_TAG = "azureml.modelmonitor.threshold.breached."
_SIGNAL = re.compile(r"The signal '([^\n]{1,260}?)' has failed")
_MOST = 2000  # rows

# Where the list begins: after the last line of the sentence, however that line ended.
_OPENS = re.compile(r"\bare\s*+(?:\\r)?(?:\\n)?\s*+(?=\[)")
# What repr() writes for a text, and nothing that could nest: only then is literal_eval
# safe for the process. A row that is an object, not the text of one, is taken as well.
_ESCAPE = r"\\(?:[\\'\"nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U00[01][0-9a-f]{5})"
_ROW = re.compile(
    rf"'(?:[^'\\\n]++|{_ESCAPE})*+'|\"(?:[^\"\\\n]++|{_ESCAPE})*+\"|\{{[^{{}}]*+\}}"
)
_BETWEEN = re.compile(r"\s*+(?:,\s*+|(?=\]))")


def recognises(document: Document) -> bool:
    return is_kind(document, "RunStatusChanged", "RunCompleted") and bool(
        _breaches(mapping(document.get("data")))
    )


def parse(document: Document) -> tuple[Alert, ...]:
    event = envelope(document)
    breaches = _breaches(content(event))
    return tuple(_alert(event, tag, text) for tag, text in breaches.items())


def _breaches(data: Document) -> dict[str, str]:
    """Return the signal's name, as the tag has it ("" if not), and what it says."""
    tags = _tags(member(data, "RunTags"))
    found: dict[str, str] = {}
    for key, text in tags.items():
        if not isinstance(text, str):
            continue
        folded = key.lower()
        if folded.startswith(_ROOT_TAG):
            found[line(key[len(_ROOT_TAG) :])] = text
        elif folded == _COMPONENT_TAG and _SENTENCE in text:
            found[""] = text
    return found


def _tags(value: Any) -> Document:
    """Return the tags of a run: an object, or the text of one."""
    if isinstance(value, str) and _SENTENCE in value:
        try:
            value = parse_json(value.encode("utf-8"), max_depth=8)
        except (NotJson, UnicodeEncodeError):
            return {}
    return mapping(value)


def _alert(event: Envelope, tag: str, text: str) -> Alert:
    data = content(event)
    named = _SIGNAL.search(text)
    signal = tag or (line(named[1]) if named else "")
    monitor = line(member(data, "experimentName", "experimentId"))
    told, unread = rows(text)
    readings = tuple(dict.fromkeys(told))  # a row that stands twice says nothing more
    wrong = [r for r in readings if r.breached is False]
    right = len({r.feature or r.metric for r in readings if r.breached})
    return Alert(
        source="monitor_breach",
        kind=signal_kind(signal, [r.metric for r in readings]),
        fingerprint=fingerprint(event, "monitor", monitor, signal),
        status="firing",
        severity=3 if wrong and len(wrong) == len(readings) else 2,
        title=f"{signal or monitor or 'A monitor'}: {_past(right)}",
        starts_at=event.at,
        rule=signal,
        monitor=monitor,
        resources=(event.source,) if event.source else (),
        readings=readings,
        labels=_labels(data, wrong, unread),
    )


def _past(count: int) -> str:
    if count == 0:
        return "breached, as Azure says"
    return f"{count} feature{'s' * (count > 1)} past a threshold"


def _labels(data: Document, wrong: list[Reading], unread: int) -> dict[str, str]:
    found = {
        "run": line(member(data, "runId")),
        "not a breach by its own direction": line(
            ", ".join(dict.fromkeys(f"{r.metric} of {r.feature}" for r in wrong))
        ),
        "rows that could not be read": str(unread) if unread else "",
    }
    return {key: value for key, value in found.items() if value}


def rows(text: str) -> tuple[tuple[Reading, ...], int]:
    r"""Return the breached rows, and how many could not be read.

    >>> row = '{"metric_value": 0.4, "metric_name": "NullValueRate", "group": "age"}'
    >>> found, unread = rows(f"The signal 's' has failed … are \n[{row!r}]\n")
    >>> found[0].feature, unread
    ('age', 0)
    """
    listed, whole = _listed(text)
    read = [_row(row) for row in listed[:_MOST]]
    found = tuple(r for r in read if r is not None)
    return found, len(listed) - len(found) + (not whole)


def _listed(text: str) -> tuple[list[str], bool]:
    """Return the rows as they are written, and whether the list came to its end.

    A tag has a length, so Azure may cut it off: what came before the cut is read.
    """
    start = text.rfind(" are \n[")
    opened = list(_OPENS.finditer(text))[-1:] if start < 0 else []
    at = opened[0].end() if opened else start + len(" are \n")
    if start < 0 and not opened:
        return [], False
    listed: list[str] = []
    at += 1
    while row := _ROW.match(text, at):
        between = _BETWEEN.match(text, row.end())
        if between is None:
            break
        listed.append(row.group())
        at = between.end()
    return listed, text[at:].lstrip().startswith("]")


def _row(written: str) -> Reading | None:
    try:
        text = written if written.startswith("{") else ast.literal_eval(written)
        found = parse_json(text.encode("utf-8"), max_depth=4, nan_is_null=True)
    except (NotJson, ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    metric = line(mapping(found).get("metric_name"))
    if not metric:
        return None
    return Reading(
        metric=metric,
        value=number(found.get("metric_value")),
        threshold=number(found.get("threshold_value")),
        breached_when=side(metric),
        feature=line(found.get("group")),
    )
