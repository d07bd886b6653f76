from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections import defaultdict
from decimal import Decimal
from functools import lru_cache
from typing import Any

import pikepdf
import pypdf
import pytest

from planner.charts import break_even_alt, break_even_chart, cost_stack_alt, cost_stack_chart, render_svg
from planner.decision import present
from planner.domain.currency import DisplayCurrency, written_in
from planner.domain.result import Result, Verdict
from planner.domain.scenario import Scenario
from planner.report import Figure, render_csv, render_pdf
from planner.report.glyphs import breakable, covered
from planner.units import money
from tests.samples_result import changed, sample_result, sample_scenario

WHEN = dt.datetime(2026, 11, 21, 8, 30, tzinfo=dt.UTC)
SCENARIO = sample_scenario()
RESULT = sample_result()
HOSTILE = [
    '=HYPERLINK("http://x.example","click")',
    "#panic()",
    "<script>alert(1)</script>",
    "$x$ *bold* _it_ `raw` @ref <label> \\ //",
    "+1+1",
    "@SUM(A1)",
    "y" * 200,
]


def drawn(result: Result) -> list[Figure]:
    charts = ((break_even_chart, break_even_alt, "Cost by volume"), (cost_stack_chart, cost_stack_alt, "Cost by part"))
    figures = []
    for chart, alt, caption in charts:
        figure = chart(result)
        figures.append(Figure(render_svg(figure), alt(result), caption))
    return figures


def made(scenario: Scenario, result: Result) -> bytes:
    return render_pdf(scenario, result, drawn(result), when=WHEN)


@lru_cache(maxsize=1)
def sample_pdf() -> bytes:
    return made(SCENARIO, RESULT)


def renamed(name: str) -> tuple[Scenario, Result]:
    scenario = sample_scenario(
        name=name, owner=name, notes=name, options=[changed(o, label=name) for o in SCENARIO.options]
    )
    options = [changed(o, label=name) for o in RESULT.options]
    return scenario, changed(RESULT, scenario_name=name, options=options)


def squeezed(text: str) -> str:
    """Text without the spaces and breaks that typesetting adds."""
    return re.sub(r"[\s\u200b]", "", text)


def pdf_text(pdf: bytes) -> str:
    return squeezed("".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages))


def csv_rows(scenario: Scenario, result: Result) -> list[dict[str, str]]:
    text = render_csv(scenario, result).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_pdf_shows_the_words_and_every_cell_of_the_tables() -> None:
    text = pdf_text(sample_pdf())
    words = [present.headline(SCENARIO, RESULT), *present.support(SCENARIO, RESULT)]
    words += [part for metric in present.metrics(SCENARIO, RESULT) for part in metric]
    tables = [present.option_rows(SCENARIO, RESULT), present.break_even_rows(RESULT), present.month_rows(RESULT)]
    tables += [present.year_rows(RESULT), present.assumption_rows(SCENARIO), present.evidence_rows(RESULT)]
    words += [cell for table in tables for row in table.rows for cell in row]
    missing = [word for word in words if squeezed(word) not in text]
    assert missing == []


def test_csv_adds_up_to_the_tables() -> None:
    by_option: dict[str, Decimal] = defaultdict(Decimal)
    by_month: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in csv_rows(SCENARIO, RESULT):
        if row["EffectiveCost (USD)"]:
            cost = Decimal(row["EffectiveCost (USD)"])
            by_option[row["ServiceName"]] += cost
            by_month[row["x_OptionId"], row["x_Month (0 = one-off)"]] += cost
    shown = {row[0]: row[2].replace(",", "") for row in present.option_rows(SCENARIO, RESULT).rows}
    assert {label: str(total) for label, total in by_option.items()} == {
        label: total for label, total in shown.items() if total != "not known"
    }
    for option in RESULT.options:
        for month in option.months:
            assert by_month[option.option_id, str(month.month)] == money(month.total_usd)


def test_csv_has_a_rounding_row_only_where_it_takes_one() -> None:
    rows = csv_rows(SCENARIO, RESULT)
    rest = [r for r in rows if r["ChargeDescription"] == "Rounding"]
    assert rest
    assert all(Decimal(r["EffectiveCost (USD)"]) != 0 and r["ChargeCategory"] == "Adjustment" for r in rest)
    a100 = [r for r in rest if r["x_OptionId"] == "h200"]
    assert a100 == []


def test_csv_leaves_the_cost_of_a_blocked_option_empty() -> None:
    rows = [r for r in csv_rows(SCENARIO, RESULT) if r["x_OptionStatus"] == "blocked"]
    assert len(rows) == 1
    assert rows[0]["EffectiveCost (USD)"] == ""
    assert rows[0]["x_ReasonCodes"] == "VRAM; THROUGHPUT_UNKNOWN"


