"""Targets that an operator lists: every mistake with its place and way out, no key in the file and none shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.probe.errors import ProbeError
from planner.probe.targets import ConfiguredTarget, TargetsError, configured_targets

GOOD = """
targets:
  - name: H100 pair
    url: http://10.0.4.7:8000/v1
    model: llama-3.3-70b
    api_key: ${PROBE_KEY}
    gpu: h100-sxm
    gpus: 2
    model_id: llama-3.3-70b
    format_id: fp8
    usd_per_gpu_hour: 2.49
    note: rack 4
  - name: laptop
    url: http://127.0.0.1:11434
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "probe-targets.yaml"
    monkeypatch.setenv("PLANNER_PROBE_TARGETS", str(path))
    monkeypatch.setenv("PROBE_KEY", "s3cret")
    return path


def _problems(file: Path, text: str) -> str:
    file.write_text(text)
    with pytest.raises(TargetsError) as caught:
        configured_targets()
    assert "s3cret" not in str(caught.value)
    return str(caught.value)


def test_targets_are_read_in_their_order_with_the_key_of_the_environment(file: Path) -> None:
    file.write_text(GOOD)
    pair, laptop = configured_targets()
    assert (pair.name, pair.api_key, pair.gpus, pair.usd_per_gpu_hour) == ("H100 pair", "s3cret", 2, 2.49)
    assert (pair.declared.gpu_id, pair.declared.format_id, pair.declared.note) == ("h100-sxm", "fp8", "rack 4")
    assert (laptop.url, laptop.api_key, laptop.usd_per_gpu_hour) == ("http://127.0.0.1:11434", "", None)


def test_a_key_is_neither_shown_nor_written(file: Path) -> None:
    file.write_text(GOOD)
    target = configured_targets()[0]
    assert "s3cret" not in repr(target) + str(target) + target.model_dump_json()


def test_everything_wrong_is_told_at_once_with_its_place(file: Path) -> None:
    told = _problems(
        file,
        """
targets:
  - name: a
    url: http://me:s3cret@10.0.0.1/
  - name: a
    url: ftp://10.0.0.1/
    colour: red
  - url: http://169.254.169.254/
    gpus: 0
  - name: key in the file
    url: http://10.0.0.1:8000
    api_key: s3cret
  - name: key that is not set
    url: http://10.0.0.1:8000
    api_key: ${NOT_SET_ANYWHERE}
  - text
  - name: [x]
    url: 7
    usd_per_gpu_hour: .nan
""",
    )
    for said in (
        "probe-targets.yaml, targets[0].url: the address holds a user name or password. Leave it out",
        "targets[1].url: the address has to begin with http:// or https://.",
        "targets[1].colour: is no field of a target. Fields are name, url, model,",
        "targets[2].name: is missing.",
        "targets[2].url: 169.254.169.254 is where a cloud keeps credentials, and is never probed.",
        "targets[2].gpus: input should be greater than or equal to 1.",
        "targets[3].api_key: a key does not belong in this file. Write ${NAME} and set NAME in the environment.",
        "targets[4].api_key: names NOT_SET_ANYWHERE, which is not in the environment. Set it.",
        "targets[5]:",
        "targets[6].name:",
        "targets[6].url:",
        "targets[6].usd_per_gpu_hour:",
        "name 'a': is there twice. Give each target a name of its own.",
    ):
        assert said in told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no list of targets"),
        ("targets: 7", "has no list of targets"),
        ("- name: a", "has no list of targets"),
        ("targets:\n  - name: [", "line 2: is not valid YAML"),
        ("targets: !!python/object/apply:os.system ['true']", "is not valid YAML"),
        ("[" * 1000, "is not valid YAML"),
        ("targets:\n" + "  - {name: a, url: 'http://127.0.0.1'}\n" * 201, "more than 200 targets"),
        ("#" * 1_000_001, "is larger than 1,000,000 bytes"),
        ("targets:\n  - name: \x00", "is not valid YAML"),
    ],
)
def test_a_file_that_is_no_list_of_targets_says_so(file: Path, text: str, said: str) -> None:
    assert said in _problems(file, text)


def test_a_file_that_is_not_utf_8_says_so(file: Path) -> None:
    file.write_bytes(b"targets:\n  - name: \xff\xfe\n")
    with pytest.raises(TargetsError, match=r"cannot be read\. Check its rights and encoding"):
        configured_targets()


def test_a_file_that_is_named_has_to_be_there(file: Path) -> None:
    with pytest.raises(ProbeError, match=r"is not there\. Check PLANNER_PROBE_TARGETS"):
        configured_targets()


def test_without_a_file_there_are_no_targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PLANNER_PROBE_TARGETS", raising=False)
    assert configured_targets(tmp_path / "none.yaml") == ()


def test_no_list_of_targets_is_as_good_as_an_empty_one(file: Path) -> None:
    file.write_text("targets: []")
    assert configured_targets() == ()


def test_a_target_needs_no_more_than_name_and_url() -> None:
    assert ConfiguredTarget(name="a", url="https://llm.example").declared.gpus == 1
