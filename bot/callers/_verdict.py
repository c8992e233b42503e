"""What a check is given and how it ends."""

from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """What a request brings to be known by. Never logged, so it has no repr."""

    authorization: tuple[str, ...]  # every Authorization header
    codes: tuple[str, ...]  # every `code` of the query


class Denied(Exception):
    """401: we do not know who calls. 403: we know, and may not let them."""

    def __init__(self, status: Literal[401, 403], reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Undecided(Exception):
    """We cannot tell now, since the keys cannot be had. Ask again in some seconds.

    Azure repeats a 503; a 401 would lose the alert.
    """

    def __init__(self, reason: str, retry_after_s: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_s = retry_after_s


class Caller(Protocol):
    async def check(self, shown: Credentials) -> None:
        """Return when it is whom we expect; else raise Denied or Undecided."""


class Remembering(Caller, Protocol):
    """A check that can tell of some at once that they are let in."""

    def knows(self, shown: Credentials) -> bool:
        """Return True only where `check` would return, and without waiting.

        False tells nothing: ask `check`.
        """
