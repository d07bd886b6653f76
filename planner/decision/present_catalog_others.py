"""What other rows of the catalog say of the same thing: second opinions, recovery of a format, scores, licences."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from planner.catalog.formats import long_context_warning, recovery
from planner.catalog.history import USD_PER_MTOK, row_id
from planner.catalog.library import LibraryModel
from planner.catalog.listing import Entry
from planner.catalog.price_terms import APART
from planner.catalog.rows import (
    ApiPriceRow,
    FormatRow,
    LicenceRow,
    ModelRow,
)
from planner.catalog.tables import Tables
from planner.decision.catalog_columns import cell, recovery_range
from planner.decision.present_catalog_row import percent_change
from planner.decision.present_tables import NONE, Column, Table
from planner.format import plural


def opinion_rows(tables: Tables, entry: Entry, others: Iterable[Entry]) -> Table:
    """What other sources say of the price of the same model at the same provider; ours comes first."""
    record = entry.record
    if not isinstance(record, LibraryModel | ApiPriceRow):
        return Table(_OPINIONS, (), ())
    ours = _in_out(record)
    rows = [_opinion("this row", *ours, ours, "", "", str(record.as_of), record.source_url)]
    same = (e for e in others if e.row_id != entry.row_id and e.state == "in force" and _same_offer(e.record, record))
    for other in (e.record for e in same):
        if isinstance(other, LibraryModel | ApiPriceRow):
            source = "price library" if isinstance(other, LibraryModel) else f"dated row, {_tier(other)}"
            rows.append(_opinion(source, *_in_out(other), ours, "", "", str(other.as_of), other.source_url))
    checks = (c for c in tables.api_checks if (c.provider, c.model) == (record.provider, record.model))
    rows += [
        _opinion(
            c.checked_by,
            c.input_usd_per_mtok,
            c.output_usd_per_mtok,
            ours,
            c.finding,
            c.explanation,
            c.as_of,
            c.source_url,
        )
        for c in checks
    ]
    return Table(_OPINIONS, _OPINION_COLUMNS, tuple(rows) if len(rows) > 1 else ())


_OPINIONS = "The same price in other sources"
_OPINION_COLUMNS = (
    Column("Source"),
    Column("Input", USD_PER_MTOK, "right"),
    Column("Output", USD_PER_MTOK, "right"),
    Column("Difference in / out", "%", "right"),
    Column("Finding"),
    Column("Why"),
    Column("As of"),
    Column("Link"),
)
_Pair = tuple[Decimal | None, Decimal | None]


def _in_out(record: LibraryModel | ApiPriceRow) -> _Pair:
    price = record.price if isinstance(record, LibraryModel) else record
    return price.input_usd_per_mtok, price.output_usd_per_mtok


def _same_offer(other: object, record: LibraryModel | ApiPriceRow) -> bool:
    """The same model at the same provider."""
    if not isinstance(other, LibraryModel | ApiPriceRow):
        return False
    return (other.provider, other.model) == (record.provider, record.model)


def _tier(row: ApiPriceRow) -> str:
    return ", ".join(filter(None, (row.service_tier, row.region)))


def _opinion(
    source: str,
    given_input: Decimal | None,
    given_output: Decimal | None,
    ours: _Pair,
    finding: str,
    why: str,
    as_of: str,
    url: str,
) -> tuple[str, ...]:
    apart = [_apart(given, own) for given, own in zip((given_input, given_output), ours, strict=True)]
    wide = any(value is not None and abs(value) > APART for value in apart)
    told = "differs by more than 5 %" if wide else ""
    return (
        source,
        cell(given_input),
        cell(given_output),
        " / ".join(NONE if value is None else percent_change(value) for value in apart),
        "; ".join(filter(None, (finding, told))) or NONE,
        why or NONE,
        as_of,
        url or NONE,
    )


def _apart(given: Decimal | None, own: Decimal | None) -> float | None:
    return float(given / own - 1) if given is not None and own else None


def recovery_rows(tables: Tables, entry: Entry) -> Table:
    """What was measured of a weight format."""
    record = entry.record
    found = [e for e in tables.format_evidence if isinstance(record, FormatRow) and e.format_id == record.format_id]
    columns = (
        Column("Model"),
        Column("Runtime"),
        Column("Scored"),
        Column("Recovery", "% of 16 bits", "right"),
        Column("Prompt", "tokens", "right"),
        Column("Memory", "GiB", "right"),
        Column("How"),
        Column("As of"),
        Column("Link"),
    )
    rows = tuple(
        (
            e.model_name,
            e.runtime,
            e.quality_metric or NONE,
            _range_of(e.recovery_low_fraction, e.recovery_high_fraction),
            cell(e.context_tokens),
            cell(e.memory_gib),
            e.conditions or NONE,
            e.as_of,
            e.source_url or NONE,
        )
        for e in found
    )
    return Table("Measurements of this format", columns, rows)


def _range_of(low: float | None, high: float | None) -> str:
    return NONE if low is None or high is None else recovery_range(low, high)


def recovery_sentences(tables: Tables, entry: Entry) -> tuple[str, ...]:
    """What a weight format keeps of the 16-bit quality: as a range, and the warning about long prompts."""
    record = entry.record
    if not isinstance(record, FormatRow):
        return ()
    found = recovery(record.format_id, tables)
    if found is None:
        kept = "Nothing published says what this format keeps of the 16-bit quality: test it on your own task."
        return tuple(filter(None, (kept, long_context_warning(record.format_id, tables))))
    kept = (
        f"It keeps {recovery_range(found.low, found.high)} % of the 16-bit score on prompts of usual length "
        f"({plural(found.results, 'measurement')}: {', '.join(found.metrics)}). Above 100 is noise of the suite."
    )
    return tuple(filter(None, (kept, found.warning)))


def score_rows(tables: Tables, entry: Entry) -> Table:
    """Published scores of a model, each with its setting: different settings do not compare."""
    record = entry.record
    found = [q for q in tables.quality if isinstance(record, ModelRow) and q.model_id == record.model_id]
    columns = (
        Column("Benchmark"),
        Column("Score", align="right"),
        Column("Setting"),
        Column("As of"),
        Column("Origin"),
        Column("Source"),
        Column("Link"),
    )
    rows = ((q.benchmark, cell(q.score), q.setting, q.as_of, q.origin, q.source, q.source_url or NONE) for q in found)
    return Table("Published scores", columns, tuple(sorted(rows)))


def licence_of(tables: Tables, entry: Entry) -> LicenceRow | None:
    """The row of a model's licence."""
    record = entry.record
    if not isinstance(record, ModelRow):
        return None
    return tables.licence_by_id.get(record.licence_id)


def licence_rows(row: LicenceRow) -> Table:
    """Clauses of a licence, in our words, with their limits."""
    given = (
        ("Commercial use", "allowed" if row.commercial_allowed else "not allowed without another licence"),
        ("Monthly users above which to ask", cell(row.mau_limit)),
        (
            "Counted",
            {"release_date": f"in the month before the release of {row.version_released_on}"}.get(
                row.mau_test, "now" if row.mau_test else NONE
            ),
        ),
        ("Revenue a month above which to ask, USD", cell(row.revenue_limit_usd_per_month)),
        ("Revenue a year above which to ask, USD", cell(row.revenue_limit_usd_per_year)),
        ("No rights in the EU for", row.eu_blocked_modality or NONE),
        ("Attribution", row.attribution or NONE),
        ("Outputs may train other models", "not freely" if row.output_training_restricted else "yes"),
        ("Clauses, in our words", row.clause),
        ("Source", row.source_url or row.source),
        ("Read on", row.as_of),
        ("Row", row_id(row)),
    )
    return Table(f"Licence: {row.name}", (Column("Clause"), Column("What it says")), given)
