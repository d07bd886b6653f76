"""`planner usage price`, `variance` and `showback` over a log that is really imported."""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import io
import json
import shutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from planner.cli.inputs import BAD_INPUT, NO_ANSWER, OK, InputError
from planner.cli.usage_price import add_usage_price
from planner.cli.usage_showback import add_usage_showback
from planner.cli.usage_variance import add_usage_variance
from planner.usage.importer import ImportRequest, import_usage

SCENARIO = """
schema_version: 1
name: Assistant
calendar: 30d
horizon_months: 3
workload:
  classes:
    - {class_id: all, requests_per_day: 20, fresh_input_tokens: 1000, output_tokens: 100}
options:
  - kind: api
    option_id: typed
    label: Typed API
    provider: example
    model: example
    price: {input_usd_per_mtok: 3, output_usd_per_mtok: 15}
  - kind: rented
    option_id: own
    label: Own GPU
    model_id: llama-3.1-8b
    format_id: bf16
    gpu_id: h100-sxm
    price: {usd_per_gpu_hour: 3}
    throughput: {output_tokens_per_s_per_replica: 100}
    spare_replicas: 0
    operations: {setup_hours: 0, fte_fraction: 0}
"""
MODELS = ("gpt-4o", "claude-haiku-4-5", "our-own")
PRICE_USD = {
    "gpt-4o": 2.5e-6 * 900 + 1.25e-6 * 100 + 10e-6 * 100,
    "claude-haiku-4-5": 1e-6 * 900 + 0.1e-6 * 100 + 5e-6 * 100,
}
"""A request of 1,000 prompt tokens, 100 of them cached, and 100 of output."""


def rows() -> Iterator[str]:
    """31 days, 30 requests a day, a third of each model; teams in turn."""
    yield "timestamp,model,input_tokens,cached_tokens,output_tokens,team,cost_usd"
    for number in range(930):
        day, model = number // 30, MODELS[number % 3]
        at = f"2026-10-{day + 1:02d}T{number % 30 * 24 // 30:02d}:{number % 60:02d}:00Z"
        yield f"{at},{model},1000,100,100,=team-{number % 2},0.0025"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("usage")
    (place / "log.csv").write_text("\n".join(rows()) + "\n")
    (place / "plan.yaml").write_text(SCENARIO)
    request = ImportRequest(paths=(place / "log.csv",), owner_by="team", on=dt.date(2026, 11, 21))
    kept = import_usage(request, place / "kept").folder
    shutil.copy(kept / "profile.json", place / "october.json")
    shutil.copy(kept / "rollup.parquet", place / "october.rollup.parquet")
    return place


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    adders = {"price": add_usage_price, "variance": add_usage_variance, "showback": add_usage_showback}

    def command(name: str, *arguments: str) -> tuple[int, str]:
        parser = argparse.ArgumentParser()
        adders[name](parser)
        options = parser.parse_args([str(folder / "october.json"), *(a.replace("@", f"{folder}/") for a in arguments)])
        try:
            code = int(options.run(options))
        except InputError as error:
            return BAD_INPUT, str(error)
        return code, capsys.readouterr().out

    return command


def answer(run: Run, *arguments: str) -> Any:
    code, out = run(*arguments, "--format", "json")
    assert code == OK, out
    return json.loads(out)


def test_each_model_at_its_own_price_with_the_export_beside_it(run: Run) -> None:
    found = answer(run, "price")
    expected = 310 * (PRICE_USD["gpt-4o"] + PRICE_USD["claude-haiku-4-5"])
    assert float(found["price"]["usd"]) == pytest.approx(expected, abs=0.005)
    assert found["price"]["unpriced_tokens"] == 310 * 1100
    assert [part["model"] for part in found["price"]["unpriced"]] == ["our-own"]
    billed = sum(line["billed"] for line in found["reconciliation"]["lines"])
    assert billed == pytest.approx(930 * 0.0025)


def test_a_model_map_prices_the_rest(run: Run) -> None:
    found = answer(run, "price", "--model-map", "our-own=openai/gpt-4o")["price"]
    assert found["unpriced"] == []
    expected = 310 * (2 * PRICE_USD["gpt-4o"] + PRICE_USD["claude-haiku-4-5"])
    assert float(found["usd"]) == pytest.approx(expected, abs=0.005)


