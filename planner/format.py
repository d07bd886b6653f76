"""How numbers are written for people: one definition for screen, PDF, CSV headers, command line and charts."""

from __future__ import annotations

from decimal import Decimal

from planner.units import money, round_half_up, round_significant

MINUS = "\N{MINUS SIGN}"
_STEPS = ((Decimal(10) ** 12, "T"), (Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "k"))


def _signed(value: Decimal, text: str) -> str:
    return f"{MINUS}{text}" if value < 0 else text


def usd(value: float | Decimal) -> str:
    """Whole dollars with separators from 100 up, cents below: `$6,392`, `$4.07`, `−$12.50`."""
    amount = money(value)
    shown = round_half_up(amount, 0) if abs(amount) >= 100 else amount
    return _signed(shown, f"${abs(shown):,}")


def usd_small(value: float | Decimal) -> str:
    """Four significant digits, for prices per request or per million tokens: `$0.2204`, `$14.40`."""
    amount = round_significant(value, 4)
    places = 0 if abs(amount) >= 1000 else max(2, -int(amount.as_tuple().exponent)) if amount else 2
    return _signed(amount, f"${abs(amount):,.{places}f}")


def short(value: float | Decimal, digits: int = 3) -> str:
    """At most `digits` significant digits with a letter: `331M`, `1.2k`, `0.05`."""
    exact = Decimal(repr(float(value)))
    if exact == 0:
        return "0"
    rounded = round_significant(exact, digits)
    for size, letter in _STEPS:
        if abs(rounded) >= size:
            return _signed(rounded, f"{_plain(round_significant(abs(rounded) / size, digits))}{letter}")
    return _signed(rounded, _plain(abs(rounded)))


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def count(value: float) -> str:
    """A whole number with separators."""
    whole = round_half_up(value, 0)
    return _signed(whole, f"{abs(whole):,}")


def tokens_per_day(value: float) -> str:
    """Volume with its unit: `652M tokens/day`."""
    return f"{short(value)} tokens/day"


def requests_per_day(value: float) -> str:
    """Volume with its unit: `478k requests/day`."""
    return f"{short(value)} request{'' if value == 1 else 's'}/day"


def percent(fraction: float) -> str:
    """A share without decimals: `42%`; below one per cent, one decimal."""
    places = 1 if 0 < abs(fraction) < 0.01 else 0
    value = round_half_up(fraction * 100, places)
    return _signed(value, f"{abs(value)}%")


def plural(number: float, noun: str) -> str:
    """`1 replica`, `3 replicas`."""
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"
