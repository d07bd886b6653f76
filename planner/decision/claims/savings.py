"""Claims on savings, thresholds and costs per token (A13 to A21)."""

from __future__ import annotations

from planner.capacity.ceiling import WARN_FRACTION, compute_ceiling_tokens_per_s, usd_per_mtok_floor
from planner.catalog.tables import Tables
from planner.cost.rented import rental_usd
from planner.cost.timeline import price_path
from planner.decision.claims.finding import ClaimFunction, Finding, Inputs, Quantity, at_most, near, span
from planner.decision.claims.models import body_params
from planner.decision.claims.money import node_usd_per_day
from planner.units import CALENDARS, MONTHS_PER_YEAR, MTOK, SECONDS_PER_DAY

TABLE = (
    ("8b", "llama-3.1-8b", 1),
    ("70b", "llama-3.1-70b", 1),
    ("123b", "mistral-large-2", 2),
    ("72b", "qwen2.5-72b", 1),
)
"""The deployment guide's price table: its rows, the models they mean, and the GPUs that 4-bit weights take."""


def any_api_threshold(x: Inputs, tables: Tables) -> Finding:
    """A13: a GPU that is always on against the API's bill at the threshold (RNT-1, BE-3)."""
    days, volume = CALENDARS["avg"].days_per_month, x["threshold_mtok_per_day"]
    hourly = [x[f"gpu_{n}_usd_per_hour"] for n in range(1, 5)]
    own = [node_usd_per_day(price, x["hours_per_day"]) for price in hourly]
    bills = [x[name] * volume for name in ("api_low_usd_per_mtok", "api_usd_per_mtok", "api_high_usd_per_mtok")]
    needed = tuple(
        Quantity(f"API price needed at ${price:.2f}/h", day / volume, "USD/Mtok")
        for price, day in zip(hourly, own, strict=True)
    )
    computed = (
        Quantity("API at the middle price", bills[1] * days, "USD/month"),
        Quantity("API at the highest price", bills[2] * days, "USD/month"),
        Quantity("cheapest GPU", min(own) * days, "USD/month"),
        *needed,
    )
    said = f"API {span(bills[0], bills[2], 'USD')} a day, GPU {span(min(own), max(own), 'USD')}."
    return Finding(computed, said, tuple(at_most(day, bill) for day in own for bill in bills))


def saturated_prices(x: Inputs, tables: Tables) -> Finding:
    """A14: tokens a day that the table's prices need, and the share of the GPUs' peak arithmetic that takes (CAP-7)."""
    a100, h100 = tables.gpu_by_id["a100-80gb"].bf16_dense_tflops, tables.gpu_by_id["h100-sxm"].fp8_dense_tflops
    volumes, shares = [], []
    for usd_per_hour, tflops in ((x["a100_usd_per_hour"], a100), (x["h100_usd_per_hour"], h100)):
        for name, model, gpus in TABLE:
            volume = float(rental_usd(1, gpus, usd_per_hour, 24)) / x[f"self_{name}_usd_per_mtok"]
            ceiling = compute_ceiling_tokens_per_s(tflops or 0, gpus, body_params(tables, model))
            volumes.append(volume)
            shares.append(volume * MTOK / SECONDS_PER_DAY / ceiling)
    need = tuple(
        Quantity(f"{name} needs on A100", volume, "Mtok/day")
        for (name, _, _), volume in zip(TABLE, volumes[:4], strict=True)
    )
    cases = [(gpu, name) for gpu in ("A100", "H100 FP8") for name, _, _ in TABLE]
    peak = tuple(
        Quantity(f"{name} of peak arithmetic on {gpu}", 100 * share, "%")
        for (gpu, name), share in zip(cases, shares, strict=True)
    )
    possible = tuple(at_most(share, WARN_FRACTION) for share in shares)
    said = f"{sum(possible)} of the {len(shares)} prices need no more than {WARN_FRACTION:.0%} of peak arithmetic."
    return Finding((*need, *peak), said, possible)


def table_against_text(x: Inputs, tables: Tables) -> Finding:
    """A15: savings of the table beside those of the text, and the fixed cost a threshold would take (BE-1)."""
    pairs = {name: (x[f"self_{name}_usd_per_mtok"], x[f"api_{name}_usd_per_mtok"]) for name in ("8b", "70b", "123b")}
    savings = {name: 100 * (1 - own / api) for name, (own, api) in pairs.items()}
    per_month = x["threshold_mtok_per_day"] * CALENDARS["avg"].days_per_month
    computed = (
        *(Quantity(f"saving of the table, {name}", saving, "%") for name, saving in savings.items()),
        *(
            Quantity(f"fixed cost behind the threshold, {name}", (api - own) * per_month, "USD/month")
            for name, (own, api) in pairs.items()
        ),
    )
    low, high = x["claimed_low_pct"], x["claimed_high_pct"]
    saved = span(min(savings.values()), max(savings.values()), "%")
    said = f"The table saves {saved} at every volume; the text says {low:g} to {high:g}%."
    return Finding(computed, said, tuple(low <= saving <= high for saving in savings.values()))


