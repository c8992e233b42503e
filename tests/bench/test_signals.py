"""The signal engine against its limits, which `make bench` prints."""

import sys

import pytest

from tests.bench.signals import measured

LIMITS = {
    "CPU / np.sum": (0, 45),
    "scipy / CPU": (15, 1e9),
    "Parquet wall / read": (0, 2.2),
    "Parquet memory / read": (0, 0.3),
    "false alarms, n = 100": (0, 0.05),
    "false alarms, n = 500": (0, 0.05),
    "false alarms, n = 1,000": (0, 0.05),
    "false alarms, n = 10,000": (0, 0.05),
    "0.2 sigma seen, n = 5,000": (0.99, 1),
}


def test_the_engine_keeps_its_limits(capsys: pytest.CaptureFixture[str]) -> None:
    """
    Seconds are printed; only ratios and shares are limits, on any machine.
    """
    figures = measured()
    with capsys.disabled():
        for name, value in figures.items():
            sys.stdout.write(f"\n  {name:28} {value:10.3g}")

    for name, (low, high) in LIMITS.items():
        assert low <= figures[name] <= high, name
