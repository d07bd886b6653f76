"""The same formulas written a second time as plain loops, one cell at a time: the yardstick of tests and benchmarks.

Nothing here is vectorised and nothing is shared with the kernel but prices, facts and the hourly profile.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from planner.domain.facts import OptionFacts, OwnedFacts, PerTokenFacts, RentedFacts, ReplicaFacts
from planner.domain.options import (
    ApiOption,
    HostedOption,
    Operations,
    Option,
    OwnedOption,
    PerTokenOption,
    ProvisionedOption,
    RentedOption,
    SelfHosted,
    WorkstationOption,
)
from planner.domain.prices import LongTier, RateCard
from planner.domain.scenario import Scenario
from planner.domain.workload import TaskClass
from planner.workload.demand import load_profile

HOURS = {"avg": 730.0, "30d": 720.0}
DAYS = {"avg": 365 / 12, "30d": 30.0}


def npv_usd(option: Option, facts: OptionFacts, scenario: Scenario, varied: Mapping[str, float] = {}) -> float:
    """One-off plus every month discounted, for one set of factors."""
    total = _one_off(option, scenario)
    rate = varied.get("discount_rate", scenario.timeline.discount_rate_per_year)
    for month in range(1, scenario.horizon_months + 1):
        total += month_usd(option, facts, scenario, month, varied) / (1 + rate) ** (month / 12)
    return total


def month_usd(option: Option, facts: OptionFacts, scenario: Scenario, month: int, varied: Mapping[str, float]) -> float:
    """The whole bill of one month."""
    people = _people(option, scenario, month, varied)
    if isinstance(option, ApiOption | HostedOption) and isinstance(facts, PerTokenFacts):
        return people + _per_token(option, facts, scenario, month, varied)
    if isinstance(option, RentedOption) and isinstance(facts, RentedFacts):
        return people + _rented(option, facts, scenario, month, varied)
    if isinstance(option, OwnedOption) and isinstance(facts, OwnedFacts):
        return people + _owned(option, facts, scenario, month, varied)
    if isinstance(option, WorkstationOption):
        return people + _workstation(option, scenario, month, varied)
    if isinstance(option, ProvisionedOption) and option.overflow_id is None:
        return people + _provisioned(option, scenario, month, varied)
    raise TypeError(f"no plain form of {option.kind}")


def _operations(option: Option) -> Operations:
    operations = getattr(option, "operations", None)
    if not isinstance(operations, Operations):
        raise TypeError(f"{option.kind} has no operations of its own")
    return operations


def _one_off(option: Option, scenario: Scenario) -> float:
    ops = _operations(option)
    return (ops.setup_hours + ops.ramp_up_hours) * scenario.staff_usd_per_hour + ops.other_one_off_usd


def _people(option: Option, scenario: Scenario, month: int, varied: Mapping[str, float]) -> float:
    ops = _operations(option)
    growth = varied.get("wage_growth", scenario.timeline.wage_growth_per_year)
    wage = (1 + growth) ** ((month - 1) / 12)
    fte = ops.fte_fraction * scenario.fte_usd_per_year / 12 * varied.get("staff_share", 1.0)
    hours = ops.updates_per_year * ops.hours_per_update + ops.evaluations_per_year * ops.hours_per_evaluation
    standing = ops.support_usd_per_month + ops.compliance_usd_per_year / 12 + ops.other_usd_per_month
    return float((fte + hours * scenario.staff_usd_per_hour / 12) * wage + standing)


def volume(scenario: Scenario, month: int, varied: Mapping[str, float]) -> float:
    """Factor on the workload's requests."""
    growth = scenario.timeline.growth
    now = scenario.workload.volume_multiplier * varied.get("volume", 1.0)
    per_month = varied.get("volume_growth", growth.per_month)
    shape = growth.shape
    if "volume_growth" in varied and shape == "constant":
        shape = "compound"
    if shape == "linear":
        return float(now * max(1 + per_month * (month - 1), 0.0))
    if shape == "compound":
        return now * float((1 + per_month) ** (month - 1))
    if shape == "s_curve":
        away = growth.steepness_per_month * (month - growth.midpoint_month)
        return now * growth.ceiling_ratio / (1 + math.exp(-away))
    if shape == "launch":
        return now * (growth.before_fraction if month < growth.launch_month else 1.0)
    return now


def _price(scenario: Scenario, what: str, month: int, varied: Mapping[str, float]) -> float:
    decline = varied.get(f"{what}_decline", getattr(scenario.timeline, f"{what}_price_decline_per_year"))
    return varied.get(f"{what}_price", 1.0) * float((1 - decline) ** ((month - 1) / 12))


