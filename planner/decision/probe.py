"""UNC-6: what a short measurement of throughput would be worth before deciding, and what it costs."""

from __future__ import annotations

import numpy as np

from planner.decision.kernel import Model
from planner.decision.kernel.fleet import Z_P90
from planner.decision.probe_load import STAFF_HOURS, plan_of, reading_noise, replica_hours
from planner.decision.risk_draws import Draws
from planner.decision.voi import evsi_from_draws, probe_cost_usd
from planner.domain.facts import Facts, OwnedFacts, RentedFacts
from planner.domain.options import HybridOption, Option, OwnedOption, SelfHosted
from planner.domain.risk import Probe, Worth
from planner.domain.scenario import Scenario
from planner.format import percent
from planner.units import CALENDARS, FloatArray


def probe(
    model: Model,
    facts: Facts,
    drawn: Draws,
    costs: FloatArray,
    moving: tuple[str, ...],
    floor: float,
    bins: int,
    probed_id: str | None = None,
) -> Probe | str:
    """UNC-6: EVSI of one reading of an own fleet's throughput, against its cost; or why there is none.

    `costs` (options, draws). The fleet is `probed_id`, or that of the cheapest option that has one. The throughputs of
    all own fleets move together, so one reading tells of all of them. What the reading takes and how far off it is
    follows from the probe planned for that fleet (`planner.decision.probe_load`).
    """
    if "throughput" not in moving:
        return _nothing_to_measure(model, drawn)
    found = _measured(model, facts, drawn, probed_id)
    if found is None:
        return "There is nothing to measure: it has no figure of its own that a reading could narrow."
    option, known = found
    noise = reading_noise(option, model.scenario)
    reading = _reading(drawn, known, noise.fraction)
    evsi = evsi_from_draws(costs, np.asarray(drawn.values["throughput"]), reading, bins)
    price = usd_per_gpu_hour(option, known, model.scenario)
    hours = replica_hours(plan_of(option, model.scenario, known.replica, price))
    gpu_hours = hours * option.gpus_per_replica
    cost = probe_cost_usd(gpu_hours, price, STAFF_HOURS, model.scenario.staff_usd_per_hour)
    return Probe(
        option_id=option.option_id,
        label=option.label,
        noise_fraction=noise.fraction,
        noise_source=f"{noise.why}, is off by about {percent(noise.fraction)}",
        evsi_usd=evsi,
        below_floor=0 < floor >= evsi,
        gpu_hours=gpu_hours,
        usd_per_gpu_hour=price,
        staff_hours=STAFF_HOURS,
        usd_per_staff_hour=model.scenario.staff_usd_per_hour,
        cost_usd=cost,
        worth=_worth(evsi, cost, floor),
    )


def _worth(evsi: float, cost: float, floor: float) -> Worth:
    if evsi <= cost:
        return "no"
    return "yes" if evsi > floor else "cannot_tell"  # noise only ever adds to the estimate


def _nothing_to_measure(model: Model, drawn: Draws) -> str:
    if not _fleets(model):
        return "There is no throughput to measure: no eligible option runs on your own GPUs."
    if "throughput" not in drawn.uncertain:
        return "There is nothing to measure: throughput is taken as certain."
    return "There is nothing to gain from measuring: no throughput in its range changes any cost."


def _fleets(model: Model) -> list[str]:
    """Own fleets whose throughput an eligible option rests on."""
    options = {o.option_id: o for o in model.scenario.options}
    used = (_base(options[name], options) for name in model.costs)
    return sorted({option.option_id for option in used if isinstance(option, SelfHosted)})


def _base(option: Option, options: dict[str, Option]) -> Option:
    """The fleet of a hybrid, or the option itself."""
    return options[option.base_id] if isinstance(option, HybridOption) else option


def _measured(
    model: Model, facts: Facts, drawn: Draws, probed_id: str | None
) -> tuple[SelfHosted, RentedFacts | OwnedFacts] | None:
    """The fleet asked about, or that of the cheapest eligible option that has one; None when there is none whose range
    is not a single figure."""
    options = {o.option_id: o for o in model.scenario.options}
    known = {f.option_id: f for f in facts.options if isinstance(f, RentedFacts | OwnedFacts)}
    if probed_id is not None:
        fleet, held = options.get(probed_id), known.get(probed_id)
        is_open = held is not None and (not drawn.own_ranges or _width(held) > 0)
        return (fleet, held) if isinstance(fleet, SelfHosted) and held is not None and is_open else None
    totals = dict(zip(model.costs, model.npv_usd(model.at()).tolist(), strict=True))
    found = []
    for name, total in totals.items():
        base = _base(options[name], options)
        if isinstance(base, SelfHosted) and (not drawn.own_ranges or _width(known[base.option_id]) > 0):
            found.append((total, base.option_id, base))
    if not found:
        return None
    _, chosen, cheapest = min(found, key=lambda item: item[:2])
    return cheapest, known[chosen]


def _width(known: RentedFacts | OwnedFacts) -> float:
    """Standard deviation of the logarithm of its throughput (UNC-1)."""
    return float(np.log(known.replica.high_fraction / known.replica.low_fraction)) / (2 * Z_P90)


def _reading(drawn: Draws, known: RentedFacts | OwnedFacts, noise_fraction: float) -> FloatArray:
    """What the measurement would show in each draw: the logarithm of the true figure, and its error."""
    generator = np.random.Generator(np.random.PCG64([drawn.uncertainty.seed, 2]))
    true = np.log(np.asarray(drawn.values["throughput"])) * (_width(known) if drawn.own_ranges else 1.0)
    return np.asarray(true + noise_fraction * generator.standard_normal(drawn.count))


def usd_per_gpu_hour(option: SelfHosted, known: RentedFacts | OwnedFacts, scenario: Scenario) -> float:
    """The rental price; of servers bought, their price spread over their life."""
    if isinstance(known, RentedFacts):
        return known.usd_per_gpu_hour
    assert isinstance(option, OwnedOption)  # its facts are an owned option's
    server = option.server
    hours = server.life_months * CALENDARS[scenario.calendar].hours_per_month
    return float(server.usd_per_server) / server.gpus_per_server / hours
