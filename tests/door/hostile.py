"""The corpus of hostile requests: tokens minted from recipes, bodies, raw bytes.

Keys are made for each run and nothing in the corpus is a working credential. Cases are
data (`fixtures/hostile/webhooks.json`); what a case means is here.
"""

import asyncio
import base64
import gzip
import hashlib
import hmac
import json
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from jwt.algorithms import RSAAlgorithm

CORPUS = Path(__file__).parents[1] / "fixtures" / "hostile" / "webhooks.json"
TENANT = "11111111-aaaa-4bbb-8ccc-000000000001"
ALERTS_CLIENT = "22222222-aaaa-4bbb-8ccc-000000000002"
WORKSPACE = (
    "/subscriptions/44444444-aaaa-4bbb-8ccc-000000000004/resourcegroups/rg-risk-prod"
    "/providers/microsoft.machinelearningservices/workspaces/mlw-risk-prod"
)
SUBSCRIPTION = "mlw-risk-prod-drift"
URL_SECRET = "corpus-url-secret-6f1d2c"
_PATHS = {"alerts": "/api/alerts", "eventgrid": "/api/events"}


def cases() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(CORPUS.read_text(encoding="utf-8"))
    return found


def _b64(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


@dataclass
class KeyRing:
    """Fresh keys: "entra" is published, "bf" and "rogue" are not."""

    keys: dict[str, rsa.RSAPrivateKey] = field(
        default_factory=lambda: {
            name: rsa.generate_private_key(public_exponent=65537, key_size=2048)
            for name in ("entra", "bf", "rogue")
        }
    )

    def jwk(self, name: str) -> dict[str, Any]:
        public = json.loads(RSAAlgorithm.to_jwk(self.keys[name].public_key()))
        return {**public, "kid": f"{name}-1", "use": "sig", "alg": "RS256"}

    def signature(self, alg: str, name: str, signed: bytes) -> bytes:
        match alg:
            case "RS256":
                key = self.keys[name]
                return key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
            case "HS256-pem":  # the public key taken for a shared secret
                pem = (
                    self.keys["entra"]
                    .public_key()
                    .public_bytes(
                        serialization.Encoding.PEM,
                        serialization.PublicFormat.SubjectPublicKeyInfo,
                    )
                )
                return hmac.digest(pem, signed, "sha256")
            case "HS256-empty":
                return hmac.digest(b"\0", signed, "sha256")
            case "none":
                return b""
            case "zeros":
                return bytes(64)
        raise ValueError(alg)


def authorization(recipe: dict[str, Any], ring: KeyRing) -> list[str]:
    """Return the Authorization headers of a recipe: none, one or more."""
    match recipe["kind"]:
        case "none":
            return []
        case "raw":
            return [recipe["value"]]
        case "multi":
            return [v for one in recipe["values"] for v in authorization(one, ring)]
    token = _token(recipe, ring)
    scheme = recipe.get("scheme", "Bearer")
    return [f"{scheme} {token}" if scheme else token]


def _token(recipe: dict[str, Any], ring: KeyRing) -> str:
    header = dict(recipe["header"])
    if header.get("jwk") == "__rogue_jwk__":
        header["jwk"] = ring.jwk("rogue")
    claims = {key: _clock(value) for key, value in recipe["claims"].items()}
    head, body = _b64(json.dumps(header).encode()), _b64(json.dumps(claims).encode())
    signed = f"{head}.{body}"
    raw = ring.signature(recipe["alg"], recipe["key"], signed.encode())
    token = f"{signed}.{_b64(raw)}"
    other = {**claims, "roles": ["ActionGroupsSecureWebhook"]}
    changes = {
        None: token,
        "strip-signature": f"{signed}.",
        "two-parts": signed,
        "swap-payload": f"{head}.{_b64(json.dumps(other).encode())}.{_b64(raw)}",
        "flip-last-sig-bit": f"{signed}.{_b64(raw[:-1] + bytes([raw[-1] ^ 1]))}"
        if raw
        else token,
        "five-parts": f"{token}.AAAA.BBBB",
        "pad": f"{token}==",
        "lead-space": f"  {token}",
        "nul": f"{token[:20]}\\x00{token[20:]}",
        "long-tail": token + "A" * 65536,
    }
    return changes[recipe.get("mutate")]


def _clock(value: Any) -> Any:
    """Return "@+3600" as an hour from now; all else as it stands."""
    if isinstance(value, str) and value[:2] in {"@+", "@-"}:
        return int(time.time() + int(value[1:]))
    return value


def bodies(case: dict[str, Any]) -> list[bytes]:
    """Return what a case sends, one body a request."""
    if "sequence_gen" in case:
        return [
            _numbered(base64.b64decode(case["bytes"]), n)
            for n in range(case["sequence_gen"]["count"])
        ]
    if "sequence" in case:
        return [base64.b64decode(body) for body in case["sequence"]]
    if "body_gen" in case:
        return [generated(case["body_gen"])]
    return [base64.b64decode(case["bytes"])]


def _numbered(body: bytes, number: int) -> bytes:
    document = json.loads(body)
    document["data"]["essentials"]["alertId"] += f"-{number}"
    return json.dumps(document).encode()


def generated(recipe: dict[str, Any]) -> bytes:
    """Return a body too large to keep: repeated, nested, or compressed."""

    def part(name: str) -> bytes:
        return base64.b64decode(recipe[name])

    found: bytes
    match recipe["kind"]:
        case "repeat":
            found = part("prefix") + part("unit") * recipe["count"] + part("suffix")
        case "nest":
            depth = recipe["depth"]
            found = part("prefix") + part("open") * depth + part("core")
            found += part("close") * depth + part("suffix")
        case "keys":
            stem, count = recipe["stem"], recipe["count"]
            inner = ",".join(f'"{stem}{i}":{i}' for i in range(count))
            found = part("prefix") + inner.encode() + part("suffix")
        case "compress":
            inner_recipe = recipe["of"]
            found = (
                generated(inner_recipe)
                if isinstance(inner_recipe, dict)
                else part("of")
            )
            for alg in recipe["algs"]:
                found = gzip.compress(found) if alg == "gzip" else zlib.compress(found)
        case kind:
            raise ValueError(kind)
    wanted = recipe.get("sha256") if recipe["kind"] != "compress" else None
    assert wanted in {None, hashlib.sha256(found).hexdigest()}
    return found


def requests(case: dict[str, Any], ring: KeyRing) -> list[bytes]:
    """Return the exact bytes of every request of a case."""
    if "raw_request" in case:
        raw = base64.b64decode(case["raw_request"])
        return [raw.replace(b"{{ALERTS_PATH}}", _PATHS["alerts"].encode())]
    query = f"?{case['query']}" if case.get("query") else ""
    line = f"{case['method']} {_PATHS[case['route']]}{query} HTTP/1.1"
    headers = [("Host", "localhost"), ("Connection", "close"), *case["headers"]]
    headers += [("Authorization", v) for v in authorization(case["auth"], ring)]
    head = "\r\n".join([line, *(f"{name}: {value}" for name, value in headers)])
    return [
        head.encode("utf-8", "surrogateescape")
        + f"\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
        for body in bodies(case)
    ]


async def send(port: int, request: bytes) -> int:
    """Return the status of the first answer; the bytes go out as they are."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        async with asyncio.timeout(20):
            line = await reader.readline()
        return int(line.split()[1])
    finally:
        writer.transport.abort()
