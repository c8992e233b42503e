"""What the executor may do in PostgreSQL: append, and change nothing that was written."""

from collections.abc import Callable

import sqlalchemy as sa

from bot.store.engine import CannotOpen, create

_GRANTS = (
    "USAGE ON SCHEMA public",
    "SELECT ON ALL TABLES IN SCHEMA public",
    "INSERT ON history, unsealed, condition, reference",
    "INSERT, UPDATE, DELETE ON outbox",
    "UPDATE ON incident",
    "INSERT, UPDATE ON counter",
    "USAGE ON ALL SEQUENCES IN SCHEMA public",
)


def statements(role: str) -> tuple[str, ...]:
    """Return what gives `role` its rights, in SQL.

    >>> statements('a"b')[0]
    'GRANT USAGE ON SCHEMA public TO "a""b"'
    """
    quoted = '"' + role.replace('"', '""') + '"'
    return tuple(f"GRANT {what} TO {quoted}" for what in _GRANTS)


def grant(url: str, role: str, password: Callable[[], str] | None = None) -> None:
    """Give `role` its rights, as the owner of the tables. Raises CannotOpen."""
    engine = create(url, password)
    try:
        if engine.dialect.name != "postgresql":
            raise CannotOpen("SQLite knows no rights: there is nothing to grant")
        with engine.begin() as connection:
            owner, ours = _owner(connection)
            if not ours:  # PostgreSQL would warn, and give nothing
                raise CannotOpen(f"run it as {owner}, whose tables these are")
            there = "SELECT 1 FROM pg_roles WHERE rolname = :role"
            if not connection.scalar(sa.text(there), {"role": role}):
                raise CannotOpen(f"the database knows no role {role}")
            for statement in statements(role):
                connection.exec_driver_sql(statement)
    except sa.exc.SQLAlchemyError as error:
        kind = type(getattr(error, "orig", None) or error).__name__
        raise CannotOpen(f"the database refused, or does not answer ({kind})") from None
    finally:
        engine.dispose()


def _owner(connection: sa.Connection) -> tuple[str, bool]:
    """Return whose the tables are, and whether we are that role."""
    found = connection.execute(
        sa.text(
            "SELECT pg_get_userbyid(relowner), pg_has_role(relowner, 'USAGE') "
            "FROM pg_class WHERE oid = to_regclass('history')"
        )
    ).first()
    if found is None:
        raise CannotOpen("there are no tables yet: start `serve` once")
    return str(found[0]), bool(found[1])