def _requests(task: TaskClass, scenario: Scenario, option: Option) -> float:
    return task.requests_per_day * DAYS[scenario.calendar] / option.success_fraction


def _per_token(
    option: PerTokenOption, facts: PerTokenFacts, scenario: Scenario, month: int, varied: Mapping[str, float]
) -> float:
    period = [p for p in facts.periods if p.from_month <= month][-1]
    spend = 0.0
    for task in scenario.workload.classes:
        found, batch = period.prices, task.batch_fraction
        usd = _request_usd(task, option, found.rates, found.long_tiers) * (1 - batch)
        if batch and found.batch_rates is not None:
            usd += _request_usd(task, option, found.batch_rates, found.batch_long_tiers) * batch
        spend += _requests(task, scenario, option) * usd
    spend *= volume(scenario, month, varied) * _price(scenario, "api", month, varied)
    return _billed(option, spend)


def _request_usd(task: TaskClass, option: PerTokenOption, card: RateCard, tiers: tuple[LongTier, ...]) -> float:
    prompt = task.prompt_tokens * option.input_token_ratio
    for tier in sorted(tiers, key=lambda t: t.above_tokens):
        card = tier.rates if prompt > tier.above_tokens else card
    fresh, output = card.input_usd_per_mtok, card.output_usd_per_mtok
    cached = fresh if card.cached_input_usd_per_mtok is None else card.cached_input_usd_per_mtok
    reasoning = output if card.reasoning_usd_per_mtok is None else card.reasoning_usd_per_mtok
    write = card.cache_write_1h_usd_per_mtok if option.cache_write_ttl == "1h" else card.cache_write_usd_per_mtok
    read = task.fresh_input_tokens * float(fresh) + task.cached_input_tokens * float(cached)
    read += task.cache_write_tokens * float(fresh if write is None else write)
    said = task.output_tokens * float(output) + task.reasoning_tokens * float(reasoning)
    return (read * option.input_token_ratio + said * option.output_token_ratio) / 1e6


def _billed(option: PerTokenOption, spend: float) -> float:
    tiers = [(float(t.above_usd_per_month), t.discount_fraction) for t in option.spend_tiers]
    bill = spend
    if option.spend_tier_mode == "slab":
        passed = [discount for above, discount in tiers if spend > above]
        bill = spend * (1 - passed[-1]) if passed else spend
    else:
        ends = [above for above, _ in tiers[1:]] + [math.inf]
        for (above, discount), end in zip(tiers, ends, strict=False):
            bill -= discount * max(min(spend, end) - above, 0.0)
    return max(option.commitment_usd_per_month, (1 - option.commitment_discount_fraction) * bill)


def _load(option: SelfHosted, replica: ReplicaFacts, scenario: Scenario) -> tuple[float, float]:
    """(mean work, mean need in replicas) at multiplier 1: work over capacity, and over what is allowed or fits."""
    eta = 1.0 if replica.held_at_slo else option.allowed_utilisation_fraction
    work = in_memory = 0.0
    for task in scenario.workload.classes:
        per_s = task.requests_per_day / 86_400 / option.success_fraction
        prompt = task.prompt_tokens * option.input_token_ratio
        cached = task.cached_input_tokens * option.input_token_ratio
        out = task.generated_tokens * option.output_token_ratio
        computed = prompt - option.prefix_cache_hit_fraction * cached
        seconds = computed * replica.s_per_input_token + out * replica.s_per_output_token
        work += per_s * seconds * (1 + option.extra_work_fraction)
        stays = replica.ttft_ms / 1000 + max(out - 1, 0) * replica.tpot_ms / 1000
        fits = max(math.floor(replica.kv_cache_tokens / (prompt + out)), 1) if prompt + out else math.inf
        in_memory += per_s * stays / fits
    return work, max(work / eta, in_memory)


def _whole(need: float) -> int:
    return round(need) if abs(need - round(need)) <= 1e-9 * max(1.0, abs(need)) else math.ceil(need)


def _fleet(option: SelfHosted, need: float) -> int:
    share = option.regions - 1 if option.survive_region_loss and option.regions > 1 else option.regions
    serving = max(option.min_replicas, _whole(need / share))
    if serving:
        serving += 0 if share < option.regions else option.spare_replicas
    return math.ceil(serving / option.replica_step) * option.replica_step * option.regions


