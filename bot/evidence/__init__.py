"""Evidence: what was seen, said and done about an incident, for people and programs."""

from bot.evidence.answer import answer_page, given
from bot.evidence.bundle import of_incident, of_model
from bot.evidence.objects import objects
from bot.evidence.packet import packet
from bot.evidence.page import Rendering, page
from bot.evidence.sealed import read

__all__ = [
    "Rendering",
    "answer_page",
    "given",
    "objects",
    "of_incident",
    "of_model",
    "packet",
    "page",
    "read",
]
