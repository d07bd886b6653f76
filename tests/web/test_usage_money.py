"""The money of a log on the page Workload: as it was, on every option, who pays, and against a saved plan."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from planner.catalog import log_names
from planner.decision.showback import Capacity, showback
from planner.domain.currency import DisplayCurrency
from planner.units import money
from planner.usage.importer import ImportRequest, import_usage
from planner.usage.kept import ROLLUP
from planner.web.usage_money_ask import ONE_DAY
from planner.web.usage_money_bill import BILLED
from planner.web.usage_money_names import for_page
from planner.web.usage_money_shares import MOST_ROWS, shortened
from tests.web.editor import ON, act, choose, draft_of, go, labelled, new_session, press, type_in
from tests.web.test_workload_page import drop, open_tab, settle, tables, words

HOURS = 24 * 30
START = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
HEAD = "timestamp,model,input_tokens,cached_input_tokens,output_tokens,cost_usd,team\n"


def log(model: str, cost: str = "", team: str = "search") -> str:
    """One request an hour of October: 10,000 prompt tokens, 4,000 of them cached, and 1,000 out."""
    return "".join(
        f"{START + dt.timedelta(hours=h):%Y-%m-%dT%H:%M:%SZ},{model},10000,4000,1000,{cost},{team}\n"
        for h in range(HOURS)
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "usage"


@pytest.fixture
def app(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("PLANNER_STORE", str(tmp_path / "store.duckdb"))
    monkeypatch.setenv("PLANNER_USAGE", str(folder))
    monkeypatch.setenv("PLANNER_DATE", ON.isoformat())
    st.cache_resource.clear()
    page = new_session().run()
    go(page, "workload")
    yield page
    st.cache_resource.clear()


def show(app: AppTest, folder: Path, text: str, tab: str, **more: object) -> AppTest:
    file = folder.parent / "log.csv"
    file.write_text(HEAD + text, encoding="utf-8")
    request = ImportRequest((file,), name="October", on=ON, **more)  # type: ignore[arg-type]
    app.query_params["import"] = import_usage(request, folder).profile.profile_id
    return open_tab(app, tab)


def fleet_of(app: AppTest) -> str:
    return next(o.option_id for o in draft_of(app).scenario.options if o.kind == "rented")


def amount(cell: str) -> Decimal:
    return Decimal(cell.replace(",", "").replace("\N{MINUS SIGN}", "-"))


def cells(app: AppTest, first: str) -> list[str]:
    """Cells of the first row that is headed so."""
    row = re.search(rf'<th scope="row">{first}</th>(.*?)</tr>', tables(app))
    assert row is not None, first
    return re.findall(r"<td[^>]*>(.*?)</td>", row[1])


def test_the_log_is_priced_at_the_list_price_of_its_model(app: AppTest, folder: Path) -> None:
    """720 x (6,000 x 2.50 + 4,000 x 1.25 + 1,000 x 10) / 1M = 720 x 0.03 = 21.60 USD."""
    show(app, folder, log("gpt-4o"), "What it cost")
    assert not app.exception
    assert "$21.60" in words(app)
    assert "21.60" in cells(app, "2026-10")


def test_every_option_of_the_scenario_has_a_cost_or_a_reason(app: AppTest, folder: Path) -> None:
    show(app, folder, log("gpt-4o"), "What it cost")
    for option in draft_of(app).scenario.options:
        row = cells(app, re.escape(option.label))
        assert re.fullmatch(r"[\d,]+\.\d\d", row[1]) or row[-1], option.label


def test_the_exports_own_cost_is_held_against_the_list(app: AppTest, folder: Path) -> None:
    """It says 0.027 a request, 19.44 in all: 2.16 less than the list."""
    show(app, folder, log("gpt-4o", cost="0.027"), "What it cost")
    row = cells(app, "USD")
    assert "19.44" in row
    assert "\N{MINUS SIGN}2.16" in row


def test_a_model_without_a_price_says_so_and_can_be_named(app: AppTest, folder: Path) -> None:
    show(app, folder, log("our-deployment"), "What it cost")
    assert "no token of the log has a price" in words(app)
    act(app, labelled(app.selectbox, "Provider").set_value("openai"))
    act(app, labelled(app.selectbox, "Offer").set_value("gpt-4o"))
    press(app, "Price it so")
    assert "$21.60" in words(app)


def test_a_rollup_that_is_gone_says_what_to_do(app: AppTest, folder: Path) -> None:
    show(app, folder, log("gpt-4o"), "Lengths")
    (rollup,) = folder.rglob(ROLLUP)
    rollup.unlink()
    for tab in ("What it cost", "Who pays", "Against the plan"):
        open_tab(app, tab)
        assert "Import the log again" in words(app)


def test_without_owners_the_page_says_how_to_have_them(app: AppTest, folder: Path) -> None:
    show(app, folder, log("gpt-4o"), "Who pays")
    assert "imported without owners" in words(app)


def test_owners_pay_what_they_used_and_it_adds_up_to_the_bill(app: AppTest, folder: Path) -> None:
    """Three months' worth of team a, one of team b: 3/4 and 1/4 of 86.40 USD."""
    text = "".join(log("gpt-4o", team=team) for team in ("a", "a", "a", "b"))
    show(app, folder, text, "Who pays", owner_by="team")
    assert cells(app, "a")[3] == "64.80"
    assert cells(app, "b")[3] == "21.60"
    assert cells(app, "The bill")[3] == "86.40"


