"""Signed heads in a Git repository: a commit each time, and a server with bad days."""

import asyncio
import gc
import logging
import warnings
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from dulwich.objects import Blob, Commit, Tree
from dulwich.refs import Ref
from dulwich.repo import Repo
from typer.testing import CliRunner

from bot.__main__ import application
from bot.evidence import anchor, signing, verdict
from bot.evidence.archive import open_heads
from bot.evidence.git import GitShelf
from bot.evidence.shelf import Differs, NotKept
from bot.store import Leader, Store
from bot.store.log import Log, heads
from bot.worker.anchor import Anchoring
from tests.conftest import NOW
from tests.evidence.conftest import KEY, write
from tests.evidence.git import GitServer, bare, git_server
from tests.incidents import NEW, received

PUBLIC = KEY.public_key()
REF = Ref(b"refs/heads/main")


async def _token() -> str:
    return "t-1"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return bare(tmp_path / "heads.git")


@pytest.fixture
def server(repository: Path) -> Iterator[GitServer]:
    with git_server(repository) as found:
        yield found
    with warnings.catch_warnings(action="ignore"):
        gc.collect()  # after a bad answer the client leaves its connection to this


@pytest.fixture(params=["path", "address"])
def place(request: pytest.FixtureRequest, repository: Path) -> str:
    if request.param == "path":
        return f"git+{repository}"
    server: GitServer = request.getfixturevalue("server")
    return f"git+{server.url}"


async def _anchored(url: str, shelf: GitShelf, count: int) -> None:
    """Anchor each head of a log by itself, up to the head number `count`."""
    store = Store.open(url)
    await write(store, 12)
    for head in (await store.read(heads))[:count]:
        await anchor.keep(shelf, [head], PUBLIC)
    store.close()


async def test_each_time_is_a_commit_and_all_are_read_again(
    place: str, repository: Path, url: str
) -> None:
    """
    Who starts anew fetches one commit and goes on; who verifies reads all of them.
    """
    await _anchored(url, GitShelf(place, token=_token), 3)
    store = Store.open(url)
    every = await store.read(heads)
    again = GitShelf(place, token=_token)

    assert every[2].size == await anchor.last(again)
    assert 1 == len(await again.names("heads/"))
    await anchor.keep(again, every[3:], PUBLIC)
    read, keys = await anchor.read(GitShelf(place, deep=True, token=_token))
    store.close()

    assert (every, [signing.in_hex(PUBLIC)]) == (read, keys)
    with Repo(repository) as repo:
        told = [entry.commit.message for entry in repo.get_walker([repo.refs[REF]])]
        newest: Any = repo[repo.refs[REF]]
        files = [e.path for e in repo[repo[newest.tree][b"heads"][1]].items()]  # type: ignore[attr-defined,index]
    assert 4 == len(told)
    assert told[0] == f"Keep heads/{files[0].decode()}\n".encode()
    assert 1 == len(files), "a commit holds the newest alone, so that it stays small"


async def test_a_name_is_written_once(place: str) -> None:
    shelf = GitShelf(place, token=_token)
    await shelf.put("heads/1.json", b"one")
    await shelf.put("heads/1.json", b"one")  # a repeat is fine

    with pytest.raises(Differs):
        await shelf.put("heads/1.json", b"two")
    with pytest.raises(NotKept, match="nothing is removed"):
        await shelf.remove("heads/1.json")
    assert b"one" == await GitShelf(place, token=_token).get("heads/1.json")


def _by_hand(repository: Path, files: dict[str, bytes]) -> None:
    """Commit files on top of main, as somebody else might."""
    with Repo(repository) as repo:
        blob_of = {name: Blob.from_string(body) for name, body in files.items()}
        root, inner = Tree(), Tree()
        for name, blob in blob_of.items():
            folder, _, file = name.rpartition("/")
            (inner if folder else root).add(file.encode(), 0o100644, blob.id)
        if len(inner):
            root.add(b"heads", 0o040000, inner.id)
        commit = Commit()
        commit.tree = root.id
        commit.parents = [repo.refs[REF]] if REF in repo.refs else []
        commit.author = commit.committer = b"Somebody <s@example.org>"
        commit.author_time = commit.commit_time = 1_790_000_000
        commit.author_timezone = commit.commit_timezone = 0
        commit.message = b"by hand"
        for each in (*blob_of.values(), inner, root, commit):
            repo.object_store.add_object(each)
        repo.refs[REF] = commit.id


