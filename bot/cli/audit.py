"""`watchkeeper audit`: whether the history is what was written."""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from bot.cli._output import put
from bot.cli._place import (
    TAMPERED,
    AnchorAt,
    Database,
    Key,
    Place,
    State,
    find,
    refuse,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from bot.evidence.verdict import Verdict
    from bot.store.log import Head

Format: TypeAlias = Literal["text", "json"]
Output: TypeAlias = Annotated[
    Format, typer.Option("--format", help="For people, or for programs.")
]
app = typer.Typer(
    no_args_is_help=True,
    help="Check the history, or a packet of evidence.\n\n"
    "Example: watchkeeper audit verify A-1.zip",
)


@app.command()
def verify(
    packet: Annotated[
        Path | None, typer.Argument(help="A packet (zip); without it, the database.")
    ] = None,
    *,
    database: Database = "",
    state: State = None,
    key: Key = "",
    anchor: AnchorAt = "",
    proof: Annotated[
        Path | None, typer.Option(help="From `audit prove`: a newer head continues it.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with 1 also where it is not proven.")
    ] = False,
    output_format: Output = "text",
) -> None:
    """Tell whether anything was changed since it was written. Needs no network.

    Ends with 0 (all is as it was written), 1 (it is not; the first wrong record is
    named) or 2 (it cannot be read). The first word is OK only where a key or an anchored
    head that did not come with the packet says whose it is (in JSON: "proven"); where
    nothing says it, a warning goes to the terminal, and --strict ends with 1.

    Example: watchkeeper audit verify --state .watchkeeper
    """
    from bot.evidence import signing, verdict  # noqa: PLC0415 `--help` stays quick
    from bot.evidence.reading import Unreadable  # noqa: PLC0415
    from bot.evidence.shelf import NotKept  # noqa: PLC0415

    place = find(state, database)
    try:
        wanted = key or packet is None or state
        keys = place.public_keys(key) if wanted else ()
        outside = _anchored(place, anchor, alone=packet is not None and state is None)
        if packet is None:
            newest = keys[0] if keys else None
            local = None if "://" in place.evidence else Path(place.evidence)
            found = verdict.of_database(
                place.database, newest, outside, local, keys[1:]
            )
        else:
            tried = [
                verdict.of_packet(packet, known, outside, _bytes(proof))
                for known in keys or (None,)
            ]
            found = next((each for each in tried if each.ok), tried[0])
    except (Unreadable, NotKept, signing.NoKey) as error:
        refuse("audit verify", error)
    _tell(found, output_format)
    if found.ok and not found.proven:
        warning = "this shows no more than that one hand made all of it: give --key"
        typer.echo(f"watchkeeper audit verify: NOT PROVEN: {warning}", err=True)
    fine = found.ok and (found.proven or not strict)
    raise typer.Exit(0 if fine else TAMPERED)


def _anchored(place: Place, anchor: str, *, alone: bool) -> "list[Head] | str":
    """Return the anchored heads, or in words why they cannot be believed.

    A packet `alone`, on an auditor's machine, is only compared with what is named.
    """
    from bot.addresses import places  # noqa: PLC0415
    from bot.evidence.anchor import BadAnchor, merged, read  # noqa: PLC0415
    from bot.evidence.archive import opened  # noqa: PLC0415

    if alone and not anchor:
        return []

    async def look() -> "list[Head]":
        found = []
        for where in places(anchor or place.anchor):
            async with opened(where, place.identity, heads=True) as shelf:
                found.append((await read(shelf))[0])
        return merged(found)

    try:
        return asyncio.run(look())
    except BadAnchor as error:
        return str(error)


def _tell(found: "Verdict", output_format: Format) -> None:
    if output_format == "json":
        typer.echo(json.dumps(found.document(), indent=1))
        return
    said = "OK" if found.proven else "UNCHANGED, but NOT PROVEN whose it is"
    typer.echo(f"{said if found.ok else 'TAMPERED'}: {found.words}")
    for note in found.notes:
        typer.echo(f"  {note}")


def _bytes(path: Path | None) -> bytes | None:
    try:
        return path.read_bytes() if path else None
    except OSError as error:
        refuse("audit verify", f"{path}: {error.strerror}")


@app.command()
def prove(
    packet: Annotated[Path, typer.Argument(help="A packet (zip), of any age.")],
    *,
    database: Database = "",
    state: State = None,
    output: Annotated[Path | None, typer.Option(help="Write there.")] = None,
) -> None:
    """Write the proof that the newest head of the log continues a packet's.

    Who has a packet and only newer anchored heads can verify with it (RFC 6962).

    Example: watchkeeper audit prove A-1.zip --state .watchkeeper --output A-1.proof.json
    """
    from bot.evidence import bundle, verdict  # noqa: PLC0415
    from bot.evidence import continued as later  # noqa: PLC0415
    from bot.evidence.inspect import inspect  # noqa: PLC0415
    from bot.evidence.reading import Damaged, Unreadable, reading  # noqa: PLC0415
    from bot.evidence.zipped import BadPacket  # noqa: PLC0415

    place = find(state, database)
    try:
        head = inspect(verdict.packet(packet), None, []).head
        if head is None:
            refuse("audit prove", "no record of the packet is sealed")
        with reading(place.database) as db:
            found = bundle.text(later.prove(db, head))
    except Unreadable as error:
        refuse("audit prove", error)
    except (BadPacket, later.NoProof, Damaged) as error:
        refuse("audit prove", error, code=TAMPERED)
    try:
        put(found, output)
    except OSError as error:
        refuse("audit prove", f"{output}: {error.strerror}")


@app.command()
def key(
    *,
    state: State = None,
    database: Database = "",
    output_format: Annotated[
        Literal["pem", "hex", "json"], typer.Option("--format", help="How to write it.")
    ] = "pem",
) -> None:
    """Print the public key of the log, for an auditor to keep.

    Example: watchkeeper audit key --state .watchkeeper > watchkeeper.pem
    """
    from bot.evidence import signing  # noqa: PLC0415

    place = find(state, database)
    public: Ed25519PublicKey | None = place.signer
    if public is None:
        there = place.keys and place.keys.exists()
        why = "is not a key file of ours" if there else "is not there"
        refuse("audit key", f"{place.keys} {why}")
    pem, digits = signing.in_pem(public), signing.in_hex(public)
    told = {"algorithm": "Ed25519", "key": digits, "pem": pem}
    shown = {"pem": pem.rstrip("\n"), "hex": digits, "json": json.dumps(told, indent=1)}
    typer.echo(shown[output_format])


@app.command()
def rotate(
    file: Annotated[
        Path | None, typer.Argument(help="The key file; that of --state if left out.")
    ] = None,
    *,
    announce: Annotated[
        bool, typer.Option("--announce", help="Only announce new keys: the first step.")
    ] = False,
    state: State = None,
) -> None:
    """Make new keys; what the old one signed is verified with the new file all the same.

    With two replicas: --announce, restart one after the other, then without it, and
    again one after the other. Old buttons go on to work. Without the first step all
    programs have to be restarted together, and old buttons are refused: for a key that
    somebody else may have.

    Example: watchkeeper audit rotate --state .watchkeeper --announce
    """
    from bot import keys  # noqa: PLC0415 `--help` stays quick

    path = file or find(state, "").keys
    if not path.is_file():
        refuse("audit rotate", f"{path} is not there: nothing to make anew")
    one_by_one = "Restart the programs, one after the other"
    try:
        if announce:
            keys.announce(path)
            said = f"announces new keys. {one_by_one}, then rotate without --announce."
        elif keys.rotate(path):
            said = f"holds the new keys that it announced. {one_by_one}."
        else:
            said = "holds new keys. Start the programs again, all together."
    except keys.CannotRead as error:
        refuse("audit rotate", error)
    typer.echo(f"{path} {said}")


COMMANDS = (app,)
