"""What the door costs, as ratios in one run: `python -m tests.bench.door`.

Azure's real payloads; each figure is the best of many rounds that take turns, so that a
busy machine disturbs both sides of a ratio alike.
"""

import json
import timeit
from collections.abc import Callable, Sequence
from pathlib import Path

from bot import sources
from bot.strict_json import parse

SAMPLES = Path(__file__).parents[1] / "fixtures" / "alerts"
_ROUNDS = 40
_CALLS = 50


def best_us(calls: Sequence[Callable[[], object]]) -> list[float]:
    """Return the microseconds of each call in its best round; they take turns."""
    rounds = [[timeit.timeit(c, number=_CALLS) for c in calls] for _ in range(_ROUNDS)]
    return [min(times) / _CALLS * 1e6 for times in zip(*rounds, strict=True)]


def ratios(name: str, route: sources.Route) -> dict[str, float]:
    """Return microseconds, and the ratios to json.loads on the same bytes."""
    body = (SAMPLES / f"{name}.json").read_bytes()
    loads, strict, check, read = best_us(
        [
            lambda: json.loads(body),
            lambda: parse(body),
            lambda: sources.check(route, body),
            lambda: sources.read(route, body),
        ]
    )
    return {
        "json.loads µs": loads,
        "strict / loads": strict / loads,
        "check / loads": check / loads,
        "read / loads": read / loads,
    }


def main() -> None:
    samples: dict[str, sources.Route] = {
        "cas_metric_aml_latency_p95": "alerts",
        "cas_log_v2_aml_traffic": "alerts",
        "eg_modelmonitor_data_drift": "events",
    }
    for name, route in samples.items():
        found = "  ".join(f"{k} {v:.2f}" for k, v in ratios(name, route).items())
        print(f"{name:32}{found}")  # noqa: T201


if __name__ == "__main__":
    main()
