"""The access review of an endpoint: roles that reach it, and readings of its evidence."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from microsoft_teams.cards import CardElement

from bot.approval.oversight import EvidenceRead
from bot.incident import Actor, Assignment
from bot.watch import Endpoint, WatchList
from cards import figures
from cards.elements import (
    Head,
    Words,
    band,
    heading,
    missing,
    paragraph,
    runs,
    said,
    table,
    title,
)
from cards.frame import card
from cards.view import Rendered
from cards.words import identifier, person

_ROLES, _READS = 14, 8  # lines

_GROUP: Final = "/microsoft.management/managementgroups/"
# Azure's words for who holds a role, where ours is shorter.
_KINDS: Final = {"ServicePrincipal": "App", "ForeignGroup": "Group of others"}


def render(
    endpoint: Endpoint,
    watch: WatchList,
    now: datetime,
    *,
    assignments: Sequence[Assignment] | None,
    reads: Sequence[EvidenceRead],
    days: int,
    gaps: Mapping[str, str],
) -> Rendered:
    """Return who can and who did; `assignments` None: Azure did not say, see `gaps`."""
    found = assignments or ()
    direct = sum(not a.inherited for a in found)
    name = identifier(endpoint.name)
    words = f"{len(found)} role assignments reach {name}"
    if assignments is None:
        words = f"Who can reach {name} is not known"
    return card(
        [
            band("Access", "emphasis", f"Tier {endpoint.tier}", figures.day(now)),
            title(words),
            *missing(list(gaps.items())[:4]),
            *_reaching(found, direct, watch),
            heading(f"Who read its evidence in {days} days"),
            *_readings(reads, watch),
        ],
        [],
        summary=words,
    )


def _reaching(
    found: Sequence[Assignment], direct: int, watch: WatchList
) -> Iterator[CardElement]:
    if not found:
        return
    yield paragraph(
        f"{direct} direct, {len(found) - direct} inherited. The rights of a group are "
        "those of all its members. Not listed: roles that somebody could still activate "
        "(PIM), and deny assignments, which take rights away.",
        subtle=True,
    )
    rows = [
        (
            _account(Actor(watch.tenant, a.principal, ""), watch, a.kind),
            runs(said(f"{a.role}{', on a condition' if a.condition else ''}", 60)),
            runs(said(_where(a), 60)),
        )
        for a in found[:_ROLES]
    ]
    yield table([Head("Who", 3), Head("Role", 3), Head("Given on", 3)], rows)
    if len(found) > _ROLES:
        yield paragraph(f"{len(found) - _ROLES} more.", subtle=True)


def _where(assignment: Assignment) -> str:
    parts = assignment.scope.rstrip("/").split("/")
    if not assignment.inherited:
        return "the endpoint itself"
    if _GROUP in assignment.scope.lower():
        return f"management group {_short(parts[-1])}"
    kind = {3: "subscription", 5: "resource group", 9: "workspace"}.get(len(parts))
    return f"{kind} {_short(parts[-1])}" if kind else parts[-1] or "everything"


def _short(name: str) -> str:
    """Return a GUID's first part: all of it runs over the next column on a phone."""
    first, *rest = name.split("-")
    whole = len(first) == 8 and len(rest) == 4  # noqa: PLR2004 a GUID has five parts
    return f"{first}\u2026" if whole else name


def _account(actor: Actor, watch: WatchList, kind: str) -> Words:
    if known := watch.person(actor):
        return person(known.name)
    unknown = f"{_KINDS.get(kind, kind)} {_short(actor.id)}".strip()
    return runs(said(actor.name or unknown, 60))


def _readings(reads: Sequence[EvidenceRead], watch: WatchList) -> Iterator[CardElement]:
    if not reads:
        yield paragraph("Nobody.")
        return
    rows = [
        (
            figures.utc(r.at),
            _account(r.by, watch, "") if r.by else "not signed in",
            runs(said(f"{r.of}, {r.how}", 60)),
        )
        for r in reads[:_READS]
    ]
    yield table([Head("When", 3), Head("Who", 3), Head("What", 3)], rows)
    if len(reads) > _READS:
        yield paragraph(f"{len(reads) - _READS} earlier ones.", subtle=True)
