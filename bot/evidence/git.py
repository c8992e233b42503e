"""A branch of a Git repository as a shelf: each file that is kept is a commit of its own.

Made for anchored heads. A commit holds the newest file alone beside what others put there,
so a year of them stays small, and `git log` shows each. Nothing is ever pushed by force: a
server that refuses such pushes, as most do for a protected branch, keeps the order too.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias
from urllib.parse import unquote, urlsplit, urlunsplit

from dulwich.client import GitClient, HttpGitClient, get_transport_and_path
from dulwich.config import ConfigFile
from dulwich.objects import Blob, Commit, ObjectID, Tree
from dulwich.pack import pack_objects_to_data
from dulwich.refs import Ref
from dulwich.repo import MemoryRepo

from bot.evidence.shelf import Differs, NotKept, checked

Token: TypeAlias = Callable[[], Awaitable[str]]  # a bearer token for the server
PREFIX, BRANCH = "git+", "main"
_WE = b"Watchkeeper <watchkeeper@invalid>"
_TIMEOUT_S = 30
_FILE, _FOLDER = 0o100644, 0o040000
# ssh asks nobody, and ends by itself where no answer comes.
_SSH = (
    "ssh -o BatchMode=yes -o ConnectTimeout=15 "
    "-o ServerAliveInterval=10 -o ServerAliveCountMax=3"
)


@dataclass(frozen=True, slots=True)
class _Seen:
    """The branch as it was at `tip`; None: it has no commit yet."""

    tip: ObjectID | None = None
    others: tuple[tuple[bytes, int, ObjectID], ...] = ()  # of the newest tree
    files: dict[str, bytes] = field(default_factory=dict)


class GitShelf:
    """`place`: "git+" before a path or an address, "#branch" behind it if not main.

    `deep`: read all commits, to verify. Who only writes needs the newest: it names the
    newest file, and a history of years is not fetched at each start.
    """

    def __init__(
        self, place: str, *, deep: bool = False, token: Token | None = None
    ) -> None:
        where, _, branch = place.removeprefix(PREFIX).partition("#")
        self._where, self._deep, self._token = where, deep, token
        self._ref = Ref(f"refs/heads/{branch or BRANCH}".encode())
        self._seen = _Seen()
        self._one = asyncio.Lock()

    async def put(self, name: str, content: bytes) -> None:
        async with self._one:
            seen = await self._look()
            if name in seen.files:
                if seen.files[name] != content:
                    raise Differs(f"{name} holds something else already")
                return
            await self._push(seen, name, content)

    async def get(self, name: str) -> bytes | None:
        async with self._one:
            return (await self._look()).files.get(name)

    async def names(self, prefix: str) -> list[str]:
        async with self._one:
            found = (await self._look()).files
        return sorted(name for name in found if name.startswith(prefix))

    async def remove(self, name: str) -> bool:
        raise NotKept(f"{name} is in a Git repository: nothing is removed from there")

    async def close(self) -> None:
        return

    async def _look(self) -> _Seen:
        self._seen = await self._ask(self._read)
        return self._seen

    async def _push(self, seen: _Seen, name: str, content: bytes) -> None:
        self._seen = await self._ask(partial(self._pushed, seen, name, content))

    async def _ask(self, what: Callable[[GitClient, bytes], _Seen]) -> _Seen:
        """Ask in a thread; whatever fails is told without an address or a secret."""
        try:
            bearer = await self._bearer()
            return await asyncio.to_thread(self._asked, what, bearer)
        except (NotKept, Differs):
            raise
        except Exception as error:  # noqa: BLE001 dulwich has twenty kinds, no common one
            why = _words(error)
        # Outside of the handler: the error holds the answer, and with it a connection.
        raise NotKept(f"the Git repository for heads: {why}")

    def _asked(self, what: Callable[[GitClient, bytes], _Seen], bearer: str) -> _Seen:
        client, path = self._server(bearer)
        try:
            return what(client, path.encode())
        finally:
            client.close()
            if isinstance(client, HttpGitClient):
                client.pool_manager.clear()

    async def _bearer(self) -> str:
        own = "@" in urlsplit(self._where).netloc
        return await self._token() if self._token and not own else ""

    def _server(self, bearer: str) -> tuple[GitClient, str]:
        parts = urlsplit(self._where)
        if parts.scheme not in ("http", "https"):
            found: tuple[GitClient, str] = get_transport_and_path(
                self._where, quiet=True, ssh_command=_SSH
            )
            return found
        host = parts.netloc.rpartition("@")[2]
        client = HttpGitClient(
            urlunsplit((parts.scheme, host, "", "", "")),
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            timeout=_TIMEOUT_S,
            config=_with_bearer(bearer) if bearer else None,
            quiet=True,
        )
        return client, parts.path

    def _read(self, client: GitClient, path: bytes) -> _Seen:
        tip = client.get_refs(path).refs.get(self._ref)
        if tip is None:
            return _Seen()
        if tip == self._seen.tip:
            return self._seen
        repo = MemoryRepo()
        depth = None if self._deep else 1
        client.fetch(path, repo, lambda *_, **__: [tip], depth=depth)
        return _Seen(tip, *_content(repo, tip))

    def _pushed(
        self, seen: _Seen, name: str, content: bytes, client: GitClient, path: bytes
    ) -> _Seen:
        made = [*_commit(seen, name, content)]
        new = made[-1].id

        def ours(refs: dict[Ref, ObjectID]) -> dict[Ref, ObjectID]:
            if refs.get(self._ref) != seen.tip:
                raise NotKept(
                    "somebody else pushed to the branch of the heads just now"
                )
            return {self._ref: new}

        done = client.send_pack(path, ours, lambda *_, **__: pack_objects_to_data(made))
        if why := (done.ref_status or {}).get(self._ref):
            raise NotKept(f"the Git repository for heads refused the push: {why}")
        return _Seen(new, seen.others, {**seen.files, name: content})


def _with_bearer(token: str) -> ConfigFile:
    """Return Git's own setting for a header: the client's `extra_headers` are not sent."""
    config = ConfigFile()
    config.set((b"http",), b"extraHeader", f"Authorization: Bearer {token}".encode())
    return config


def _commit(seen: _Seen, name: str, content: bytes) -> Iterator[Any]:
    """Yield what a commit of the file is made of; the commit is the last."""
    folder, _, file = checked(name).partition("/")
    blob = Blob.from_string(content)
    inner, root = Tree(), Tree()
    inner.add(file.encode(), _FILE, blob.id)
    for entry in seen.others:
        if entry[0] != folder.encode():
            root.add(*entry)
    root.add(folder.encode(), _FOLDER, inner.id)
    commit = Commit()
    commit.tree, commit.parents = root.id, [seen.tip] if seen.tip else []
    commit.author = commit.committer = _WE
    commit.author_time = commit.commit_time = int(time.time())
    commit.author_timezone = commit.commit_timezone = 0
    commit.encoding, commit.message = b"UTF-8", f"Keep {name}\n".encode()
    yield from (blob, inner, root, commit)


def _content(
    repo: MemoryRepo, tip: ObjectID
) -> tuple[tuple[tuple[bytes, int, ObjectID], ...], dict[str, bytes]]:
    """Return the entries of the newest tree, and every file of every commit at hand.

    Raises Differs when one name held two things.
    """
    files: dict[str, bytes] = {}
    todo, done, others = [tip], set[ObjectID](), None
    while todo:
        key = todo.pop()
        if key in done or key not in repo.object_store:  # older than what was fetched
            continue
        done.add(key)
        commit: Any = repo[key]
        tree: Any = repo[commit.tree]
        others = others or tuple((e.path, e.mode, e.sha) for e in tree.items())
        for name, content in _files(repo, tree):
            if files.setdefault(name, content) != content:
                raise Differs(f"{name} was changed by a later commit")
        todo += commit.parents
    return others or (), files


def _files(repo: MemoryRepo, root: Any) -> Iterator[tuple[str, bytes]]:
    """Yield the files one folder down: that is where ours lie."""
    for folder in root.items():
        if folder.mode != _FOLDER:
            continue
        tree: Any = repo[folder.sha]
        for entry in tree.items():
            if entry.mode == _FILE:
                blob: Any = repo[entry.sha]
                name = f"{folder.path.decode(errors='replace')}/"
                yield name + entry.path.decode(errors="replace"), blob.data


def _words(error: Exception) -> str:
    """Return what happened, in a word: texts of errors may hold an address."""
    known = {
        "NotGitRepository": "there is none at that place",
        "HTTPUnauthorized": "it does not know us",
        "HangupException": "it hung up",
    }
    name = type(error).__name__
    return known.get(name, f"it could not be reached or read ({name})")
