"""Claims on bills, prices per day and crossing points (A1 to A12)."""

from __future__ import annotations

import math

from planner.capacity.ceiling import compute_ceiling_tokens_per_s, decode_steps_ceiling_per_s
from planner.catalog.tables import Tables
from planner.cost.rented import rental_usd
from planner.decision.breakeven import Line, Solution, Staircase, linear_break_even, win_intervals
from planner.decision.claims.finding import (
    ClaimFunction,
    Finding,
    Inputs,
    Quantity,
    at_most,
    bill_usd,
    blended_usd_per_mtok,
    near,
    span,
)
from planner.decision.claims.models import body_params, gib, weights_gb
from planner.units import CALENDARS, GB_BYTES, HOURS_PER_DAY, MTOK, SECONDS_PER_DAY, SECONDS_PER_HOUR

INPUT_SHARES = (0.5, 0.75, 0.8, 0.9)


def node_usd_per_day(usd_per_hour: float, hours_per_day: float = HOURS_PER_DAY) -> float:
    """RNT-1: a node for the hours of a day that it is paid for."""
    return float(rental_usd(1, 1, usd_per_hour, hours_per_day))


def crossings(solution: Solution) -> int:
    """BE-2: how often the cheaper side changes."""
    return sum((start > 0) + math.isfinite(end) for start, end in solution.intervals)


def api_day(x: Inputs, tables: Tables) -> Finding:
    """A1: input and output of one day at their own prices."""
    price_in, price_out = x["input_usd_per_mtok"], x["output_usd_per_mtok"]
    paid_in = bill_usd(price_in, price_out, x["input_mtok_per_day"], 0)
    paid_out = bill_usd(price_in, price_out, 0, x["output_mtok_per_day"])
    volume = x["input_mtok_per_day"] + x["output_mtok_per_day"]
    computed = (
        Quantity("input", paid_in, "USD/day"),
        Quantity("output", paid_out, "USD/day"),
        Quantity("both", paid_in + paid_out, "USD/day"),
        Quantity("blended price", (paid_in + paid_out) / volume, "USD/Mtok"),
    )
    holds = (near(x["claimed_input_usd_per_day"], paid_in), near(x["claimed_output_usd_per_day"], paid_out))
    return Finding(computed, f"${paid_in:,.2f} and ${paid_out:,.2f} a day, for {volume:g}M tokens in all.", holds)


def api_month(x: Inputs, tables: Tables) -> Finding:
    """A2: a day's bill as a month's, in both calendars."""
    months = [x["usd_per_day"] * CALENDARS[name].days_per_month for name in ("30d", "avg")]
    return _both_calendars(x["claimed_usd_per_month"], months)


def node_month(x: Inputs, tables: Tables) -> Finding:
    """A3: a month of a rented node, in both calendars."""
    months = [float(rental_usd(1, 1, x["usd_per_hour"], CALENDARS[name].hours_per_month)) for name in ("30d", "avg")]
    return _both_calendars(x["claimed_usd_per_month"], months)


def _both_calendars(claimed: float, months: list[float]) -> Finding:
    computed = (
        Quantity("30-day month", months[0], "USD/month"),
        Quantity("average month", months[1], "USD/month"),
    )
    said = f"${months[0]:,.2f} in a 30-day month, ${months[1]:,.2f} in an average one; claimed about ${claimed:,.0f}."
    return Finding(computed, said, tuple(near(claimed, month) for month in months))


def node_price(x: Inputs, tables: Tables) -> Finding:
    """A4: the hourly price per GPU against what each kind of provider asks, and whether the model fits at all."""
    per_gpu = x["usd_per_hour"] / x["gpus"]
    asked = [x["long_tail_high_usd"], x["specialist_high_usd"], x["hyperscaler_high_usd"]]
    computed = (
        Quantity("price per GPU", per_gpu, "USD/GPU-hour"),
        Quantity("weights of the 70B at 16 bits", gib(weights_gb(tables, "llama-3.1-70b", 16)), "GiB"),
    )
    enough = [at_most(price, per_gpu) for price in asked]
    return Finding(
        computed, f"${per_gpu:.2f} per GPU-hour covers {sum(enough)} of the 3 kinds of provider.", tuple(enough)
    )


