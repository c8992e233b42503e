"""What a threshold would have done: past windows judged as if they had just come in."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bot.signals.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """One metric of one feature over all past windows, in their order."""

    feature: str
    metric: str
    threshold: float | None
    windows: tuple[str, ...]  # names of those that gave a figure
    values: tuple[float, ...]
    alerts: int  # windows that would have alerted
    proposed: float | None  # alerts in no more than the wanted share of the windows


def backtest(
    reports: Sequence[Report], *, rate: float = 0.05, names: Sequence[str] = ()
) -> tuple[Replay, ...]:
    """Return how often each threshold would have alerted, and one that would not.

    Args:
        reports: of the same rules, one a past window, oldest first.
        rate: the share of windows that may alert although nothing was wrong. The
            proposal takes every window for one of those: leave real incidents out.
        names: of the windows; by default each report's `production_name`.

    Returns:
        The most talkative first.
    """
    named = list(names) or [report.production_name for report in reports]
    found: dict[tuple[str, str], list[tuple[str, float, bool, float | None]]] = {}
    below: set[tuple[str, str]] = set()
    for name, report in zip(named, reports, strict=True):
        for result in report.results:
            key = result.feature, result.metric
            if result.breached_when == "below":
                below.add(key)
            if result.value is not None:
                one = name, result.value, result.verdict == "breached", result.threshold
                found.setdefault(key, []).append(one)
    replays = [
        Replay(
            feature=key[0],
            metric=key[1],
            threshold=past[-1][3],
            windows=tuple(name for name, *_ in past),
            values=tuple(value for _, value, *_ in past),
            alerts=sum(breached for _, _, breached, _ in past),
            proposed=propose(
                [value for _, value, *_ in past], rate=rate, below=key in below
            ),
        )
        for key, past in found.items()
    ]
    return tuple(sorted(replays, key=lambda r: (-r.alerts, r.feature, r.metric)))


def propose(
    values: Sequence[float], *, rate: float, below: bool = False
) -> float | None:
    """Return a limit that at most `rate` of `values` are beyond, rounded outwards.

    None when there are too few windows to tell (fewer than 1 / `rate`).

    >>> propose([0.01 * i for i in range(1, 21)], rate=0.05)
    0.19
    """
    if not 0 < rate < 1 or len(values) < 1 / rate - 1e-9:
        return None
    ordered = sorted(values, reverse=below)
    at = ordered[len(ordered) - 1 - math.floor(rate * len(ordered) + 1e-9)]
    if at == 0:
        return 0.0
    step = 10.0 ** (math.floor(math.log10(abs(at))) - 1)
    steps = at / step
    whole = math.floor(steps + 1e-9) if below else math.ceil(steps - 1e-9)
    return float(f"{whole * step:.3g}")
