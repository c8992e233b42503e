"""Who may call the webhooks: one file a way of telling, chosen by the settings.

`check` looks at headers and query alone, so a caller is known before a byte of the
body is read.
"""

from bot.callers._verdict import Caller, Credentials, Denied, Undecided
from bot.callers.anyone import Anyone

__all__ = ["Anyone", "Caller", "Credentials", "Denied", "Undecided"]
