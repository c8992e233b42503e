"""A secret in the address (`?code=…`): the only one an action group can send without
Entra. Two at a time, so that it can be changed without a gap.
"""

import hashlib
import hmac
from collections.abc import Sequence

from bot.callers._verdict import Credentials, Denied

_SHORTEST = 16  # characters
_MOST = 2


class UrlSecret:
    """Checks the `code`. An address is seen by many: prefer Entra."""

    def __init__(self, secrets: Sequence[str]) -> None:
        if not 0 < len(secrets) <= _MOST:
            raise ValueError("one secret, or two while it is changed")
        if any(len(secret) < _SHORTEST for secret in secrets):
            raise ValueError(f"a secret has {_SHORTEST} characters at least")
        self._digests = tuple(_digest(secret) for secret in secrets)

    async def check(self, shown: Credentials) -> None:
        """Raise Denied unless exactly one code is there and right.

        Digests of equal length are compared, all of them: the time tells nothing.
        """
        if len(shown.codes) != 1:
            raise Denied(401, "one code is needed")
        if not self.knows(shown):
            raise Denied(401, "the code is wrong")

    def knows(self, shown: Credentials) -> bool:
        if len(shown.codes) != 1:
            return False
        code = _digest(shown.codes[0])
        return any([hmac.compare_digest(code, known) for known in self._digests])  # noqa: C419


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
