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
from planner.decision import present
from planner.decision.evaluate import evaluate
from planner.domain.document import parse_scenario

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
DOCUMENTS = [*sorted(DOCS.rglob("*.md")), ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "data" / "README.md"]
SHOWN_IN_THE_APP = ("reading.md", "method.md", "glossary.md")
FORMULA_FILES = [
    *sorted((ROOT / "planner" / "cost").glob("*.py")),
    *sorted((ROOT / "planner" / "capacity").glob("*.py")),
    ROOT / "planner" / "decision" / "breakeven.py",
]
FAMILY = "(CAL|API|HST|RNT|OWN|OPS|CAP|SCA|BE|DEC|TIME|HYB|UNC|FT|WKS|BAT)"
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


def test_every_environment_variable_is_in_the_deployment_guide() -> None:
    code = [ROOT / "app.py", *(ROOT / "planner").rglob("*.py"), *(ROOT / "scripts").glob("*.py")]
    named = {name for path in code for name in re.findall(r"\bPLANNER_[A-Z]+(?:_[A-Z]+)*", path.read_text("utf-8"))}
    assert {name for name in named if name not in text_of("deploy.md")} == set()
