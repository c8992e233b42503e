"""Traffic as people approve it: what may be put, and what became of it. Pure."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from bot.azure.arm import Document
from bot.azure.splice import spliced
from bot.incident import EndpointState, Traffic
from bot.ports import Ambiguous, Impossible

STEADY = "Succeeded"
# An endpoint in one of these states does not move by itself any more.
AT_REST = (STEADY, "Failed", "Canceled")
# "lost": Azure's answer is; "silent": it gave none, and may still be at it.
End: TypeAlias = Literal["done", "failed", "stuck", "lost", "silent"]


@dataclass(frozen=True, slots=True)
class Way:
    """How the change went, as far as Azure told us; `reason` is for a person."""

    end: End
    reason: str = ""


def same(one: Traffic, other: Traffic) -> bool:
    """Return whether two splits serve alike; a missing deployment means 0 %.

    >>> same({"blue": 100}, {"Blue": 100, "green": 0})
    True
    """
    return _shares(one) == _shares(other)


def _shares(traffic: Traffic) -> dict[str, int]:
    return {name.lower(): percent for name, percent in traffic.items() if percent}


def in_words(traffic: Traffic) -> str:
    """Return a split as people say it, the largest share first.

    >>> in_words({"green": 10, "blue": 90, "old": 0})
    'blue 90 %, green 10 %'
    """
    shares = sorted(traffic.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {percent} %" for name, percent in shares if percent) or (
        "no deployment"
    )


def changed(
    document: Document, live: EndpointState, expected: EndpointState, wanted: Traffic
) -> bytes:
    """Return Azure's own document with `wanted` as traffic and not one other byte changed.

    Raises Impossible when the world is not the one that was approved, or `wanted`
    cannot be served.
    """
    if not same(live.traffic, expected.traffic):
        raise Impossible(
            f"the endpoint serves {in_words(live.traffic)} by now; "
            f"what was approved starts from {in_words(expected.traffic)}."
        )
    if live.digest != expected.digest:
        raise Impossible(
            "the endpoint's settings were changed after the request was made, "
            "though its traffic was not."
        )
    if live.provisioning_state not in AT_REST:
        state = live.provisioning_state or "unknown"
        words = f"the endpoint is being changed by someone else (state {state})."
        raise Impossible(words)
    _check(wanted, live)
    traffic = dict.fromkeys(document.traffic, 0)
    written = {name.lower(): name for name in traffic}  # one name, in Azure's spelling
    traffic |= {written.get(n.lower(), n): percent for n, percent in wanted.items()}
    try:
        return spliced(document.raw, traffic)
    except (ValueError, IndexError):
        raise Impossible("Azure's document of the endpoint cannot be read.") from None


def _check(wanted: Traffic, live: EndpointState) -> None:
    if any(p < 0 for p in wanted.values()) or sum(wanted.values()) != 100:  # noqa: PLR2004
        raise Impossible(f"{in_words(wanted)} does not add up to 100 %.")
    states = {d.name.lower(): d.provisioning_state for d in live.deployments}
    for name, percent in wanted.items():
        state = states.get(name.lower())
        if percent and state is None:
            raise Impossible(f"the deployment {name} does not exist any more.")
        if percent and state != STEADY:
            raise Impossible(f"the deployment {name} is {state or 'not ready'}.")


def judged(
    name: str, before: EndpointState, after: EndpointState, wanted: Traffic, way: Way
) -> EndpointState:
    """Return `after` when it serves `wanted` and Azure has nothing to say against it.

    Raises Impossible when it is settled otherwise (the words say what was changed and
    what was not), and Ambiguous when nobody can know yet.
    """
    serves = f"{name} serves {in_words(after.traffic)}"
    because = f": {way.reason}" if way.reason else ""
    if way.end == "stuck" or after.provisioning_state not in AT_REST:
        raise Ambiguous(
            f"Azure took the change but has not finished it{because}. {serves} now. "
            "Look at it before anything is tried again."
        )
    arrived = same(after.traffic, wanted)
    steady = after.provisioning_state == STEADY
    if arrived and steady and way.end != "failed":
        return after
    # A broken endpoint may say that it serves `wanted` before anything is sent.
    if arrived and (way.end == "done" or not same(before.traffic, wanted)):
        because = because or f": the endpoint is {after.provisioning_state}"
        raise Impossible(
            f"Azure took the change but reports a failure{because}. {serves} now."
        )
    if way.end == "silent":
        raise Ambiguous(
            f"Azure did not answer, and nothing of the change is seen yet. {serves} "
            "now. Look at it before anything is tried again."
        )
    if same(after.traffic, before.traffic) and way.end != "done":
        raise Impossible(f"Nothing was changed{because}. {serves}, as before.")
    raise Impossible(
        f"Azure took the change but {serves} now, not {in_words(wanted)}{because}."
    )
