"""What holds for every part of the settings?"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

HerId = Annotated[str, Field(pattern=r"^[0-9]{1,12}$")]
Seconds = Annotated[float, Field(gt=0)]


class Model(BaseModel):
    """Frozen, and strict about unknown keys: a misspelt key must not silently mean the default."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
