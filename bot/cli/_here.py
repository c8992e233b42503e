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
from datetime import UTC, datetime
from random import SystemRandom
from typing import TYPE_CHECKING, Any

from bot.cli._place import Place

if TYPE_CHECKING:
    from bot.worker import Means


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
    from bot.pages import release  # noqa: PLC0415 `--help` stays quick
    from bot.settings import Misconfigured  # noqa: PLC0415
    from bot.store import CannotOpen, Conflict, Unwritable  # noqa: PLC0415

    async with AsyncExitStack() as stack:
        try:
            means = await _means(given, stack)
        except (Misconfigured, CannotOpen, ValueError) as error:
            raise CannotAnswer(str(error)) from error
        try:
            return release.told(await release.judge(means, endpoint, deployment))
        except (release.NoSuch, Unwritable) as error:
            raise CannotAnswer(str(error)) from error
        except Conflict as error:
            raise CannotAnswer("many asked at the same moment; ask again") from error


async def _means(given: dict[str, str], stack: AsyncExitStack) -> "Means":
    """Return what the gate decides with; `stack` closes it."""
    from bot.azure import AzureWorkspace  # noqa: PLC0415 as above
    from bot.azure.cloud import Cloud  # noqa: PLC0415
    from bot.azure.database import password  # noqa: PLC0415
    from bot.azure.identity import credential  # noqa: PLC0415
    from bot.settings import load  # noqa: PLC0415
    from bot.store import Store  # noqa: PLC0415
    from bot.worker import Means  # noqa: PLC0415
    from cards import Links  # noqa: PLC0415

    settings, watch = load(given)
    cloud = Cloud(settings.azure_management_url, settings.azure_logs_url)
    own = stack.enter_context(password(settings.database_identity))
    store = Store.open(settings.database_url, role="gate", password=own)
    stack.callback(store.close)
    workspace = AzureWorkspace(credential(settings.reader_client_id, stack), cloud)
    stack.push_async_callback(workspace.close)
    return Means(
        store=store,
        watch=watch,
        clock=lambda: datetime.now(UTC),
        random=SystemRandom(),
        links=Links(settings.pages),
        sign=lambda key, revision: f"{key}.{revision}",  # no card is made here
        workspace=workspace,
    )
