"""The Hybrid page in words and tables."""

from __future__ import annotations

from planner.decision.hybrid_figures import HybridView, Parts, Slice
from planner.decision.present import Metric
from planner.decision.present_tables import NONE, Column, Table, cents, four_digits, right, share
from planner.format import percent, plural, short, usd

SLICES_SHOWN = 12
LEVELISED = "Levelised: NPV over the horizon as an equal sum a month, as in the verdict; people and one-off included."


def nothing_to_combine(parts: Parts) -> str:
    """Why there is no hybrid to show, and the way out; empty when there is one."""
    if parts.own and parts.per_token:
        return ""
    if not parts.own and not parts.per_token:
        return "A hybrid needs one self-hosted and one per-token option. Neither kind can be priced in this scenario."
    missing, way = (
        ("per-token", "an API or a hosted model") if parts.own else ("self-hosted", "rented GPUs or owned servers")
    )
    return (
        f"A hybrid needs one self-hosted and one per-token option. This scenario has no {missing} option that can be "
        f"priced: add {way} on the Decide page, or mend one that is blocked there."
    )


def hybrid_sentence(view: HybridView) -> str:
    """What to do, with its money, and why."""
    if view.best_slices:
        fleet = f"{units(view, view.best_slices)} of {view.base_label}"
        rest = f"buy the other {share(1 - view.in_house_fraction)} of the work from {view.overflow_label}"
        return f"Run {fleet} for the base of the load and {rest}: {usd(view.hybrid_usd)} a month{_against(view)}."
    start = f"Everything per token is cheapest: {view.overflow_label} at {usd(view.hybrid_usd)} a month"
    if view.screened_slices:
        return (
            f"{start}. By hours of use alone {units(view, view.screened_slices)} would earn {_its(view)} price, but "
            f"not also the {usd(view.standing_usd)} a month of people and one-off cost that any own fleet adds."
        )
    return f"{start}. {_too_little_used(view)}"


def units(view: HybridView, slices: int) -> str:
    """`3 replicas`, however they are sold."""
    return plural(slices * view.slice_replicas, "replica")


def slice_word(view: HybridView) -> str:
    """What a slice is called: a replica, unless several come together."""
    return "replica" if view.slice_replicas == 1 else "slice"


def _its(view: HybridView) -> str:
    return "its" if view.screened_slices * view.slice_replicas == 1 else "their"


def _against(view: HybridView) -> str:
    sides = [("everything per token", view.pure_api_usd), ("everything self-hosted", view.pure_own_usd)]
    told = [_difference(view.hybrid_usd, name, usd_per_month) for name, usd_per_month in sides if usd_per_month]
    return f", {' and '.join(told)}" if told else ""


def _difference(hybrid_usd: float, name: str, other_usd: float) -> str:
    part = 1 - hybrid_usd / other_usd
    word = "less" if part >= 0 else "more"
    return f"{share(abs(part))} {word} than {name} ({usd(other_usd)})"


def _too_little_used(view: HybridView) -> str:
    first = view.slices[0]
    what = "The first replica" if view.slice_replicas == 1 else f"The first {view.slice_replicas} replicas"
    needed = view.classes[0].threshold_hours if len(view.classes) == 1 else None
    if needed is not None:
        return f"{what} would work {_hours(first.hours)} a month; to earn its price it takes {_hours(needed)}."
    return f"{what} would save {usd(first.api_usd)} of tokens a month and cost {usd(first.own_usd)}."


def _hours(hours: float) -> str:
    return f"{short(hours)} full hours"


def hybrid_metrics(view: HybridView) -> tuple[Metric, ...]:
    """The optimum: its fleet, cost, savings, and how it is used."""
    factor = view.capacity_factor
    return (
        Metric(
            "Own part", units(view, view.best_slices) if view.best_slices else "none", f"{view.base_label}; month 1"
        ),
        Metric("Its cost", f"{usd(view.hybrid_usd)}/month", "levelised; people and one-off included"),
        Metric("Done in house", percent(view.in_house_fraction), "of the work of month 1"),
        _saving("all per token", view.hybrid_usd, view.pure_api_usd, "private work may not leave the house"),
        _saving("all self-hosted", view.hybrid_usd, view.pure_own_usd, ""),
        Metric("Capacity factor", NONE if factor is None else percent(factor), "hours worked / hours paid, own part"),
    )


def _saving(name: str, hybrid_usd: float, other_usd: float | None, why_none: str) -> Metric:
    if other_usd is None:
        return Metric(f"Against {name}", NONE, why_none)
    saved = other_usd - hybrid_usd
    if saved == 0:
        return Metric(f"Against {name}", "the same", f"{usd(other_usd)}/month")
    word = "saved" if saved >= 0 else "more"
    return Metric(f"Against {name}", f"{usd(abs(saved))}/month {word}", f"which costs {usd(other_usd)}/month")


