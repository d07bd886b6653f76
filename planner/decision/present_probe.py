"""A measurement in words and tables, the same on page, terminal, PDF and CSV."""

from __future__ import annotations

from planner.capacity.measurement.compare import Differences, RateDifference
from planner.capacity.measurement.points import Refused, citation, shape_delivered
from planner.decision.present_tables import NONE, NOT_KNOWN, Column, Table, right
from planner.domain.measured_run import Flag, Percentiles, Run
from planner.domain.measurement import LevelSummary, Measurement
from planner.domain.serving import engine_words
from planner.format import count, percent, plural, short

STATUS_WORDS = {
    "ok": "complete",
    "not_saturated": "not saturated: the largest rate is a lower bound",
    "noisy": "noisy: repeats differ",
    "partial": "stopped early",
    "invalid": "nothing usable",
}
SEVERITY_WORDS = {"note": "note", "doubt": "doubt", "unusable": "not used"}
ORIGIN_WORDS = {
    "probe": "probe of this program",
    "watch": "live traffic, by the server's counters",
    "vllm_bench": "imported from vllm bench serve",
    "guidellm": "imported from GuideLLM",
    "llmperf": "imported from LLMPerf",
    "aiperf": "imported from AIPerf",
}
PLACES_NAMED = 3
KIND_WORDS = {"closed": "kept in flight", "open": "sent at a rate", "live": "live traffic"}


def headline(m: Measurement, gpu_words: str = "") -> str:
    """What was measured and what came out, in one sentence."""
    best = max(m.summary.levels, key=lambda level: level.output_tokens_per_s, default=None)
    start = citation(m, gpu_words)
    if best is None:
        return f"{start}: {m.summary.reason}"
    at_least = "at least " if m.summary.status == "not_saturated" else ""
    top = f"{at_least}{short(best.output_tokens_per_s)} output tokens/s at {number(best.requests_in_flight)} in flight"
    return f"{start}: {top}; {knee_words(m)}."


def knee_words(m: Measurement) -> str:
    """Where the rate stops rising, with its bracket."""
    knee = m.summary.knee
    if knee is None:
        if len(m.summary.levels) == 1:
            return "no knee found: only one load was measured"
        return "no knee found: the rate still rose at the largest load" if _rises(m) else "no knee found"
    low, high = number(knee.low), number(knee.high)
    return f"the rate stops rising at about {number(knee.requests_in_flight)} in flight (between {low} and {high})"


def _rises(m: Measurement) -> bool:
    return m.summary.status == "not_saturated"


def number(value: float) -> str:
    """Requests in flight: whole where they are, else three digits."""
    return count(value) if value == round(value) else short(value)


def about_rows(m: Measurement, gpu_words: str = "") -> Table:
    """What was measured, how and when; empty parts say so."""
    rows = (
        ("Measurement", m.measurement_id),
        ("Made by", f"{ORIGIN_WORDS[m.origin]}, {m.client.program}" if m.client.program else ORIGIN_WORDS[m.origin]),
        ("When", f"{m.started_at:%Y-%m-%d %H:%M} to {m.finished_at:%H:%M} UTC"),
        ("Engine", engine_words(m.server.engine, m.server.engine_version) or NOT_KNOWN),
        ("Model", _model(m)),
        ("GPU", gpu_words or _declared_gpu(m)),
        ("Weight format", m.declared.format_id or "not declared"),
        ("Requests", _requests(m)),
        ("Result", f"{_capital(STATUS_WORDS[m.summary.status])}. {m.summary.reason}"),
        ("Knee", _capital(knee_words(m))),
        ("Spread of repeats", NOT_KNOWN if m.summary.spread_fraction is None else percent(m.summary.spread_fraction)),
        *((("Stopped", m.stopped),) if m.stopped else ()),
        *((("At the latency target", _at_target(m)),) if m.summary.at_target else ()),
        *((("Note", m.declared.note),) if m.declared.note else ()),
    )
    return Table("The measurement", (Column("What"), Column("Value")), rows)


def _model(m: Measurement) -> str:
    served = f"served as {m.server.served_model}" if m.server.served_model else ""
    return "; ".join(filter(None, (m.declared.model_id or "not declared", served)))


def _declared_gpu(m: Measurement) -> str:
    if m.declared.gpu_id == "cpu":
        return "none: a CPU"
    return f"{m.declared.gpus} x {m.declared.gpu_id}" if m.declared.gpu_id else "not declared"


