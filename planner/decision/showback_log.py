"""A log's bill by owner: tokens at their price where they are paid per token, machine time where a fleet is paid."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from planner.capacity.fleet import replica_seconds
from planner.decision.log_rows import Priced
from planner.decision.log_summary import month_bills
from planner.decision.showback import Basis, Capacity, Showback, showback
from planner.domain.facts import OwnedFacts, RentedFacts
from planner.domain.result import OptionResult
from planner.domain.self_hosting import SelfHosted
from planner.units import CALENDARS, SECONDS_PER_HOUR, CalendarName, FloatArray, money
from planner.workload.rollup import Rollup


class NoOwners(ValueError):
    """The import did not ask who is answerable."""

    def __init__(self) -> None:
        super().__init__(
            "The log was imported without owners. Import it again and say who pays: --by team, project, key or user."
        )


class TokenWeights(NamedTuple):
    """Machine seconds of a token: work that a prompt token and an output token are."""

    s_per_input: float
    s_per_output: float
    cached_fraction_skipped: float = 0.0
    """Share of cached prompt tokens that are not computed again."""

    def words(self) -> str:
        """For people: the ratio is what counts."""
        if not self.s_per_input:
            return "output tokens alone"
        ratio = self.s_per_output / self.s_per_input
        cached = f"; {self.cached_fraction_skipped:.0%} of cached prompt tokens cost nothing"
        skipped = cached if self.cached_fraction_skipped else ""
        return f"machine time, where an output token is {ratio:.3g} prompt tokens{skipped}"


def owners_of(rollup: Rollup) -> tuple[str, ...]:
    """Owners of the log. Raises NoOwners."""
    names = rollup.labels["owner"].names
    if not any(names):
        raise NoOwners
    return names


def tokens_showback(found: Priced, basis: Basis, bill_usd: Decimal | None = None) -> Showback:
    """Owners pay their own tokens at the prices of the log.

    A bill above that (minimum fees, commitments, rounding) is shared; one below it lowers everybody's price alike.
    Raises NoOwners; ValueError when nothing has a price.
    """
    use = _by_owner(found.rollup, found.usd)
    own_usd = money(float(found.usd.sum()))
    if own_usd == 0 and not (found.why == 0).any():
        raise ValueError("No part of the log has a price: nothing can be shared out.")
    bill = bill_usd if bill_usd is not None else _contract_usd(found)
    extra = max(bill - own_usd, Decimal(0))
    notes = [f"Billed {bill / own_usd:.1%} of the price of the tokens."] if own_usd and bill < own_usd else []
    if (found.why > 0).any():
        notes.append("Some tokens have no price: what they cost is in nobody's own part.")
    if (found.usd_high > found.usd).any():
        notes.append("Where a long-context price is open, the lower bound is used.")
    return showback(
        bill,
        use,
        basis=basis,
        shared_by=f"the price of each owner's tokens ({found.question})",
        shared_usd=extra,
        notes=tuple(notes),
    )


def fleet_showback(
    rollup: Rollup, bill_usd: Decimal, weights: TokenWeights, basis: Basis, capacity: Capacity | None = None
) -> Showback:
    """Owners pay the machine time of their tokens; `capacity` is in machine seconds, None when it is not known.

    Raises NoOwners.
    """
    computed = np.asarray(rollup.prompt_tokens - weights.cached_fraction_skipped * rollup.sums["cached_input_tokens"])
    output = rollup.sums["output_tokens"].astype(np.float64)
    seconds = replica_seconds(computed, output, weights.s_per_input, weights.s_per_output)
    notes = () if capacity else ("What was paid for but idle is not known: the whole bill is shared out by use.",)
    return showback(
        bill_usd,
        _by_owner(rollup, seconds),
        basis=basis,
        shared_by=weights.words(),
        capacity=capacity,
        notes=notes,
    )


def weights_of(option: SelfHosted, facts: RentedFacts | OwnedFacts) -> TokenWeights:
    """CAP-1: machine seconds per token as the fleet was sized with."""
    replica = facts.replica
    return TokenWeights(replica.s_per_input_token, replica.s_per_output_token, option.prefix_cache_hit_fraction)


def paid_seconds(
    result: OptionResult, calendar: CalendarName, days: float, requested: Mapping[str, float] | None = None
) -> Capacity | None:
    """Replica-seconds that the option's fleet is paid for in so many days; None when it has no fleet."""
    if result.fleet is None:
        return None
    month = CALENDARS[calendar]
    hours = result.fleet.paid_gpu_hours_per_month
    replica_hours = result.fleet.replicas * month.hours_per_month
    if hours is not None:
        replica_hours = hours / result.fleet.gpus_per_replica
    paid = replica_hours * SECONDS_PER_HOUR * days / month.days_per_month
    return Capacity(paid, None if requested is None else {name: part * paid for name, part in requested.items()})


def _by_owner(rollup: Rollup, amounts: FloatArray) -> dict[str, float]:
    names = owners_of(rollup)
    summed = np.bincount(rollup.labels["owner"].codes, weights=amounts, minlength=len(names))
    return dict(zip(names, summed.tolist(), strict=True))


def _contract_usd(found: Priced) -> Decimal:
    bills = list(month_bills(found))
    return money(sum(bill.usd for bill in bills) if bills else float(found.usd.sum()))