def _level(scenario: Scenario, month: int, varied: Mapping[str, float]) -> float:
    time = scenario.timeline
    gained = (1 + time.efficiency_gain_per_refresh) ** ((month - 1) // time.refresh_every_months)
    return volume(scenario, month, varied) / float(varied.get("throughput", 1.0) * gained)


def _replicas(
    option: SelfHosted, replica: ReplicaFacts, scenario: Scenario, month: int, varied: Mapping[str, float]
) -> int:
    ratio = scenario.workload.peak_ratio
    if option.scaling.mode == "schedule":  # all work in the scheduled hours
        weekly = option.scaling.days_per_week * option.scaling.hours_per_day * 52 / 12 / 730
        ratio = max(ratio, 1 / min(weekly, 1.0))
    peak = ratio * varied.get("peak", 1.0)
    return _fleet(option, _load(option, replica, scenario)[1] * _level(scenario, month, varied) * peak)


def _rented(
    option: RentedOption, facts: RentedFacts, scenario: Scenario, month: int, varied: Mapping[str, float]
) -> float:
    hours, per_hour = HOURS[scenario.calendar], facts.usd_per_gpu_hour * option.gpus_per_replica
    if option.term == "spot" and option.spot is not None:
        terms = option.spot
        rate = -math.log(1 - terms.monthly_interruption_fraction) / hours
        fallback, out = float(terms.fallback_usd_per_gpu_hour), rate * terms.outage_hours
        spent = facts.usd_per_gpu_hour * (1 + rate * terms.paid_hours) + fallback * out
        per_hour = (spent / (1 + out) if fallback else spent) * option.gpus_per_replica
    replicas = _replicas(option, facts.replica, scenario, month, varied)
    weight_gb = facts.replica.weight_gib * 2**30 / 1e9
    extra = replicas * _beside_each(option, facts.replica)
    if option.term == "reserved":
        return extra + _reserved(option, facts, scenario, month, varied) * per_hour * hours
    price = per_hour * _price(scenario, "gpu", month, varied)
    if option.scaling.mode == "schedule":
        weekly = option.scaling.days_per_week * option.scaling.hours_per_day * 52 / 12 * hours / 730
        return extra + replicas * min(weekly, hours) * price
    if option.scaling.mode == "autoscale":
        most, paid, starts = _autoscaled(option, facts.replica, scenario, month, varied)
        extra *= most / replicas if replicas else 0.0
        return extra + paid * price + starts * weight_gb * option.pull_usd_per_gb
    return extra + replicas * hours * price


def _beside_each(option: SelfHosted, replica: ReplicaFacts) -> float:
    """Monitoring and stored weights of one replica a month."""
    watched = option.operations.monitoring_usd_per_gpu_month * option.gpus_per_replica
    return watched + replica.weight_gib * 2**30 / 1e9 * option.storage_usd_per_gb_month


def _autoscaled(
    option: SelfHosted, replica: ReplicaFacts, scenario: Scenario, month: int, varied: Mapping[str, float]
) -> tuple[int, float, float]:
    """(most replicas, paid replica-hours, starts) of a month."""
    profile = load_profile(scenario.workload).tolist()
    need = _load(option, replica, scenario)[1] * _level(scenario, month, varied)
    lead = option.scaling.lead_hours
    ahead = [max(profile[(h + k) % len(profile)] for k in range(lead + 1)) for h in range(len(profile))]
    fleet = [_fleet(option, need * weight) for weight in ahead]
    periods = HOURS[scenario.calendar] / len(profile)
    starts = sum(max(now - before, 0) for now, before in zip(fleet, [fleet[-1], *fleet[:-1]], strict=True)) * periods
    return max(fleet), sum(fleet) * periods + starts * option.scaling.cold_start_minutes / 60, starts


def _reserved(
    option: RentedOption, facts: RentedFacts, scenario: Scenario, month: int, varied: Mapping[str, float]
) -> float:
    """Replica-months paid in a month at the price of each term's start, the tail after the horizon in the last one."""
    if option.upfront_fraction:
        raise TypeError("no plain form of upfront payments")
    horizon, term, held, paid = scenario.horizon_months, option.term_months, 0, 0.0
    for taken in range(1, month + 1):
        more = max(_replicas(option, facts.replica, scenario, taken, varied) - held, 0)
        held += more
        start = taken + (month - taken) // term * term
        price = _price(scenario, "gpu", start, varied)
        paid += more * price
        if month == horizon:
            paid += more * price * ((taken - 1 - horizon) % term)
    return paid


def _owned(
    option: OwnedOption, facts: OwnedFacts, scenario: Scenario, month: int, varied: Mapping[str, float]
) -> float:
    server, hours = option.server, HOURS[scenario.calendar]
    rate = varied.get("discount_rate", scenario.timeline.discount_rate_per_year)
    i, life = math.expm1(math.log1p(rate) / 12), server.life_months
    price, annuity, held = float(server.usd_per_server), 0.0, 0
    residual = price * server.residual_fraction
    each = (price - residual) / life
    if i:
        each = (price - residual / (1 + i) ** life) * i / -math.expm1(-life * math.log1p(i))
    per_server = server.gpus_per_server // option.gpus_per_replica
    across = math.ceil(option.gpus_per_replica / server.gpus_per_server)
    for taken in range(1, month + 1):
        replicas = _replicas(option, facts.replica, scenario, taken, varied)
        place = replicas / option.regions
        servers = (math.ceil(place / per_server) if per_server else round(place) * across) * option.regions
        more = max(servers - held, 0)
        held += more
        annuity += more * each * _price(scenario, "gpu", taken + (month - taken) // life * life, varied)
    load = _load(option, facts.replica, scenario)[0] * _level(scenario, month, varied)
    busy = load / per_server if per_server else load * across
    kw = held * server.idle_kw + busy * (server.max_kw - server.idle_kw)
    energy = kw * server.pue_ratio * server.electricity_usd_per_kwh * hours * _price(scenario, "power", month, varied)
    standing = server.max_kw * server.colocation_usd_per_kw_month
    standing += price * server.maintenance_fraction_per_year / 12
    standing += server.licence_usd_per_gpu_year * server.gpus_per_server / 12
    beside = _replicas(option, facts.replica, scenario, month, varied) * _beside_each(option, facts.replica)
    return annuity + energy + held * standing + beside


def _workstation(option: WorkstationOption, scenario: Scenario, month: int, varied: Mapping[str, float]) -> float:
    hours = HOURS[scenario.calendar]
    load = requests = 0.0
    for task in scenario.workload.classes:
        seconds = task.prompt_tokens * option.input_token_ratio / option.prompt_tokens_per_s
        seconds += task.generated_tokens * option.output_token_ratio / option.output_tokens_per_s
        load += task.requests_per_day / 86_400 / option.success_fraction * seconds / option.parallel_slots
        requests += _requests(task, scenario, option)
    peak = load * scenario.workload.peak_ratio * varied.get("peak", 1.0)
    rate = varied.get("discount_rate", scenario.timeline.discount_rate_per_year)
    i, life, price = math.expm1(math.log1p(rate) / 12), option.life_months, float(option.usd_per_machine)
    residual = price * option.residual_fraction
    each = (price - residual) / life
    if i:
        each = (price - residual / (1 + i) ** life) * i / -math.expm1(-life * math.log1p(i))
    held, capital = 0, 0.0
    for taken in range(1, month + 1):
        wanted = max(option.developers, _whole(peak * _level(scenario, taken, varied)))
        more = max(wanted - held, 0)
        held += more
        capital += more * each * _price(scenario, "gpu", taken + (month - taken) // life * life, varied)
    power = _price(scenario, "power", month, varied) * option.electricity_usd_per_kwh
    energy = option.busy_kw * load * _level(scenario, month, varied) * hours * power
    wage = (1 + varied.get("wage_growth", scenario.timeline.wage_growth_per_year)) ** ((month - 1) / 12)
    waiting = (
        requests
        * volume(scenario, month, varied)
        * option.extra_wait_s_per_request
        / 3600
        * scenario.staff_usd_per_hour
        * wage
    )
    return float(capital * option.allocated_fraction + energy + waiting)


def _provisioned(option: ProvisionedOption, scenario: Scenario, month: int, varied: Mapping[str, float]) -> float:
    per_min = 0.0
    for task in scenario.workload.classes:
        fresh = (task.fresh_input_tokens + task.cache_write_tokens) * option.input_token_ratio
        cached = task.cached_input_tokens * option.input_token_ratio * option.cached_weight
        out = task.generated_tokens * option.output_token_ratio * option.output_weight
        per_min += task.requests_per_day / 1440 / option.success_fraction * (fresh + cached + out)
    peak = scenario.workload.peak_ratio * varied.get("peak", 1.0)
    paid, held, term, horizon = 0.0, 0, option.term_months, scenario.horizon_months
    for taken in range(1, month + 1):
        steps = _whole(
            per_min
            * peak
            * volume(scenario, taken, varied)
            / (option.tokens_per_minute_per_unit * option.unit_increment)
        )
        more = max(max(option.min_units, steps * option.unit_increment) - held, 0)
        held += more
        price = _price(scenario, "api", taken + (month - taken) // term * term, varied)
        paid += more * price
        if month == horizon:
            paid += more * price * ((taken - 1 - horizon) % term)
    return paid * float(option.usd_per_unit_month)
