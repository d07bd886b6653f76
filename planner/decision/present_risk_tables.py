"""Tables of risk: options over the draws, what moves the difference, what is worth knowing, ranges, flips."""

from __future__ import annotations

from planner.decision.driver_words import WORDS
from planner.decision.present_tables import NONE, Column, Table, cents, label_of, right
from planner.domain.result import Flip, Result
from planner.domain.risk import RangeUsed, Risk, TornadoBar
from planner.format import percent, plural, short
from planner.units import round_half_up

TIMES = "\N{MULTIPLICATION SIGN}"


def chance(probability: float) -> str:
    """A share of draws that never reads as certain when it is not: `93.0%`, `99.99%`, `100%`."""
    if probability in (0.0, 1.0):
        return f"{probability:.0%}"
    extreme = min(probability, 1 - probability) < 0.01
    shown = round_half_up(probability * 100, 2 if extreme else 1)
    if shown == 0 or shown == 100:
        return "less than 0.01%" if shown == 0 else "more than 99.99%"
    return f"{shown}%"


def draws_text(risk: Risk) -> str:
    """`10,000 draws`."""
    return plural(risk.draws, "draw")


def _name(risk: Risk, option_id: str | None) -> str:
    return risk.option(option_id).label if option_id else NONE


def spread_rows(risk: Risk) -> Table:
    """One row per eligible option, the likeliest winner first."""
    columns = (
        Column("Option"),
        *right(
            ("Cheapest in", "% of draws"),
            ("Sampling error", "% points"),
            ("Monthly P10", "USD/month"),
            ("Monthly P50", "USD/month"),
            ("Monthly P90", "USD/month"),
            ("NPV P10", "USD"),
            ("NPV P50", "USD"),
            ("NPV P90", "USD"),
            ("NPV mean", "USD"),
            ("Expected regret", "USD"),
        ),
    )
    ranked = sorted(risk.options, key=lambda o: (-o.win_probability, o.npv.p50_usd))
    rows = tuple(
        (
            o.label,
            chance(o.win_probability).replace("%", ""),
            str(round_half_up(o.win_standard_error * 100, 2)),
            *(cents(v) for v in (o.levelised.p10_usd, o.levelised.p50_usd, o.levelised.p90_usd)),
            *(cents(v) for v in (o.npv.p10_usd, o.npv.p50_usd, o.npv.p90_usd, o.npv.mean_usd)),
            cents(o.expected_regret_usd),
        )
        for o in ranked
    )
    return Table(f"Options over {draws_text(risk)}", columns, rows)


def driver_value(value: float, unit: str) -> str:
    """A value of a driver with what it means: `1.5×`, `15% a year`."""
    return f"{short(value)}{TIMES}" if unit.startswith("times") else f"{percent(value)} {unit}"


def _rungs(bar: TornadoBar) -> tuple[str, str]:
    if bar.at is None:
        return "own P10", "own P90"
    return driver_value(bar.at[0], bar.unit), driver_value(bar.at[2], bar.unit)


def tornado_title(risk: Risk) -> str:
    """What the difference is between."""
    rival, chosen = _name(risk, risk.rival_id), _name(risk, risk.recommended_id)
    return f"NPV of {rival} minus NPV of {chosen}, one figure at a time"


def tornado_rows(risk: Risk) -> Table:
    """UNC-3 as a table; a positive difference means that the recommendation is cheaper."""
    columns = (
        Column("Figure"),
        *right(("P10", ""), ("P90", "")),
        *right(("At P10", "USD"), ("All at P50", "USD"), ("At P90", "USD"), ("Swing", "USD")),
        Column("Winner changes"),
    )
    rows = tuple(
        (
            bar.label,
            *_rungs(bar),
            *(cents(v) for v in (bar.delta_p10_usd, bar.delta_p50_usd, bar.delta_p90_usd, bar.swing_usd)),
            "yes" if bar.sign_changes else "no",
        )
        for bar in risk.tornado
    )
    return Table(tornado_title(risk), columns, rows)


def worth_rows(risk: Risk) -> Table:
    """UNC-4 and UNC-5: what knowing a figure before deciding would save."""
    saving = right(("Expected saving", "USD, today's value"))
    columns = (Column("Figure known exactly"), *saving, Column("Note"))
    below = f"below what {draws_text(risk)} can tell" if risk.evpi_usd else ""
    rows = [("Everything at once (EVPI)", cents(risk.evpi_usd), "the most that any study can save")]
    rows += [
        (v.label, f"at most {cents(risk.floor_usd)}" if v.below_floor else cents(v.evppi_usd), below * v.below_floor)
        for v in risk.values
    ]
    return Table("What is worth knowing (EVPI, EVPPI)", columns, tuple(rows))


def range_rows(risk: Risk) -> Table:
    """UNC-1: the ranges, with who says so."""
    columns = (
        Column("Figure"),
        *right(("P10", ""), ("P50", ""), ("P90", "")),
        *right(("Shape", ""), ("Origin", "")),
        Column("Changes a cost here"),
        Column("Source"),
    )
    return Table("Ranges drawn from", columns, tuple(_range_row(r) for r in risk.ranges))


def _range_row(item: RangeUsed) -> tuple[str, ...]:
    values = (driver_value(v, item.unit) for v in (item.p10, item.p50, item.p90))
    says = item.source or "not said"
    return (item.label, *values, item.shape, item.origin, "yes" if item.matters else "no", says)


def switch_rows(result: Result) -> Table:
    """DEC-3: what would change the decision, nearest first."""
    columns = (
        Column("Figure"),
        *right(("Now", ""), ("Changes at", ""), ("Margin", "%")),
        Column("Then recommended"),
    )
    return Table(
        "Each figure alone, nearest change first",
        columns,
        tuple(_switch_row(flip, result) for flip in result.switching),
    )


def _switch_row(flip: Flip, result: Result) -> tuple[str, ...]:
    now = driver_value(flip.value_now, flip.unit)
    if flip.value_at_flip is None or flip.to_option_id is None:
        ends = (driver_value(v, flip.unit) for v in (flip.searched_low, flip.searched_high))
        return flip.label, now, NONE, NONE, f"the same from {' to '.join(ends)}"
    margin = NONE if flip.margin_fraction is None else percent(flip.margin_fraction).rstrip("%")
    return flip.label, now, driver_value(flip.value_at_flip, flip.unit), margin, label_of(result, flip.to_option_id)


def driver_label(driver: str) -> str:
    """A driver with its unit, for a choice: `Volume, times today's`."""
    return f"{WORDS[driver].label}, {WORDS[driver].unit}"