def node_capacity(x: Inputs, tables: Tables) -> Finding:
    """A5: claimed tokens a day as a rate, against compute and bandwidth, at the peaks that a mean hides (CAP-7)."""
    gpu, gpus = tables.gpu_by_id["a100-80gb"], int(x["gpus"])
    rates = [x[name] * MTOK / SECONDS_PER_DAY for name in ("claimed_low_mtok_per_day", "claimed_high_mtok_per_day")]
    compute = compute_ceiling_tokens_per_s(gpu.bf16_dense_tflops or 0, gpus, body_params(tables, "llama-3.1-70b"))
    weights = weights_gb(tables, "llama-3.1-70b", 16) * GB_BYTES
    decode = decode_steps_ceiling_per_s(gpu.memory_bandwidth_gb_per_s, gpus, weights) * x["sequences"]
    peaks = (x["peak_to_mean_low"], x["peak_to_mean_high"])
    computed = (
        Quantity("low claim as a rate", rates[0], "tokens/s"),
        Quantity("high claim as a rate", rates[1], "tokens/s"),
        Quantity("high claim of the compute ceiling", 100 * rates[1] / compute, "%"),
        Quantity("decode bound", decode, "tokens/s"),
        Quantity("decode bound a day", decode * SECONDS_PER_DAY / MTOK, "Mtok/day"),
    )
    said = f"At most {decode:,.0f} tokens/s; the claim is {rates[0]:.0f} to {rates[1]:.0f} on average, before any peak."
    return Finding(computed, said, tuple(at_most(rate * peak, decode) for rate in rates for peak in peaks))


def amortised_day(x: Inputs, tables: Tables) -> Finding:
    """A6: what the node costs a day, and per million tokens: the claimed figure has the unit of the other one."""
    day = x["usd_per_month"] / CALENDARS["30d"].days_per_month
    per_mtok = day / x["volume_mtok_per_day"]
    computed = (Quantity("node", day, "USD/day"), Quantity("node per 1M tokens", per_mtok, "USD/Mtok"))
    said = f"The node costs ${day:,.2f} a day; ${per_mtok:,.2f} is its price per 1M tokens."
    return Finding(computed, said, (near(x["claimed_usd_per_day"], day),))


def crossover_volume(x: Inputs, tables: Tables) -> Finding:
    """A7: the first volume at which the node wins, by share of input (BE-1, BE-2)."""
    price_in, price_out = x["input_usd_per_mtok"], x["output_usd_per_mtok"]
    blends = {share: blended_usd_per_mtok(price_in, price_out, share) for share in INPUT_SHARES}
    stairs = Staircase(fixed=0, unit=x["node_usd_per_day"], kappa=x["capacity_mtok_per_day"])
    firsts = [win_intervals(Line(0, blend), stairs).first for blend in blends.values()]
    full = x["node_usd_per_day"] / x["capacity_mtok_per_day"]
    lines = tuple(
        Quantity(f"straight-line crossing at {share:.0%} input", linear_break_even(stairs.unit, blend), "Mtok/day")
        for share, blend in blends.items()
    )
    computed = (
        *lines,
        Quantity("first crossing with whole nodes at 50% input", firsts[0], "Mtok/day"),
        Quantity("full node", full, "USD/Mtok"),
        Quantity("share of input above which it never wins", 100 * (price_out - full) / (price_out - price_in), "%"),
    )
    won = tuple(first is not None and at_most(first, x["assumed_mtok_per_day"]) for first in firsts)
    said = f"Of {len(firsts)} mixes the node ever wins in {sum(first is not None for first in firsts)}."
    return Finding(computed, said, won)


def one_crossing(x: Inputs, tables: Tables) -> Finding:
    """A8: how often the cost curves cross when nodes are whole (BE-2)."""
    blend = blended_usd_per_mtok(x["input_usd_per_mtok"], x["output_usd_per_mtok"], 0.5)
    found = win_intervals(Line(0, blend), Staircase(0, x["node_usd_per_day"], x["capacity_mtok_per_day"]))
    count = crossings(found)
    computed = (
        Quantity("crossings", count, "crossings"),
        Quantity("first break-even", found.first, "Mtok/day"),
        Quantity("robust break-even", found.robust, "Mtok/day"),
    )
    return Finding(computed, f"The curves cross {count} times.", (count == round(x["claimed_crossings"]),))


