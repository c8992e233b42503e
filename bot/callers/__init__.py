"""Who may call the webhooks: one file a way of telling, chosen by the settings.

`check` looks at headers and query alone, so a caller is known before a byte of the
body is read.
"""

from bot.callers._verdict import Caller, Credentials, Denied, Remembering, Undecided
from bot.callers.anyone import Anyone
from bot.callers.entra import Entra, Expected
from bot.callers.keys import Keys
from bot.callers.readers import Readers
from bot.callers.url_secret import UrlSecret

__all__ = [
    "Anyone",
    "Caller",
    "Credentials",
    "Denied",
    "Entra",
    "Expected",
    "Keys",
    "Readers",
    "Remembering",
    "Undecided",
    "UrlSecret",
]