def test_the_bill_of_a_fleet_is_shared_with_its_idle_time(app: AppTest, folder: Path) -> None:
    show(app, folder, log("gpt-4o", team="a") + log("gpt-4o", team="b"), "Who pays", owner_by="team")
    choose(app, "The bill is", fleet_of(app))
    choose(app, "What is idle or shared is", "usage")
    amounts = {
        who: [float(c.replace(",", "")) for c in cells(app, who)[:4]] for who in ("a", "b", "nobody", "The bill")
    }
    total = amounts.pop("The bill")
    for part in range(4):
        assert sum(row[part] for row in amounts.values()) == pytest.approx(total[part], abs=1e-9)
    assert amounts["nobody"][1] > 0, "a fleet that nobody fills is idle"


def test_every_amount_of_a_fleets_bill_adds_up_on_the_page(app: AppTest, folder: Path) -> None:
    show(app, folder, log("gpt-4o", team="a") + log("gpt-4o", team="b"), "Who pays", owner_by="team")
    choose(app, "The bill is", fleet_of(app))
    told = re.search(r"used ([\d,.]+) \+ idle ([\d,.]+) \+ shared ([\d,.]+) = ([\d,.]+) USD", words(app))
    assert told is not None
    used, idle, shared, whole = (Decimal(part.replace(",", "")) for part in told.groups())
    assert used + idle + shared == whole
    assert "equal to the cent" in words(app)
    assert cells(app, "The bill")[3] == told[4]


def test_what_is_set_aside_is_paid_whether_it_is_used_or_not(app: AppTest, folder: Path) -> None:
    """a had 50% of the fleet set aside and b 25%: they pay in the ratio 2 to 1 for the same use."""
    show(app, folder, log("gpt-4o", team="a") + log("gpt-4o", team="b"), "Who pays", owner_by="team")
    choose(app, "The bill is", fleet_of(app))
    choose(app, "What is idle or shared is", "allocation")
    assert "Say what was set aside" in words(app)
    type_in(app, "a (%)", 50.0)
    type_in(app, "b (%)", 25.0)
    used = {who: Decimal(cells(app, who)[0].replace(",", "")) for who in ("a", "b")}
    assert abs(used["a"] - 2 * used["b"]) <= Decimal("0.02")
    type_in(app, "b (%)", 60.0)
    assert "add up to 110%" in words(app)


def test_an_invoice_above_the_list_is_shared_as_the_rest_is(app: AppTest, folder: Path) -> None:
    """a uses 3/4 of 86.40 USD; of an invoice of 100.00 the 13.60 above it are 10.20 and 3.40."""
    text = "".join(log("gpt-4o", team=team) for team in ("a", "a", "a", "b"))
    show(app, folder, text, "Who pays", owner_by="team")
    type_in(app, "Billed for the days of the log (USD)", 100.0)
    assert cells(app, "a")[:4] == ["64.80", "0.00", "10.20", "75.00"]
    assert cells(app, "b")[:4] == ["21.60", "0.00", "3.40", "25.00"]


