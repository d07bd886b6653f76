"""Who pays: used + idle + shared = the bill, to the cent, by owner.

usage: owners pay what they used; idle capacity and shared charges stay with nobody. allocation: owners pay what was set
aside for them. weighted: idle and shared are spread over the owners as the rest of the bill is.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal, NamedTuple

from pydantic import Field

from planner.decision.log_values import plain_name
from planner.decision.shares import cents, dollars, shared_cents
from planner.domain.base import LongText, Value

Basis = Literal["usage", "allocation", "weighted"]
BASES: tuple[Basis, ...] = ("usage", "allocation", "weighted")
UNNAMED = "not attributed"
"""Usage that the log names no owner of."""
UNPAID = "nobody"
"""Who holds what is idle or shared and not spread."""


class ShowbackRow(Value):
    """What one owner pays, US dollars."""

    owner: LongText = Field(description="Team, project, key or user; empty: the log names nobody.")
    attributed: bool = Field(True, description="False: the row of what is spread over nobody.")
    used_usd: Decimal = Field(ge=0, description="Its own part: used, or set aside for it (allocation).")
    idle_usd: Decimal = Field(ge=0, description="Its part of idle capacity.")
    shared_usd: Decimal = Field(ge=0, description="Its part of fees, commitments and rounding.")

    @property
    def total_usd(self) -> Decimal:
        """All three."""
        return self.used_usd + self.idle_usd + self.shared_usd

    @property
    def name(self) -> str:
        """For people."""
        return (self.owner or UNNAMED) if self.attributed else UNPAID


class Showback(Value):
    """A bill shared out; the rows add up to it exactly."""

    basis: Basis = Field(description="usage, allocation or weighted.")
    bill_usd: Decimal = Field(ge=0, description="The bill.")
    rows: tuple[ShowbackRow, ...] = Field(description="Owners, highest first; what nobody pays last.")
    shared_by: LongText = Field(description="What the shares follow, with its weights.")
    notes: tuple[LongText, ...] = Field((), description="What a reviewer should know.")

    def total(self, part: Literal["used_usd", "idle_usd", "shared_usd", "total_usd"]) -> Decimal:
        """Sum over the rows."""
        return sum((getattr(row, part) for row in self.rows), Decimal(0))


class Capacity(NamedTuple):
    """What was paid for, in the unit that use is counted in."""

    paid: float
    requested: Mapping[str, float] | None = None
    """Set aside for each owner, where that is known."""


def showback(
    bill_usd: Decimal,
    use: Mapping[str, float],
    *,
    basis: Basis,
    shared_by: str,
    capacity: Capacity | None = None,
    shared_usd: Decimal = Decimal(0),
    notes: tuple[str, ...] = (),
) -> Showback:
    """Share a bill out. `use` by owner is in any one unit; without a `capacity` in that unit nothing is idle.

    `shared_usd` of the bill are fees that nobody's use explains. ValueError for what cannot be shared out.
    """
    bill, shared = cents(bill_usd), cents(shared_usd)
    own = _own(use, capacity, basis)
    _check(bill, shared, own)
    used, idle, over = _used_and_idle(bill - shared, own, capacity)
    parts = {
        "used": shared_cents(used, own) if used else dict.fromkeys(own, 0),
        "idle": _spread(idle, own, basis),
        "shared": _spread(shared, own, basis),
    }
    rows = [_row(owner, True, parts) for owner in own]
    rest = _row("", False, {"idle": {"": idle - sum(parts["idle"].values())},
                            "shared": {"": shared - sum(parts["shared"].values())}})  # fmt: skip
    ordered = sorted(rows, key=lambda row: (-row.total_usd, row.owner))
    return Showback(
        basis=basis,
        bill_usd=dollars(bill),
        rows=(*ordered, *((rest,) if rest.total_usd else ())),
        shared_by=shared_by,
        notes=(*notes, *over),
    )


def _own(use: Mapping[str, float], capacity: Capacity | None, basis: Basis) -> dict[str, float]:
    """What each owner is charged by: what was set aside, where the basis asks for it, else what was used."""
    requested = capacity.requested if capacity is not None else None
    if basis == "allocation" and requested is None:
        raise ValueError(
            "the allocation basis needs what was set aside for each owner: give it, or choose usage or weighted"
        )
    if requested is None or basis == "usage":
        return dict(use)
    return dict.fromkeys(use, 0.0) | dict(requested)


def _check(bill: int, shared: int, own: Mapping[str, float]) -> None:
    problems = []
    if bill < 0:
        problems.append("a bill below 0 (credits) cannot be shown back")
    if not 0 <= shared <= max(bill, 0):
        problems.append("what is shared must lie between 0 and the bill")
    if negative := sorted(name or UNNAMED for name, amount in own.items() if amount < 0):
        problems.append(f"{', '.join(negative)}: use cannot be below 0")
    if problems:
        raise ValueError("; ".join(problems))


def _used_and_idle(pool: int, own: Mapping[str, float], capacity: Capacity | None) -> tuple[int, int, tuple[str, ...]]:
    """Cents of the bill that are used and idle."""
    total = sum(own.values())
    if capacity is None:
        return (pool, 0, ()) if total > 0 else (0, pool, ())
    idle = max(capacity.paid - total, 0.0)
    if not pool or not (total or idle):
        return 0, pool, ()
    split = shared_cents(pool, {"used": total, "idle": idle})
    over = f"More was used than was paid for ({total / capacity.paid:.1%})" if capacity.paid > 0 else "Nothing was paid"
    told = (f"{over}: the whole bill is shared out by use and nothing is idle.",) if total > capacity.paid else ()
    return split["used"], split["idle"], told


def _spread(amount: int, own: Mapping[str, float], basis: Basis) -> dict[str, int]:
    """Idle or shared cents by owner; nothing to anybody when they are not spread."""
    if basis != "weighted" or not amount or not sum(own.values()):
        return {}
    return shared_cents(amount, own)


def _row(owner: str, attributed: bool, parts: Mapping[str, Mapping[str, int]]) -> ShowbackRow:
    amounts = {f"{part}_usd": dollars(parts.get(part, {}).get(owner, 0)) for part in ("used", "idle", "shared")}
    return ShowbackRow(owner=plain_name(owner), attributed=attributed, **amounts)