def test_all_of_it_on_an_option_and_on_an_offer(run: Run) -> None:
    typed = answer(run, "price", "--scenario", "@plan.yaml", "--option", "typed")["price"]
    assert typed["usd"] == "4.19"  # 930 x (1,000 x $3 + 100 x $15) / 1M = $4.185
    offer = answer(run, "price", "--offer", "openai/gpt-4o")["price"]
    assert float(offer["usd"]) == pytest.approx(930 * PRICE_USD["gpt-4o"], abs=0.005)


def test_a_fleet_is_paid_for_the_days_of_the_log(run: Run) -> None:
    found = answer(run, "price", "--scenario", "@plan.yaml", "--option", "own", "--on", "2026-11-21")["price"]
    assert found["way"] == "fleet"
    assert float(found["usd"]) == pytest.approx(3 * 24 * 31, rel=1e-3)  # one GPU at $3 an hour


def test_the_table_says_the_amount_the_lines_and_the_way_out(run: Run) -> None:
    code, out = run("price", "--by", "owner")
    text = " ".join(out.split())
    assert code == OK
    for words in ("Priced as each model at its own list price", "have no price and are not in this amount", "=team-0",
                  "--model-map", "The export's own cost against list prices", "gpt-4o at openai"):  # fmt: skip
        assert words in text, words


def test_csv_adds_up_to_the_answer_and_runs_no_formula(run: Run, folder: Path) -> None:
    total = Decimal(answer(run, "price", "--by", "owner")["price"]["usd"])
    assert run("price", "--by", "owner", "--format", "csv", "--csv", "@price.csv")[0] == OK
    read = list(csv.DictReader(io.StringIO((folder / "price.csv").read_text(encoding="utf-8-sig"))))
    assert sum((Decimal(r["ListCost (USD)"]) for r in read if r["ListCost (USD)"]), Decimal(0)) == total
    assert {r["x_Owner"] for r in read if r["x_Owner"]} == {"'=team-0", "'=team-1"}


def test_actual_against_plan(run: Run) -> None:
    plan = ("--plan", "@plan.yaml", "--option", "typed", "--plan-from", "2026-10")
    found = answer(run, "variance", *plan, "--model-map", "our-own=openai/gpt-4o")
    (month,) = found["months"]
    # planned: 20 x 31 requests of 1,000 in at $3 and 100 out at $15 = $2.79; billed 930 x $0.0025 = $2.325
    assert float(month["plan"]["usd"]) == pytest.approx(2.79, abs=0.005)
    assert float(month["actual"]["usd"]) == pytest.approx(2.325, abs=0.005)
    parts = ("volume_usd", "mix_usd", "price_usd", "rounding_usd")
    assert sum(Decimal(found["effects"][part]) for part in parts) == Decimal(found["effects"]["total_usd"])
    bills = answer(run, "variance", *plan, "--bill", "2026-10=4.00")
    assert bills["months"][0]["actual"]["usd"] == "4.00"
    code, out = run("variance", *plan)
    assert code == OK
    assert "FinOps Foundation" in " ".join(out.split())
    code, out = run("variance", *plan, "--format", "csv")
    assert code == OK


def test_a_fleets_plan_is_compared_with_its_bills(run: Run) -> None:
    plan = ("--plan", "@plan.yaml", "--option", "own", "--plan-from", "2026-10")
    found = answer(run, "variance", *plan, "--bill", "2026-10=2500")
    assert float(found["months"][0]["plan"]["usd"]) == pytest.approx(3 * 24 * 31, abs=0.01)
    assert "machines" in found["what"]


def test_a_plan_that_is_not_of_these_months_says_so(run: Run) -> None:
    code, out = run("variance", "--plan", "@plan.yaml", "--option", "typed", "--plan-from", "2027-01")
    assert code == NO_ANSWER
    assert "this month is before it begins" in " ".join(out.split())


