"""Whether a packet is what we made: every byte, every record, against the head."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bot.evidence import bundle, signing
from bot.evidence.anchor import read_head
from bot.evidence.archive import build
from bot.evidence.mapping import mapping
from bot.evidence.model import sections
from bot.evidence.model_page import model_document
from bot.evidence.packet import packet
from bot.evidence.reading import Unreadable
from bot.evidence.sealed import Record, Sealed
from bot.evidence.shelf import digest
from bot.evidence.zipped import BadPacket, unpack
from bot.incident import EvidenceCollected, Incident
from bot.store import codec, merkle
from bot.store.log import Head

# What reading a document raises that somebody else wrote, however deep or large.
_NOT_OURS = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    incidents: tuple[str, ...]
    records: int  # proven to be under the head
    waiting: int
    files: int
    head: Head | None
    key: str  # 64 digits of the key that signed, "" when nothing is signed
    signed: bool  # the manifest, and so every file
    anchored: bool  # the head was found among those kept outside
    unread: str = ""  # why the records could not be read as events


def inspect(
    content: bytes, key: Ed25519PublicKey | None, anchored: Sequence[Head]
) -> Inspected:
    """Return what holds. Raises BadPacket with the first thing that does not.

    Raises Unreadable where a later version made it in a format of its own.

    Without `key` the packet's own is believed, which shows no more than that one hand
    made all of it.
    """
    files = unpack(content)
    _manifest(files)
    _format(files)
    try:
        document = json.loads(files[bundle.PROOF])
        sealed = _sealed(document)
    except _NOT_OURS:
        raise BadPacket(f"{bundle.PROOF} is not as we write it") from None
    named = str(document.get("key", ""))
    signer = _signer(named, key)
    signed = _signature(files, signer)
    if key is not None and not signed:
        raise BadPacket(
            "the packet is not signed, and so not by the key that was given"
        )
    _records(sealed, signer)
    unread = _other_version(files) or _content(files, sealed)
    if not signed and not unread:
        _rebuilt(files, sealed)
    return Inspected(
        incidents=tuple(name for name, _, _ in sealed.index),
        records=sum(r.position is not None for r in sealed.records),
        waiting=sum(r.position is None for r in sealed.records),
        files=len(files),
        head=sealed.head,
        key=signing.in_hex(signer) if signer else "",
        signed=signed,
        anchored=_outside(sealed.head, anchored, signer),
        unread=unread,
    )


def _manifest(files: dict[str, bytes]) -> None:
    try:
        listed = json.loads(files[bundle.MANIFEST])["files"]
        expected = {str(name): str(of["sha256"]) for name, of in listed.items()}
    except _NOT_OURS:
        raise BadPacket(f"{bundle.MANIFEST} is missing or not as we write it") from None
    there = set(files) - {bundle.MANIFEST, bundle.SIGNATURE}
    if odd := sorted(there ^ set(expected)):
        word = "was added" if odd[0] in there else "is gone"
        raise BadPacket(f"{odd[0]} {word}")
    for name, sha256 in sorted(expected.items()):
        if digest(files[name]) != sha256:
            raise BadPacket(f"{name} was changed")


def _format(files: dict[str, bytes]) -> None:
    """Raise Unreadable for a packet of later years: that is no tampering.

    It has to be signed, else one changed byte would make a packet of today look so.
    """
    what = str(json.loads(files[bundle.MANIFEST]).get("what", ""))
    if what in (bundle.INCIDENT, bundle.MODEL):
        return
    known = re.fullmatch(r"Watchkeeper [a-z ]{1,40}, v\d{1,4}", what)
    try:
        key = signing.in_text(files[bundle.KEY].decode(), bundle.KEY)
        signed = _signature(files, key)
    except (KeyError, UnicodeDecodeError, signing.NoKey):
        signed = False
    if not (known and signed):
        raise BadPacket(f"{bundle.MANIFEST} does not say what it is")
    raise Unreadable(f'the packet is "{what}": a newer Watchkeeper reads it')


def _sealed(document: dict[str, Any]) -> Sealed:
    records = [
        Record(
            text=str(each["record"]),
            position=int(each["position"]),
            path=tuple(bytes.fromhex(h) for h in each["path"]),
        )
        for each in document["records"]
    ]
    waiting = [Record(text=str(text), position=None) for text in document["waiting"]]
    index = [(i["id"], i["endpoint"], i["group_key"]) for i in document["incidents"]]
    order = {name: place for place, (name, _, _) in enumerate(index)}
    every = sorted(
        [*records, *waiting], key=lambda r: (order[r.fields[0]], r.fields[1])
    )
    head = read_head(document["head"]) if document["head"] else None
    return Sealed(records=tuple(every), head=head, index=tuple(index))


def _signer(named: str, key: Ed25519PublicKey | None) -> Ed25519PublicKey | None:
    try:
        own = signing.from_hex(named) if named else None
    except signing.NoKey:
        raise BadPacket("the key that the packet names is none") from None
    if key is not None and own is not None and named != signing.in_hex(key):
        raise BadPacket(f"the packet is signed by another key, {named}")
    return key or own


def _signature(files: dict[str, bytes], key: Ed25519PublicKey | None) -> bool:
    """Return whether the manifest is signed, and raise when it is signed wrongly."""
    if bundle.SIGNATURE not in files:
        if bundle.KEY in files:
            raise BadPacket(f"{bundle.SIGNATURE} is gone")
        return False
    try:
        signature = bytes.fromhex(files[bundle.SIGNATURE].decode("ascii"))
    except ValueError:
        raise BadPacket(f"{bundle.SIGNATURE} is no signature") from None
    if key is None or files.get(bundle.KEY) != signing.in_pem(key).encode():
        raise BadPacket(f"{bundle.KEY} is not the key that signed")
    try:
        key.verify(signature, files[bundle.MANIFEST])
    except InvalidSignature:
        raise BadPacket(f"{bundle.MANIFEST} is not what was signed") from None
    return True


def _records(sealed: Sealed, key: Ed25519PublicKey | None) -> None:
    head = sealed.head
    if head is not None and key is not None and not head.is_signed_by(key):
        raise BadPacket("the head of the log is not signed by the packet's key")
    seen: dict[str, int] = {}
    for record in sealed.records:
        incident, seq = record.fields[:2]
        if seq != seen.get(incident, 0) + 1:
            raise BadPacket(f"record {incident}/{seen.get(incident, 0) + 1} is gone")
        seen[incident] = seq
        if record.position is None:
            continue
        place, size = record.position, head.size if head else 0
        root = head.root if head else b""
        if not merkle.is_included(record.leaf, place, size, record.path, root):
            raise BadPacket(f"record {incident}/{seq} is not under the signed head")


def _rebuilt(files: dict[str, bytes], sealed: Sealed) -> None:
    """Make an unsigned packet again: nothing else vouches for its page and tables."""
    objects = _objects(files)
    if "model.json" in files:
        said = json.loads(files["model.json"])
        span = tuple(datetime.fromisoformat(said[k]) for k in ("from", "to"))
        ours = bundle.of_model(
            sealed, objects, None, model=str(said["model"]), period=(span[0], span[1])
        )
    else:
        ours = bundle.of_incident(sealed, objects, None)
    expected = unpack(ours)
    free = {bundle.PROOF, bundle.MANIFEST}
    for name in sorted(set(expected) | set(files)):
        if name not in free and files.get(name) != expected.get(name):
            raise BadPacket(
                f"{name} is not what the records say, and the packet is not signed"
            )


def _objects(files: dict[str, bytes]) -> dict[str, bytes]:
    return {
        name.removeprefix("objects/"): content
        for name, content in files.items()
        if name.startswith("objects/")
    }


def _other_version(files: dict[str, bytes]) -> str:
    """Return why this version cannot make the packet's texts again, "" when it can.

    A later one words its pages otherwise; that is no tampering.
    """
    made = str(json.loads(files[bundle.MANIFEST]).get("made_by", "")) or build()
    return "" if made == build() else f"version {made} made them, this is {build()}"


def _content(files: dict[str, bytes], sealed: Sealed) -> str:
    """Compare what people read with the records; return why that could not be done."""
    try:
        incidents = list(sealed.incidents())
    except codec.Unreadable as error:
        return str(error)
    except ValueError:
        return "this version reads other records"
    pack = "model.json" in files
    if not (pack or any(incident.history for incident in incidents)):
        raise BadPacket("the packet holds no record")
    alone = incidents[0] if len(incidents) == 1 and not pack else None
    if alone and files.get("packet.json") != bundle.text(packet(alone)):
        raise BadPacket("packet.json is not what the records say")
    for incident in incidents:
        _bound(incident, files)
    if pack:
        _pack(files, sealed)
    return ""


def _pack(files: dict[str, bytes], sealed: Sealed) -> None:
    """Make the pack's document again from its own records, and compare."""
    try:
        said = json.loads(files["model.json"])
        ends = [datetime.fromisoformat(said[k]) for k in ("from", "to")]
        model = str(said["model"])
    except _NOT_OURS:
        raise BadPacket("model.json is not as we write it") from None
    matter = bundle.matter_of(sealed, _objects(files), model, (ends[0], ends[1]))
    found = [*sections(matter), mapping()]
    if files["model.json"] != bundle.text(model_document(matter, found)):
        raise BadPacket("model.json is not what the records say")


def _bound(incident: Incident, files: dict[str, bytes]) -> None:
    for event in incident.every(EvidenceCollected):
        if event.endpoint != incident.endpoint:
            raise BadPacket(f"{incident.id} is about {event.endpoint}")
    for name, content in files.items():
        if name.startswith("objects/") and name != f"objects/{digest(content)}":
            raise BadPacket(f"{name} was changed")


def _outside(
    head: Head | None, anchored: Sequence[Head], key: Ed25519PublicKey | None
) -> bool:
    """Return whether the head was anchored; BadPacket when another one was."""
    if head is None or not anchored:
        return False
    same = next((each for each in anchored if each.size == head.size), None)
    if same is not None and same.root != head.root:
        raise BadPacket(
            f"the anchored head over {head.size} records has another root: this packet "
            "is of a history that was written anew"
        )
    if same is not None and key is not None and not same.is_signed_by(key):
        raise BadPacket(
            f"the anchored head over {head.size} records is signed by another key than "
            "the packet"
        )
    return same is not None
