"""Imports of logs at random against plain Python: sums, peaks, lengths, week, curve, concurrency, prefixes."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

import pytest

from planner.domain.usage import TokenLengths, UsageProfile
from planner.usage.union import AGAIN
from planner.workload.log import SLACK_GAPS
from planner.workload.rollup import Rollup
from planner.workload.usage_rows import KEYS, SUMS, US_PER_S, UsageRow
from tests import plain_usage as plain
from tests.usage.logs import Row, csv_text, imported, json_lines, write
from tests.usage.random_logs import as_files, counted_once, random_log

pytestmark = pytest.mark.slow
LATER = dt.date(2028, 1, 1)
SEEDS = range(28)


def shown(row: UsageRow) -> UsageRow:
    """Names as they are kept: without signs that cannot be shown, at most 200 letters."""
    names: Row = {
        key: re.sub(r"[\x00-\x1f\x7f]", "?", getattr(row, key))[:200] for key in ("model", "owner", "task_class")
    }
    return row._replace(**names)


def as_plain(rollup: Rollup) -> dict[plain.Key, plain.Sums]:
    """The product's rollup in the form of the plain one."""
    found: dict[plain.Key, plain.Sums] = defaultdict(lambda: dict.fromkeys(("rows", *SUMS), (0, 0)))
    labels = [[rollup.labels[key].names[code] for code in rollup.labels[key].codes] for key in KEYS[1:]]
    for n in range(rollup.size):
        texts = [names[n] for names in labels]
        sums = found[int(rollup.minute_us[n]), int(rollup.bucket_s[n]), *texts, int(rollup.context_band[n])]
        rows = int(rollup.usage_rows[n])
        sums["rows"] = sums["rows"][0] + rows, sums["rows"][1] + rows
        for name in SUMS:
            total, known = sums[name]
            sums[name] = total + int(rollup.sums[name][n]), known + int(rollup.known[name][n])
    return dict(found)


@pytest.mark.parametrize("seed", SEEDS)
def test_any_log_in_any_files_is_what_plain_python_makes_of_it(tmp_path: Path, seed: int) -> None:
    log = random_log(seed)
    owner = "team" if log.has_owner and seed % 2 else None
    found = imported(
        tmp_path / "kept",
        *as_files(log, tmp_path, seed),
        on=LATER,
        zone=log.zone,
        thresholds=log.thresholds,
        owner_by=owner,
    )
    rows = [row if owner else row._replace(owner="") for row in log.rows]
    once = [shown(row) for row in counted_once(rows)]
    assert as_plain(found.rollup) == plain.rollup(once, log.thresholds)
    assert sum(r.rows for r in found.profile.rejects if r.reason == AGAIN) == len(rows) - len(once)
    same_totals(found.profile, once)
    same_peaks(found.profile, once)
    same_lengths(found.profile.input_lengths, [plain.prompt(r) for r in once if r.fresh_input_tokens is not None])
    same_lengths(found.profile.output_lengths, [r.output_tokens for r in once if r.output_tokens is not None])
    same_concurrency(found.profile, once)
    same_week(found.profile, once)


def same_totals(profile: UsageProfile, rows: list[UsageRow]) -> None:
    prompts = [plain.prompt(row) for row in rows if row.fresh_input_tokens is not None]
    assert profile.total_requests == len(rows)
    assert profile.total_input_tokens == (sum(prompts) if prompts else None)
    assert profile.total_cached_input_tokens == plain.total(rows, "cached_input_tokens")
    assert profile.total_output_tokens == plain.total(rows, "output_tokens")
    assert profile.total_reasoning_tokens == plain.total(rows, "reasoning_tokens")
    assert profile.failed_requests == plain.total(rows, "failed")


def same_peaks(profile: UsageProfile, rows: list[UsageRow]) -> None:
    told = plain.peaks(rows)
    found = {peak.window_s: peak for peak in profile.peaks if peak.window_s in plain.WIDTHS_S}
    assert {width: peak.windows for width, peak in found.items()} == {width: of[0] for width, of in told.items()}
    for width, (_, *ratios) in told.items():
        peak = found[width]
        for ours, ratio in zip(
            (peak.requests_to_mean, peak.input_tokens_to_mean, peak.output_tokens_to_mean), ratios, strict=True
        ):
            assert ours == (None if ratio is None else pytest.approx(float(ratio)))


def same_lengths(found: TokenLengths | None, lengths: list[int]) -> None:
    if not lengths:
        assert found is None
        return
    assert found is not None
    assert (found.requests, found.max_tokens) == (len(lengths), max(lengths))
    assert found.mean_tokens == pytest.approx(sum(lengths) / len(lengths))
    for percent in (5, 25, 50, 75, 90, 95, 99):
        told = float(plain.quantile(lengths, Fraction(percent, 100)))
        assert getattr(found, f"p{percent}_tokens") == pytest.approx(told, abs=1e-6)
    for start, end, requests in found.histogram:
        assert sum(start <= length <= end for length in lengths) == requests