@pytest.mark.parametrize("basis", ["usage", "weighted"])
def test_who_pays_adds_up_to_the_bill(run: Run, basis: str) -> None:
    found = answer(run, "showback", "--bill", "10.01", "--basis", basis)
    parts = [Decimal(row[part]) for row in found["rows"] for part in ("used_usd", "idle_usd", "shared_usd")]
    assert sum(parts) == Decimal("10.01") == Decimal(found["bill_usd"])


def test_who_pays_a_fleet(run: Run) -> None:
    fleet = ("--scenario", "@plan.yaml", "--option", "own", "--on", "2026-11-21")
    found = answer(run, "showback", *fleet, "--basis", "usage")
    nobody = [row for row in found["rows"] if not row["attributed"]]
    assert Decimal(nobody[0]["idle_usd"]) > Decimal("0.9") * Decimal(found["bill_usd"])
    shares = ("--requested", "=team-0=0.5", "--requested", "=team-1=0.25")
    rows_of = answer(run, "showback", *fleet, "--basis", "allocation", "--bill", "1000", *shares)["rows"]
    assert [(row["owner"], row["used_usd"], row["idle_usd"]) for row in rows_of] == [
        ("=team-0", "500.00", "0.00"),
        ("=team-1", "250.00", "0.00"),
        ("", "0.00", "250.00"),
    ]


def test_who_pays_by_tokens_alone(run: Run) -> None:
    code, out = run("showback", "--bill", "100", "--output-weight", "4")
    assert code == OK
    assert "an output token is 4 prompt tokens" in " ".join(out.split())
    code, out = run("showback", "--bill", "100", "--output-weight", "4", "--format", "csv")
    assert code == OK


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            ("price", "--option", "typed", "--model-map", "gpt-4=x/y", "--model-map", "nonsense", "--covers",
             "2026-10-31", "2026-10-01"),
            ("--option typed: give the scenario", "the log has no model 'gpt-4'. Did you mean gpt-4o",
             "--model-map nonsense: write", "--covers 2026-10-31 2026-10-01"),
        ),
        (("price", "--scenario", "@plan.yaml", "--option", "tipped"), ("Did you mean typed?",)),
        (("price", "--scenario", "@plan.yaml"), ("say which of its options",)),
        (("price", "--offer", "openai/gpt-4p"), ("no such offer",)),
        (("price", "--scenario", "@none.yaml", "--option", "x"), ("no such file",)),
        (
            ("variance", "--plan", "@plan.yaml", "--option", "tipped", "--bill", "october=5", "--bill", "2026-10=five",
             "--from-month", "10", "--plan-from", "soon"),
            ("Did you mean typed?", "'october' is no month", "'five' is no amount", "--from-month 10",
             "--plan-from soon"),
        ),
        (
            ("showback", "--bill", "-1", "--requested", "a=2", "--requested", "b", "--option", "own"),
            ("--bill -1", "add up to 2", "--requested b: write", "--scenario and --option"),
        ),
        (("showback", "--output-weight", "4"), ("--output-weight: give the bill too",)),
        (("showback", "--basis", "allocation", "--bill", "10"), ("set aside for each owner",)),
    ],
)  # fmt: skip
def test_everything_that_is_wrong_is_said_at_once(
    run: Run, arguments: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    code, said = run(*arguments)
    assert code == BAD_INPUT
    for words in expected:
        assert words in said, said


def test_a_profile_that_is_not_there_or_has_no_rollup(run: Run, folder: Path) -> None:
    parser = argparse.ArgumentParser()
    add_usage_price(parser)
    (folder / "alone.json").write_bytes((folder / "october.json").read_bytes())
    for name, words in (("none.json", "no such file"), ("alone.json", "alone.rollup.parquet")):
        options = parser.parse_args([str(folder / name)])
        with pytest.raises(InputError, match=words):
            options.run(options)


def test_a_kept_import_is_found_by_its_id(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANNER_USAGE", str(folder / "kept"))
    identifier = json.loads((folder / "october.json").read_text())["profile_id"]
    parser = argparse.ArgumentParser()
    add_usage_price(parser)
    options = parser.parse_args([identifier, "--format", "csv"])
    assert options.run(options) == OK
