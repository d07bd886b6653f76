"""The documents keep up with the code: formulas, functions, words on the page and links."""

from __future__ import annotations

import ast
import datetime as dt
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from planner.catalog.catalog import load
from planner.catalog.claims import ARTICLES, load_claims
from planner.decision import present, present_costs, present_hybrid, present_risk, present_risk_tables
from planner.decision.cost_view import waterfall
from planner.decision.evaluate import decide, evaluate
from planner.decision.hybrid_view import hybrid_view, parts
from planner.decision.present_claims import VERDICT_WORDS, claim_rows
from planner.decision.present_tables import cents, win_range
from planner.decision.resolve import resolve
from planner.decision.risk import assess
from planner.domain.document import parse_scenario
from planner.domain.result import Result, WinInterval
from planner.domain.scenario import Scenario

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
DOCUMENTS = [*sorted(DOCS.rglob("*.md")), ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "data" / "README.md"]
SHOWN_IN_THE_APP = ("reading.md", "method.md", "glossary.md")
FORMULA_FILES = [
    *sorted((ROOT / "planner" / "cost").glob("*.py")),
    *sorted((ROOT / "planner" / "capacity").glob("*.py")),
    *(
        ROOT / "planner" / "capacity" / "throughput" / f"{name}.py"
        for name in ("predict", "steps", "rates", "classes", "confidence", "cases")
    ),
    *(
        ROOT / "planner" / "capacity" / "measurement" / f"{name}.py"
        for name in (
            *("run", "tokens", "steady", "counters", "reconcile", "guards", "knee"),
            *("levels_of", "summary", "points", "compare", "levels", "live"),
        )
    ),
    *(ROOT / "planner" / "decision" / "candidates" / f"{name}.py" for name in ("grid", "rates", "fleet", "pareto")),
    *(
        ROOT / "planner" / "decision" / f"{name}.py"
        for name in (
            *("breakeven", "piecewise", "requirements", "hybrid", "switch", "sampling", "voi"),
            *("log_bands", "log_requests", "shares", "showback", "variance", "variance_effects"),
        )
    ),
    *(
        ROOT / "planner" / "workload" / f"{name}.py"
        for name in ("arrivals", "forecast", "hours", "lengths", "peaks", "trend", "week")
    ),
]
FAMILY = "(CAL|API|HST|RNT|OWN|OPS|CAP|SCA|BE|DEC|TIME|HYB|UNC|FT|WKS|BAT|USE|PRB)"
FORMULA_ID = re.compile(rf"\b{FAMILY}-(\d+(?:(?:, | and )\d+)*)")
FORMULA_RANGE = re.compile(rf"\b{FAMILY}-(\d+) to \1-(\d+)")
LINK = re.compile(r"\]\(([^)\s]+)\)")
DOTTED = re.compile(r"`(planner(?:\.\w+)+)`")
HORIZON = re.compile(r"(,| over) \d+ months?$")
ON = dt.date(2026, 11, 21)


