"""OWN-1 to OWN-3: the annuity against its present value month by month, servers against packing them one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from planner.cost.owned import (
    annuity_usd_per_month,
    balance_usd,
    book_value_usd,
    colocation_usd_per_month,
    energy_usd_per_month,
    maintenance_usd_per_month,
    owned_servers,
    power_kw,
    straight_line_usd_per_month,
)

usd = st.integers(0, 10_000_000)
fraction = st.floats(0, 1)
months = st.integers(1, 120)
rate = st.floats(1e-12, 0.05)


@given(capex=usd, share=fraction, months=months, rate=st.one_of(st.just(0.0), rate))
def test_the_annuity_is_worth_the_capital_less_the_residual(
    capex: float, share: float, months: int, rate: float
) -> None:
    residual = share * capex
    annuity = float(annuity_usd_per_month(capex, residual, months, rate))
    paid = math.fsum(annuity / (1 + rate) ** month for month in range(1, months + 1))
    assert paid == pytest.approx(capex - residual / (1 + rate) ** months, rel=1e-9, abs=1e-9 * capex)


@given(capex=usd, share=fraction, months=months, low=rate, high=rate)
def test_dearer_money_never_lowers_the_annuity(
    capex: float, share: float, months: int, low: float, high: float
) -> None:
    assume(low <= high)
    rates = np.array([0.0, low, high])
    annuities = annuity_usd_per_month(capex, share * capex, months, rates)
    assert np.all(np.diff(annuities) >= -1e-9 * capex)
    assert annuities[0] == pytest.approx(float(straight_line_usd_per_month(capex, share * capex, months)))


def test_a_tiny_rate_is_almost_none() -> None:
    near, zero = annuity_usd_per_month(280_000, 42_000, 48, np.array([1e-14, 0.0]))
    assert near == pytest.approx(zero, rel=1e-12)


def test_annuity_worked_by_hand() -> None:
    # $1,100 lost to 10 % in one month and $110 kept: 1,100 x 1.1 - 110 = $1,100; two months of $100 at 0 % are $200
    assert float(annuity_usd_per_month(1100, 110, 1, 0.1)) == pytest.approx(1100)
    assert annuity_usd_per_month(np.array([[200.0], [2000.0]]), 0, np.array([2, 4]), 0).tolist() == [
        [100, 50],
        [1000, 500],
    ]


@given(capex=usd, share=fraction, months=months)
def test_the_book_falls_by_the_same_sum_each_month(capex: float, share: float, months: int) -> None:
    residual = share * capex
    book = book_value_usd(capex, residual, months, np.arange(months + 3.0))
    step = float(straight_line_usd_per_month(capex, residual, months))
    assert book[0] == capex
    assert -np.diff(book[: months + 1]) == pytest.approx(step, abs=1e-9 * capex)
    assert book[months:] == pytest.approx(residual)


def test_book_worked_by_hand() -> None:
    # $280,000 to $42,000 in 48 months: half-way $161,000
    assert float(book_value_usd(280_000, 42_000, 48, 24)) == pytest.approx(161_000)


@given(replicas=st.integers(0, 40), gpus=st.integers(1, 32), size=st.integers(1, 16))
def test_servers_are_packed_one_replica_at_a_time(replicas: int, gpus: int, size: int) -> None:
    free: list[int] = []
    for _ in range(replicas):
        if free and free[-1] >= gpus:
            free[-1] -= gpus
        elif gpus <= size:
            free.append(size - gpus)
        else:
            free += [0] * math.ceil(gpus / size)
    assert int(owned_servers(replicas, gpus, size)) == len(free)


def test_servers_worked_by_hand() -> None:
    assert owned_servers(np.array([0, 1, 4, 5, 9]), 2, 8).tolist() == [0, 1, 1, 2, 3]  # four to a server
    assert int(owned_servers(3, 3, 8)) == 2  # two to a server, two GPUs stay idle
    assert int(owned_servers(3, 16, 8)) == 6  # two servers to a replica


@given(idle=st.floats(0, 10), extra=st.floats(0, 10), utilisation=fraction)
def test_power_lies_between_idle_and_full(idle: float, extra: float, utilisation: float) -> None:
    assert idle <= float(power_kw(idle, idle + extra, utilisation)) <= (idle + extra) * (1 + 1e-12)
    assert float(power_kw(idle, idle + extra, 0)) == idle


def test_running_cost_worked_by_hand() -> None:
    kw = power_kw(2.4, 9.6, np.array([0, 0.45, 1]))  # 2.4 + 0.45 x 7.2 = 5.64
    assert kw == pytest.approx([2.4, 5.64, 9.6])
    # 5.64 kW x 1.35 x $0.11 x 730 h
    assert energy_usd_per_month(kw, 1.35, 0.11, 730)[1] == pytest.approx(611.4042)
    assert float(colocation_usd_per_month(9.6, 160)) == 1536
    assert float(maintenance_usd_per_month(280_000, 0.04)) == pytest.approx(11_200 / 12)


@given(capex=st.floats(1, 1e6), share=st.floats(0, 1), months=st.integers(1, 120), rate=st.floats(0, 0.05))
def test_the_balance_starts_at_the_price_and_ends_at_the_residual(
    capex: float, share: float, months: int, rate: float
) -> None:
    residual = capex * share
    ages = np.array([0.0, months / 2, months])
    start, middle, end = balance_usd(capex, residual, months, rate, ages)
    assert (start, end) == (pytest.approx(capex), pytest.approx(residual))
    assert end * (1 - 1e-9) <= middle <= start * (1 + 1e-9)
    annuity = float(annuity_usd_per_month(capex, residual, months, rate))
    one_on = float(balance_usd(capex, residual, months, rate, 1.0))
    assert one_on == pytest.approx(capex * (1 + rate) - annuity, rel=1e-9, abs=1e-9)
