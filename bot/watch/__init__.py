"""The watch list (watchkeeper.yaml): which endpoints, whose, and who may do what."""

from bot.watch.endpoint import (
    KEPT_DAYS,
    Disclosure,
    Endpoint,
    Listening,
    Retraining,
    ServiceLevels,
)
from bot.watch.parts import Guid, Tier
from bot.watch.people import BY_TIER, Approval, Channel, Escalation, Person, Role
from bot.watch.rules import Labels, SignalRule
from bot.watch.whole import WatchList

__all__ = [
    "BY_TIER",
    "KEPT_DAYS",
    "Approval",
    "Channel",
    "Disclosure",
    "Endpoint",
    "Escalation",
    "Guid",
    "Labels",
    "Listening",
    "Person",
    "Retraining",
    "Role",
    "ServiceLevels",
    "SignalRule",
    "Tier",
    "WatchList",
]