def test_csv_periods_follow_one_another() -> None:
    rows = [r for r in csv_rows(SCENARIO, RESULT) if r["x_OptionId"] == "groq" and r["ChargeDescription"] == "Tokens"]
    months = [r for r in rows if r["x_Month (0 = one-off)"] != "0"]
    assert [r["ChargePeriodEnd"] for r in months[:-1]] == [r["ChargePeriodStart"] for r in months[1:]]
    assert months[-1]["ChargePeriodEnd"] == "2029-11-20T00:00:00Z"
    assert months[0]["PricingUnit"] == "1M Tokens"
    assert Decimal(months[0]["PricingQuantity"]) == Decimal("19831.666667")


def test_csv_is_made_for_spreadsheets() -> None:
    made_csv = render_csv(SCENARIO, RESULT)
    assert made_csv.startswith(b"\xef\xbb\xbfBillingCurrency,")
    assert b"\r\n" in made_csv
    assert made_csv.count(b"\n") == made_csv.count(b"\r\n")


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@x", "\t=1", "\N{FULLWIDTH EQUALS SIGN}1", "\u200b=1", " =1", "\ufeff@x", "\u2212 1"]
)
def test_csv_runs_no_formula(name: str) -> None:
    scenario, result = renamed(name)
    for row in csv_rows(scenario, result):
        assert row["ServiceName"] == f"'{name}"
        assert row["x_ScenarioName"] == f"'{name}"


def test_csv_numbers_stay_numbers() -> None:
    cheaper = [
        changed(m, people_usd=m.people_usd - 5000, total_usd=m.total_usd - 5000) for m in RESULT.options[0].months
    ]
    result = changed(RESULT, options=[changed(RESULT.options[0], months=cheaper)])
    assert any(row["EffectiveCost (USD)"].startswith("-") for row in csv_rows(SCENARIO, result))


def test_json_is_the_result() -> None:
    assert Result.model_validate_json(RESULT.model_dump_json()).verdict.recommended_id == "groq"


def test_pdf_is_the_same_twice_and_needs_a_time_zone() -> None:
    assert made(SCENARIO, RESULT) == made(SCENARIO, RESULT)
    with pytest.raises(ValueError, match="time zone"):
        render_pdf(SCENARIO, RESULT, when=WHEN.replace(tzinfo=None))


def objects(pdf: pikepdf.Pdf) -> list[Any]:
    return [o for o in pdf.objects if isinstance(o, pikepdf.Dictionary)]


def test_pdf_is_tagged_titled_and_in_english() -> None:
    with pikepdf.open(io.BytesIO(sample_pdf())) as pdf:
        assert len(pdf.pages) == 9
        assert str(pdf.Root.Lang) == "en"
        assert bool(pdf.Root.MarkInfo.Marked)
        meta = pdf.open_metadata()
        assert meta["dc:title"] == SCENARIO.name
        assert meta["pdfuaid:part"] == "1"
        assert meta.pdfa_status == "2A"
        figures = [o for o in objects(pdf) if o.get("/S") == "/Figure"]
        assert [str(f.Alt) for f in figures] == [f.alt for f in drawn(RESULT)]
        heads = [o for o in objects(pdf) if o.get("/S") == "/TH"]
        assert len(heads) > 40


def test_pdf_embeds_its_fonts() -> None:
    with pikepdf.open(io.BytesIO(sample_pdf())) as pdf:
        fonts = [o for o in objects(pdf) if o.get("/Type") == "/FontDescriptor"]
        assert fonts
        assert all("/FontFile2" in f or "/FontFile3" in f for f in fonts)
        assert all("PlannerSans" in str(f.FontName) for f in fonts)


def test_pdf_pages_are_numbered_and_none_is_empty() -> None:
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(sample_pdf())).pages]
    for number, text in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in text
        assert len(text) > 200


def hostile() -> tuple[Scenario, Result]:
    name, owner, *labels = HOSTILE
    options = [changed(o, label=label) for o, label in zip(SCENARIO.options, labels, strict=True)]
    scenario = sample_scenario(name=name, owner=owner, notes=" ".join(HOSTILE), options=options)
    results = [changed(o, label=label) for o, label in zip(RESULT.options, labels, strict=True)]
    return scenario, changed(RESULT, scenario_name=name, options=results)


def test_pdf_shows_names_letter_for_letter() -> None:
    pdf = made(*hostile())
    text = pdf_text(pdf)
    assert [name for name in HOSTILE if text.count(squeezed(name)) < 2] == []
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert opened.open_metadata()["dc:title"] == HOSTILE[0]
        assert "/AcroForm" not in opened.Root
        assert "/Names" not in opened.Root or "/JavaScript" not in opened.Root.Names


def test_pdf_shows_characters_that_its_font_lacks_as_question_marks() -> None:
    text = pdf_text(made(*renamed("\N{CJK UNIFIED IDEOGRAPH-6F22} \N{ROCKET} Größe Цена Τιμή")))
    assert "??GrößeЦенаΤιμή" in text
    assert squeezed("does not hold are shown as ?.") in text


