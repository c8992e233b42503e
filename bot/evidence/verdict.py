"""The answer to "was anything changed?", with what it rests on and what it does not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bot.evidence import bundle, signing
from bot.evidence.continued import continued
from bot.evidence.inspect import Inspected, inspect
from bot.evidence.kept import looked_at as kept_objects
from bot.evidence.reading import Damaged, Unreadable, reading, whole
from bot.evidence.zipped import BadPacket
from bot.store.check import Checked, Tampered, check
from bot.store.log import Head


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    ok: bool
    words: str  # what was checked, or the first thing that is wrong
    proven: bool = False  # ours, by a key or a head that did not come with it
    notes: tuple[str, ...] = ()  # what the answer does not cover
    figures: tuple[tuple[str, int], ...] = ()

    def document(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "proven": self.proven,
            "words": self.words,
            "notes": list(self.notes),
            **dict(self.figures),
        }


def wrong(words: str) -> Verdict:
    return Verdict(ok=False, words=words)


def of_database(
    url: str,
    key: Ed25519PublicKey | None,
    anchored: Sequence[Head] | str,
    evidence: Path | None = None,
    retired: Sequence[Ed25519PublicKey] = (),
) -> Verdict:
    """Return what a check of the whole database finds. Raises Unreadable.

    With `evidence`, a folder, also whether each frozen object is there and unchanged.
    """
    if isinstance(anchored, str):
        return wrong(anchored)
    try:
        with reading(url) as db:
            whole(db)
            found = check(db, key=key, retired=retired, anchored=anchored)
            kept = evidence is not None and (evidence / "objects").is_dir()
            objects, odd = kept_objects(db, evidence) if kept and evidence else (0, "")
    except (Tampered, Damaged) as error:
        return wrong(str(error))
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        # SQLite keeps any type in any column: a number where our bytes were.
        return wrong(f"a field holds what we never write ({error})")
    if odd:
        return wrong(odd)
    notes = _notes(found, (key, *retired) if key else ())
    if not kept:
        notes.append("Frozen objects were not looked at: no folder of them is here.")
    words = (
        f"{found.sealed:,} records under {found.heads:,} signed heads, "
        f"{found.anchored:,} of them compared with copies kept outside"
    )
    return Verdict(
        ok=True,
        words=words,
        proven=key is not None,
        notes=tuple(notes),
        figures=(*_figures(found), ("objects", objects)),
    )


def packet(path: Path) -> bytes:
    """Return the bytes of a packet, sound or not. Raises Unreadable where it is none."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from None
    if bundle.MANIFEST.encode() not in content:
        raise Unreadable(f"{path} is not a packet of evidence")
    return content


def of_packet(
    path: Path,
    key: Ed25519PublicKey | None,
    anchored: Sequence[Head] | str,
    proof: bytes | None = None,
) -> Verdict:
    """Return what an inspection of the packet finds. Raises Unreadable.

    `proof`: that a newer head continues the packet's, from `watchkeeper audit prove`.
    """
    content = packet(path)
    if isinstance(anchored, str):
        return wrong(anchored)
    try:
        found = inspect(content, key, anchored)
        newer = _continued(found, key, anchored, proof) if proof else None
    except BadPacket as error:
        return wrong(str(error))
    words = (
        f"{', '.join(map(_short, found.incidents[:3]))}"
        f"{' …' if len(found.incidents) > 3 else ''}: "  # noqa: PLR2004
        f"{found.records:,} records under a signed head, {found.files:,} files unchanged"
    )
    figures = (("sealed", found.records), ("waiting", found.waiting))
    notes = tuple(_packet_notes(found, known=key is not None))
    if newer is not None:
        notes += (_newer(newer, anchored),)
    return Verdict(
        ok=True,
        words=words,
        proven=found.signed and (key is not None or found.anchored),
        notes=notes,
        figures=(*figures, ("files", found.files)),
    )


def _short(key: str) -> str:
    """Return the name of a history: an endpoint's own by the endpoint's.

    >>> _short("A-1"), _short("E:/subscriptions/s/onlineendpoints/loan")
    ('A-1', 'loan')
    """
    return key.rsplit("/", 1)[-1]


def _continued(
    found: Inspected,
    key: Ed25519PublicKey | None,
    anchored: Sequence[Head],
    proof: bytes,
) -> Head:
    if found.head is None:
        raise BadPacket("no record of the packet is sealed, so nothing continues it")
    return continued(proof, found.head, key, anchored)


def _newer(head: Head, anchored: Sequence[Head]) -> str:
    kept = any(each.size == head.size for each in anchored)
    where = "was anchored" if kept else "was not compared with an anchored one"
    return (
        f"The head over {head.size:,} records of {head.at:%Y-%m-%d} continues the "
        f"packet's; it {where}."
    )


def _packet_notes(found: Inspected, *, known: bool) -> Iterator[str]:
    if found.waiting:
        yield f"{found.waiting:,} newer records were not sealed yet: they prove nothing."
    if not found.key:
        yield "No key is named or given (--key), so no signature was checked."
    elif known:
        yield f"Signed by the key that was given, {found.key}."
    else:
        yield (
            f"Signed by the packet's own key, {found.key}. Anybody can make such a packet "
            "with a key of their own: compare it with the key that you know (--key)."
        )
    if not found.signed:
        yield "The manifest is not signed: page and tables are checked by digest only."
    if found.unread:
        yield f"Page and tables were not compared with the records: {found.unread}."
    if not found.anchored:
        yield "The head was not compared with an anchored one (--anchor)."


def _figures(found: Checked) -> tuple[tuple[str, int], ...]:
    return (
        ("sealed", found.sealed),
        ("waiting", found.waiting),
        ("heads", found.heads),
        ("anchored", found.anchored),
    )


def _notes(found: Checked, keys: Sequence[Ed25519PublicKey]) -> list[str]:
    """Return what goes with a log that is as it was written; `keys`, the newest first."""
    notes = []
    if found.waiting:
        notes.append(f"{found.waiting:,} newer records wait to be sealed.")
    if not keys:
        notes.append("No key was given (--key), so no signature was checked.")
    else:
        newest = found.newest
        signs = (i for i, k in enumerate(keys) if newest and newest.is_signed_by(k))
        at = next(signs, 0)  # an announced key may not have signed anything yet
        retired = len(keys) - at - 1
        before = f", or by {retired} retired before it" if retired else ""
        notes.append(f"Signed by the key {signing.in_hex(keys[at])}{before}.")
    if not found.anchored:
        notes.append(
            "No head was anchored outside (--anchor): who holds the key could have "
            "written all of it anew, or cut its end."
        )
    return notes
