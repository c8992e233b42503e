"""Fields of a document from outside, read without trust: a value of ours or nothing.

What a parser cannot do without raises NotAnAlert; all else that is odd is left out,
so that an authentic alert with one strange field is still an alert.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias, cast

from bot.incident import Alert, Severity
from bot.incident.arm import arm_id

Document: TypeAlias = Mapping[str, Any]
Route: TypeAlias = Literal["alerts", "events", "own"]

SHORT = 260  # characters of a name: rule, feature, label
LONG = 4000  # characters of a description
MANY = 50  # resources, labels
_FIRST_YEAR, _LAST_YEAR = 2000, 2099  # outside, a clock is wrong, not an alert early

# Names of dimensions, folded, that say what a row is about; the clearest first.
ENDPOINT = ("endpointname", "onlineendpointname", "onlineendpoint", "endpoint")
DEPLOYMENT = ("deploymentname", "onlinedeployment", "deployment")
FEATURE = ("featurename", "feature", "column", "columnname")

_ISO = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?", re.ASCII
)
_AMERICAN = re.compile(
    r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d\d:\d\d [AP]M", re.ASCII
)  # log alerts of the first version
_NUMBER = re.compile(r"[-+]?\d{1,30}(\.\d{0,30})?([eE][-+]?\d{1,3})?", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")  # endpoint, deployment


_SEVERITIES: Mapping[str, Severity] = {
    "critical": 0,
    "error": 1,
    "warning": 2,
    "informational": 3,
    "information": 3,
    "verbose": 4,
}


class NotAnAlert(ValueError):
    """The bytes are no alert and no event. The text says why, for the caller."""


class Unhandled(Exception):
    """Authentic, but of a kind we do not know: kept and listed with this reason.

    `alerts` are those of the same delivery that were understood.
    """

    def __init__(self, reason: str, alerts: tuple[Alert, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.alerts = alerts


def is_schema(document: Document, wanted: str) -> bool:
    """Return whether a document names this schema, in any letter case."""
    found = document.get("schemaId")
    return isinstance(found, str) and found.strip().lower() == wanted.lower()


def mapping(value: Any) -> Document:
    """Return `value` when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def objects(value: Any) -> list[Document]:
    """Return the objects in a list; whatever else is in it is left out."""
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def member(document: Document, *names: str) -> Any:
    """Return the first of `names` that is there, in any letter case, or None."""
    for name in names:
        if name in document:
            return document[name]
    lower = {str(key).lower(): value for key, value in document.items()}
    return next((lower[n.lower()] for n in names if n.lower() in lower), None)


def folded(name: str) -> str:
    """Return a name as people who spell it differently would all write it.

    >>> folded("Endpoint Name") == folded("endpoint_name") == folded("endpointName")
    True
    """
    return re.sub(r"[\s_.-]+", "", name).lower()


def line(value: Any, limit: int = SHORT) -> str:
    r"""Return a text on one line of at most `limit` characters; "" when it is none.

    >>> line("two\r\nlines")
    'two lines'
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return cut(_CONTROL.sub(" ", str(value)[: 4 * limit]).strip(), limit)


def prose(value: Any) -> str:
    """Return a text that may have several lines, at most LONG characters."""
    if not isinstance(value, str):
        return ""
    lines = (line(part, LONG) for part in value[: 2 * LONG].splitlines()[:100])
    return cut("\n".join(part for part in lines if part), LONG)


def cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def name(value: Any) -> str:
    """Return the name of an endpoint or a deployment, "" when it cannot be one."""
    return value if isinstance(value, str) and _NAME.fullmatch(value) else ""


def labels(*sources: Any) -> dict[str, str]:
    """Return names and values of what the sender added, in its order."""
    pairs = [
        (line(key), line(value))
        for source in sources
        for key, value in mapping(source).items()
    ]
    return dict([(key, value) for key, value in pairs if key and value][:MANY])


def number(value: Any) -> float | None:
    """Return a finite number, also from a text like "0.3" or "$11,111.00", or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        bare = value.strip().lstrip("$€£").replace(",", "")
        value = float(bare) if _NUMBER.fullmatch(bare) else None
    if not isinstance(value, int | float) or value - value != 0:
        return None
    return float(value)


def moment(value: Any) -> datetime | None:
    """Return an aware UTC time, or None when `value` is none in our century.

    Azure writes seven digits of a second and may leave out the zone, which is UTC.

    >>> moment("2026-11-20T09:15:02.1234567Z")
    datetime.datetime(2026, 11, 20, 9, 15, 2, 123456, tzinfo=datetime.timezone.utc)
    """
    if not isinstance(value, str) or len(value) > len(
        "2026-11-20T09:15:02.123456789+00:00"
    ):
        return None
    try:
        if _ISO.fullmatch(value):
            found = datetime.fromisoformat(value)
        elif _AMERICAN.fullmatch(value):
            found = datetime.strptime(value, "%m/%d/%Y %I:%M:%S %p")  # noqa: DTZ007
        else:
            return None
        if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
            return None
        zoned = found if found.tzinfo else found.replace(tzinfo=UTC)
        return zoned.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def required_moment(document: Document, *names: str) -> datetime:
    found = moment(member(document, *names))
    if found is None:
        raise NotAnAlert(f"{names[0]} is not a time")
    return found


def window(start: Any, end: Any) -> tuple[datetime, datetime] | None:
    first, last = moment(start), moment(end)
    return (first, last) if first and last and first <= last else None


def severity(value: Any) -> Severity | None:
    """Return 0 to 4 from "Sev2", "2", 2 or its word, "Warning"; None when unsaid."""
    if isinstance(value, bool | list | dict):
        raise NotAnAlert("severity is neither a text nor a number")
    digit = str(value).strip().lower().removeprefix("sev")
    if digit in _SEVERITIES:
        return _SEVERITIES[digit]
    return cast("Severity", int(digit)) if digit in {"0", "1", "2", "3", "4"} else None


def arm_ids(values: Iterable[Any]) -> tuple[str, ...]:
    """Return those of `values` that are ARM ids, each once, at most MANY."""
    found = dict.fromkeys(i for v in values if (i := arm_id(v)))
    return tuple(found)[:MANY]


def part(resource: str, kind: str) -> str:
    """Return the name after `kind` in an ARM id, "" when it has none.

    >>> part("/subscriptions/s/providers/m/workspaces/w", "workspaces")
    'w'
    """
    pieces = resource.split("/")
    return pieces[pieces.index(kind) + 1] if kind in pieces[:-1] else ""
