"""Fixtures of the house for the tests of rollbacks."""

from tests.house import blobs, build, house

__all__ = ["blobs", "build", "house"]