def text_of(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def public_functions() -> Iterator[str]:
    for path in FORMULA_FILES:
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                yield f"{module}.{node.name}"


def ids_in(text: str) -> set[str]:
    """Formula ids; `CAP-1, 2, 3 and 5` are four and `API-1 to API-3` are three."""
    named = {f"{family}-{n}" for family, numbers in FORMULA_ID.findall(text) for n in re.findall(r"\d+", numbers)}
    ranges = FORMULA_RANGE.findall(text)
    return named | {f"{family}-{n}" for family, low, high in ranges for n in range(int(low), int(high) + 1)}


def glossary_terms() -> set[str]:
    """First cells of the glossary's tables, each of the words in `ISL, OSL` and the whole."""
    cells = [
        line.split("|")[1].strip().lower() for line in text_of("glossary.md").splitlines() if line.startswith("| ")
    ]
    return {term for cell in cells for term in (cell, *cell.split(", "))}


def test_formula_ids_are_read_in_every_form() -> None:
    assert ids_in("CAP-1, 2, 3 and 5; OPS-1, OPS-2 and OPS-4") == {
        *("CAP-1", "CAP-2", "CAP-3", "CAP-5"),
        *("OPS-1", "OPS-2", "OPS-4"),
    }
    assert ids_in("API-1 to API-3 and HST-1. CAP-0: up") == {"API-1", "API-2", "API-3", "HST-1", "CAP-0"}
    assert ids_in("UTF-8, SHA-256") == set()


@pytest.mark.parametrize("name", list(public_functions()))
def test_every_public_function_of_a_formula_is_in_the_method(name: str) -> None:
    assert f"`{name}`" in text_of("method.md")


@pytest.mark.parametrize("path", sorted((ROOT / "planner").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_every_formula_id_in_the_code_is_in_the_method(path: Path) -> None:
    assert ids_in(path.read_text(encoding="utf-8")) <= ids_in(text_of("method.md"))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_name_in_code_exists(path: Path) -> None:
    for name in DOTTED.findall(path.read_text(encoding="utf-8")):
        assert exists(name), name


def exists(name: str) -> bool:
    """Whether a dotted name is a module, or something in one."""
    module, _, last = name.rpartition(".")
    try:
        return not module or hasattr(importlib.import_module(module), last) or bool(importlib.import_module(name))
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_to_a_file_resolves(path: Path) -> None:
    for target in LINK.findall(path.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://", "mailto:")):
            file, _, anchor = target.partition("#")
            found = (path.parent / file).resolve() if file else path
            assert found.exists(), target
            if anchor:
                assert anchor in anchors(found), target


def anchors(path: Path) -> set[str]:
    """Addresses of the headings of a document."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", SHOWN_IN_THE_APP)
def test_documents_shown_in_the_app_hold_nothing_that_the_page_would_change(name: str) -> None:
    """On a page, dollars between words become a formula, `:word:` a sign, and a link to a file leads nowhere."""
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", text_of(name), flags=re.DOTALL)
    assert text_of(name).startswith("# ")
    assert "$" not in prose
    assert not re.search(r":[a-z_]+[:\[/]", prose)
    assert [target for target in LINK.findall(prose) if not target.startswith("https://")] == []


def words_on_the_page() -> set[str]:
    """Labels of the metrics and heads of the tables, for every example; option names are no terms."""
    catalog, found = load(), set()
    for path in (ROOT / "data" / "workloads").glob("*.yaml"):
        scenario = parse_scenario(path.read_bytes(), name=path.name)
        result = evaluate(scenario, catalog, ON)
        tables = [
            present.option_rows(scenario, result),
            present.break_even_rows(result),
            present.month_rows(result),
            present.year_rows(result),
            present.evidence_rows(result),
            present.note_rows(result),
            present.version_rows(scenario, result),
            present.assumption_rows(scenario),
            present.workload_rows(scenario),
        ]
        found |= {metric.label for metric in present.metrics(scenario, result)}
        found |= {column.name for table in tables for column in table.columns}
        found -= {option.label for option in scenario.options}
    return {HORIZON.sub("", word) for word in found}


def test_every_word_on_the_page_is_in_the_glossary() -> None:
    assert {word for word in words_on_the_page() if word.lower() not in glossary_terms()} == set()


def first_example() -> Scenario:
    path = ROOT / "data" / "workloads" / "azure-conversation.yaml"
    return parse_scenario(path.read_bytes(), name=path.name)


def words_on_the_other_pages() -> set[str]:
    """The same of the pages Costs, Hybrid, Risk and Claims, for the first example."""
    scenario = first_example()
    facts = resolve(scenario, load(), ON)
    result, risk = decide(scenario, facts), assess(scenario, facts, draws=100)
    base, overflow = (side[0][0] for side in parts(result))
    view = hybrid_view(scenario, facts, base, overflow)
    assert view is not None
    own = result.option(base)
    metrics = [
        *present_costs.total_metrics(scenario, result, own),
        *present_costs.comparison_metrics(result, result.comparisons[0]),
        *present_hybrid.hybrid_metrics(view),
        *present_risk.metrics(risk),
    ]
    tables = [
        present_costs.waterfall_rows(waterfall(scenario, facts, base)),
        present_costs.part_rows(own),
        present_costs.unit_rows(scenario, result, own),
        present_costs.cash_rows(own),
        present_hybrid.merit_rows(view),
        present_hybrid.slice_rows(view),
        *(rows(risk) for rows in (present_risk_tables.spread_rows, present_risk_tables.tornado_rows)),
        *(rows(risk) for rows in (present_risk_tables.worth_rows, present_risk_tables.range_rows)),
        present_risk_tables.switch_rows(result),
        claim_rows([]),
    ]
    found = {column.name for table in tables for column in table.columns} | {metric.label for metric in metrics}
    return {HORIZON.sub("", word) for word in found} | {word.split(" ", 1)[1] for word in VERDICT_WORDS.values()}


def test_every_word_on_the_other_pages_is_in_the_glossary() -> None:
    assert {word for word in words_on_the_other_pages() if word.lower() not in glossary_terms()} == set()


def test_the_worked_figures_of_the_first_example_are_those_of_the_program() -> None:
    result = evaluate(first_example(), load(), ON)
    for option_id in ("groq-gpt-oss-120b", "own-h200"):
        option = result.option(option_id)
        assert f"{cents(option.levelised_usd_per_month)} USD a month" in text_of("method.md")
        assert f"NPV {cents(option.npv_usd)}" in text_of("method.md")
    assert shown(present.headline(first_example(), result)) in " ".join(text_of("reading.md").replace("*", "").split())
    assert all(win_range(interval) in " ".join(text_of("reading.md").split()) for interval in ranges(result))


def shown(sentence: str) -> str:
    """A sentence of the page as the guide writes it."""
    return sentence.replace("$", "USD ")


def ranges(result: Result) -> list[WinInterval]:
    """Ranges with an end of the headline pair."""
    return [i for i in result.break_evens[0].intervals if i.up_to_tokens_per_day is not None]


def test_the_claims_are_told_as_many_as_there_are() -> None:
    """The guide spells the number of claims and articles, the catalog's page writes it."""
    assert (len(load_claims()), len(ARTICLES)) == (51, 4)
    assert "Fifty-one claims of four articles" in text_of("reading.md")
    assert "51 claims of four articles" in (ROOT / "data" / "README.md").read_text(encoding="utf-8")


def test_every_reason_code_is_in_the_guide() -> None:
    facts = (ROOT / "planner" / "domain" / "facts.py").read_text(encoding="utf-8")
    codes = re.findall(r'^ {4}"([A-Z_]+)",$', facts, re.MULTILINE)
    assert len(codes) >= 12
    assert [code for code in codes if code not in text_of("reading.md")] == []


def test_every_decision_says_context_why_and_consequences() -> None:
    pages = sorted((DOCS / "decisions").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"# {page.name[:4]} "), page.name
        for part in ("Context", "Decision", "Why", "Rejected", "Consequences"):
            assert f"**{part}.**" in text, (page.name, part)


def test_the_changelog_tells_first_which_figures_move() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    for release in changelog.split("\n## ")[1:]:
        assert re.findall(r"^### (.+)$", release, re.MULTILINE)[0] == "Numbers that move"


def test_every_test_file_that_the_pitfalls_name_exists() -> None:
    named = re.findall(r"`(tests/[\w./]+\.py)(?:::(\w+))?`", text_of("pitfalls.md"))
    assert named
    for file, function in named:
        assert (ROOT / file).is_file(), file
        assert not function or f"def {function}(" in (ROOT / file).read_text(encoding="utf-8"), function


def test_every_numbered_pitfall_has_its_number_and_its_test() -> None:
    """Thirty of other tools, then the ten of price data."""
    rows = re.findall(r"^\| (\d+) \| .+ \| (.+) \|$", text_of("pitfalls.md"), re.MULTILINE)
    assert [int(number) for number, _ in rows] == [*range(1, 31), *range(1, 11)]
    assert all(re.match(r"`tests/[\w./]+::test_", guards) for _, guards in rows)


def test_every_environment_variable_is_in_the_deployment_guide() -> None:
    code = [ROOT / "app.py", *(ROOT / "planner").rglob("*.py"), *(ROOT / "scripts").glob("*.py")]
    named = {name for path in code for name in re.findall(r"\bPLANNER_[A-Z]+(?:_[A-Z]+)*", path.read_text("utf-8"))}
    assert {name for name in named if name not in text_of("deploy.md")} == set()
