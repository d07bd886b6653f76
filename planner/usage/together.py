"""Files of different formats in one import: the usage export and the bill of one vendor, and what may be twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from planner.usage.errors import UsageError, UsageProblem
from planner.usage.overlap import MOST_NAMED, Overlap, family
from planner.usage.parts import Part
from planner.workload.usage_rows import PROMPT, US_PER_S

USAGE_OF: Mapping[str, str] = {"openai_cost": "openai_usage", "anthropic_cost": "anthropic_usage"}
"""A vendor's bill -> its usage export, which counts the tokens that the bill is for."""
SUMS_OF: Mapping[str, str] = {"litellm_daily": "litellm"}
"""Daily sums -> the requests that they are the sums of."""
Money = Mapping[str, str]
"""Family of a bill -> SQL that is true of the times whose tokens a usage export counts."""
_TOKENS = frozenset({*PROMPT, "output_tokens"})


def money_alone(parts: Sequence[Part]) -> Money:
    """Bills that come with the usage export of their vendor: they give the money, the export gives the tokens."""
    found: dict[str, str] = {}
    for bill, usage in USAGE_OF.items():
        spans = [
            _span(part) for part in parts if _family(part) == usage and part.read.good and _TOKENS & {*part.read.has}
        ]
        if spans and any(_family(part) == bill for part in parts):
            found[bill] = "(" + " OR ".join(f"started_us >= {a} AND started_us < {b}" for a, b in _merged(spans)) + ")"
    return found


def said_together(parts: Sequence[Part], money: Money, overlap: Overlap) -> Iterator[str]:
    """What a person should know. Raises UsageError for the requests and the daily sums of one gateway."""
    pairs = [(a, b) for a, b in combinations(parts, 2) if _cover_the_same(a, b)]
    if overlap == "ask":
        _refuse_sums(pairs)
    for bill in sorted(money):
        named = ", ".join(part.name for part in parts if _family(part) == bill)
        yield f"{named}: the money alone is taken of the days whose tokens the usage export counts."
    twice = [(a, b) for a, b in pairs if _may_be_twice(a, b, money)]
    if twice:
        told = "; ".join(f"{a.name} and {b.name}" for a, b in twice[:MOST_NAMED])
        more = f"; and {len(twice) - MOST_NAMED} more" if len(twice) > MOST_NAMED else ""
        yield (
            f"Files of different formats or buckets cover the same time and are added up: {told}{more}. A request that "
            "both of them know is counted twice: import them one by one unless they are of different systems."
        )


def _refuse_sums(pairs: Sequence[tuple[Part, Part]]) -> None:
    problems = [
        UsageProblem(
            f"{a.name} and {b.name}",
            "are the requests and the daily sums of one kind of gateway, of the same days: all would be counted twice",
            "Import one of them; or, if they are of two gateways, choose add with --overlap",
        )
        for a, b in pairs
        if SUMS_OF.get(_family(a)) == _family(b) or SUMS_OF.get(_family(b)) == _family(a)
    ]
    if problems:
        raise UsageError(problems[:MOST_NAMED])


def _may_be_twice(a: Part, b: Part, money: Money) -> bool:
    """Whether both say tokens, or both say money, in forms that cannot be held against each other."""
    one, two = _family(a), _family(b)
    if one == two and a.read.bucket_s == b.read.bucket_s:
        return False
    bill_and_usage = (one in money and USAGE_OF[one] == two) or (two in money and USAGE_OF[two] == one)
    tokens = all(_TOKENS & {*part.read.has} for part in (a, b)) and not bill_and_usage
    return tokens or all("cost_nano" in part.read.has for part in (a, b))


def _cover_the_same(a: Part, b: Part) -> bool:
    (a_from, a_until), (b_from, b_until) = _span(a), _span(b)
    return bool(a.read.good and b.read.good) and max(a_from, b_from) < min(a_until, b_until)


def _family(part: Part) -> str:
    return family(part.about.reader_id)


def _span(part: Part) -> tuple[int, int]:
    """From the first row to the end of the last, microseconds."""
    return part.read.first_us, part.read.last_us + max(part.read.bucket_s * US_PER_S, 1)


def _merged(spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Spans that touch become one."""
    ordered = sorted(spans)
    start, end = ordered[0]
    for a, b in ordered[1:]:
        if a > end:
            yield start, end
            start, end = a, b
        else:
            end = max(end, b)
    yield start, end
