"""What the demo tells a person first: where to look, and what to press."""

from pathlib import Path
from typing import Final

_APPEARS: Final = "A card appears in #model-alerts a few seconds from now."
_TO_FIRE: Final = """\
Nothing happens by itself. Let an alert fire, and its card appears:
     curl {cloud}sim/azure/alerts -d '{{"kind": "data-drift"}}'
    """
_TO_PRESS: Final = """\
What to press, on the page:
  1. {first} You are Priya, the owner.
  2. Press Acknowledge, then Evidence.
  3. Press Request rollback and say why.
  4. Switch to Mei (top right) and press Approve rollback. Watch the traffic move.

Or type to the bot: @Watchkeeper help"""
_PLAYED: Final = """\
The people of the case press and type by themselves; watch them on the page. What the
case was to reach, and what was measured, follows in a minute or two."""


def words(title: str, bot: str, cloud: str, state: Path, *, by: str) -> str:
    """Return the first words; `bot` and `cloud` are addresses that end in a slash.

    `by` is who lets things happen: "story", a "case" whose people act too, or "nobody".
    """
    first = _TO_FIRE.format(cloud=cloud) if by == "nobody" else _APPEARS
    told = _PLAYED if by == "case" else _TO_PRESS.format(first=first)
    return f"""
Watchkeeper is running: {title}

  The channel   {cloud}
  The bot       {bot}  (alerts: POST /api/alerts)
  Its state     {state}

{told}
Ctrl-C stops; the next start goes on where this one was.
"""
