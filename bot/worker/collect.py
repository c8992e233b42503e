"""Freeze what was seen when the alert came; what could not be had is listed with why."""

import json
from datetime import datetime
from typing import Any

from pydantic_core import to_jsonable_python

from bot.evidence.shelf import NotKept, keep
from bot.incident import (
    CollectEvidence,
    EvidenceCollected,
    Incident,
    SignalsEvaluated,
)
from bot.ports import Unavailable
from bot.store import Due, Leader
from bot.worker.means import Means, record
from bot.worker.parts import TOO_LATE, Parts

PATIENCE = 4  # attempts before a part counts as missing


async def collect(
    means: Means, due: Due, effect: CollectEvidence, leader: Leader
) -> None:
    """Keep each part as an object of its own, and record their digests."""
    archive, workspace = means.archive, means.workspace
    incident = await means.incident(due)
    done = any(e.of == effect.seq for e in incident.every(EvidenceCollected))
    if done or archive is None or workspace is None:
        await means.store.outbox.finish(due.id, leader.role, fence=leader.epoch)
        return
    endpoint = means.endpoint(incident)
    found = _evaluation(incident, effect.seq)
    parts = Parts(
        workspace,
        means.watch,
        endpoint,
        found,
        patient=due.attempts < PATIENCE,
        late=means.clock() - found.at > TOO_LATE,
    )
    await parts.collect(incident)
    try:
        digests = {
            name: await keep(archive.shelf, _bytes(incident, found.at, name, content))
            for name, content in sorted(parts.found.items())
        }
    except NotKept as error:
        raise Unavailable(str(error)) from None
    event = EvidenceCollected(
        at=means.clock(),
        of=effect.seq,
        endpoint=incident.endpoint,
        digests=digests,
        missing=parts.missing,
        build=archive.build,
        configuration=archive.configuration,
    )
    await record(means, due.incident, lambda _: (event,), leader, done=due.id)


def _evaluation(incident: Incident, seq: int) -> SignalsEvaluated:
    found = incident.history[seq - 1]
    if not isinstance(found, SignalsEvaluated):
        raise TypeError(type(found).__name__)
    return found


def _bytes(incident: Incident, at: datetime, part: str, content: Any) -> bytes:
    document = {
        "part": part,
        "incident": incident.id,
        "endpoint": incident.endpoint,
        "evaluated_at": at.isoformat(),
        "content": to_jsonable_python(content),
    }
    text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False)
    return text.encode() + b"\n"
