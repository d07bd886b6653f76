"""One look tells what a file is and how it is written, and refuses what holds no usage, with the way out."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from planner.usage.errors import UsageError
from planner.usage.look import look, seen
from tests.usage.logs import HEADER, csv_text, json_lines, parquet, rows, write

COLUMNS = ("timestamp", "model", "input_tokens", "cached_input_tokens", "output_tokens")
ROW = "2026-10-05T00:00:00Z,small,1,1\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["", ".gz", ".zst"])
def test_a_table_is_told_with_its_delimiter_however_it_is_packed(tmp_path: Path, delimiter: str, end: str) -> None:
    found = seen(write(tmp_path / f"log.csv{end}", csv_text(rows(), delimiter)))
    assert found.shape.kind == "csv"
    assert found.shape.columns == COLUMNS
    assert found.table is not None
    assert found.table.delimiter == delimiter


def test_commas_in_names_do_not_hide_the_semicolon(tmp_path: Path) -> None:
    given = [{**row, "note": "a, b, c, d, e, f"} for row in rows()]
    found = seen(write(tmp_path / "log.csv", csv_text(given, ";")))
    assert found.shape.columns == (*COLUMNS, "note")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_the_encoding_is_told(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path / "log.csv", (HEADER + ROW.replace("small", "café")).encode(encoding))
    found = seen(path)
    assert found.shape.columns[0] == "timestamp"
    assert found.encoding == encoding.removesuffix("-sig")


def test_a_spreadsheets_first_line_names_the_delimiter(tmp_path: Path) -> None:
    found = seen(write(tmp_path / "log.csv", "sep=;\n" + csv_text(rows(), ";")))
    assert found.shape.columns == COLUMNS
    assert found.table is not None
    assert found.table.skip == 1


def test_parquet_is_told_by_its_bytes_and_structs_by_dotted_names(tmp_path: Path) -> None:
    given = [{**row, "usage": {"cache": {"read": 1}}} for row in rows(3)]
    found = look(parquet(tmp_path / "log.csv", given))
    assert found.kind == "parquet"
    assert found.columns == (*COLUMNS, "usage", "usage.cache", "usage.cache.read")


def test_json_lines_have_the_paths_of_all_lines_and_the_first_object(tmp_path: Path) -> None:
    found = look(write(tmp_path / "a.jsonl", '{"a": {"b": 1}, "k.d": 2, "l": [1]}\n{"a": {"c": null}, "t": "x"}\n'))
    assert found.kind == "jsonl"
    assert found.columns == ("a.b", "k.d", "a.c", "t")
    assert found.document == {"a": {"b": 1}, "k.d": 2, "l": [1]}


def test_a_list_of_flat_objects_is_rows(tmp_path: Path) -> None:
    found = seen(write(tmp_path / "a.json", json.dumps(rows(5), indent=1)))
    assert (found.shape.kind, found.shape.columns) == ("jsonl", COLUMNS)
    assert found.json is not None
    assert found.json.format == "array"


def test_a_page_of_an_api_is_a_document(tmp_path: Path) -> None:
    page = {"object": "page", "data": [{"results": [{"input_tokens": 1}]}]}
    for text in (json.dumps(page), json.dumps(page, indent=2), json.dumps([page, page])):
        found = look(write(tmp_path / "page.json", text))
        assert found.document == page


def test_a_page_longer_than_the_head_is_read_whole(tmp_path: Path) -> None:
    page = {"data": [{"n": n, "text": "x" * 100} for n in range(5000)]}
    assert look(write(tmp_path / "page.json", json.dumps(page, indent=1))).document == page


def test_metrics_are_told_from_a_table(tmp_path: Path) -> None:
    text = '# HELP vllm:prompt_tokens_total n\nvllm:prompt_tokens_total{model_name="m"} 12.0\n'
    found = look(write(tmp_path / "metrics.txt", text))
    assert found.kind == "text"
    assert found.head == text


def zipped(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, HEADER + ROW)
    return out.getvalue()


def tarred() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        content = (HEADER + ROW).encode()
        info = tarfile.TarInfo("log.csv")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


REFUSED = {
    "empty": ("log.csv", b"", "is empty"),
    "blank": ("log.csv", b" \n\n ", "only blanks"),
    "header only": ("log.csv", HEADER.encode(), "empty export"),
    "empty list": ("log.json", b"[]", "empty export"),
    "wrong delimiter": ("log.csv", b"timestamp#model#input\n1#2#3\n", "one column only"),
    "no header": ("log.csv", b"2026-10-05T00:00:00Z,1,2\n2026-10-05T00:00:01Z,1,2\n", "has no header"),
    "web page": ("log.csv", b"<!DOCTYPE html><html><body>Log in</body></html>", "is a web page"),
    "picture": ("log.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "is not a text"),
    "zip": ("log.zip", zipped("log.csv"), "is a ZIP archive. Unpack it"),
    "workbook": ("log.xlsx", zipped("[Content_Types].xml"), "is an Excel workbook. Save the sheet as CSV"),
    "tar": ("log.tar", tarred(), "is a tar archive. Unpack it"),
    "packed tar": ("log.tar.gz", tarred(), "is a tar archive. Unpack it"),
    "pdf": ("bill.pdf", b"%PDF-1.7 ...", "is a PDF"),
    "bzip2": ("log.csv.bz2", b"BZh91AY&SY", "packed with bzip2"),
    "cut json": ("log.json", b'[{"a": 1}, {"a"', "is not whole JSON"),
    "json of numbers": ("log.json", b"[1, 2, 3]", "something else than objects"),
    "cut gzip head": ("log.csv", gzip.compress(HEADER.encode())[:6], "it is empty or cut"),
    "big-endian": ("log.csv", "\ufeff".encode("utf-16-be") + HEADER.encode("utf-16-be"), "big end first"),
}


@pytest.mark.parametrize(("name", "content", "said"), REFUSED.values(), ids=REFUSED)
def test_what_holds_no_usage_is_refused_with_the_way_out(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    with pytest.raises(UsageError, match="^" + name.replace(".", r"\.")) as refused:
        look(write(tmp_path / name, content))
    assert said in str(refused.value)
    (problem,) = refused.value.problems
    assert problem.remedy


def test_a_cut_parquet_file_is_refused(tmp_path: Path) -> None:
    whole = parquet(tmp_path / "log.parquet", rows()).read_bytes()
    with pytest.raises(UsageError, match="cut or broken"):
        look(write(tmp_path / "cut.parquet", whole[:-20]))


def test_a_packed_parquet_file_is_refused(tmp_path: Path) -> None:
    whole = parquet(tmp_path / "log.parquet", rows()).read_bytes()
    with pytest.raises(UsageError, match=r"Parquet is packed inside"):
        look(write(tmp_path / "log.parquet.gz", whole))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such file"):
        look(tmp_path / "log.csv")


def test_a_file_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    """By a process without the rights of an administrator, whoever runs the tests."""
    path = write(tmp_path / "log.csv", HEADER + ROW)
    path.chmod(0)
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from planner.usage.errors import UsageError\n"
        "from planner.usage.look import look\n"
        "if os.getuid() == 0:\n"
        "    os.setuid(65534)\n"
        "try:\n"
        "    look(Path(sys.argv[1]))\n"
        "except UsageError as error:\n"
        "    print(error)\n"
    )
    for parent in [tmp_path, *tmp_path.parents[:3]]:
        if parent.stat().st_uid == os.getuid():
            parent.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("log.csv: may not be read")


def test_json_lines_with_a_broken_line_are_still_json_lines(tmp_path: Path) -> None:
    found = look(write(tmp_path / "log.jsonl", json_lines(rows(3)) + '{"timestamp": "2026-'))
    assert (found.kind, found.columns) == ("jsonl", COLUMNS)
