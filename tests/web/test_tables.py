"""Tables on the page: text comes out letter for letter, and the heads say what they head."""

from xml.etree import ElementTree

import pytest

from planner.decision.present import Column, Table
from planner.web.tables import STYLE, html_table

HOSTILE = [
    "<script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "<img src=x onerror=alert(1)>",
    "a & b < c > d",
    "javascript:alert(1)",
    "https://ok.example/<script>",
    "漢字 \N{ROCKET}",
]


def parsed(table: Table) -> ElementTree.Element:
    return ElementTree.fromstring(html_table(table).removeprefix(STYLE))


def table_of(cell: str) -> Table:
    return Table(cell, (Column("Name"), Column("Cost", "USD", "right")), ((cell, cell),))


@pytest.mark.parametrize("text", HOSTILE)
def test_user_text_comes_out_letter_for_letter(text: str) -> None:
    root = parsed(table_of(text))
    assert root.findtext(".//caption") == text
    assert root.attrib["aria-label"] == text
    assert root.findtext(".//tbody/tr/th") == text
    assert root.findtext(".//tbody/tr/td") == text
    assert {e.tag for e in root.iter()} == {"div", "table", "caption", "thead", "tbody", "tr", "th", "td"}


def test_heads_have_scope_unit_and_side() -> None:
    root = parsed(table_of("x"))
    heads = root.findall(".//thead/tr/th")
    assert [head.text for head in heads] == ["Name", "Cost (USD)"]
    assert {head.attrib["scope"] for head in heads} == {"col"}
    assert heads[1].attrib["class"] == "figure"
    assert root.find(".//tbody/tr/th[@scope='row']") is not None


def test_a_plain_address_is_a_link_named_by_its_host() -> None:
    link = parsed(table_of("https://console.groq.com/docs/models?a=1&b=2")).find(".//td/a")
    assert link is not None
    assert link.attrib["href"] == "https://console.groq.com/docs/models?a=1&b=2"
    assert link.attrib["rel"] == "noopener noreferrer"
    assert link.text == "console.groq.com"


SOURCES = ("Figure", "Age", "Source", "Link", "Row")


def sources(*cells: str) -> ElementTree.Element:
    return parsed(Table("Sources", tuple(Column(name) for name in SOURCES), (cells,)))


def test_a_source_is_a_link_to_its_page_and_to_its_row_in_the_catalog() -> None:
    root = sources(
        "price", "204 days, older than 90 days", "Groq <list>", "https://groq.com/p?a=1&b=2", "gpu_prices/a b"
    )
    assert [head.text for head in root.findall(".//thead/tr/th")] == ["Figure", "Age", "Source"]
    page, row = root.findall(".//td/a")
    assert (page.text, page.attrib["href"]) == ("Groq <list>", "https://groq.com/p?a=1&b=2")
    assert (row.text, row.attrib["href"], row.attrib["target"]) == (
        "catalog row",
        "catalog?row=gpu_prices/a%20b",
        "_blank",
    )
    assert page.tail is None  # the two links stand on a line each, not in one another's words
    assert root.findall(".//td/br")


def test_a_unit_may_break_after_its_stroke_alone() -> None:
    root = parsed(Table("Units", (Column("Name"), Column("Unit")), (("rent", "USD/month <b>"),)))
    unit = root.find(".//tbody/tr/td")
    assert unit is not None
    assert "".join(unit.itertext()) == "USD/month <b>"
    assert [child.tag for child in unit] == ["wbr"]


def test_an_old_age_has_a_badge_of_words() -> None:
    assert sources("price", "204 days, older than 90 days", "x", "", "").findtext(".//td/span") == "older than 90 days"
    assert sources("price", "undated", "x", "", "").findtext(".//td/span") == "undated"
    assert sources("price", "12 days", "x", "", "").find(".//td/span") is None


@pytest.mark.parametrize("text", HOSTILE)
def test_a_source_that_is_no_address_is_text(text: str) -> None:
    root = sources(text, text, text, text if not text.startswith("https://") else "", "")
    assert root.findall(".//a") == []
    assert text in (root.findall(".//tbody/tr/td")[1].text or "")


@pytest.mark.parametrize("name", ["Age", "Row", "Source"])
def test_an_option_of_that_name_is_a_column_of_figures_like_any_other(name: str) -> None:
    root = parsed(Table("Months", (Column("Month"), Column(name, "USD", "right")), (("Month 1", "1,234.50"),)))
    assert root.findtext(".//tbody/tr/td") == "1,234.50"
