"""Fixtures of the house for the tests of rollbacks, and how often a fault is tried."""

import os

import pytest

from tests.house import blobs, build, house
from tests.rollback.faults import runs

__all__ = ["blobs", "build", "house"]
STATED = bool(os.environ.get("FAULT_RUNS"))  # `make faults`


@pytest.fixture
def run(request: pytest.FixtureRequest) -> int:
    """Which run of a fault it is."""
    number: int = request.param
    return number


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Repeat the test of a fault as often as the fault's `runs` say."""
    if STATED and (often := runs(metafunc.function.__name__)) > 1:
        metafunc.fixturenames.append("run")
        metafunc.parametrize("run", range(often), indirect=True)