def test_owners_can_pay_what_the_export_itself_bills(app: AppTest, folder: Path) -> None:
    """720 requests of 0.01 USD by a, and of 0.03 by b, whatever the list says."""
    text = log("gpt-4o", cost="0.01", team="a") + log("our-deployment", cost="0.03", team="b")
    show(app, folder, text, "Who pays", owner_by="team")
    choose(app, "The bill is", BILLED)
    assert cells(app, "a")[3] == "7.20"
    assert cells(app, "b")[3] == "21.60"
    assert cells(app, "The bill")[3] == "28.80"


def test_a_log_without_owners_is_imported_again_with_one_press(app: AppTest, folder: Path) -> None:
    show(app, folder, log("gpt-4o"), "Who pays")
    press(app, "Import it again")
    assert labelled(app.selectbox, "Keep who asked, for showback").options[1] == "teams"


def test_a_log_is_held_against_the_draft_and_against_a_saved_plan(app: AppTest, folder: Path) -> None:
    show(app, folder, log("gpt-4o"), "Against the plan")
    assert "it can be chosen here as the plan that it was" in words(app)
    assert cells(app, "2026-10")
    go(app, "decide")
    press(app, "Save")
    go(app, "workload")
    open_tab(app, "Against the plan")
    (saved,) = (o for o in labelled(app.selectbox, "Plan").options if "revision 1" in o)
    assert "saved on" in saved
    app.selectbox(key=labelled(app.selectbox, "Plan").key).select_index(1).run()
    assert not app.exception
    assert "Cost against plan" in tables(app)
    assert "Volume, mix and price against plan" in tables(app)
    day, plan, actual, difference, _, volume, mix, price, rounding, _ = cells(app, "2026-10")
    assert day == "30.00"
    assert amount(actual) == Decimal("21.60")
    assert amount(difference) == amount(actual) - amount(plan)
    assert amount(volume) + amount(mix) + amount(price) + amount(rounding) == amount(difference)


def test_a_months_bill_takes_the_place_of_list_prices(app: AppTest, folder: Path) -> None:
    show(app, folder, log("gpt-4o"), "Against the plan")
    type_in(app, "2026-10 (USD)", 500.0)
    assert cells(app, "2026-10")[2] == "500.00"
    assert "the bills given" in words(app)


def test_the_plans_first_month_decides_which_plan_a_day_is_held_against(app: AppTest, folder: Path) -> None:
    show(app, folder, log("gpt-4o"), "Against the plan")
    box = labelled(app.text_input, "First day of the plan's month 1")
    assert box.value == "2026-10-01"
    act(app, box.set_value("2027-01"))
    assert "There is no plan for 2026-10" in words(app)
    act(app, labelled(app.text_input, "First day of the plan's month 1").set_value("soon"))
    assert "write YYYY-MM-DD" in words(app)


def test_a_plan_that_was_measured_from_the_log_says_so(app: AppTest, folder: Path) -> None:
    show(app, folder, log("gpt-4o"), "Use in scenario")
    press(app, "Use these figures")
    open_tab(app, "Against the plan")
    assert "measured from this very log" in words(app)


def test_what_was_said_of_a_log_is_there_when_its_tab_is_opened_again(app: AppTest, folder: Path) -> None:
    show(app, folder, log("gpt-4o"), "What it cost")
    choose(app, "List prices of", ONE_DAY)
    act(app, labelled(app.text_input, "Day of the prices").set_value("2026-11-20"))
    assert "prices: 2026-11-20" in words(app)
    open_tab(app, "Lengths")
    open_tab(app, "What it cost")
    assert "prices: 2026-11-20" in words(app)


def test_whole_days_of_an_export_lower_the_rate_of_a_month(app: AppTest, folder: Path) -> None:
    """30 days of October that hold one request an hour; as an export of all 31 days the rate is 30/31 of that."""
    show(app, folder, log("gpt-4o"), "What it cost")
    month = amount(cells(app, "As it was")[1])
    assert month == money(21.60 / 30 * 365 / 12)
    act(app, labelled(app.checkbox, "It is of whole days").check())
    act(app, labelled(app.text_input, "Last whole day (UTC)").set_value("2026-10-31"))
    assert amount(cells(app, "As it was")[1]) == money(21.60 / 31 * 365 / 12)
    act(app, labelled(app.text_input, "Last whole day (UTC)").set_value("2026-09-30"))
    assert "lies before the first" in words(app)


