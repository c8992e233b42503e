"""What the release gate answered: as JSON, and as a page that stands for itself."""

from collections.abc import Iterator
from html import escape
from typing import Any

from bot.approval.oversight import GateAnswered
from bot.evidence.packet import digest
from bot.evidence.page import document
from bot.incident import Incident


def given(ledger: Incident, number: str) -> dict[str, Any] | None:
    """Return the answer "G-3" of an endpoint's history, None when it holds none.

    `record` is its place in that history, whose rows the log proves.
    """
    for seq, event in enumerate(ledger.history, 1):
        if isinstance(event, GateAnswered) and event.number == number:
            body = {
                "id": number,
                "endpoint": ledger.endpoint,
                "deployment": event.deployment,
                "at": event.at.isoformat(),
                "pass": event.passed,
                "reasons": list(event.reasons),
                "seen": [_seen(each) for each in event.seen],
                "history": ledger.id,
                "record": seq,
            }
            return {**body, "digest": digest(body)}
    return None


def _seen(text: str) -> dict[str, Any]:
    incident, _, revision = text.partition("/")
    return {"incident": incident, "revision": int(revision)}


def answer_page(found: dict[str, Any]) -> str:
    """Return the page of an answer; `found` as `given` returns it."""
    return document(f"{found['id']} gate", _parts(found))


def _parts(found: dict[str, Any]) -> Iterator[str]:
    name = found["endpoint"].rsplit("/", 1)[-1]
    verdict = "go" if found["pass"] else "do not"
    yield f"<h1>{escape(found['id'])}: {verdict}</h1>"
    yield f"<p class=soft>May something be released to {escape(found['deployment'])} of "
    yield f"{escape(name)}? Answered {escape(found['at'][:19])} UTC."
    yield "<h2>Reasons against it</h2>"
    if not found["reasons"]:
        yield "<p>None."
    for reason in found["reasons"]:
        yield f"<p class=missing>{escape(reason)}"
    yield "<h2>Rests on</h2>"
    if not found["seen"]:
        yield "<p>No incident of this endpoint."
    for each in found["seen"]:
        key = escape(each["incident"])
        yield f'<p><a href="/evidence/{key}">{key}</a>, up to record {each["revision"]}'
    yield f"<footer>Record {found['record']} of {escape(found['history'])}. Digest of this "
    yield f"answer: {escape(found['digest'])}.</footer>"