async def test_a_clone_that_is_named_like_a_folder_is_read_as_a_repository(
    repository: Path, url: str
) -> None:
    """
    Its folder of heads shows the newest alone: most would go unseen.
    """
    await _anchored(url, GitShelf(f"git+{repository}"), 4)
    read = (await anchor.read(open_heads(str(repository), deep=True)))[0]

    assert 4 == len(read)


async def test_what_others_commit_stays(repository: Path) -> None:
    """
    A repository often begins with a README of its own.
    """
    _by_hand(repository, {"README.md": b"heads of our log"})
    shelf = GitShelf(f"git+{repository}")
    await shelf.put("heads/1.json", b"one")
    await shelf.put("heads/2.json", b"two")

    with Repo(repository) as repo:
        newest: Any = repo[repo.refs[REF]]
        root: Any = repo[newest.tree]
    assert [b"README.md", b"heads"] == [entry.path for entry in root.items()]


def test_a_head_that_a_later_commit_replaced_is_tampering(
    repository: Path, url: str, tmp_path: Path
) -> None:
    place = f"git+{repository}"
    asyncio.run(_anchored(url, GitShelf(place), 4))
    name = asyncio.run(GitShelf(place).names("heads/"))[-1]
    _by_hand(repository, {name: b"{}"})

    with pytest.raises(anchor.BadAnchor, match="changed by a later commit"):
        asyncio.run(anchor.read(GitShelf(place, deep=True)))
    where = ["--database", url, "--anchor", place]
    pem = tmp_path / "key.pem"
    pem.write_text(signing.in_pem(PUBLIC))
    done = CliRunner().invoke(
        application(), ["audit", "verify", *where, "--key", str(pem)]
    )
    assert (1, True) == (done.exit_code, "TAMPERED: among" in done.output)


async def test_history_that_was_cut_is_found_by_the_repository(
    place: str, url: str, tmp_path: Path
) -> None:
    """
    Another database, a fresh start with the same key: the repository knows more.
    """
    await _anchored(url, GitShelf(place, token=_token), 4)
    other = f"sqlite:///{tmp_path / 'other.db'}"
    store = Store.open(other)
    await write(store, 4)
    store.close()
    outside = (await anchor.read(GitShelf(place, deep=True, token=_token)))[0]

    assert verdict.of_database(url, PUBLIC, outside).ok
    found = verdict.of_database(other, PUBLIC, outside)
    assert not found.ok
    assert "anchored" in found.words


@pytest.mark.parametrize(
    ("down", "token", "words"),
    [
        ("", "Bearer other", "does not know us"),
        ("500 No", "Bearer t-1", "could not be reached"),
        ("404 No", "Bearer t-1", "there is none"),
    ],
)
async def test_a_server_on_a_bad_day_is_told_without_its_address(
    server: GitServer, down: str, token: str, words: str
) -> None:
    server.down, server.token = down, token
    shelf = GitShelf(f"git+{server.url}", token=_token)

    with pytest.raises(NotKept, match=words) as told:
        await shelf.put("heads/1.json", b"one")
    assert "127.0.0.1" not in str(told.value)


async def test_an_address_may_carry_its_own_token(server: GitServer) -> None:
    server.token = "Basic dTpwQHNz"  # u:p@ss
    own = server.url.replace("http://", "http://u:p%40ss@")

    await GitShelf(f"git+{own}", token=_token).put("heads/1.json", b"one")
    server.down = "503 No"
    with pytest.raises(NotKept) as told:
        await GitShelf(f"git+{own}").names("heads/")
    assert "ss" not in str(told.value).replace("repository", "")