def test_a_name_that_several_sell_is_priced_by_pressing_one_of_them(app: AppTest, folder: Path) -> None:
    show(app, folder, log("llama-3.3-70b-versatil"), "What it cost")
    near = [button.label.replace("\\", "") for button in app.button if "/" in button.label]
    assert near, "names like it are offered"
    assert "no token of the log has a price" in words(app)
    act(app, next(button for button in app.button if "/" in button.label).click())
    assert f"is {near[0]}" in words(app)
    press(app, "Take it back")
    assert "no token of the log has a price" in words(app)


def test_amounts_are_in_the_scenarios_currency_and_prices_in_that_of_their_source(app: AppTest, folder: Path) -> None:
    draft = draft_of(app)
    euro = DisplayCurrency(code="EUR", units_per_usd=Decimal("0.5"), as_of="2026-11-20", source="a bank")
    draft.scenario = draft.scenario.model_copy(update={"currency": euro})
    show(app, folder, log("gpt-4o"), "What it cost")
    assert "\N{EURO SIGN}10.80" in words(app)
    assert "Shown in EUR" in words(app)
    assert "Cost (EUR)" in tables(app)
    app.session_state["money-sources"] = True
    app.run()
    assert "Rates (USD per 1M tokens)" in tables(app)
    assert "input $2.50" in tables(app)


def test_a_log_without_dates_shows_no_day_that_never_was(app: AppTest, folder: Path) -> None:
    rows = ({"timestamp": 1000 * k, "input_length": 900, "output_length": 50, "hash_ids": [k]} for k in range(90))
    file = folder.parent / "trace.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    app.query_params["import"] = import_usage(ImportRequest((file,), name="Trace", on=ON), folder).profile.profile_id
    open_tab(app, "What it cost")
    assert not app.exception
    assert labelled(app.text_input, "Day of the prices").value == ON.isoformat()
    assert not re.search(r"20[01]\d-\d\d", words(app) + tables(app)), "no day of an epoch"
    open_tab(app, "Against the plan")
    assert "no known dates" in words(app)


def test_no_way_out_on_the_page_is_one_of_the_command_line(app: AppTest, folder: Path) -> None:
    early = log("gpt-4o").replace("2026-10", "2019-10")
    text = early + log("our-deployment") + log("gpt-4o-latest") + log("llama-3.3-70b")
    show(app, folder, text, "What it cost")
    shown = words(app) + tables(app)
    assert "Without a price" in shown
    assert "--" not in shown.replace("|---", "")
    assert "planner catalog" not in shown


def test_every_command_line_word_of_a_reason_has_words_for_the_page() -> None:
    told = [
        log_names._WAY_OUT,
        "`planner catalog list models --provider PROVIDER` lists the names.",
        "`planner catalog list models --provider azure` lists them.",
        "`planner catalog list providers` lists them.",
        "Type it in, or price the whole log at the prices of one day that has them: --on DATE.",
        "Import the files again, with --threshold 200000 --threshold 272000 when the catalog has no such threshold.",
    ]
    for text in told:
        assert "--" not in for_page(text)
        assert "`" not in for_page(text)


def test_a_long_list_of_owners_still_adds_up() -> None:
    use = {f"team-{n:04d}": float(n + 1) for n in range(1000)}
    whole = showback(Decimal("1234.56"), use, basis="usage", shared_by="tokens", capacity=Capacity(2.0 * 500_500))
    few = shortened(whole)
    assert len(few.rows) == MOST_ROWS + 1
    assert few.rows[-1].name == "nobody"
    for part in ("used_usd", "idle_usd", "shared_usd", "total_usd"):
        assert few.total(part) == whole.total(part)
    assert shortened(few.model_copy(update={"rows": few.rows[:5]})).rows == few.rows[:5]


def test_a_table_of_other_names_is_imported_with_its_owners(app: AppTest, folder: Path) -> None:
    rows = "".join(f"2026-10-{day:02d} 10:00:00,gpt-4o,1000,100,squad-{day % 2}\n" for day in range(1, 29))
    choose(app, "Keep who asked, for showback", "team")
    drop(app, ("odd.csv", "Sent at,Deployment,Tokens in,Tokens out,Squad\n" + rows))
    assert "which column is which" in words(app)
    choose(app, "Keep who asked, for showback", "team")
    assert labelled(app.selectbox, "Column of teams").value == "Squad"
    press(app, "Import with these columns")
    settle(app)
    open_tab(app, "Who pays")
    assert cells(app, "squad-0")
    assert cells(app, "squad-1")