def notes(view: HybridView) -> tuple[str, ...]:
    """What the reader should know: profile, spares, private work, prices that move, the other way to combine."""
    return tuple(
        note for note in (_profile(view), _spares(view), _private(view), _moving(view), _cascade(view)) if note
    )


def _profile(view: HybridView) -> str:
    if view.profile_typed:
        return "The hours come from the hourly profile of the workload."
    return (
        "The hours are ASSUMED: only the peak is known, and a week is made up from it. The split in house depends on "
        "the shape; give the workload an hourly profile before acting on it."
    )


def _spares(view: HybridView) -> str:
    if not view.spare_replicas:
        return "No spare is counted on either side; when a replica is down, the per-token option stands in."
    saved = view.spare_replicas / view.slice_replicas * view.slice_usd
    return (
        f"The per-token option is the spare: the hybrid keeps none, everything self-hosted keeps "
        f"{plural(view.spare_replicas, 'spare replica')}, {usd(saved)} a month. A replica is taken to be up "
        f"{100 * view.availability:g}% of the time; the rest is bought by the token."
    )


def _private(view: HybridView) -> str:
    private = [c for c in view.classes if c.private]
    if not private:
        return ""
    names, part = ", ".join(c.label for c in private), share(sum(c.work_fraction for c in private))
    return (
        f"Private work ({names}, {part} of all) never overflows: it alone needs "
        f"{units(view, view.least_slices)}, spares included, and is served first."
    )


def _moving(view: HybridView) -> str:
    if view.months_alike:
        return ""
    first, last = units(view, view.best_slices), units(view, view.last_slices)
    fleet = f"has {first} in month 1 and in the last" if first == last else f"goes from {first} in month 1 to {last}"
    return (
        "Load or prices change over the months: the curves are those of month 1, the money is that of all months. "
        f"The cheapest fleet {fleet}."
    )


def _cascade(view: HybridView) -> str:
    share_at = view.cascade_break_even
    start = "The other way to combine is a cascade: the own model answers first, answers that are not good enough are"
    if share_at is None:
        return f"{start} asked again per token. It never pays here: the own fleet alone costs more than all the tokens."
    return f"{start} asked again per token. It pays as long as fewer than {percent(share_at)} are asked again."


def merit_rows(view: HybridView) -> Table:
    """HYB-2: classes in the order in which the own fleet serves them."""
    hours = "replica-hour" if view.slice_replicas == 1 else f"{view.slice_replicas} replica-hours"
    per = f"USD/{hours}"
    columns = (
        Column("Served"),
        Column("Class"),
        Column("Share of the work", "%", "right"),
        *right(("Per token", per), ("Own, for the work", per), ("Saves", per)),
        Column("Worth owning above", "hours/month", "right"),
        Column("Why here"),
    )
    rows = tuple(
        (
            str(place),
            c.label,
            percent(c.work_fraction).rstrip("%"),
            four_digits(c.api_usd_per_hour),
            four_digits(c.own_usd_per_hour),
            four_digits(c.api_usd_per_hour - c.own_usd_per_hour),
            NONE if c.threshold_hours is None else short(c.threshold_hours, 4),
            "Private: first, never overflows." if c.private else "The dearest elsewhere goes first.",
        )
        for place, c in enumerate(view.classes, start=1)
    )
    return Table("Which class is served first", columns, rows)


def slice_rows(view: HybridView) -> Table:
    """HYB-1: every slice, its hours of use, what it costs and what it saves."""
    name = "Replica" if view.slice_replicas == 1 else f"Slice of {view.slice_replicas}"
    columns = (
        Column(name),
        Column("Works", "hours/month", "right"),
        Column("Capacity factor", "%", "right"),
        *right(("Saves in tokens", "USD/month"), ("Costs", "USD/month")),
        Column("Verdict"),
    )
    shown = _shown(view)
    rows = [_slice_row(view, s) for s in shown]
    left_out = len(view.slices) - len(shown)
    if left_out:
        rows.append((f"and {left_out} more", *[""] * (len(columns) - 1)))
    return Table("Slice by slice, month 1", columns, tuple(rows))


def _shown(view: HybridView) -> list[Slice]:
    """The first slices, and those around the optimum."""
    return [s for s in view.slices if s.number <= SLICES_SHOWN or abs(s.number - view.best_slices) <= SLICES_SHOWN // 3]


def _slice_row(view: HybridView, one: Slice) -> tuple[str, ...]:
    verdict = "owned" if one.owned else "earns its price, not the people" if one.worth_it else "left to the API"
    if one.owned and not one.worth_it:
        verdict = "owned: private work" if one.number <= view.least_slices else "owned: other months need it"
    return (
        str(one.number),
        short(one.hours, 4),
        percent(one.capacity_factor).rstrip("%"),
        cents(one.api_usd),
        cents(one.own_usd),
        verdict,
    )


def new_label(view: HybridView) -> str:
    """Name of the hybrid as an option."""
    return f"{view.base_label} + {view.overflow_label}"[:200]
