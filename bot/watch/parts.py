"""What every part of the watch list has in common."""

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Guid: TypeAlias = Annotated[
    str,
    StringConstraints(
        to_lower=True, pattern=r"(?i)^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
    ),
]
Price: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Tier: TypeAlias = Literal[1, 2, 3]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
