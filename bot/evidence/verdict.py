"""The answer to "was anything changed?", with what it rests on and what it does not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bot.evidence import signing
from bot.evidence.reading import Damaged, reading
from bot.store.check import Checked, Tampered, check
from bot.store.log import Head


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    ok: bool
    words: str  # what was checked, or the first thing that is wrong
    notes: tuple[str, ...] = ()  # what the answer does not cover
    figures: tuple[tuple[str, int], ...] = ()

    def document(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "words": self.words,
            "notes": list(self.notes),
            **dict(self.figures),
        }


def wrong(words: str) -> Verdict:
    return Verdict(ok=False, words=words)


def of_database(
    url: str, key: Ed25519PublicKey | None, anchored: Sequence[Head] | str
) -> Verdict:
    """Return what a check of the whole database finds. Raises Unreadable."""
    if isinstance(anchored, str):
        return wrong(anchored)
    try:
        with reading(url) as db:
            found = check(db, key=key, anchored=anchored)
    except (Tampered, Damaged) as error:
        return wrong(str(error))
    words = (
        f"{found.sealed:,} records under {found.heads:,} signed heads, "
        f"{found.anchored:,} of them compared with copies kept outside"
    )
    return Verdict(
        ok=True, words=words, notes=tuple(_notes(found, key)), figures=_figures(found)
    )


def _figures(found: Checked) -> tuple[tuple[str, int], ...]:
    return (
        ("sealed", found.sealed),
        ("waiting", found.waiting),
        ("heads", found.heads),
        ("anchored", found.anchored),
    )


def _notes(found: Checked, key: Ed25519PublicKey | None) -> list[str]:
    notes = []
    if found.waiting:
        notes.append(f"{found.waiting:,} newer records wait to be sealed.")
    if key is None:
        notes.append("No key was given (--key), so no signature was checked.")
    else:
        notes.append(f"Signed by the key {signing.in_hex(key)}.")
    if not found.anchored:
        notes.append(
            "No head was anchored outside (--anchor): who holds the key could have "
            "written all of it anew, or cut its end."
        )
    return notes
