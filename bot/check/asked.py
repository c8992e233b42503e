"""One question to somebody else: whatever comes of it is one line, and never a trace."""

import asyncio
import logging
from collections.abc import Awaitable
from typing import TypeAlias

from bot.check.finding import Finding, Level
from bot.ports import Impossible, Unavailable

Said: TypeAlias = tuple[str, str]  # a text, and what to do, "" for nothing
PATIENCE_S = 30.0  # for one question, with all that its client repeats
log = logging.getLogger(__name__)


async def asked(
    about: str,
    question: Awaitable[Said],
    *,
    refused: str,
    away: str,
    worst: Level = "fail",
    patience_s: float = PATIENCE_S,
) -> Finding:
    """Return what a question found: a text, and what to do if anything.

    Args:
        about: what the line begins with.
        question: answers, or raises Impossible or Unavailable.
        refused: what to do when it is not possible; `away`: when nobody answers.
        worst: how serious it is to get no answer.
        patience_s: seconds after which nobody answers.
    """
    try:
        async with asyncio.timeout(patience_s):
            text, todo = await question
    except Impossible as error:
        return Finding(worst, about, str(error), refused)
    except Unavailable as error:
        return Finding(worst, about, str(error), away)
    except TimeoutError:
        return Finding(worst, about, f"no answer within {patience_s:.0f} s", away)
    except Exception as error:
        log.debug("%s", about, exc_info=True)
        words = f"an unexpected {type(error).__name__}"
        return Finding(worst, about, words, "report it: this is a fault of ours")
    return Finding("look" if todo else "ok", about, text, todo)
