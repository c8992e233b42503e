"""The packet of an incident as one zip, built from sealed rows and frozen objects alone.

Neither clock nor watch list comes in: the same history gives the same bytes.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from bot.evidence import policy, signing
from bot.evidence.anchor import head_document
from bot.evidence.archive import build
from bot.evidence.mapping import mapping
from bot.evidence.model import Matter, sections
from bot.evidence.model_page import model_document, model_page
from bot.evidence.note import NOTE
from bot.evidence.packet import packet
from bot.evidence.page import page
from bot.evidence.sealed import Sealed
from bot.evidence.sections import csv_files
from bot.evidence.shelf import digest
from bot.evidence.tables import tables
from bot.evidence.zipped import pack
from bot.incident import Incident
from bot.period import Period
from bot.watch import Endpoint, WatchList
from cards import Links, View

MANIFEST, SIGNATURE, KEY, PROOF = (
    "manifest.json",
    "manifest.sig",
    "key.pem",
    "proof.json",
)
INCIDENT, MODEL = "Watchkeeper evidence, v1", "Watchkeeper model pack, v1"
_NOBODY = "00000000-0000-0000-0000-000000000000"


def of_incident(
    sealed: Sealed,
    objects: Mapping[str, bytes],
    key: Ed25519PrivateKey | None,
) -> bytes:
    """Return the packet of the one incident in `sealed`.

    `objects` by SHA-256, those that could be fetched. Without `key` the manifest is not
    signed; the records are proven all the same.
    """
    [incident] = sealed.incidents()
    view = plain_view(incident)
    files = {
        "packet.json": text(packet(incident)),
        "page.html": page(view, objects).encode(),
        **tables(view),
    }
    return close(files, sealed, objects, key)


def of_model(
    sealed: Sealed,
    objects: Mapping[str, bytes],
    key: Ed25519PrivateKey | None,
    *,
    model: str,
    period: Period,
) -> bytes:
    """Return the model-risk pack over the incidents and ledgers in `sealed`."""
    matter = matter_of(sealed, objects, model, period)
    found = [*sections(matter), mapping()]
    files = {
        "model.json": text(model_document(matter, found)),
        "page.html": model_page(matter, found).encode(),
        **csv_files(found),
    }
    return close(files, sealed, objects, key, what=MODEL)


def matter_of(
    sealed: Sealed, objects: Mapping[str, bytes], model: str, period: Period
) -> Matter:
    every = list(map(policy.shown, sealed.incidents()))
    return Matter(
        model=model,
        period=period,
        incidents=[i for i in every if not i.id.startswith("E:")],
        ledgers=[i for i in every if i.id.startswith("E:")],
        objects=objects,
    )


def close(
    files: Mapping[str, bytes],
    sealed: Sealed,
    objects: Mapping[str, bytes],
    key: Ed25519PrivateKey | None,
    *,
    what: str = INCIDENT,
) -> bytes:
    """Return the zip of `files` with objects, proof, note, manifest and signature."""
    public = key.public_key() if key else None
    whole = {
        **files,
        **{f"objects/{name}": content for name, content in objects.items()},
        PROOF: text(proof(sealed, public)),
        "HOW-TO-VERIFY.txt": NOTE.encode(),
    }
    if public:
        whole[KEY] = signing.in_pem(public).encode()
    listed = {
        name: {"sha256": digest(content), "size": len(content)}
        for name, content in sorted(whole.items())
    }
    whole[MANIFEST] = text({"what": what, "made_by": build(), "files": listed})
    if key:
        whole[SIGNATURE] = key.sign(whole[MANIFEST]).hex().encode() + b"\n"
    return pack(whole)


def proof(sealed: Sealed, key: Ed25519PublicKey | None) -> dict[str, Any]:
    """Return the records, each with its path to the root that the head signs."""
    kept = [r for r in sealed.records if r.position is not None]
    return {
        "key": signing.in_hex(key) if key else "",
        "head": head_document(sealed.head) if sealed.head else None,
        "incidents": [
            {"id": name, "endpoint": endpoint, "group_key": group}
            for name, endpoint, group in sealed.index
        ],
        "records": [
            {
                "record": record.text,
                "position": record.position,
                "path": [each.hex() for each in record.path],
            }
            for record in kept
        ],
        "waiting": [r.text for r in sealed.records if r.position is None],
    }


def text(document: Any) -> bytes:
    return json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n"


def plain_view(incident: Incident) -> View:
    """Return a view that knows nothing but the history: people by their own names."""
    incident = policy.shown(incident)
    endpoint = Endpoint(id=incident.endpoint, owner="", channel="")
    when = (
        incident.history[-1].at
        if incident.history
        else datetime(1970, 1, 1, tzinfo=UTC)
    )
    return View(
        incident=incident,
        endpoint=endpoint,
        watch=WatchList(tenant=_NOBODY),
        now=when,
        links=Links(),
        sign=lambda _key, _revision: "",
    )
