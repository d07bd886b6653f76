from __future__ import annotations

import math
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from planner.domain.uncertainty import (
    DRIVER_LIMITS,
    Correlation,
    Discrete,
    Distribution,
    DriverName,
    DriverRange,
    Fixed,
    Lognormal,
    Pert,
    Triangular,
    Uncertainty,
    Uniform,
)

A_DISTRIBUTION: TypeAdapter[Distribution] = TypeAdapter(Distribution)
WIDE = Uniform(low=0.5, high=0.9)


def ranges(*names: DriverName) -> tuple[DriverRange, ...]:
    return tuple(DriverRange(driver=name, distribution=WIDE) for name in names)


def refused(build: Any, *args: Any, **fields: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        build(*args, **fields)
    (error,) = caught.value.errors()
    return str(error["msg"]).removeprefix("Value error, ")


@pytest.mark.parametrize(
    "distribution",
    [
        Fixed(value=1),
        Uniform(low=1, high=2),
        Triangular(low=1, mode=1, high=2),
        Pert(low=1, mode=2, high=2),
        Lognormal(p10=900, p90=2400),
        Discrete(values=(600, 1200), weights=(0.3, 0.5)),
    ],
)
def test_each_kind_goes_through_json(distribution: Distribution) -> None:
    assert A_DISTRIBUTION.validate_json(distribution.model_dump_json()) == distribution


def test_the_kind_decides() -> None:
    assert A_DISTRIBUTION.validate_python({"kind": "pert", "low": 1, "mode": 2, "high": 3}) == Pert(
        low=1, mode=2, high=3
    )
    with pytest.raises(ValidationError, match="kind"):
        A_DISTRIBUTION.validate_python({"low": 1, "high": 2})


def test_disorder_is_said_with_the_way_out() -> None:
    assert refused(Uniform, low=3, high=2) == "low 3 is above high 2; swap them"
    assert refused(Triangular, low=3, mode=2.5, high=2) == "low 3 is above high 2; swap them"
    assert refused(Triangular, low=1, mode=5, high=2) == "mode 5 is above high 2; swap them"
    assert refused(Pert, low=1, mode=0.5, high=2) == "low 1 is above mode 0.5; swap them"
    assert refused(Lognormal, p10=9, p90=8) == "p10 9 is above p90 8; swap them"


@pytest.mark.parametrize("figure", [math.nan, math.inf, -math.inf, 1e13])
def test_figures_are_finite(figure: float) -> None:
    for build in (
        lambda: Fixed(value=figure),
        lambda: Uniform(low=0, high=figure),
        lambda: Lognormal(p10=1, p90=figure),
    ):
        refused(build)


def test_a_lognormal_is_positive() -> None:
    assert "greater than" in refused(Lognormal, p10=0, p90=1)
    assert Lognormal(p10=2, p90=2).support == (2, 2)


def test_weights() -> None:
    assert refused(Discrete, values=(1, 2), weights=(1,)) == (
        "there are 2 values and 1 weights; give each value one weight"
    )
    assert refused(Discrete, values=(1,), weights=(0,)) == (
        "the weights add up to 0; give at least one value a weight above 0"
    )
    assert "greater than" in refused(Discrete, values=(1, 2), weights=(2, -1))
    assert "at least 1 item" in refused(Discrete, values=(), weights=())
    assert Discrete(values=(5, 1, 9), weights=(1, 1, 0)).support == (1, 5)


def test_every_driver_has_limits() -> None:
    assert set(DRIVER_LIMITS) == set(get_args(DriverName))


@pytest.mark.parametrize(
    ("driver", "distribution", "said"),
    [
        ("volume", Uniform(low=-1, high=2), "volume must be at least 0, and this range goes from -1 to 2"),
        ("throughput", Fixed(value=0), "throughput must be at least 1e-06, and this range goes from 0 to 0"),
        (
            "api_decline",
            Uniform(low=0, high=1),
            "api_decline must be from -10 to 0.99, and this range goes from 0 to 1",
        ),
        ("gpu_decline", Lognormal(p10=0.1, p90=0.3), "gpu_decline must end at 0.99, and a lognormal has no end;"),
        ("volume_growth", Fixed(value=-1), "volume_growth must be from -0.99 to 10"),
    ],
)
def test_ranges_are_possible_for_their_driver(driver: DriverName, distribution: Distribution, said: str) -> None:
    assert said in refused(DriverRange, driver=driver, distribution=distribution)


def test_good_ranges() -> None:
    DriverRange(driver="throughput", distribution=Lognormal(p10=0.8, p90=1.25))
    DriverRange(driver="volume", distribution=Uniform(low=0, high=2))
    DriverRange(driver="api_decline", distribution=Triangular(low=0, mode=0.15, high=0.5))
    DriverRange(driver="throughput", distribution=Discrete(values=(0, 1), weights=(0, 1)))  # 0 has no weight


def test_defaults() -> None:
    plain = Uncertainty()
    assert (plain.draws, plain.seed, plain.drivers, plain.correlations) == (10_000, 20261121, (), ())
    assert plain.normal_correlation().shape == (0, 0)
    for fields in ({"draws": 99}, {"draws": 200_001}, {"seed": -1}, {"seed": 2**63}):
        refused(Uncertainty, **fields)


def test_one_range_for_each_driver() -> None:
    assert refused(Uncertainty, drivers=ranges("volume", "peak", "volume")) == (
        "volume: more than one range; keep one for each driver"
    )


def test_pairs_are_checked() -> None:
    def said(*pairs: Correlation) -> str:
        return refused(Uncertainty, drivers=ranges("peak", "volume"), correlations=pairs)

    one, reverse = Correlation(a="peak", b="volume", spearman=0.5), Correlation(a="volume", b="peak", spearman=0.5)
    assert said(one, reverse) == "peak and volume: correlated more than once; keep one figure for each pair"
    assert said(Correlation(a="peak", b="throughput", spearman=0.1)) == (
        "throughput: correlated, but without a range; add a range or drop the pair"
    )
    assert refused(Correlation, a="peak", b="peak", spearman=0.5) == (
        "peak cannot be correlated with itself; name two drivers"
    )
    assert "less than" in refused(Correlation, a="peak", b="volume", spearman=1.1)


def test_correlations_that_cannot_all_hold() -> None:
    pairs = (
        Correlation(a="peak", b="volume", spearman=0.9),
        Correlation(a="throughput", b="volume", spearman=0.9),
        Correlation(a="peak", b="throughput", spearman=-0.9),
    )
    said = refused(Uncertainty, drivers=ranges("peak", "volume", "throughput"), correlations=pairs)
    assert said == (
        "the correlations of peak and volume, throughput and volume, peak and throughput cannot all hold at once;"
        " bring them nearer to 0 or drop a pair"
    )
    assert "cannot all hold" in refused(
        Uncertainty,
        drivers=ranges("peak", "volume"),
        correlations=(Correlation(a="peak", b="volume", spearman=1),),
    )


def test_matrix_is_in_the_order_of_the_names() -> None:
    known = Uncertainty(
        drivers=ranges("volume", "peak", "api_price"),
        correlations=(Correlation(a="volume", b="api_price", spearman=0.5),),
    )
    assert known.names == ("api_price", "peak", "volume")
    r = 2 * math.sin(math.pi * 0.5 / 6)  # 0.5176
    np.testing.assert_allclose(known.normal_correlation(), np.array([[1, 0, r], [0, 1, 0], [r, 0, 1]]))


@given(rho=st.floats(-0.99, 0.99))
def test_any_single_pair_short_of_certain_is_taken(rho: float) -> None:
    pair = Correlation(a="peak", b="volume", spearman=rho)
    known = Uncertainty(drivers=ranges("peak", "volume"), correlations=(pair,))
    assert np.linalg.cholesky(known.normal_correlation()).shape == (2, 2)
    assert Uncertainty.model_validate_json(known.model_dump_json()) == known
