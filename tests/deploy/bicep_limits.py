"""What Azure refuses though its types allow it: ranges, periods, roles, dangling names.

Azure's types for Bicep leave numbers and most strings open. The limits here are those of
Azure's own reference, of the properties that our templates set.
"""

import re
from collections.abc import Iterator
from typing import Any

RANGES = {
    "backupRetentionDays": (7, 35),
    "eventTimeToLiveInMinutes": (1, 1440),
    "failureThreshold": (1, 10),
    "immutabilityPeriodSinceCreationInDays": (1, 146_000),
    "initialDelaySeconds": (1, 60),
    "maxDeliveryAttempts": (1, 30),
    "maxEventsPerBatch": (1, 5_000),
    "maxReplicas": (1, 1_000),
    "minReplicas": (0, 1_000),
    "periodSeconds": (1, 240),
    "port": (1, 65_535),
    "retentionInDays": (30, 730),
    "severity": (0, 4),
    "softDeleteRetentionInDays": (7, 90),
    "targetPort": (1, 65_535),
    "terminationGracePeriodSeconds": (0, 600),
    "timeoutSeconds": (1, 240),
    "weight": (0, 100),
}
_SIZES = tuple(2**n for n in range(5, 16))  # GB that a PostgreSQL server can have
_EVERY = ("PT1M", "PT5M", "PT10M", "PT15M", "PT30M", "PT45M", "PT1H")
CHOICES: dict[str, tuple[object, ...]] = {
    "evaluationFrequency": _EVERY,
    "windowSize": (*_EVERY, "PT2H", "PT3H", "PT4H", "PT5H", "PT6H", "PT12H", "P1D"),
    "storageSizeGB": _SIZES,
}
ROLES = {  # of Azure's own, the ones that we assign
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "7f951dda-4ed3-4680-a7ca-43fe172d538d": "AcrPull",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
}
_ROLE = re.compile(r"^var \w+ = '([\w-]{20,})' // (.+)$", re.MULTILINE)
_EXTENSIONS = (
    "Microsoft.Authorization/roleAssignments",
    "Microsoft.Insights/diagnosticSettings",
)


def value(name: str, given: Any) -> str:
    """Return what Azure has against the value of a property, "" when nothing."""
    if isinstance(given, int) and name in RANGES:
        low, high = RANGES[name]
        if not low <= given <= high:
            return f"{given} is not from {low} to {high}"
    if isinstance(given, str | int) and given not in CHOICES.get(name, (given,)):
        return f"{given!r} is none of {', '.join(map(str, CHOICES[name]))}"
    return ""


def extension(kind: str, scope: Any) -> str:
    """Return why a resource of this kind cannot lie there, "" when it can.

    Without a scope such a resource is one of the whole resource group.
    """
    missing = kind.partition("@")[0] in _EXTENSIONS and scope is None
    return "scope is missing: it would be of all the resource group" if missing else ""


def texts(text: str) -> Iterator[str]:
    """Yield what is wrong with a file as a text: roles, and names that lead nowhere."""
    for role, name in _ROLE.findall(text):
        if ROLES.get(role) != name:
            yield f"{role} is not the role {name}"
    for what, made, used in (
        ("volume", r"name: '([\w-]+)', storageType", r"volumeName: '([\w-]+)'"),
        ("secret", r"name: '([\w-]+)', (?:value|keyVaultUrl)", r"secretRef: '([\w-]+)'"),
    ):  # fmt: skip
        there = set(re.findall(made, text))
        for name in sorted(set(re.findall(used, text)) - there):
            yield f"there is no {what} {name}"
