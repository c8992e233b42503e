"""A Git server over HTTP that asks for a token, and breaks when told to."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIServer, make_server

from dulwich.repo import Repo
from dulwich.server import BackendRepo, DictBackend
from dulwich.web import (
    WSGIRequestHandlerLogger,
    WSGIServerLogger,
    make_wsgi_chain,
)


@dataclass
class GitServer:
    url: str = ""
    token: str = "Bearer t-1"
    down: str = ""  # a status line to answer with
    calls: list[str] = field(default_factory=list)


def bare(path: Path) -> Path:
    """Make an empty bare repository, and return its path."""
    path.mkdir(parents=True)
    Repo.init_bare(path).close()
    return path


def _backend(repo: BackendRepo) -> DictBackend:
    return DictBackend({"/heads": repo})


@contextmanager
def git_server(path: Path) -> Iterator[GitServer]:
    """Serve the repository at `path` as /heads on a free port."""
    repo = Repo(path)
    inner: Any = make_wsgi_chain(_backend(repo))
    found = GitServer()

    def door(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        found.calls.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        status = found.down
        if not status and environ.get("HTTP_AUTHORIZATION", "") != found.token:
            status = "401 Unauthorized"
        if status:
            start(status, [("Content-Type", "text/plain")])
            return [b"no"]
        answer: Iterable[bytes] = inner(environ, start)
        return answer

    server: WSGIServer = make_server(
        "127.0.0.1",
        0,
        door,
        handler_class=WSGIRequestHandlerLogger,
        server_class=WSGIServerLogger,
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/heads"
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        repo.close()
