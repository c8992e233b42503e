"""Who may read incidents, evidence and the gate's answers: our people, our pipelines.

A person's token is right for anybody on the watch list; an application, such as a release
pipeline, needs the role that our administrator gives it.
"""

import json
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from jwt.utils import base64url_decode

from bot.callers._verdict import Credentials, Denied
from bot.callers.entra import Entra, Expected
from bot.callers.keys import Keys
from bot.incident import Actor

ROLE: Final = "Watchkeeper.Read"


class Readers(Entra):
    """Checks the bearer token of a reader; `people` are Entra object ids, lower case."""

    def __init__(
        self,
        tenant: str,
        audiences: frozenset[str],
        people: Collection[str],
        keys: Keys,
        clock: Callable[[], float] = time.time,
    ) -> None:
        expected = Expected(tenant=tenant, audiences=audiences, app="", role=ROLE)
        super().__init__(expected, keys, clock)
        self._people = frozenset(people)

    def _right(self, claims: Mapping[str, Any]) -> None:
        if "scp" in claims:
            if str(claims.get("oid", "")).lower() not in self._people:
                raise Denied(403, "you are not on the watch list")
            return
        roles = claims.get("roles")
        if not isinstance(roles, list) or ROLE not in roles:
            raise Denied(403, f"the caller lacks the role {ROLE}")

    def whom(self, shown: Credentials) -> Actor:
        """Return who reads, of credentials that `check` let pass: a person or an app."""
        claims = json.loads(base64url_decode(shown.authorization[0].split(".")[1]))
        name = str(claims.get("name") or claims.get("app_displayname") or "")[:120]
        account = claims.get("oid") or claims.get("azp") or claims.get("appid")
        return Actor(str(claims["tid"]).lower(), str(account or "").lower(), name)
