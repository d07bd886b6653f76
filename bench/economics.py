"""How fast the whole economics is: one scenario, 10,000 draws, a map of 40,000 points, a fleet of 1,000 steps.

Each is compared with the same formulas as plain loops (bench/plain.py) and with the bare numpy arithmetic that the
result needs: the same products, ceilings and sums written by hand for these very options, and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from bench import plain
from bench.kernel import ON, median_ms
from planner.catalog.catalog import load
from planner.decision.kernel import (
    Model,
    PerTokenCost,
    ProvisionedCost,
    Purchase,
    SelfHostedCost,
    levelised_curve,
    option_costs,
    paths,
)
from planner.decision.kernel.drivers import Drivers
from planner.decision.kernel.vintages import _running, _terms_begun
from planner.decision.piecewise import crossed
from planner.decision.resolve import resolve
from planner.decision.risk_draws import CHUNK
from planner.domain.facts import Facts
from planner.domain.scenario import Scenario
from planner.units import FloatArray, ceil_tol

DRAWS = 10_000
SIDE = 200
CELLS = 40
"""Cells that the plain loop is timed on; scaled up to all."""
STEPS = 1000

Varied = dict[str, FloatArray]


def scenario(months: int = 36, options: int = 8, growing: bool = True) -> Scenario:
    """Eight ways to serve one workload that grows by 3 % a month while prices fall."""
    fleet = {
        "model_id": "llama-3.1-8b",
        "format_id": "bf16",
        "gpu_id": "h100-sxm",
        "throughput": {"output_tokens_per_s_per_replica": 900, "held_at_slo": True},
        "min_replicas": 0,
    }
    price = {"usd_per_gpu_hour": 3}
    token = {"provider": "example", "model": "example"}
    server = {"usd_per_server": 280_000, "idle_kw": 2.4, "max_kw": 9.6, "colocation_usd_per_kw_month": 160}
    ways: list[dict[str, Any]] = [
        {"kind": "api", **token, "price": {"input_usd_per_mtok": 3, "output_usd_per_mtok": 15}},
        {"kind": "hosted", **token, "price": {"input_usd_per_mtok": 0.5, "output_usd_per_mtok": 1}},
        {"kind": "rented", **fleet, "price": price},
        {"kind": "rented", **fleet, "price": price, "spare_replicas": 0, "replica_step": 8},
        {"kind": "rented", **fleet, "price": {"usd_per_gpu_hour": 2}, "regions": 2},
        {"kind": "owned", **fleet, "server": server},
        {"kind": "rented", **fleet, "price": {"usd_per_gpu_hour": 2}, "term": "reserved", "term_months": 12},
        {"kind": "provisioned", "model": "x", "tokens_per_minute_per_unit": 30_000, "usd_per_unit_month": 260},
    ]
    time_path = {
        "growth": {"shape": "compound", "per_month": 0.03},
        "api_price_decline_per_year": 0.15,
        "gpu_price_decline_per_year": 0.15,
    }
    return Scenario.model_validate(
        {
            "name": "benchmark",
            "horizon_months": months,
            "timeline": time_path if growing else {},
            "workload": {
                "peak_to_mean": 3,
                "classes": [
                    {
                        "class_id": "chat",
                        "requests_per_day": 400_000,
                        "fresh_input_tokens": 1200,
                        "output_tokens": 300,
                    }
                ],
            },
            "options": [{"option_id": f"way-{i}", "label": f"Way {i}", **way} for i, way in enumerate(ways[:options])],
        }
    )


def model_of(asked: Scenario) -> tuple[Model, Facts]:
    facts = resolve(asked, load(), ON)
    return Model(asked, option_costs(asked, facts)), facts


def draws(shape: tuple[int, ...]) -> Varied:
    """Volume, throughput and both prices, lognormal."""
    rng = np.random.Generator(np.random.PCG64(1))
    return {name: np.exp(rng.normal(0, 0.3, shape)) for name in ("api_price", "gpu_price", "throughput", "volume")}


def grid() -> Varied:
    side = np.geomspace(0.1, 10, SIDE)
    return {"volume": side[:, np.newaxis], "gpu_price": side}


def kernel(model: Model, varied: Varied) -> FloatArray:
    return model.npv_usd(model.at(**varied))


def in_chunks(cost: Callable[[Varied], FloatArray], varied: Varied) -> FloatArray:
    """Draws in portions that stay in the cache, as the risk analysis does."""
    count = varied["volume"].size
    parts = [{name: v[i : i + CHUNK] for name, v in varied.items()} for i in range(0, count, CHUNK)]
    return np.concatenate([cost(part) for part in parts], axis=-1)


class Bare:
    """Constants of these eight options, and the sums of one call."""

    def __init__(self, model: Model) -> None:
        base = paths(model.scenario, Drivers())
        self.base, self.costs = base, list(model.costs.values())
        self.growth = base.each_month(base.volume)
        self.api, self.gpu = base.each_month(base.api), base.each_month(base.gpu)
        self.discount = base.discount
        self.fixed = [float(c.bill(paths(model.scenario, Drivers(scale=0.0))).npv_usd(base)) for c in self.costs]
        self.fixed = [
            fixed - (260 * float(self.dot(self.api)) if isinstance(cost, ProvisionedCost) else 0.0)
            for fixed, cost in zip(self.fixed, self.costs, strict=True)
        ]

    def npv(self, varied: Varied) -> FloatArray:
        one = np.ones(1)
        volume = np.asarray(varied.get("volume", one))[..., None] * self.growth
        level = volume / np.asarray(varied.get("throughput", one))[..., None]
        api = np.asarray(varied.get("api_price", one))[..., None] * self.api
        rent = np.asarray(varied.get("gpu_price", one))[..., None] * self.gpu
        gpu_factor = np.asarray(varied.get("gpu_price", one))
        found = []
        for fixed, cost in zip(self.fixed, self.costs, strict=True):
            if isinstance(cost, PerTokenCost):
                found.append(fixed + self.dot(volume * (api * float(cost.list_usd[0]))))
            elif isinstance(cost, SelfHostedCost):
                found.append(fixed + self._fleet(cost, level, rent, gpu_factor))
            elif isinstance(cost, ProvisionedCost):
                units = ceil_tol(volume * (cost.mean_tpm * cost.peak_to_mean / cost.step_tpm))
                held = np.maximum.accumulate(units, axis=-1)
                found.append(fixed + self.dot(held * (api * 260)))
        shape = np.broadcast_shapes(*(f.shape for f in found))
        return np.stack([np.broadcast_to(f, shape) for f in found])

    def _fleet(self, cost: SelfHostedCost, level: FloatArray, rent: FloatArray, factor: FloatArray) -> FloatArray:
        plan, step = cost.plan, cost.plan.replica_step
        serving = ceil_tol(level * (plan.peak_need / plan.regions))
        each = ceil_tol((serving + plan.spare_replicas) / step) * step if step > 1 else serving + plan.spare_replicas
        replicas = each * plan.regions
        pay = cost.pay
        if isinstance(pay, Purchase):
            servers = ceil_tol(replicas / 8)
            annuity = float(pay.annuity_usd_per_month(self.base.discount_rate)[0]) * factor
            power = 1.3 * 0.0977 * 730
            standing = pay.standing_usd_per_month() + 2.4 * power
            held = np.maximum.accumulate(servers, axis=-1)
            running = _running(_terms_begun(servers, self.base.months, 48) * self.gpu, 48)
            energy = level * (plan.mean_load / 8 * 7.2 * power)
            return self.dot(running * annuity[..., None] + held * standing + energy)
        month = pay.usd_per_replica_hour * 730
        if pay.term_months:
            begun = _terms_begun(replicas, self.base.months, 12) * self.gpu
            running = _running(begun, 12)
            running[..., -1] += np.sum(
                begun * np.maximum(np.arange(self.base.months) + 12 - self.base.months, 0), axis=-1
            )
            return self.dot(running * (factor * month)[..., None])
        return self.dot(replicas * (rent * month))

    def dot(self, monthly: FloatArray) -> FloatArray:
        return np.asarray(np.einsum("...m,m->...", monthly, self.discount))


def plain_ms(asked: Scenario, facts: Facts, cells: int, total: int) -> float:
    """Plain loops over `cells` cells of all options, scaled up to `total`."""
    some = draws((cells,))
    start = time.perf_counter()
    for cell in range(cells):
        varied = {name: float(values[cell]) for name, values in some.items()}
        for option, known in zip(asked.options, facts.options, strict=True):
            plain.npv_usd(option, known, asked, varied)
    return 1000 * (time.perf_counter() - start) * total / cells


def row(name: str, ours: Callable[[], object], bare: Callable[[], object], plain_total_ms: float) -> list[str]:
    one, least = median_ms(ours, repeats=7), median_ms(bare, repeats=7)
    cells = (
        f"{one:,.2f}",
        f"{least:,.2f}",
        f"{one / least:.1f}",
        f"{plain_total_ms:,.1f}",
        f"{plain_total_ms / one:,.0f}",
    )
    return [f"| {name} | " + " | ".join(cells) + " |"]


def economics_table() -> list[str]:
    asked = scenario()
    model, facts = model_of(asked)
    bare = Bare(model)
    many, plane = draws((DRAWS,)), grid()
    none: Varied = {"volume": np.ones(())}
    for varied in (none, {k: v[:50] for k, v in many.items()}):
        np.testing.assert_allclose(
            kernel(model, varied), bare.npv(varied)[..., 0] if varied is none else bare.npv(varied), rtol=1e-9
        )
    rows = [
        "| what | kernel, ms | bare numpy, ms | kernel / bare | plain loop, ms | plain / kernel |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    rows += row(
        "(a) 8 options x 36 months", lambda: kernel(model, none), lambda: bare.npv(none), plain_ms(asked, facts, 5, 1)
    )
    rows += row(
        f"(b) the same, {DRAWS:,} draws",
        lambda: in_chunks(lambda some: kernel(model, some), many),
        lambda: in_chunks(bare.npv, many),
        plain_ms(asked, facts, CELLS, DRAWS),
    )
    rows += row(
        f"(c) winner map, {SIDE} x {SIDE}",
        lambda: kernel(model, plane).argmin(axis=0),
        lambda: bare.npv(plane).argmin(axis=0),
        plain_ms(asked, facts, CELLS, SIDE * SIDE),
    )
    return rows + steps_rows()


def steps_rows() -> list[str]:
    """Break-even against a fleet that is won at the thousandth replica, months all different."""
    asked = scenario(options=3)
    model, facts = model_of(asked)
    curve = levelised_curve(model.costs["way-2"], asked)
    slope, low, _, _ = curve.asymptote()
    per_step = 1 / curve.count(0, 1) * asked.horizon_months
    wanted = (slope * per_step * STEPS + low) / (per_step * STEPS)

    class Line:
        """A per-token line that crosses at about the thousandth step."""

        def usd(self, x: FloatArray) -> FloatArray:
            return np.asarray(wanted * x)

        def count(self, low: float, high: float) -> float:
            return 0

        def breakpoints(self, low: float, high: float) -> FloatArray:
            return np.empty(0)

        def asymptote(self) -> Any:
            from planner.decision.piecewise import Asymptote

            return Asymptote(wanted, 0.0, 0.0, 0.0)

    line = Line()
    found = crossed(line, curve)
    points = np.unique(curve.breakpoints(0, per_step * STEPS * 1.1))
    middle = (points[1:] + points[:-1]) / 2
    cost = model.costs["way-2"]
    assert isinstance(cost, SelfHostedCost)
    base = paths(asked, Drivers())
    level, rate = base.each_month(base.volume), base.each_month(base.gpu) * cost.pay.usd_per_replica_hour * 730  # type: ignore[union-attr]

    def bare() -> object:
        ends = []
        for x in (middle * 0.999, middle * 1.001):
            n = ceil_tol(x[:, None] * (level * cost.plan.peak_need)) + cost.plan.spare_replicas
            ends.append(np.einsum("...m,m->...", n * rate, base.discount))
        return np.flatnonzero(np.diff(np.sign(wanted * middle * base.annuity() - ends[0])))

    sample = 400
    start = time.perf_counter()
    for x in middle[:: max(1, middle.size // sample)][:sample].tolist():
        plain.npv_usd(asked.options[2], facts.options[2], asked, {"volume": x})
    loop = 1000 * (time.perf_counter() - start) * 2 * middle.size / sample
    name = (
        f"(d) break-even, {STEPS:,} steps x 36 months: {len(found.crossings):,} crossings in {points.size:,} segments"
    )
    return row(name, lambda: crossed(line, curve), bare, loop)


def growth_table() -> list[str]:
    """How time grows with draws, months and options, one at a time."""
    rows = ["| draws | months | options | ms | ns per draw, month and option |", "|---:|---:|---:|---:|---:|"]
    cases = [(n, 36, 8) for n in (1, 100, 1_000, 10_000, 100_000)]
    cases += [(10_000, m, 8) for m in (1, 12, 120)] + [(10_000, 36, k) for k in (1, 2, 4)]
    for number, months, options in cases:
        model, _ = model_of(scenario(months, options))
        varied = draws((number,))

        def once(model: Model = model, varied: Varied = varied) -> object:
            return in_chunks(lambda some: kernel(model, some), varied)

        took = median_ms(once, repeats=3)
        rows.append(
            f"| {number:,} | {months} | {options} | {took:,.2f} | {1e6 * took / (number * months * options):,.1f} |"
        )
    return rows


def report() -> list[str]:
    return [
        "## The whole economics",
        "",
        "NPV of eight options (two per token, four rented of which one reserved, one owned, one provisioned) with",
        'volume, throughput and both prices varied, growth and price decline on. "Bare" is the arithmetic the result',
        "needs, by hand, for these very options; the plain loop runs a sample of cells and is scaled up.",
        "",
        *economics_table(),
        "",
        "How the time of one call grows:",
        "",
        *growth_table(),
    ]


if __name__ == "__main__":
    print("\n".join(report()))