def _requests(m: Measurement) -> str:
    try:
        prompt, output = shape_delivered(m)
    except Refused:
        return "none that can be used"
    return f"{count(prompt)} prompt tokens computed and {count(output)} generated, mean per request"


def _at_target(m: Measurement) -> str:
    held = m.summary.at_target
    if held is None:
        return NOT_KNOWN
    asked = (("TTFT", held.ttft_p95_ms), ("TPOT", held.tpot_p95_ms))
    target = ", ".join(f"P95 {name} {ms:,.4g} ms" for name, ms in asked if ms is not None)
    if held.requests_in_flight is None or held.output_tokens_per_s is None:
        return f"{none_within(m)} ({target})"
    return f"{number(held.requests_in_flight)} in flight, {short(held.output_tokens_per_s)} output tokens/s ({target})"


def none_within(m: Measurement) -> str:
    """Why no load is said to hold the latency target: it misses it, or its P95 is not known."""
    for place, level in enumerate(m.summary.levels):
        if _misses(m, level):
            before = "not known below" if place else "no load that was measured holds it"
            return f"missed at {number(level.requests_in_flight)} in flight, {before}"
    return "not known: no load has the P95, which takes 20 answers in a run that did not come in bursts"


def _misses(m: Measurement, level: LevelSummary) -> bool:
    pairs = ((m.target_ttft_p95_ms, level.ttft_p95_ms), (m.target_tpot_p95_ms, level.tpot_p95_ms))
    return any(most is not None and found is not None and found > most for most, found in pairs)


def level_rows(m: Measurement) -> Table:
    """One row per load: medians over its usable repeats, and how far they differ."""
    columns = (
        *right(("In flight", "requests"), ("Repeats", "count"), ("Output", "tokens/s")),
        *right(("Slowest", "tokens/s"), ("Fastest", "tokens/s"), ("Spread", "%")),
        *right(("TTFT, mean", "ms"), ("TTFT, P95", "ms"), ("TPOT, mean", "ms"), ("TPOT, P95", "ms")),
    )
    return Table("By load, median of the repeats", columns, tuple(_level_row(level) for level in m.summary.levels))


def _level_row(level: LevelSummary) -> tuple[str, ...]:
    rates = (level.output_tokens_per_s, level.least_output_tokens_per_s, level.most_output_tokens_per_s)
    return (
        number(level.requests_in_flight),
        count(level.repeats),
        *map(short, rates),
        _spread(level),
        *map(_ms, (level.ttft_ms, level.ttft_p95_ms, level.tpot_ms, level.tpot_p95_ms)),
    )


def _spread(level: LevelSummary) -> str:
    """Fastest minus slowest repeat over the median; none for a single run."""
    if level.repeats < 2 or not level.output_tokens_per_s:
        return NONE
    gap = level.most_output_tokens_per_s - level.least_output_tokens_per_s
    return percent(gap / level.output_tokens_per_s).rstrip("%")


def run_rows(m: Measurement) -> Table:
    """One row per run, in the order they ran."""
    columns = (
        *right(("Run", "order"), ("In flight", "requests"), ("Repeat", "count")),
        Column("Load"),
        *right(("Sent", "requests"), ("Completed", "requests"), ("Failed", "requests"), ("Took", "s")),
        *right(("Output", "tokens/s"), ("Steady part", "tokens/s")),
        *right(("TTFT, P50", "ms"), ("TTFT, P95", "ms"), ("TPOT, P50", "ms"), ("TPOT, P95", "ms")),
        *right(("Percentiles from", "requests")),
        Column("Counts agree with the server"),
        *right(("Client", "cores busy")),
        Column("Flags"),
    )
    return Table("Every run", columns, tuple(_run_row(run) for run in m.runs))


def _run_row(run: Run) -> tuple[str, ...]:
    agrees = {None: "server does not tell", True: "yes, exactly", False: "no"}[run.reconciled]
    cpu = NONE if run.client_cpu_fraction is None else f"{run.client_cpu_fraction:.2f}"
    rate = "" if run.request_rate_per_s is None else f", {short(run.request_rate_per_s)}/s"
    seen = run.ttft_ms or run.tpot_ms
    return (
        *(count(run.order), number(run.requests_in_flight), count(run.repeat), f"{KIND_WORDS[run.kind]}{rate}"),
        *(count(run.sent), count(run.completed), count(sum(error.count for error in run.errors))),
        *(short(run.duration_s), short(run.output_tokens_per_s)),
        NONE if run.steady is None else short(run.steady.output_tokens_per_s),
        *(_percentile(run.ttft_ms, "p50"), _percentile(run.ttft_ms, "p95")),
        *(_percentile(run.tpot_ms, "p50"), _percentile(run.tpot_ms, "p95")),
        NONE if seen is None else count(seen.n),
        agrees,
        cpu,
        ", ".join(flag_name(flag) for flag in run.flags) or NONE,
    )