async def test_of_two_who_push_at_once_one_is_told(place: str) -> None:
    """
    After a change of leaders the old one may still be at it; nothing is overwritten.
    """
    one, other = GitShelf(place, token=_token), GitShelf(place, token=_token)
    await one.put("heads/1.json", b"one")
    assert ["heads/1.json"] == await other.names("heads/")
    late = one._seen  # noqa: SLF001 what it had seen before the other pushed
    await other.put("heads/2.json", b"two")

    with pytest.raises(NotKept, match="somebody else pushed"):
        await one._push(late, "heads/3.json", b"three")  # noqa: SLF001
    await one.put("heads/3.json", b"three")
    deep = GitShelf(place, deep=True, token=_token)
    assert [f"heads/{n}.json" for n in (1, 2, 3)] == await deep.names("heads/")


async def test_a_push_that_fails_waits_longer_each_time_and_holds_up_nothing(
    server: GitServer,
    url: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, told = [0.0], list[tuple[int, int]]()
    store = Store.open(url)
    leader = await Leader.elect(store, "driver")
    shelf = GitShelf(f"git+{server.url}", token=_token)
    anchoring = Anchoring(
        Log(store, KEY), store, shelf, PUBLIC, 60,
        lambda *each: told.append(each), lambda: clock[0],
    )  # fmt: skip

    async def pass_(seconds: float) -> bool:
        """Let time pass, seal; return whether the server was called."""
        clock[0] += seconds
        before = len(server.calls)
        await anchoring.seal(NOW + timedelta(seconds=clock[0]), fence=leader.epoch)
        task = anchoring._task  # noqa: SLF001
        if task:
            await task
        return len(server.calls) > before

    server.down = "503 No"
    await store.append(NEW, [received()])
    with caplog.at_level(logging.INFO):
        tries = [await pass_(s) for s in (1, 60, 60, 60, 180)]
        server.down = ""
        tries += [await pass_(480), await pass_(60)]
    size = len(await store.read(heads))
    leader.resign()
    store.close()

    assert [True, False, True, False, True, True, True] == tries
    assert [(0, 1), (0, 2), (0, 3), (1, 0), (1, 0)] == told
    assert 1 == size, "the log went on meanwhile"
    assert "(3 in a row; again in 480 s)" in caplog.text
    assert "anchored again, up to 1" in caplog.text


async def test_heads_that_went_from_outside_are_told_and_kept_again(
    repository: Path, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """
    Somebody pushed an older state by force.
    """
    store = Store.open(url)
    await write(store, 12)
    shelf = GitShelf(f"git+{repository}")
    anchoring = Anchoring(Log(store, KEY), store, shelf, PUBLIC, 60)
    every = await store.read(heads)
    await anchor.keep(shelf, every[:1], PUBLIC)
    with Repo(repository) as repo:
        before = repo.refs[REF]
    await anchoring.anchor()
    with Repo(repository) as repo:
        repo.refs[REF] = before
    await anchoring.anchor()
    store.close()

    assert f"only those up to {every[0].size} are still there" in caplog.text
    assert every == (await anchor.read(GitShelf(f"git+{repository}", deep=True)))[0]


async def test_azure_repos_alone_gets_our_token() -> None:
    """
    A token for Azure must not go to whoever an address names.
    """

    class Credential:
        async def get_token(self, *_scopes: str) -> Any:
            raise AssertionError

    for place in ("git+https://example.org/heads", "git+http://dev.azure.com/x"):
        shelf = open_heads(place, Credential())  # type: ignore[arg-type]
        assert isinstance(shelf, GitShelf)
        assert shelf._token is None  # noqa: SLF001
    ours = open_heads("git+https://dev.azure.com/o/p/_git/h", Credential())  # type: ignore[arg-type]
    assert isinstance(ours, GitShelf)
    assert ours._token is not None  # noqa: SLF001
