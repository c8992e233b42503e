"""The keys that sign our buttons and our log; made once, kept in a file of ours alone."""

import base64
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_SHORTEST = 16  # bytes of the key that signs buttons


class CannotRead(Exception):
    """The keys cannot be had; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Keys:
    button: bytes
    log: Ed25519PrivateKey

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
            button = bytes.fromhex(document["button"])
            log = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(document["log"]))
        except (ValueError, KeyError, TypeError):
            raise CannotRead(f"{where} is not a key file of ours") from None
        if len(button) < _SHORTEST:
            raise CannotRead(f"{where}: its button key is too short to be one")
        return cls(button, log)

    def sign(self, key: str, revision: int) -> str:
        """Return the token that a button of `key` at `revision` carries."""
        text = f"button v1\n{key}\n{revision}".encode()
        mac = hmac.new(self.button, text, hashlib.sha256).digest()[:16]
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def rotate(path: Path) -> None:
    """Make both keys anew; the log's old public key stays in the file, as retired.

    Raises CannotRead; the file is then as it was.
    """
    before = Keys.load(path).log.public_key().public_bytes_raw().hex()
    retired = json.loads(path.read_text("utf-8")).get("retired") or []
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with os.fdopen(
            os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w"
        ) as file:
            json.dump({**_fresh(), "retired": [before, *retired]}, file)
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