def ends(rows: list[UsageRow]) -> tuple[int, int]:
    starts = [row.started_us or 0 for row in rows]
    return min(starts), max(starts)


def same_concurrency(profile: UsageProfile, rows: list[UsageRow]) -> None:
    first, last = ends(rows)
    busy_ms = plain.total(rows, "duration_ms")
    if first == last or busy_ms is None:
        assert profile.concurrency.mean is None
        return
    assert profile.concurrency.busiest_second == plain.busiest_second(rows)
    assert profile.concurrency.mean == pytest.approx(busy_ms * 1000 / (last - first))


def same_week(profile: UsageProfile, rows: list[UsageRow]) -> None:
    """A log of requests covers its edges up to three mean gaps, at least five minutes and at most an hour."""
    first, last = ends(rows)
    gap = Fraction(last - first, len(rows) - 1) if len(rows) > 1 else Fraction(0)
    slack = int(min(max(SLACK_GAPS * gap, Fraction(300 * US_PER_S)), Fraction(3600 * US_PER_S)))
    begin, after = plain.covered_hours(first, last, slack)
    loads = plain.hours(rows, begin, after, lambda row: 1) if after > begin else []
    if not any(loads):
        assert profile.load_duration == ()
        return
    levels = sorted((Fraction(load * len(loads), sum(loads)) for load in loads), reverse=True)
    assert profile.load_duration[0].load_to_mean == pytest.approx(float(levels[0]))
    if len(levels) <= 200:
        assert [p.load_to_mean for p in profile.load_duration] == pytest.approx([float(level) for level in levels])
    if len(loads) < 24:
        assert profile.week == profile.planning_week == ()
        return
    told = [None if mean is None else pytest.approx(float(mean)) for mean in plain.week(loads, begin)]
    assert list(profile.week) == told
    if profile.planning_week:
        assert sum(profile.planning_week) / len(profile.planning_week) == pytest.approx(1)
        assert max(profile.planning_week) == pytest.approx(float(levels[0]))


@pytest.mark.parametrize("size", [60, 420, 900, 3600, 5400, 86_400, 604_800])
@pytest.mark.parametrize("counted", ["all", "some", "none"])
def test_buckets_of_any_length_are_what_plain_python_makes_of_them(tmp_path: Path, size: int, counted: str) -> None:
    dice = random.Random(size)
    start = plain.us(dt.datetime(2024, 2, 28, 23, 7, tzinfo=dt.UTC))
    rows, cells = [], []
    for n in range(min(300, 400 * 86_400 // size)):
        if n and dice.random() < 0.1:
            continue
        requests = dice.randint(0, 99) if counted == "all" or (counted == "some" and n % 2) else None
        prompt, output = dice.randint(0, 10**9), dice.choice([None, 0, dice.randint(0, 10**7)])
        at = start + n * size * US_PER_S
        rows.append(UsageRow(at, size, requests, "m", fresh_input_tokens=prompt, output_tokens=output))
        when = (plain.EPOCH + dt.timedelta(microseconds=at)).isoformat()
        cells.append({"timestamp": when, "bucket_s": size, "requests": requests, "model": "m", "input_tokens": prompt,
                      "output_tokens": output})  # fmt: skip
    profile = imported(tmp_path / "kept", write(tmp_path / "a.csv", csv_text(cells)), on=LATER).profile
    first, last = ends(rows)
    end = last + size * US_PER_S
    assert profile.total_requests == (plain.total(rows, "requests") if counted == "all" else None)
    assert profile.total_input_tokens == sum(plain.prompt(row) for row in rows)
    assert profile.window_s == (end - first) / US_PER_S
    assert all(peak.window_s >= size for peak in profile.peaks)
    for peak in profile.peaks:
        width = peak.window_s * US_PER_S
        sums = [0] * ((end - first) // width)
        for row in rows:
            if (place := ((row.started_us or 0) - first) // width) < len(sums):
                sums[place] += plain.prompt(row)
        assert peak.windows == len(sums)
        assert peak.input_tokens_to_mean == pytest.approx(max(sums) * len(sums) / sum(sums))
    if 3600 % size and size * 20 > 3600:
        assert (profile.week, profile.load_duration) == ((), ())


def test_prefixes_that_came_before_are_counted_block_by_block(tmp_path: Path) -> None:
    dice = random.Random(5)
    cells, rows = [], []
    for n in range(200):
        blocks = [dice.randint(0, 40), *dice.sample(range(100, 400), dice.randint(0, 5))]
        length = 512 * len(blocks) - dice.choice([0, 1, 511])
        cells.append({"timestamp": 1000 * n, "input_length": length, "output_length": 5, "hash_ids": blocks})
        rows.append((UsageRow(n, fresh_input_tokens=length), blocks))
    profile = imported(tmp_path / "kept", write(tmp_path / "trace.jsonl", json_lines(cells))).profile
    share = Fraction(plain.prefix_hits(rows, 512), sum(plain.prompt(row) for row, _ in rows))
    assert profile.prefix_hit_fraction == pytest.approx(float(share))
