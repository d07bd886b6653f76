"""Tables edited by hand and gone wrong: each mistake is named with file, line, field, reason and the way out."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from planner.catalog.tables import ROW_TYPES, CatalogError, load_tables

DATA = Path(__file__).resolve().parents[2] / "data"
GOOD_API = {
    "price_id": "example-host-some-model-2026-11-20",
    "provider": "example-host",
    "provider_name": "Example host",
    "model": "some-model",
    "input_usd_per_mtok": "0.20",
    "cached_input_usd_per_mtok": "0.05",
    "output_usd_per_mtok": "0.60",
    "effective_from": "2026-11-01",
    "as_of": "2026-11-20",
    "origin": "published",
    "confidence": "high",
    "source": "price page",
    "source_url": "https://example.com/prices",
}
GOOD_GPU = {
    "price_id": "example-h100-2026-11-20",
    "gpu_id": "h100-sxm",
    "provider": "Example",
    "provider_tier": "neocloud",
    "instance": "one",
    "gpus_per_instance": "1",
    "term": "on_demand",
    "usd_per_gpu_hour": "3.10",
    "as_of": "2026-11-20",
    "origin": "published",
    "confidence": "high",
    "source": "price page",
    "source_url": "https://example.com/gpus",
}


@pytest.fixture
def local(tmp_path: Path) -> Path:
    """Where an installation keeps its own rows."""
    return tmp_path


def write(local: Path, file: str, *rows: dict[str, str]) -> None:
    """A table of an installation with exactly these rows."""
    with (DATA / file).open(encoding="utf-8", newline="") as shipped:
        header = next(csv.reader(shipped))
    with (local / file).open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, header, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def said(local: Path) -> str:
    """The one problem that the reader names."""
    with pytest.raises(CatalogError) as caught:
        load_tables(DATA, local_dir=local)
    assert len(caught.value.problems) == 1, str(caught.value)
    return str(caught.value.problems[0]).removeprefix(local.name + "/")


def test_good_rows_of_an_installation_follow_the_shipped_ones(local: Path) -> None:
    write(local, "api_prices.csv", GOOD_API)
    write(local, "gpu_prices.csv", GOOD_GPU)
    tables, shipped = load_tables(DATA, local_dir=local), load_tables(DATA)
    assert tables.api_prices[-1].price_id == GOOD_API["price_id"]
    assert tables.gpu_prices[-1].price_id == GOOD_GPU["price_id"]
    assert tables.gpu_prices[:-1] == shipped.gpu_prices


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"input_usd_per_mtok": "0.0000002", "cached_input_usd_per_mtok": ""},
            (
                "api_prices.csv:2 input_usd_per_mtok: 0.0000002 looks like USD per token or per 1K tokens; "
                "write USD per 1M tokens"
            ),
        ),
        (
            {"output_usd_per_mtok": "60000"},
            "api_prices.csv:2 output_usd_per_mtok: 60000 is too much for 1M tokens; write USD per 1M tokens, not cents",
        ),
        (
            {"input_usd_per_mtok": "0.60", "output_usd_per_mtok": "0.20"},
            (
                "api_prices.csv:2: input_usd_per_mtok 0.60 is more than twice output_usd_per_mtok 0.20; "
                "are the columns swapped?"
            ),
        ),
        (
            {"input_usd_per_mtok": "0.05", "cached_input_usd_per_mtok": "0.20"},
            (
                "api_prices.csv:2: cached_input_usd_per_mtok 0.20 is above input_usd_per_mtok 0.05; "
                "are the columns swapped?"
            ),
        ),
        (
            {"output_usd_per_mtok": "1,200"},
            (
                "api_prices.csv:2 output_usd_per_mtok: Input should be a valid decimal, not '1,200'. "
                "Write the number without commas and with a point."
            ),
        ),
        (
            {"model_id": "llama-9-1t"},
            "api_prices.csv:2 model_id: 'llama-9-1t' is not in models.csv. Add the row there first, or mend the id.",
        ),
        (
            {"model": "some-model-latest"},
            "api_prices.csv:2: 'some-model-latest' is an alias; write the id of the model behind it",
        ),
        (
            {"effective_to": "2026-10-01"},
            "api_prices.csv:2: effective_to 2026-10-01 is before effective_from 2026-11-01; swap them",
        ),
        (
            {"source_url": "price page", "source": "https://example.com/prices"},
            "api_prices.csv:2 source_url: 'price page' is not an http(s) address",
        ),
        (
            {"output_usd_per_mtok": ""},
            "api_prices.csv:2 output_usd_per_mtok: may not be blank",
        ),
    ],
)
def test_a_wrong_api_price_is_named(local: Path, change: dict[str, str], expected: str) -> None:
    write(local, "api_prices.csv", GOOD_API | change)
    assert said(local) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"usd_per_gpu_hour": "310"},
            (
                "gpu_prices.csv:2 usd_per_gpu_hour: 310 is no price of one GPU for one hour; "
                "write USD per GPU and hour, not of a node"
            ),
        ),
        (
            {"gpu_id": "h1000"},
            "gpu_prices.csv:2 gpu_id: 'h1000' is not in gpus.csv. Add the row there first, or mend the id.",
        ),
        (
            {"usd_per_gpu_hour": "3,10"},
            (
                "gpu_prices.csv:2 usd_per_gpu_hour: Input should be a valid number, unable to parse string as a "
                "number, not '3,10'. Write the number without commas and with a point."
            ),
        ),
    ],
)
def test_a_wrong_gpu_price_is_named(local: Path, change: dict[str, str], expected: str) -> None:
    write(local, "gpu_prices.csv", GOOD_GPU | change)
    assert said(local) == expected


def test_the_same_thing_twice_on_one_day_is_named(local: Path) -> None:
    write(local, "gpu_prices.csv", GOOD_GPU, GOOD_GPU | {"price_id": "another-id", "usd_per_gpu_hour": "3.20"})
    assert said(local) == (
        "gpu_prices.csv:3 as_of: the same provider, gpu_id, instance, gpus_per_instance, term, region, as_of as on "
        f"line 2 of {local.name}/gpu_prices.csv. Give it its own date, or delete one of the two."
    )


def test_an_id_of_a_shipped_row_cannot_be_taken(local: Path) -> None:
    shipped = load_tables(DATA).gpu_prices[0].price_id
    write(local, "gpu_prices.csv", GOOD_GPU | {"price_id": shipped})
    assert said(local) == (
        f"gpu_prices.csv:2 price_id: {shipped!r} is already used on line 2 of gpu_prices.csv. "
        "A new figure is a new row with an id of its own."
    )


def test_all_mistakes_are_named_at_once(local: Path) -> None:
    write(local, "gpu_prices.csv", GOOD_GPU | {"usd_per_gpu_hour": "0", "gpu_id": "h1000"})
    write(local, "api_prices.csv", GOOD_API | {"input_usd_per_mtok": "x", "confidence": "sure"})
    with pytest.raises(CatalogError) as caught:
        load_tables(DATA, local_dir=local)
    columns = {(Path(problem.file).name, problem.column) for problem in caught.value.problems}
    assert columns == {
        ("gpu_prices.csv", "usd_per_gpu_hour"),
        ("gpu_prices.csv", "gpu_id"),
        ("api_prices.csv", "input_usd_per_mtok"),
        ("api_prices.csv", "confidence"),
    }


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xff\xfe\x00", "the file is not UTF-8. Save it as UTF-8 text."),
        (b"", "the column is missing"),
        (b'price_id,"gpu', "not a CSV line"),
    ],
)
def test_a_file_that_is_no_table_is_named(local: Path, content: bytes, reason: str) -> None:
    shutil.copy(DATA / "gpu_prices.csv", local / "gpu_prices.csv")
    (local / "gpu_prices.csv").write_bytes(content)
    with pytest.raises(CatalogError, match=reason.replace(".", r"\.")):
        load_tables(DATA, local_dir=local)


@pytest.mark.parametrize("file", [row_type.FILE for row_type in ROW_TYPES])
def test_every_table_may_have_rows_of_an_installation(local: Path, file: str) -> None:
    write(local, file)
    assert load_tables(DATA, local_dir=local) == load_tables(DATA)


def test_a_table_saved_by_a_spreadsheet_with_a_mark_at_its_start_is_read(local: Path) -> None:
    write(local, "gpu_prices.csv", GOOD_GPU)
    path = local / "gpu_prices.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load_tables(DATA, local_dir=local).gpu_prices[-1].price_id == GOOD_GPU["price_id"]


def test_a_folder_in_the_place_of_a_table_is_named(local: Path) -> None:
    (local / "gpu_prices.csv").mkdir()
    assert said(local) == (
        "gpu_prices.csv: cannot be read: is a directory. It must be a file that this program may read."
    )


CONTRACT = {
    "contract_id": "ours",
    "provider": "openai",
    "model": "gpt-4o",
    "input_usd_per_mtok": "2",
    "output_usd_per_mtok": "8",
    "owner": "Finance",
    "reason": "quote 17",
    "effective_from": "2026-11-01",
    "as_of": "2026-11-01",
}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"effective_to": "2026-10-01"}, "effective_to 2026-10-01 is before effective_from 2026-11-01; swap them"),
        ({"cached_input_usd_per_mtok": "3"}, "needs input_usd_per_mtok, and may not be above it"),
        ({"output_usd_per_mtok": ""}, "give both input_usd_per_mtok and output_usd_per_mtok"),
        ({"gpu_price_id": "aws-t4-g4dn.xlarge-on-demand"}, "name either provider and model, or gpu_price_id"),
        ({"usd_per_gpu_hour": "2"}, "a per-token contract has no usd_per_gpu_hour"),
        ({"owner": ""}, "owner: may not be blank"),
        ({"reason": ""}, "reason: may not be blank"),
    ],
)
def test_a_wrong_contract_is_named(local: Path, change: dict[str, str], reason: str) -> None:
    write(local, "contracted_prices.csv", CONTRACT)
    assert load_tables(DATA, local_dir=local).contracted[-1].contract_id == "ours"
    write(local, "contracted_prices.csv", CONTRACT | change)
    assert reason in said(local)
