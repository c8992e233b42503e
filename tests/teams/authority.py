"""The Bot Framework's OpenID document and keys, and tokens of every kind."""

import json
import time
from collections.abc import Mapping
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.simulator.identity import BOT_APP, BOT_ISSUER

SERVICE_URL = "https://smba.trafficmanager.net/emea/tenant/"


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


PRIVATE = {kid: new_key() for kid in ("bf-1", "bf-2", "entra-1")}


def claims(**changes: Any) -> dict[str, Any]:
    """Return a good token's claims; a change to None leaves the claim out."""
    now = int(time.time())
    good = {
        "aud": BOT_APP,
        "iss": BOT_ISSUER,
        "serviceurl": SERVICE_URL,
        "nbf": now - 60,
        "exp": now + 3600,
    }
    return {k: v for k, v in (good | changes).items() if v is not None}


def token(
    said: Mapping[str, Any] | None = None, kid: str = "bf-1", **header: Any
) -> str:
    key = PRIVATE.get(kid, PRIVATE["entra-1"])
    # PyJWT would refuse to sign some of what we want to see refused.
    payload = json.dumps(claims() if said is None else said).encode()
    return jwt.PyJWS().encode(
        payload, key, algorithm="RS256", headers={"kid": kid, **header}
    )


def public(kid: str, *endorsements: str) -> dict[str, Any]:
    found = jwt.algorithms.RSAAlgorithm.to_jwk(PRIVATE[kid].public_key(), as_dict=True)
    return {**found, "kid": kid, "use": "sig", "endorsements": list(endorsements)}


class Authority:
    """Publishes `keys`; counts how often it is asked; answers `status`."""

    def __init__(self) -> None:
        self.keys = [public("bf-1", "msteams", "webchat")]
        self.status = 200
        self.asked = 0
        self.jwks_uri = ""
        self.url = ""
        self.app = web.Application()
        self.app.router.add_get("/openid", self._document)
        self.app.router.add_get("/keys", self._keys)

    async def _document(self, request: web.Request) -> web.Response:
        self.asked += 1
        uri = self.jwks_uri or str(request.url.with_path("/keys"))
        return web.json_response({"jwks_uri": uri}, status=self.status)

    async def _keys(self, request: web.Request) -> web.Response:
        return web.json_response({"keys": self.keys})
