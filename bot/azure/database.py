"""PostgreSQL's password as Azure wants it: a token of our managed identity."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from azure.core.exceptions import AzureError
from azure.identity import ManagedIdentityCredential

from bot.store import CannotOpen

_SCOPE = "https://ossrdbms-aad.database.windows.net/.default"


@contextmanager
def password(client_id: str) -> Iterator[Callable[[], str] | None]:
    """Yield what gives a fresh token for each connection; None for no identity.

    It blocks and keeps the token until shortly before its end. Raises CannotOpen.
    """
    if not client_id:
        yield None
        return
    with ManagedIdentityCredential(client_id=client_id) as credential:

        def token() -> str:
            try:
                return str(credential.get_token(_SCOPE).token)
            except AzureError as error:
                raise CannotOpen(
                    f"the identity {client_id} gets no token for PostgreSQL "
                    f"({type(error).__name__}); is it assigned to this container?"
                ) from None

        yield token
