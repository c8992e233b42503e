"""Ports for the programs that tests start."""

import secrets
import socket
from contextlib import ExitStack

_FIRST, _PORTS = 12_000, 20_000  # below those that the system gives to connections


def free_port(together: int = 1) -> int:
    """Return a port that nobody listens on; `together`: nor on those next to it.

    One that the system chooses may be some connection's before a program takes it.
    """
    for _ in range(100):
        port = _FIRST + secrets.randbelow(_PORTS)
        with ExitStack() as held:
            try:
                for beside in range(together):
                    probe = held.enter_context(socket.socket())
                    probe.bind(("127.0.0.1", port + beside))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port")
