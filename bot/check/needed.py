"""Which right was missing, and at which scope, when Azure answered 403."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from bot.ports import Impossible

# ARM names the action: "… to perform action 'A/b/read' over scope '…' or …".
_ACTION = re.compile(r"perform action '([\w./]{1,200})'")
README = "deploy/README.md, Roles"
AWAY = f"may we reach Azure, and has this process the identity it names? {README}"


def role(name: str, scope: str) -> str:
    """Return what to do where a right of one of our roles is missing."""
    return f"give it the role {name} at {scope}: {README}"


@contextmanager
def needing(right: str, scope: str) -> Iterator[None]:
    """Name the missing right where Azure refuses what is asked inside.

    Args:
        right: what we take it to be, where Azure's own words do not say.
        scope: where it is to be given; Azure's words name the child that was asked.
    """
    try:
        yield
    except Impossible as error:
        cause = error.__cause__
        if getattr(cause, "status_code", None) != HTTPStatus.FORBIDDEN:
            raise
        told = _ACTION.search(str(cause))
        raise Impossible(f"missing at {scope}: {told[1] if told else right}") from error
