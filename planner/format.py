"""How numbers are written for people: one definition for screen, PDF, CSV headers, command line and charts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Context, Decimal
from typing import NamedTuple

from planner.units import round_half_up, round_significant

MINUS = "\N{MINUS SIGN}"
DOLLAR = "USD"
_STEPS = ((Decimal(10) ** 12, "T"), (Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "k"))


def _signed(value: Decimal, text: str) -> str:
    return f"{MINUS}{text}" if value < 0 else text


class Money(NamedTuple):
    """The currency that people read amounts in. Amounts are US dollars until the moment they are written."""

    code: str = DOLLAR
    symbol: str = "$"
    """What stands before a figure."""
    units_per_usd: Decimal = Decimal(1)
    decimals: int = 2
    """Digits of the smallest coin."""


DOLLARS = Money()
_SHOWN: ContextVar[Money] = ContextVar("currency shown", default=DOLLARS)
_EXACT = Context(prec=60)
"""Enough digits for a float times a rate without loss."""


@contextmanager
def shown_in(money: Money) -> Iterator[None]:
    """Write amounts in this currency inside the block, in this thread alone, and as before after it."""
    token = _SHOWN.set(money)
    try:
        yield
    finally:
        _SHOWN.reset(token)


def shown() -> Money:
    """The currency that amounts are written in now; US dollars outside every `shown_in`."""
    return _SHOWN.get()


def shown_unit(unit: str) -> str:
    """A unit with the currency shown in place of US dollars: `USD/month` is `EUR/month` inside `shown_in`."""
    return unit.replace(DOLLAR, shown().code)


def shown_amount(value: float | Decimal) -> Decimal:
    """US dollars in the currency shown, exact: nothing is rounded before it is written."""
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    return _EXACT.multiply(exact, shown().units_per_usd)


def shown_money(value: float | Decimal) -> Decimal:
    """US dollars in the currency shown, rounded once to its smallest coin."""
    return round_half_up(shown_amount(value), shown().decimals)


def _with_symbol(amount: Decimal, text: str) -> str:
    return _signed(amount, f"{shown().symbol}{text}")


def usd(value: float | Decimal) -> str:
    """US dollars in the currency shown: whole from 100 up, with cents below: `$6,392`, `$4.07`, `−$12.50`."""
    amount = shown_money(value)
    written = round_half_up(amount, 0) if abs(amount) >= 100 else amount
    return _with_symbol(written, f"{abs(written):,}")


def usd_small(value: float | Decimal) -> str:
    """Four significant digits, for prices per request or per million tokens: `$0.2204`, `$14.40`."""
    amount = round_significant(shown_amount(value), 4)
    return _with_symbol(amount, _four_digits(amount))


def usd_short(value: float) -> str:
    """An amount already in the currency shown, for an axis: `$1.2k`, `−$500`; a code is left to the axis's title."""
    sign = "" if shown().symbol.startswith(shown().code) else shown().symbol
    return f"{MINUS if value < 0 else ''}{sign}{short(abs(value))}"


def usd_cents(value: float | Decimal) -> str:
    """To the cent and without a symbol, for a cell whose head has the currency: `5,231.42`."""
    amount = shown_money(value)
    return _signed(amount, f"{abs(amount):,}")


def usd_figure(value: float | Decimal) -> str:
    """As `usd_small`, without a symbol: `0.2204`."""
    amount = round_significant(shown_amount(value), 4)
    return _signed(amount, _four_digits(amount))


def _four_digits(amount: Decimal) -> str:
    places = 0 if abs(amount) >= 1000 else max(2, -int(amount.as_tuple().exponent)) if amount else 2
    return f"{abs(amount):,.{places}f}"


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
