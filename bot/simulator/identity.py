"""A local Entra and Bot Framework identity: keys, tokens, and the check of each token.

Principals are applications with a client id. A managed identity asks at `/msi/token`
(the App Service protocol that azure-identity speaks), an application with a federated
credential at `/{tenant}/oauth2/v2.0/token`.
"""

import json
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import uuid4

import jwt
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.simulator.faults import PRINCIPAL
from bot.simulator.world import WORLD, World

TENANT = "11111111-aaaa-4bbb-8ccc-000000000001"
ALERTS_APP = "22222222-aaaa-4bbb-8ccc-000000000002"
BOT_APP = "33333333-aaaa-4bbb-8ccc-000000000003"
READER = "66666666-aaaa-4bbb-8ccc-000000000001"
EXECUTOR = "66666666-aaaa-4bbb-8ccc-000000000002"
TRAINER = "66666666-aaaa-4bbb-8ccc-000000000003"
ANALYST = "66666666-aaaa-4bbb-8ccc-000000000004"
NAMES = {
    READER: "reader",
    EXECUTOR: "executor",
    TRAINER: "trainer",
    ANALYST: "analyst",
    BOT_APP: "bot",
}
BOT_ISSUER = "https://api.botframework.com"


class Identity:
    """Mints and checks tokens; the two signing keys live in the world."""

    def __init__(self, world: World) -> None:
        self._world = world
        for name in ("entra", "bot"):
            if world.get("key", name) is None:
                self.rotate(name)

    def rotate(self, name: str) -> None:
        """Replace the signing key "entra" or "bot" by a new one with a new `kid`."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        kid = f"{name}-{uuid4().hex[:8]}"
        self._world.put("key", name, {"kid": kid, "pem": pem.decode()})

    def _key(self, name: str) -> tuple[str, Any]:
        found = self._world.get("key", name)
        if found is None:
            raise KeyError(name)
        return found["kid"], _loaded(found["pem"])

    def mint(self, name: str, claims: Mapping[str, Any], *, valid_s: int = 3600) -> str:
        """Return a token with `claims`, signed by "entra" or "bot"; times are added."""
        kid, key = self._key(name)
        now = int(time.time())
        times = {"iat": now, "nbf": now - 60, "exp": now + valid_s}
        return jwt.encode(
            {**times, **claims}, key, algorithm="RS256", headers={"kid": kid}
        )

    @property
    def valid_s(self) -> int:
        """Return for how long a managed identity's token is good."""
        return int((self._world.get("identity", "tokens") or {"s": 3600})["s"])

    def access_token(self, client: str, audience: str) -> str:
        """Return Entra's token (v1 claims, as ARM gets them) for an application."""
        return self.mint(
            "entra",
            {
                "aud": audience,
                "iss": f"https://sts.windows.net/{TENANT}/",
                "tid": TENANT,
                "appid": client,
                "oid": client,
                "sub": client,
                "ver": "1.0",
            },
            valid_s=self.valid_s,
        )

    def jwks(self, name: str) -> dict[str, Any]:
        kid, key = self._key(name)
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
        public |= {"kid": kid, "use": "sig", "alg": "RS256"}
        if name == "bot":
            public["endorsements"] = ["msteams"]
        return {"keys": [public]}

    def principal(self, request: web.Request, *audiences: str) -> str:
        """Return "reader", "executor" or "bot"; HTTP 401 without a good token."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise _unauthorized("no bearer token")
        _, key = self._key("entra")
        try:
            claims = jwt.decode(
                token,
                key.public_key(),
                algorithms=["RS256"],
                audience=[a for u in audiences for a in (u, u + "/")],
                issuer=f"https://sts.windows.net/{TENANT}/",
            )
        except jwt.InvalidTokenError as error:
            raise _unauthorized(str(error)) from None
        request[PRINCIPAL] = NAMES.get(claims["appid"], str(claims["appid"]))
        return request[PRINCIPAL]


@lru_cache(maxsize=4)
def _loaded(pem: str) -> Any:
    """Return the key; to read one checks its primes, which takes longer than an answer."""
    return serialization.load_pem_private_key(pem.encode(), password=None)


IDENTITY = web.AppKey("identity", Identity)
routes = web.RouteTableDef()


def _unauthorized(why: str) -> web.HTTPUnauthorized:
    body = {"error": {"code": "InvalidAuthenticationToken", "message": why}}
    return web.HTTPUnauthorized(text=json.dumps(body), content_type="application/json")


@routes.get("/msi/token")
async def managed_identity(request: web.Request) -> web.Response:
    """Answer as the identity endpoint of App Service and Container Apps does."""
    client = request.query.get("client_id", READER)
    allowed = request.app[WORLD].get("identity-header", client)
    if not allowed or request.headers.get("X-IDENTITY-HEADER") != allowed["value"]:
        raise web.HTTPForbidden(text="this process does not hold that identity")
    resource = request.query["resource"]
    token = request.app[IDENTITY].access_token(client, resource.rstrip("/"))
    return web.json_response(
        {
            "access_token": token,
            "expires_on": str(int(time.time()) + request.app[IDENTITY].valid_s),
            "resource": resource,
            "token_type": "Bearer",
            "client_id": client,
        }
    )


@routes.post("/{tenant}/oauth2/v2.0/token")
async def token(request: web.Request) -> web.Response:
    """Exchange a managed identity's assertion for an application's token."""
    form = await request.post()
    client, scope = str(form.get("client_id", "")), str(form.get("scope", ""))
    known = request.match_info["tenant"] == TENANT and client in NAMES
    if not known or not form.get("client_assertion") or not scope:
        error = {
            "error": "invalid_client",
            "error_description": "AADSTS700016: unknown",
        }
        return web.json_response(error, status=401)
    audience = scope.split(maxsplit=1)[0].removesuffix("/.default")
    access = request.app[IDENTITY].access_token(client, audience)
    request[PRINCIPAL] = NAMES[client]
    return web.json_response(
        {"token_type": "Bearer", "expires_in": 3600, "access_token": access}
    )


@routes.get("/{tenant}/discovery/v2.0/keys")
async def entra_keys(request: web.Request) -> web.Response:
    return web.json_response(request.app[IDENTITY].jwks("entra"))


@routes.get("/{tenant}/v2.0/.well-known/openid-configuration")
async def entra_document(request: web.Request) -> web.Response:
    tenant = request.match_info["tenant"]
    base = f"{request.scheme}://{request.host}/{tenant}"
    return web.json_response(
        {
            "issuer": f"https://login.microsoftonline.com/{tenant}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
        }
    )


@routes.get("/v1/.well-known/openidconfiguration")
async def bot_document(request: web.Request) -> web.Response:
    base = f"{request.scheme}://{request.host}/v1/.well-known"
    return web.json_response(
        {
            "issuer": BOT_ISSUER,
            "jwks_uri": f"{base}/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        }
    )


@routes.get("/v1/.well-known/keys")
async def bot_keys(request: web.Request) -> web.Response:
    return web.json_response(request.app[IDENTITY].jwks("bot"))
