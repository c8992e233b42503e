"""Where a command finds what it reads: a folder of state, or a database by address."""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeAlias

import typer

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

State: TypeAlias = Annotated[
    Path | None, typer.Option(help="Folder with database, keys and evidence.")
]
Database: TypeAlias = Annotated[
    str, typer.Option(help="sqlite:///FILE or postgresql://user@host/database.")
]
Key: TypeAlias = Annotated[
    str,
    typer.Option(
        help="Public key of the log: 64 digits or a PEM file; "
        "after a rotation the newest first, then the others, by commas."
    ),
]
AnchorAt: TypeAlias = Annotated[
    str,
    typer.Option(
        "--anchor",
        help="Where the heads were anchored: a folder, a container, git+PATH or git+URL; "
        "several by commas.",
    ),
]
_STATE = Path(".watchkeeper")
_SQLITE = "sqlite:///"
TAMPERED, UNREADABLE = 1, 2


@dataclass(frozen=True, slots=True)
class Place:
    database: str
    keys: Path
    evidence: str
    anchor: str
    watch: Path = Path("watchkeeper.yaml")
    secret: str = ""  # of Key Vault, instead of the file `keys`

    @property
    def file(self) -> Path | None:
        """Return the database's file, None for a database that is no file."""
        _, sqlite, path = self.database.partition(_SQLITE)
        return Path(path) if sqlite else None

    @property
    def gap(self) -> str:
        """Return that the database's file is not there, "" when it is.

        To open it would make an empty one, and whoever asked would be told of nothing.
        """
        there = self.file is None or self.file.is_file()
        return "" if there else f"there is no database at {self.file}"

    @property
    def identity(self) -> str:
        """Return the client id that reads Azure here; "": whoever is signed in."""
        return _set("READER_CLIENT_ID", "")

    @property
    def own_key(self) -> "Ed25519PrivateKey | None":
        """Return our signing key, where this machine has it or may fetch it."""
        from bot.evidence import signing  # noqa: PLC0415

        text, where = self._kept()
        try:
            return signing.own(text, where) if text else None
        except signing.NoKey as error:
            if self.secret:  # a packet without a signature is not what was asked for
                refuse("keys", error)
            return None

    @property
    def signer(self) -> "Ed25519PublicKey | None":
        """Return the public half of our signing key, where this machine has it."""
        own = self.own_key
        return own.public_key() if own else None

    def _kept(self) -> tuple[str, str]:
        """Return the text of the key file, "" where there is none, and its place."""
        if self.secret:
            return _fetched(self.secret, self.identity), "the secret of KEY_SECRET_URL"
        try:
            return self.keys.read_text("utf-8"), str(self.keys)
        except (OSError, UnicodeDecodeError):
            return "", str(self.keys)

    def endpoints(self, model: str) -> list[str]:
        """Return the endpoints of a model, or that of this name, in the watch list.

        As far as it is at hand.
        """
        import yaml  # noqa: PLC0415

        try:
            listed = yaml.safe_load(self.watch.read_text("utf-8"))["endpoints"]
            known = [(str(e["id"]).lower(), str(e.get("model", ""))) for e in listed]
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            yaml.YAMLError,
        ):
            return []
        name = model.lower()
        named = {found: (found, found.rsplit("/", 1)[-1]) for found, _ in known}
        return [e for e, of in known if of == model or name in named[e]]

    def public_keys(self, given: str) -> "tuple[Ed25519PublicKey, ...]":
        """Return the keys in `given`, else what our key file announces, holds, retired.

        The newest is the first. Raises NoKey.
        """
        from bot.evidence import signing  # noqa: PLC0415

        if given:
            return tuple(signing.read(each.strip()) for each in given.split(","))
        text, where = self._kept()
        own = self.own_key
        if own is None:
            return ()
        after = signing.announced(text, where)
        return (*after, own.public_key(), *signing.retired(text, where))


def find(state: Path | None, database: str) -> Place:
    """Return the place that the options name; else the settings', else `.watchkeeper`.

    With `database` alone, keys and evidence are looked for where the settings say.
    """
    if state is not None or not _set("DATABASE_URL", database):
        folder = state or _STATE
        evidence = str(folder / "evidence")
        url = database or f"sqlite:///{folder / 'watchkeeper.db'}"
        watch = folder / "watchkeeper.yaml"
        return Place(url, folder / "keys.json", evidence, evidence, watch)
    evidence = _set("EVIDENCE_URL", "") or str(_STATE / "evidence")
    return Place(
        database or _set("DATABASE_URL", ""),
        Path(_set("KEY_FILE", "") or _STATE / "keys.json"),
        evidence,
        _set("ANCHOR_URL", "") or evidence,
        Path(_set("WATCH_FILE", "") or "watchkeeper.yaml"),
        _set("KEY_SECRET_URL", ""),
    )


@cache
def _fetched(url: str, identity: str) -> str:
    """Return what a secret of Key Vault holds, as who is signed in; ends when it cannot."""
    import asyncio  # noqa: PLC0415 `--help` stays quick

    from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415

    from bot.azure.vault import secret  # noqa: PLC0415
    from bot.ports import Impossible, Unavailable  # noqa: PLC0415

    async def fetch() -> str:
        client = identity or None
        async with DefaultAzureCredential(managed_identity_client_id=client) as known:
            return await secret(url, known)

    try:
        return asyncio.run(fetch())
    except (Impossible, Unavailable, ValueError) as error:
        refuse("keys", error)


def _set(name: str, given: str) -> str:
    return given or os.environ.get(f"WATCHKEEPER_{name}", "")


def refuse(command: str, error: object, code: int = UNREADABLE) -> NoReturn:
    for line in str(error).splitlines():
        typer.echo(f"watchkeeper {command}: {line}", err=True)
    raise typer.Exit(code)
