"""What was seen when the alert came; or a model's months, for who has to judge them."""

from bot.commands import Command, Words
from bot.commands.reading import first_word, incident_id


def _words(rest: str) -> Words:
    """Return the incident; or, where the first word names none, model and period."""
    first, period = first_word(rest)
    if not first or incident_id(first):
        return {"incident": first}
    return {"model": first, "period": period}


COMMANDS = (
    Command(
        verb="evidence",
        usage="evidence <incident | model> [period]",
        does="shows what was measured, over which data, and where it is kept",
        about="incident",
        words=_words,
        card="evidence",
    ),
)