def _percentile(found: Percentiles | None, name: str) -> str:
    """`too few` where there were not enough requests for it."""
    if found is None:
        return NONE
    value: float | None = getattr(found, name)
    return "too few" if value is None else _ms(value)


def _ms(value: float | None) -> str:
    return NONE if value is None else short(value)


def flag_name(flag: Flag) -> str:
    """`prefix cache`."""
    return flag.code.lower().replace("_", " ")


def flag_rows(m: Measurement) -> Table:
    """What the guards said of the measurement and of its runs, the gravest first; the same words are said once."""
    columns = (Column("Weight"), Column("Guard"), Column("Where"), Column("What was seen"))
    held: dict[Flag, list[str]] = {flag: ["the measurement"] for flag in m.flags}
    for run in m.runs:
        for flag in (said for said in run.flags if said not in m.flags):
            held.setdefault(flag, []).append(_place(run))
    order = ("unusable", "doubt", "note")
    ranked = sorted(held.items(), key=lambda item: order.index(item[0].severity))
    rows = tuple(
        (SEVERITY_WORDS[flag.severity], flag_name(flag), _places(places, len(m.runs)), flag.message)
        for flag, places in ranked
    )
    return Table("What the guards said", columns, rows)


def _place(run: Run) -> str:
    if run.request_rate_per_s is not None:
        return f"{short(run.request_rate_per_s)} requests/s"
    return f"{number(run.requests_in_flight)} in flight, repeat {run.repeat}"


def _places(places: list[str], runs: int) -> str:
    """A few by name, many by their number."""
    return "; ".join(places) if len(places) <= PLACES_NAMED else f"{count(len(places))} of {plural(runs, 'run')}"


def error_rows(m: Measurement) -> Table:
    """Requests that failed, by run and kind."""
    columns = (*right(("In flight", "requests"), ("Repeat", "count")), Column("Failure"), *right(("Requests", "count")))
    rows = tuple(
        (number(r.requests_in_flight), count(r.repeat), e.kind.replace("_", " "), count(e.count), e.example or NONE)
        for r in m.runs
        for e in r.errors
    )
    return Table("Requests that failed", (*columns, Column("The first of them")), rows)


def comparison_rows(found: Differences) -> Table:
    """Loads of two measurements side by side, and whether they differ by more than their repeats."""
    columns = (
        *right(("In flight", "requests"), ("First", "tokens/s"), ("Second", "tokens/s"), ("Change", "%")),
        Column("More than the repeats differ"),
    )
    return Table("Rates side by side", columns, tuple(_rate_row(one) for one in found.loads))


def _rate_row(one: RateDifference) -> tuple[str, ...]:
    rates = (one.first_output_tokens_per_s, one.second_output_tokens_per_s)
    change = NONE if one.change_fraction is None else percent(one.change_fraction).rstrip("%")
    certain = "measured once only" if None in rates else "yes" if one.certain else "no"
    return (
        number(one.requests_in_flight),
        *("not measured" if rate is None else short(rate) for rate in rates),
        change,
        certain,
    )


def difference_rows(found: Differences) -> Table:
    """Everything else that is not the same in both."""
    columns = (Column("What"), Column("First"), Column("Second"))
    knee = () if found.knee is None else (("knee, requests in flight", *map(_knee, found.knee)),)
    status = () if found.status is None else (("result", *(STATUS_WORDS[name] for name in found.status)),)
    fields = tuple((one.field, one.first, one.second) for one in found.fields)
    return Table("What else differs", columns, (*status, *knee, *fields))


def _knee(value: float | None) -> str:
    return "none found" if value is None else number(value)


def spent_sentence(m: Measurement) -> str:
    """What the measurement took."""
    seconds = (m.finished_at - m.started_at).total_seconds()
    sent = sum(run.sent for run in m.runs)
    tokens = sum(run.input_tokens + run.output_tokens for run in m.runs)
    took = f"{plural(len(m.runs), 'run')}, {plural(sent, 'request')} and {short(tokens)} tokens"
    warm_up = ", warm-up not counted" if m.origin == "probe" else ""
    return f"{took} in {f'{short(seconds)} s' if seconds >= 1 else 'less than 1 s'}{warm_up}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
