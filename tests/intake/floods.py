"""Callers who hold much and finish nothing, and what a server process grows by."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

MIB = 1024 * 1024
_HEAD = b"POST /api/alerts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
_PATIENCE_S = 60.0
_LATER_S = 1.0  # in which the last answers come
Caller = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def half_body(caller: Caller) -> None:
    """Announce the most that is taken, and keep the last byte back."""
    _, writer = caller
    writer.write(_HEAD + b"Content-Length: %d\r\n\r\n" % MIB)
    for _ in range(15):
        writer.write(b" " * (MIB // 16))
        await writer.drain()
    writer.write(b" " * (MIB // 16 - 1))


async def half_chunks(caller: Caller) -> None:
    """Send a body in chunks of 16 bytes that never ends."""
    _, writer = caller
    writer.write(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(64):
        writer.write(b"10\r\n%b\r\n" % (b" " * 16) * 700)
        await writer.drain()


async def endless_head(caller: Caller) -> None:
    """Send long fields for ever."""
    _, writer = caller
    writer.write(_HEAD)
    for number in range(1000):
        writer.write(b"X-%d: %b\r\n" % (number, b"y" * 8000))
        await writer.drain()


async def hasty(caller: Caller) -> None:
    """Ask again and again on one connection before any answer is there."""
    _, writer = caller
    one = _HEAD + b"Content-Length: 60000\r\n\r\n" + b" " * 60000
    for _ in range(100):
        writer.write(one)
        await writer.drain()


FLOODS: Mapping[str, Callable[[Caller], Awaitable[None]]] = {
    "half bodies": half_body,
    "half bodies in chunks": half_chunks,
    "endless heads": endless_head,
    "requests one after another": hasty,
}


async def flood(
    port: int, pid: int, kind: str, callers: int
) -> tuple[float, Counter[str]]:
    """Return the MiB by which the process `pid` grew at most, and what callers heard.

    Who is not answered once all have sent what they have to send waits no longer.
    """
    before = await _settled(pid)
    _count_anew(pid)
    found = [await asyncio.open_connection("127.0.0.1", port) for _ in range(callers)]
    sending = [asyncio.create_task(_send(FLOODS[kind], caller)) for caller in found]
    hearing = [asyncio.create_task(_heard(caller)) for caller, _ in found]
    async with asyncio.timeout(_PATIENCE_S):
        await asyncio.gather(*sending)
    await asyncio.wait(hearing, timeout=_LATER_S)
    for task in hearing:
        task.cancel()
    for _, writer in found:
        writer.transport.abort()
    told = Counter(t.result() for t in hearing if t.done() and not t.cancelled())
    return _mib(pid, "VmHWM") - before, told


async def _send(send: Callable[[Caller], Awaitable[None]], caller: Caller) -> None:
    with contextlib.suppress(ConnectionError):
        await send(caller)


async def _heard(reader: asyncio.StreamReader) -> str:
    """Return the first status that a caller is answered, "" for none."""
    try:
        return (await reader.readline())[len("HTTP/1.1 ") :][:3].decode()
    except ConnectionError:
        return ""


def _count_anew(pid: int) -> None:
    """Let the peak of a process count from now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


async def _settled(pid: int) -> float:
    """Return the memory once it no longer changes."""
    last = 0.0
    while abs((now := _mib(pid, "VmRSS")) - last) > 0.5:
        last = now
        await asyncio.sleep(0.5)
    return now


def _mib(pid: int, name: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    [line] = [line for line in status.splitlines() if line.startswith(name)]
    return int(line.split()[1]) / 1024
