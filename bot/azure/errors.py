"""What Azure's failures mean to us, in words for a person."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)

from bot.ports import Impossible, Unavailable

# Nothing of these may reach a card: addresses carry secrets, ids name other tenants.
_SECRET = re.compile(
    r"(https?://\S*)|(eyJ[\w-]+\.[\w-]+(\.[\w-]*)?)|(sig=\S+)"
    r"|([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
)
_LONGEST_WORDS = 160
_LONGEST_WAIT_S = 900


def plain_words(text: str) -> str:
    """Return what Azure said, short, on one line, without addresses, tokens or ids.

    >>> plain_words("Quota  of 5aa3ebd2-1111-2222-3333-444455556666 is used up.")
    'Quota of … is used up.'
    """
    words = " ".join(_SECRET.sub("…", text).split())
    return words if len(words) <= _LONGEST_WORDS else words[: _LONGEST_WORDS - 1] + "…"


def retry_after(response: Any) -> timedelta | None:
    """Return how long Azure asks us to wait, at most 15 minutes, or None."""
    headers = getattr(response, "headers", None) or {}
    for name, scale in (("retry-after-ms", 0.001), ("Retry-After", 1.0)):
        value = str(headers.get(name, ""))
        if re.fullmatch(r"\d{1,9}", value):
            return timedelta(seconds=min(int(value) * scale, _LONGEST_WAIT_S))
    return None


def code_of(error: HttpResponseError) -> str:
    """Return Azure's own name of the failure ("AuthorizationFailed"), or ""."""
    code = getattr(error.error, "code", None) or ""
    return str(code) if re.fullmatch(r"\w{1,60}", str(code)) else ""


_TIMED_OUT = (TimeoutError, ServiceRequestTimeoutError, ServiceResponseTimeoutError)


def translated(error: BaseException, subject: str) -> Unavailable | Impossible:
    """Return the port's exception for a failure of an Azure client.

    `subject` says what we were after: "the endpoint loan-prescreening".
    """
    if isinstance(error, ClientAuthenticationError):
        return Unavailable(
            f"Azure does not accept our identity, asked about {subject}."
            if error.response is not None
            else f"Our Azure identity is not to be had, needed for {subject}."
        )
    if isinstance(error, DecodeError):
        return Unavailable(f"Azure's answer about {subject} cannot be read.")
    if isinstance(error, HttpResponseError) and error.status_code:
        return _refused(error, subject)
    if isinstance(error, _TIMED_OUT):
        return Unavailable(f"Azure does not answer about {subject} in time.")
    if isinstance(error, ServiceRequestError | ServiceResponseError):
        return Unavailable(f"Azure does not answer about {subject}.")
    return Unavailable(f"Azure could not be asked about {subject}.")


def _refused(error: HttpResponseError, subject: str) -> Unavailable | Impossible:
    status, code = error.status_code or 0, code_of(error)
    named = f" ({code})" if code else ""
    if status == 401:  # noqa: PLR2004 (a token that ran out on its way)
        return Unavailable(
            f"Azure does not accept our identity, asked about {subject}{named}."
        )
    if status == 429:  # noqa: PLR2004
        return Unavailable(
            f"Azure is limiting our requests about {subject}.",
            retry_after(error.response),
        )
    if status == 408 or status >= 500:  # noqa: PLR2004
        return Unavailable(
            f"Azure cannot tell us about {subject} now: status {status}{named}.",
            retry_after(error.response),
        )
    reasons = {
        403: f"Our identity may not do that to {subject}{named}.",
        404: f"Azure knows nothing of {subject}{named}.",
        409: f"Azure is busy changing {subject}{named}.",
    }
    return Impossible(
        reasons.get(status)
        or f"Azure refuses our request about {subject}: status {status}{named}."
    )


@contextmanager
def speaking_of(subject: str) -> Iterator[None]:
    """Turn whatever an Azure client raises inside into Unavailable or Impossible."""
    try:
        yield
    except (AzureError, TimeoutError, ConnectionError) as error:
        raise translated(error, subject) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        # The SDKs trust the shape of what they read; a broken proxy's answer has none.
        words = f"Azure's answer about {subject} cannot be read."
        raise Unavailable(words) from error