def test_pdf_of_nothing_priced_and_of_zero_volume() -> None:
    options = [o for o in RESULT.options if o.status == "blocked"]
    none = changed(RESULT, options=options, verdict=Verdict(status="blocked"), break_evens=(), curves=(), evidence=())
    assert "Noansweryet" in pdf_text(made(SCENARIO, none))
    assert "undefined" in pdf_text(made(SCENARIO, sample_result(0.0)))


def test_pdf_of_twenty_options_and_no_figure() -> None:
    options = [changed(RESULT.options[k % 5], option_id=f"o{k}", label=f"Option number {k}") for k in range(20)]
    verdict = changed(RESULT.verdict, recommended_id="o0", cheapest_id="o0", runner_up_id="o2")
    text = pdf_text(render_pdf(SCENARIO, changed(RESULT, options=options, verdict=verdict), when=WHEN))
    assert all(squeezed(f"Option number {k}") in text for k in range(20))


def test_long_words_can_break_and_short_ones_stay() -> None:
    assert breakable("short words stay") == "short words stay"
    assert "\u200b" in breakable("https://example.org/a/very/long/path")
    assert covered("a\N{ROCKET}b") == "a?b"


EUR = DisplayCurrency(code="EUR", units_per_usd=Decimal("0.895095"), as_of="2026-10-30", source="ECB")
IN_EUROS = changed(SCENARIO, currency=EUR)
SHOWN = ("x_ShownCurrency", "x_ShownCost", "x_ShownUnitsPerUsd", "x_ShownRateDate", "x_ShownRateSource")


def test_pdf_in_euros_shows_the_words_and_every_cell_in_euros_and_the_rate_once() -> None:
    with written_in(EUR):
        text = pdf_text(made(IN_EUROS, RESULT))
        words = [present.headline(IN_EUROS, RESULT), *present.support(IN_EUROS, RESULT)]
        words += [part for metric in present.metrics(IN_EUROS, RESULT) for part in metric]
        tables = [present.option_rows(IN_EUROS, RESULT), present.comparison_rows(RESULT), present.month_rows(RESULT)]
        tables += [present.year_rows(RESULT), present.required_rows(RESULT), present.assumption_rows(IN_EUROS)]
        words += [cell for table in tables for row in table.rows for cell in row]
    assert [word for word in words if squeezed(word) not in text] == []
    assert "$" not in text
    told = squeezed("Shown in EUR at 0.895095 EUR per USD (ECB, 2026-10-30); computed in USD.")
    assert text.count(told) == 1
    assert "NPV(EUR)" in text
    assert "NPV(USD)" not in text


def test_pdf_is_in_the_currency_of_its_own_scenario_wherever_it_is_made() -> None:
    with written_in(EUR):
        inside = render_pdf(SCENARIO, RESULT, when=WHEN)
    assert inside == render_pdf(SCENARIO, RESULT, when=WHEN)


def test_csv_in_us_dollars_has_the_columns_it_always_had() -> None:
    assert not set(SHOWN) & set(csv_rows(SCENARIO, RESULT)[0])


def test_csv_in_euros_adds_columns_and_leaves_those_in_us_dollars_as_they_are() -> None:
    before, after = csv_rows(SCENARIO, RESULT), csv_rows(IN_EUROS, RESULT)
    assert tuple(after[0])[-5:] == SHOWN
    dollars = [{k: v for k, v in row.items() if k not in SHOWN} for row in after]
    added = [row for row in dollars if row not in before]
    assert [row for row in dollars if row in before] == before
    assert {(row["ChargeDescription"], row["EffectiveCost (USD)"]) for row in added} <= {("Rounding", "0.00")}
    assert {row["BillingCurrency"] for row in after} == {"USD"}


def test_csv_in_euros_converts_every_cost_and_adds_up_to_the_total_shown() -> None:
    rows = csv_rows(IN_EUROS, RESULT)
    assert {tuple(row[name] for name in SHOWN if name != "x_ShownCost") for row in rows} == {
        ("EUR", "0.895095", "2026-10-30", "ECB")
    }
    for row in rows:  # to the cent of the row, except in the rows that hold what rounding leaves
        if row["ChargeDescription"] not in ("", "Rounding"):
            exact = Decimal(row["EffectiveCost (USD)"]) * EUR.units_per_usd
            assert abs(Decimal(row["x_ShownCost"]) - exact) <= Decimal("0.005")
    for option in RESULT.options:
        costs = [row["x_ShownCost"] for row in rows if row["x_OptionId"] == option.option_id]
        if option.tco_usd is None:
            assert costs == [""]
        else:
            assert sum(map(Decimal, costs)) == money(Decimal(repr(option.tco_usd)) * EUR.units_per_usd)
