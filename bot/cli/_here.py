"""The gate's answer from the records themselves, where no service answers.

As `serve` would give it: with the watch list, a look at Azure by the reader's identity
(in a pipeline: whoever is signed in there), and kept in the endpoint's history.
"""

import asyncio
import logging
import os
import shlex
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

from bot.cli._place import Place


class CannotAnswer(Exception):
    """Why, in words for who asked."""


def environment(place: Place) -> dict[str, str]:
    """Return what the demo wrote down beside its database, `serve.env`; {} without."""
    if place.file is None:
        return {}
    try:
        told = place.file.with_name("serve.env").read_text("utf-8")
    except OSError:
        return {}
    found: dict[str, str] = {}
    for line in told.splitlines():
        name, equals, value = line.removeprefix("export ").partition("=")
        if equals and line.startswith("export "):
            found[name.strip()] = " ".join(shlex.split(value))
    return found


def answered(
    place: Place, told: Mapping[str, str], endpoint: str, deployment: str
) -> dict[str, Any]:
    """Return {pass, reasons, evidence} as the route does. Raises CannotAnswer."""
    if place.gap:
        raise CannotAnswer(place.gap)
    given = {**told, **os.environ, "WATCHKEEPER_DATABASE_URL": place.database}
    given.setdefault("WATCHKEEPER_WATCH_FILE", str(place.watch))
    logging.disable(logging.CRITICAL)  # the reasons say it, in fewer words
    return asyncio.run(_answered(given, endpoint, deployment))


async def _answered(
    given: dict[str, str], endpoint: str, deployment: str
) -> dict[str, Any]:
    from bot import app  # noqa: PLC0415 `--help` stays quick
    from bot.pages import release  # noqa: PLC0415
    from bot.settings import Misconfigured, load  # noqa: PLC0415
    from bot.store import CannotOpen, Conflict, Unwritable  # noqa: PLC0415

    async with AsyncExitStack() as stack:
        try:
            means = await app.asking(*load(given), stack)
        except (Misconfigured, CannotOpen, ValueError) as error:
            raise CannotAnswer(str(error)) from error
        try:
            return release.told(await release.judge(means, endpoint, deployment))
        except (release.NoSuch, Unwritable) as error:
            raise CannotAnswer(str(error)) from error
        except Conflict as error:
            raise CannotAnswer("many asked at the same moment; ask again") from error
