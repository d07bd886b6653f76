"""The documents keep up with usage logs: words on the page and in the terminal, formats, engines, files, peaks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from planner.catalog.catalog import load
from planner.decision import present_log_options, present_usage, present_variance
from planner.decision.evaluate import decide
from planner.decision.log_price import as_it_was
from planner.decision.log_reconcile import reconcile
from planner.decision.log_summary import summary
from planner.decision.present_tables import Table
from planner.decision.resolve import resolve
from planner.decision.showback import BASES, showback
from planner.decision.variance import variance
from planner.decision.variance_plan import plan_of
from planner.units import money
from planner.usage.engines import SCHEMES
from planner.usage.sources import FIELDS
from planner.web import usage_tables, usage_words
from planner.web.usage_formats import HOW_TO, format_rows
from planner.web.usage_mapper import preview_rows
from planner.web.usage_result import sections
from planner.workload.before_after import before_after
from planner.workload.forecast import forecast
from planner.workload.presets import LABELS
from planner.workload.readers import READERS
from planner.workload.readers.base import Reader
from planner.workload.usage_rows import NANO
from planner.workload.usage_scenario import with_usage
from tests.docs.test_docs import ON, ROOT, first_example, glossary_terms, text_of
from tests.samples_usage import bucketed_profile, usage_profile
from tests.usage_logs import log, row

UNIT = re.compile(r" \([^)]*\)$")
WIDTH = re.compile(r", (\d+ (s|min|h|day|week)|mean)$")
CACHED = {True: "inside", False: "beside", None: "not told"}


def tables_of_the_page() -> Iterator[Table]:
    """Every table of the page Workload: a profile, the way into the scenario, formats and the mapper."""
    profile, scenario = usage_profile(), first_example()
    lengths = profile.input_lengths
    assert lengths is not None
    for rows in (
        *(usage_tables.source_rows, usage_tables.reject_rows, usage_tables.unknown_rows, usage_tables.peak_rows),
        *(usage_tables.week_table, usage_tables.curve_rows, usage_tables.quantile_rows, usage_tables.class_rows),
        usage_tables.billed_rows,
    ):
        yield rows(profile)
    yield usage_tables.band_rows(lengths, "input")
    yield usage_tables.change_rows(before_after(scenario, with_usage(scenario, profile)))
    carried = forecast(profile, 36)
    assert carried is not None
    yield usage_tables.forecast_rows(carried)
    yield format_rows()
    yield preview_rows([])


def tables_of_the_money() -> Iterator[Table]:
    """Every table of a priced log, of who pays and of a plan; on the page and in the terminal."""
    scenario, catalog = first_example(), load()
    both: dict[str, Any] = {"cached_input_tokens": 500, "cache_write_tokens": 20, "owner": "team-a", "cost_nano": NANO}
    rollup = log(
        row(fresh=10**6, output=100, **both, currency="USD"),
        row(fresh=10**6, output=100, bucket_s=3600, model="gemini-2.5-pro", **both, currency="EUR"),
        row(fresh=100, model="our-own"),
        thresholds=(200_000,),
    )
    found = as_it_was(rollup, catalog)
    price = summary(found, by_owner=True)
    for rows in (present_usage.line_rows, present_usage.unpriced_rows, present_usage.used_price_rows):
        yield rows(price)
    yield present_usage.bill_rows(price)
    yield present_usage.reconciliation_rows(reconcile(found))
    yield present_usage.showback_rows(showback(money(1), {"a": 1.0}, basis="usage", shared_by="tokens"))
    yield present_log_options.option_rows(price, (), 30)
    yield present_log_options.note_rows(())
    facts = resolve(scenario, catalog, ON)
    held = variance(found, plan_of(scenario, facts, decide(scenario, facts).option("groq-gpt-oss-120b")))
    for compared in (present_variance.cost_rows, present_variance.volume_rows, present_variance.class_rows):
        yield compared(held)


def test_every_word_of_the_workload_page_is_in_the_glossary() -> None:
    tables = [*tables_of_the_page(), *tables_of_the_money()]
    words = {column.name for table in tables for column in table.columns}
    for profile in (usage_profile(), bucketed_profile()):
        words |= {WIDTH.sub("", UNIT.sub("", metric.label)) for metric in usage_words.metrics(profile)}
    words |= {figure.figure for figure in before_after(first_example(), first_example())}
    assert {word for word in words if word.lower() not in glossary_terms()} == set()


def test_every_tab_of_an_import_is_in_the_guide() -> None:
    assert [name for name in sections(usage_profile()) if f"**{name}.**" not in text_of("reading.md")] == []


def rows_of_the_formats() -> dict[str, list[str]]:
    lines = re.findall(r"^\| `(\w+)` \|(.+)\|$", text_of("formats.md"), re.MULTILINE)
    return {name: [cell.strip() for cell in rest.split("|")] for name, rest in lines if rest.count("|") == 5}


def test_the_formats_are_listed_in_the_order_in_which_they_are_tried() -> None:
    assert list(rows_of_the_formats()) == [reader.about.reader_id for reader in READERS]


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.about.reader_id)
def test_a_format_is_described_as_it_is(reader: Reader) -> None:
    about = reader.about
    *told, limits = rows_of_the_formats()[about.reader_id]
    cached = CACHED[about.cached_inside_input]
    assert told == [about.title, HOW_TO.get(about.reader_id, "-"), about.grain, cached, about.checked]
    assert limits


def test_the_sources_of_the_formats_are_told_for_all_but_our_own() -> None:
    told = text_of("formats.md").split("## What was read for them")[1]
    quiet = {"plain", "plain_buckets", "openai_empty", "openai_usage_csv", "openai_cost_csv"}
    quiet |= {"anthropic_usage_csv", "anthropic_cost_csv"}
    assert {r.about.reader_id for r in READERS if f"`{r.about.reader_id}`" not in told} == quiet


def test_the_peaks_that_the_method_quotes_are_those_measured() -> None:
    measured = json.loads((ROOT / "data" / "traces" / "measured.json").read_text(encoding="utf-8"))["request_logs"]
    sentence = " ".join(text_of("method.md").split()).split("The Azure conversation log of 58 minutes has ")[1]
    figures = [float(figure) for figure in re.findall(r"\d+\.\d+", sentence.split("So a peak")[0])]
    widths = ("1", "10", "60", "600")
    expected = [
        measured[name]["peaks"][w]["requests_to_mean"] for name in ("azure2023_conv", "azure2023_code") for w in widths
    ]
    assert figures == pytest.approx(expected, rel=0.004)
    assert int(measured["azure2023_conv"]["window_s"] // 60) == 58


def test_the_load_shapes_that_the_method_quotes_are_those_of_the_catalog() -> None:
    values = {row.parameter: row.value for row in load().tables.defaults}
    told = " ".join(text_of("method.md").split()).split("four named load shapes")[1].split("The first two")[0]
    assert re.findall(r"[a-z] (\d+(?:\.\d+)?)[,.]", told) == [f"{values[name]:g}" for name in LABELS]


def test_a_log_of_the_readme_costs_what_it_says() -> None:
    measured = json.loads((ROOT / "data" / "traces" / "measured.json").read_text(encoding="utf-8"))
    trace = measured["request_logs"]["azure2023_conv"]
    usd = (trace["input"]["sum_tokens"] * 0.15 + trace["output"]["sum_tokens"] * 0.60) / 1e6
    assert f"{usd:.2f} USD" in text_of("method.md")


def test_everything_that_a_source_may_say_is_in_the_deployment_guide() -> None:
    guide = text_of("deploy.md")
    assert [field for field in FIELDS if f"`{field}`" not in guide] == []


def test_every_engine_and_basis_is_told() -> None:
    assert [scheme for scheme in SCHEMES if f"{scheme}://" not in text_of("deploy.md")] == []
    assert [basis for basis in BASES if f"| {basis} |" not in text_of("method.md")] == []
