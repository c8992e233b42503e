"""The keys that sign our buttons and our log; made once, kept in a file of ours alone.

A rotation has two steps, so that no moment needs all replicas at once: the file first
announces new keys beside those in use, then holds them. Between the two each process
takes buttons of either, and signs the log with the new key once another one has.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_SHORTEST = 16  # bytes of the key that signs buttons


class CannotRead(Exception):
    """The keys cannot be had; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Those in use. `taken`: button keys of before or after, whose buttons count too."""

    button: bytes
    log: Ed25519PrivateKey
    taken: tuple[bytes, ...] = ()
    announced: Ed25519PrivateKey | None = None  # signs once the log has moved to it

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return the keys in `path`, made now if there are none. Raises CannotRead."""
        try:
            if not path.exists():
                _make(path)
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "is not a key file of ours"
            raise CannotRead(f"KEY_FILE {path}: {why}") from None
        return cls.read(text, f"KEY_FILE {path}")

    @classmethod
    def read(cls, text: str, where: str) -> Self:
        """Return the keys in the text of a key file, from `where`. Raises CannotRead."""
        try:
            document = json.loads(text)
            beside = [document[n] for n in ("next", "previous") if document.get(n)]
            button, *taken = (bytes.fromhex(d["button"]) for d in (document, *beside))
            log = _private(document)
            announced = _private(document["next"]) if document.get("next") else None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise CannotRead(f"{where} is not a key file of ours") from None
        if min(map(len, (button, *taken))) < _SHORTEST:
            raise CannotRead(f"{where}: its button key is too short to be one")
        return cls(button, log, tuple(taken), announced)

    def sign(self, key: str, revision: int) -> str:
        """Return the token that a button of `key` at `revision` carries."""
        return _token(self.button, key, revision)

    def signed(self, token: str, key: str, revision: int) -> bool:
        """Return whether `token` is that of a button of ours, by any key that counts."""
        made = (_token(k, key, revision) for k in (self.button, *self.taken))
        return any(hmac.compare_digest(m.encode(), token.encode()) for m in made)


def _token(button: bytes, key: str, revision: int) -> str:
    text = f"button v1\n{key}\n{revision}".encode()
    mac = hmac.new(button, text, hashlib.sha256).digest()[:16]
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def _private(document: Mapping[str, Any]) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(document["log"]))


def announce(path: Path) -> None:
    """Put new keys beside those in use; `rotate` then makes them the ones in use.

    Buttons of keys older than those in use are taken no more. Raises CannotRead, also
    where new keys are announced already; the file is then as it was.
    """
    document = _document(path)
    if document.get("next"):
        raise CannotRead(f"{path} announces new keys already: restart, then rotate")
    document.pop("previous", None)
    _replace(path, document | {"next": _fresh()})


def rotate(path: Path) -> bool:
    """Make both keys anew; the log's old public key stays in the file, as retired.

    Where keys were announced, those are taken, and buttons of the old ones go on to
    count; return True then. Raises CannotRead; the file is then as it was.
    """
    document = _document(path)
    before = _private(document).public_key().public_bytes_raw().hex()
    retired = [before, *(document.get("retired") or [])]
    if known := document.get("next"):
        previous = {"previous": {"button": document["button"]}}
        _replace(path, {**known, **previous, "retired": retired})
        return True
    _replace(path, {**_fresh(), "retired": retired})
    return False


def _document(path: Path) -> dict[str, Any]:
    """Return a key file that can be read, as it is."""
    Keys.load(path)
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def _replace(path: Path, document: Mapping[str, Any]) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with os.fdopen(
            os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w"
        ) as file:
            json.dump(document, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise CannotRead(f"{path}: {error.strerror}") from None
    finally:
        draft.unlink(missing_ok=True)


def _fresh() -> dict[str, str]:
    return {"button": secrets.token_hex(32), "log": secrets.token_hex(32)}


def _make(path: Path) -> None:
    """Write a new file; of two who start together the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        json.dump(_fresh(), file)
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
