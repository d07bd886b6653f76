"""Who uses the models: the few facts that licences ask for. What is not known stays empty, and is said."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from planner.domain.base import Value

_Users = Annotated[float, Field(ge=0, le=1e11)]
_Revenue = Annotated[float, Field(ge=0, le=1e14)]


class Organisation(Value):
    """The company that runs the models, with its affiliates."""

    commercial_use: bool = Field(True, description="Used in or for a business; research alone is no commercial use.")
    eu_domiciled: bool | None = Field(
        None, description="Its principal place of business is in the European Union; empty = not said."
    )
    monthly_active_users: _Users | None = Field(
        None, description="Monthly active users of all its products now, those of affiliates included."
    )
    monthly_active_users_at_release: _Users | None = Field(
        None,
        description="The same in the calendar month before the model version was released; it never changes later.",
    )
    revenue_usd_per_month: _Revenue | None = Field(
        None, description="Consolidated revenue of the group in a month, USD."
    )
    revenue_usd_per_year: _Revenue | None = Field(None, description="Consolidated revenue of the group in a year, USD.")
