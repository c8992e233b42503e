"""A rolling upgrade: the old program and a newer one on one database, for a while."""

import shutil
from pathlib import Path

import pytest

from bot.store import CannotOpen, Store
from bot.store.engine import create
from tests.conftest import new_database
from tests.house import Opened, blobs, build
from tests.intake.replica import ROOT, Replica
from tests.intake.test_replicas import _idle, _told, loading
from tests.intake.test_storm import many
from tests.ports import free_port
from tests.story.remote import until

__all__ = ["blobs", "build"]
NEWER = '''
"""A column more: what a newer version may do, so that the one before goes on."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "9999", {before!r}


def upgrade() -> None:
    op.add_column("delivery", sa.Column("hint", sa.String, nullable=True))
    op.create_table("hint", sa.Column("id", sa.String, primary_key=True))
'''


def newer(folder: Path) -> Path:
    """Return a copy of the program that has one migration more."""
    for package in ("bot", "cards"):
        shutil.copytree(
            ROOT / package,
            folder / package,
            ignore=shutil.ignore_patterns("static"),
        )
    versions = folder / "bot/store/migrations/versions"
    before = max(path.name[:4] for path in versions.glob("0*.py"))
    (versions / "9999_hint.py").write_text(NEWER.format(before=before))
    return folder


async def test_old_and_new_take_alerts_side_by_side(
    build: Opened, postgresql: str, tmp_path: Path
) -> None:
    """
    For some seconds of every upgrade both run; what either was sent must not be lost.
    """
    url = new_database(postgresql)
    house = await build(start=False, watch=many, database_url=url)
    (tmp_path / "watch.yaml").write_text(house.watch.model_dump_json())
    old = Replica(house, tmp_path, house.settings.port)
    new = Replica(house, tmp_path, free_port(), newer(tmp_path / "newer"))
    await old.start()
    async with loading(house, [old]) as load:
        await load.reach(8)
        await new.start()
        load.replicas.append(new)
        await load.reach(8)
        load.replicas.remove(old)
        ended = await old.stop()
        await load.reach(8)
    store = Store(create(url), None)  # our own `open` is the old program's: it refuses
    try:
        await until("all to be done", lambda: _idle(store))
        alerts, shown = await _told(store)
    finally:
        store.close()
        await new.kill()

    assert 0 == ended
    assert load.promised <= set(alerts)
    assert {1} == set(alerts.values())
    assert {1} == set(shown.values())
    assert len(shown) == len(await house.cards())
    with pytest.raises(CannotOpen, match="at version 9999, made by a newer"):
        Store.open(url)