def savings_on_node(x: Inputs, tables: Tables) -> Finding:
    """A16: tokens a day that one node must serve to save so much, against what it can."""
    needed = [
        x["node_usd_per_day"] / (x["api_usd_per_mtok"] * (1 - x[name] / 100))
        for name in ("claimed_low_pct", "claimed_high_pct")
    ]
    ratios = (needed[0] / x["claimed_high_mtok_per_day"], needed[1] / x["claimed_low_mtok_per_day"])
    computed = (
        Quantity("volume for the low saving", needed[0], "Mtok/day"),
        Quantity("volume for the high saving", needed[1], "Mtok/day"),
        Quantity("of the capacity claimed, at least", ratios[0], "times"),
        Quantity("of the capacity claimed, at most", ratios[1], "times"),
    )
    said = f"One node must serve {span(needed[0], needed[1], 'M')} tokens a day; at most {x['bound_mtok_per_day']:g}M."
    return Finding(computed, said, tuple(at_most(volume, x["bound_mtok_per_day"]) for volume in needed))


def comparable_below(x: Inputs, tables: Tables) -> Finding:
    """A17: how many times the API's bill a GPU costs at the threshold."""
    api = x["threshold_mtok_per_day"] * x["api_usd_per_mtok"]
    ratios = [node_usd_per_day(x[name], x["hours_per_day"]) / api for name in ("low_usd_per_hour", "high_usd_per_hour")]
    computed = (
        Quantity("API", api, "USD/day"),
        Quantity("cheap GPU against API", ratios[0], "times"),
        Quantity("dear GPU against API", ratios[1], "times"),
    )
    said = f"The API costs ${api:.2f} a day, a GPU {span(ratios[0], ratios[1], ' times')} as much."
    return Finding(computed, said, tuple(at_most(ratio, x["comparable_within_times"]) for ratio in ratios))


def zero_per_query(x: Inputs, tables: Tables) -> Finding:
    """A18: average cost of a token by the guide's own table; what one more costs before and at a full node."""
    averages = [x[f"self_{name}_usd_per_mtok"] for name in ("8b", "70b", "123b")]
    node = node_usd_per_day(x["usd_per_hour"])
    computed = (
        Quantity("lowest average cost", min(averages), "USD/Mtok"),
        Quantity("highest average cost", max(averages), "USD/Mtok"),
        Quantity("one more token while there is room", 0.0, "USD"),
        Quantity("the first token beyond a full node", node, "USD/day"),
    )
    average = span(min(averages), max(averages), "USD")
    said = f"{average} per 1M tokens on average, and ${node:,.2f} a day for the next GPU."
    return Finding(computed, said, tuple(cost == 0 for cost in averages))


def fraction_of_api(x: Inputs, tables: Tables) -> Finding:
    """A19: cost per 1M output tokens with so many users around the clock, against a dear and a cheap API (CAP-7)."""
    users = [x[name] for name in ("users_low", "users_middle", "users_high")]
    costs = [usd_per_mtok_floor(x["usd_per_hour"], count * x["tokens_per_s_per_user"]) for count in users]
    even = usd_per_mtok_floor(x["usd_per_hour"], x["tokens_per_s_per_user"]) / x["small_api_usd_per_mtok"]
    computed = (
        *(Quantity(f"{count:g} users", cost, "USD/Mtok") for count, cost in zip(users, costs, strict=True)),
        Quantity("users at which it equals the small model's API", even, "users"),
    )
    said = f"{span(costs[-1], costs[0], 'USD')} per 1M output tokens."
    prices = (x["large_api_usd_per_mtok"], x["small_api_usd_per_mtok"])
    return Finding(computed, said, tuple(cost < price for cost in costs for price in prices))


def no_per_token_cost(x: Inputs, tables: Tables) -> Finding:
    """A20: the fixed bill per token instead, at a full and at a partly used node."""
    full = x["node_usd_per_day"] / x["capacity_mtok_per_day"]
    part = full / x["used_fraction"]
    computed = (Quantity("full node", full, "USD/Mtok"), Quantity("node in part use", part, "USD/Mtok"))
    api = x["api_usd_per_mtok"]
    said = f"${full:,.2f} per 1M tokens when full, ${part:,.2f} at {x['used_fraction']:.0%}; the API ${api:,.2f}."
    return Finding(computed, said, tuple(cost < api for cost in (full, part)))


def predictable(x: Inputs, tables: Tables) -> Finding:
    """A21: a year's change of both bills at the same text (TIME-2): does the API's move, does one's own stay?"""
    api, own = (
        float(price_path(x[name], MONTHS_PER_YEAR + 1)[-1]) for name in ("api_decline_per_year", "gpu_decline_per_year")
    )
    computed = (
        Quantity("same text, new tokenizer", x["tokenizer_factor"], "times"),
        Quantity("API price after a year, same quality", api, "times"),
        Quantity("GPU rent after a year", own, "times"),
    )
    factor = x["tokenizer_factor"]
    said = f"A year takes the API's price to {api:.2f} times and rent to {own:.2f}; a tokenizer adds {factor - 1:.1%}."
    moves = not (near(api, 1, 0.01) and near(factor, 1, 0.01))
    return Finding(computed, said, (moves, near(own, 1, 0.01)))


FUNCTIONS: dict[str, ClaimFunction] = {
    function.__name__: function
    for function in (
        *(any_api_threshold, saturated_prices, table_against_text, savings_on_node, comparable_below),
        *(zero_per_query, fraction_of_api, no_per_token_cost, predictable),
    )
}
