"""The signal engine against its limits, which `make bench` prints."""

import json
import subprocess
import sys

import pytest

LIMITS = {
    "CPU / np.sum": (0, 45),
    "scipy / CPU": (15, 1e9),
    "nannyml / CPU": (25, 1e9),
    "evidently / CPU": (200, 1e9),
    "Parquet wall / read": (0, 2.2),
    "Parquet memory / read": (0, 0.3),
    "memory, 1,000 / 50 columns": (0, 1.5),
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
    # In a process of its own: NumPy may have been loaded here before the engine.
    command = [sys.executable, "-m", "tests.bench"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)  # noqa: S603
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    missed = []
    with capsys.disabled():
        for name, value in figures.items():
            low, high = LIMITS.get(name, (0, 1e9))
            kept = low <= value <= high
            missed += [] if kept else [name]
            note = "" if kept else f"   limit: {low or high:g}"
            sys.stdout.write(f"\n  {name:28} {value:10.3g}{note}")

    assert not missed
