"""Several requests at once, where the first failure ends the others too."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def together(*asked: Coroutine[Any, Any, T]) -> list[T]:
    """Return all answers in order, or raise the first failure.

    Unlike `asyncio.gather` nothing goes on in the background after a failure: a
    download of half a gigabyte that nobody waits for, or an open connection.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in asked]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
