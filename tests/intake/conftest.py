"""The house that the storm goes over."""

from tests.house import blobs, build, house

__all__ = ["blobs", "build", "house"]
