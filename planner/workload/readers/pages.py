"""Pages of a usage API: `{"data": [{start, end, "results": [...]}], "has_more": ...}`, as every vendor of them writes.

A file holds one page, a list of pages, one page per line, or the buckets alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import NamedTuple

from planner.workload.readers.base import BadRow, Shape
from planner.workload.readers.documents import Document, as_document, children, first, micros, whole
from planner.workload.usage_rows import NANO, US_PER_S, UsageRow

__all__ = ["Period", "Span", "nano", "results", "rows", "whole"]


class Span(NamedTuple):
    """How a vendor names the two ends of a bucket."""

    start: str
    end: str


class Period(NamedTuple):
    """The bucket that a result belongs to."""

    started_us: int
    bucket_s: int


def buckets(document: object, span: Span) -> Iterator[Document]:
    """The buckets of a page, of a list of pages, or of buckets alone."""
    if isinstance(document, list):
        for part in document:
            yield from buckets(part, span)
        return
    page = as_document(document)
    if span.start in page:
        yield page
    for bucket in children(page, "data"):
        if span.start in bucket:
            yield bucket


def results(shape: Shape, span: Span) -> tuple[bool, Document]:
    """Whether the first document has buckets with results of this vendor, and the first result ({} when all are
    empty)."""
    found = [bucket for bucket in buckets(shape.document, span) if isinstance(bucket.get("results"), list)]
    return bool(found), next((result for bucket in found for result in children(bucket, "results")), {})


def rows(
    documents: Iterable[object], span: Span, row: Callable[[Document, Period], UsageRow | BadRow | None]
) -> Iterator[UsageRow | BadRow]:
    """Each result of each bucket as a row; a last page that says there is more is told as what is missing."""
    more = False
    for document in documents:
        last = document[-1] if isinstance(document, list) and document else document
        more = as_document(last).get("has_more") is True
        for bucket in buckets(document, span):
            yield from _of_bucket(bucket, span, row)
    if more:
        yield BadRow("the export stops before its end: its last page says has_more, fetch the pages that follow")


def _of_bucket(
    bucket: Document, span: Span, row: Callable[[Document, Period], UsageRow | BadRow | None]
) -> Iterator[UsageRow | BadRow]:
    where = f"bucket of {bucket.get(span.start)}"
    try:
        started, ended = micros(bucket.get(span.start)), micros(bucket.get(span.end))
        if started is None or ended is None or ended <= started:
            raise ValueError(f"{span.start} and {span.end} do not name a period")
    except ValueError as error:
        yield BadRow(str(error), where)
        return
    period = Period(started, (ended - started) // US_PER_S)
    for n, result in enumerate(children(bucket, "results"), start=1):
        try:
            found = row(result, period)
        except ValueError as error:
            found = BadRow(str(error), f"{where}, result {n}")
        if found is not None:
            yield found


def nano(amount: object, per_unit: int = 1) -> int | None:
    """Billionths of a currency of an amount, `per_unit` of which are one; None for nothing. Raises ValueError."""
    if amount is None or amount == "":
        return None
    try:
        exact = Decimal(str(amount)) * NANO / per_unit
        return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    except (InvalidOperation, ValueError, OverflowError):
        raise ValueError(f"{str(amount)[:40]!r} is not an amount of money") from None


def said(result: Document, *names: str) -> str:
    """The first of these that is filled, as text; '' for none."""
    value = first(result, *names)
    return "" if value is None else str(value).strip()