def volume_threshold(x: Inputs, tables: Tables) -> Finding:
    """A9: nodes paid for some hours a day against the API's bill at the threshold volume."""
    nodes = [node_usd_per_day(x[name], x["hours_per_day"]) for name in ("low_usd_per_hour", "high_usd_per_hour")]
    bills = [
        bill_usd(x["input_usd_per_mtok"], x["output_usd_per_mtok"], x["volume"] * s, x["volume"] * (1 - s))
        for s in (1, 0)
    ]
    hours = bills[1] / x["high_usd_per_hour"]
    computed = (
        Quantity("API, all input", bills[0], "USD/day"),
        Quantity("API, all output", bills[1], "USD/day"),
        Quantity("cheap node", nodes[0], "USD/day"),
        Quantity("dear node", nodes[1], "USD/day"),
        Quantity("hours a day that the API's dearest bill pays", hours, "hours/day"),
        Quantity("rate needed in those hours", x["volume"] * MTOK / (hours * SECONDS_PER_HOUR), "tokens/s"),
    )
    said = f"API {span(bills[0], bills[1], 'USD')} a day, node {span(nodes[0], nodes[1], 'USD')}."
    return Finding(computed, said, tuple(at_most(node, bill) for node in nodes for bill in bills))


def gpt4o_day(x: Inputs, tables: Tables) -> Finding:
    """A10: whether any mix of input and output makes the claimed bill, at today's and at the launch price."""
    now = [x["volume"] * x[name] for name in ("input_usd_per_mtok", "output_usd_per_mtok")]
    launch = [x["volume"] * x[name] for name in ("launch_input_usd_per_mtok", "launch_output_usd_per_mtok")]
    half = bill_usd(x["input_usd_per_mtok"], x["output_usd_per_mtok"], x["volume"] / 2, x["volume"] / 2)
    computed = (
        Quantity("all input", now[0], "USD/day"),
        Quantity("half and half", half, "USD/day"),
        Quantity("all output", now[1], "USD/day"),
        Quantity("all output at the launch price", launch[1], "USD/day"),
    )
    said = f"The bill is {span(now[0], now[1], 'USD')} a day, at the launch price {span(launch[0], launch[1], 'USD')}."
    inside = tuple(low <= x["claimed_usd_per_day"] <= high for low, high in (now, launch))
    return Finding(computed, said, inside)


def own_day(x: Inputs, tables: Tables) -> Finding:
    """A11: the claimed cost a day as an hourly price, against a node paid for some hours a day."""
    node = node_usd_per_day(x["usd_per_hour"], x["hours_per_day"])
    claimed = [x["claimed_low_usd_per_day"], x["claimed_high_usd_per_day"]]
    computed = (
        Quantity("hourly price that the low claim implies", claimed[0] / HOURS_PER_DAY, "USD/hour"),
        Quantity("hourly price that the high claim implies", claimed[1] / HOURS_PER_DAY, "USD/hour"),
        Quantity("node", node, "USD/day"),
        Quantity("hours a day that the low claim pays", claimed[0] / x["usd_per_hour"], "hours/day"),
        Quantity("hours a day that the high claim pays", claimed[1] / x["usd_per_hour"], "hours/day"),
    )
    said = f"The node costs ${node:,.2f} a day against {span(claimed[0], claimed[1], 'USD')} claimed."
    return Finding(computed, said, tuple(at_most(node, claim) for claim in claimed))


def three_prices(x: Inputs, tables: Tables) -> Finding:
    """A12: one model at one volume, as three articles price it."""
    prices = [x["first_low_usd_per_day"], x["first_high_usd_per_day"], x["node_usd_per_day"]]
    prices.append(x["claimed_usd_per_mtok"] * x["volume"])
    spread = max(prices) / min(prices)
    computed = (Quantity("lowest", min(prices), "USD/day"), Quantity("spread", spread, "times"))
    said = f"The dearest figure is {spread:,.0f} times the cheapest."
    return Finding(computed, said, (at_most(spread, x["same_price_within_times"]),))


FUNCTIONS: dict[str, ClaimFunction] = {
    function.__name__: function
    for function in (
        *(api_day, api_month, node_month, node_price, node_capacity, amortised_day),
        *(crossover_volume, one_crossing, volume_threshold, gpt4o_day, own_day, three_prices),
    )
}
