"""Public keys as text, and where an auditor may have one from."""

import json
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

_HEX = 64  # digits


class NoKey(Exception):
    """What was given is not a public key of ours."""


def in_hex(key: Ed25519PublicKey) -> str:
    """Return the 32 bytes of the key (RFC 8032) as 64 digits."""
    return key.public_bytes_raw().hex()


def in_pem(key: Ed25519PublicKey) -> str:
    """Return the key as `openssl pkey -pubin` reads it."""
    pem = key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem.decode()


def from_hex(digits: str) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(digits))
    except ValueError:
        raise NoKey("an Ed25519 public key has 64 hexadecimal digits") from None


def read(given: str) -> Ed25519PublicKey:
    """Return the key in `given`: 64 digits, a PEM file, or our own key file."""
    if len(given) == _HEX and not Path(given).exists():
        return from_hex(given)
    try:
        text = Path(given).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise NoKey(f"{given} is neither 64 digits nor a file with a key") from None
    if text.lstrip().startswith("{"):
        return own(text, given).public_key()
    if len(text.strip()) == _HEX:
        return from_hex(text.strip())
    return in_text(text, given)


def in_text(text: str, where: str) -> Ed25519PublicKey:
    """Return the key that `text` is the PEM of. Raises NoKey."""
    try:
        found = serialization.load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise NoKey(f"{where} holds no public key in PEM") from None
    if not isinstance(found, Ed25519PublicKey):
        raise NoKey(f"{where} holds another kind of key than Ed25519")
    return found


def own(text: str, where: str) -> Ed25519PrivateKey:
    """Return the log's key from the text of our key file; unlike `Keys` it makes none."""
    try:
        document = json.loads(text)
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(document["log"]))
    except (ValueError, KeyError, TypeError):
        raise NoKey(f"{where} is not a key file of ours") from None


def announced(text: str, where: str) -> tuple[Ed25519PublicKey, ...]:
    """Return the public key that our key file says comes next, if it says so."""
    try:
        found = json.loads(text).get("next")
        return (own(json.dumps(found), where).public_key(),) if found else ()
    except (ValueError, AttributeError, TypeError):
        raise NoKey(f"{where} is not a key file of ours") from None


def retired(text: str, where: str) -> tuple[Ed25519PublicKey, ...]:
    """Return the public keys that our key file lists as used before, newest first."""
    try:
        found = json.loads(text).get("retired") or []
        return tuple(from_hex(str(digits)) for digits in found)
    except (ValueError, AttributeError, TypeError):
        raise NoKey(f"{where}: retired keys are 64 digits each") from None
