"""The Kubernetes manifest: it parses, means what was asked, and names stay names."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from planner.capacity.manifest import ManifestError, manifest, resource_name, start_s
from planner.capacity.replica_memory import Setup
from planner.capacity.serve_flags import serve_command
from planner.catalog.catalog import load

TABLES = load().tables


def setup(model: str = "llama-3.3-70b", number_format: str = "fp8", gpu: str = "h100-sxm", **more: Any) -> Setup:
    rows = (TABLES.model_by_id[model], TABLES.format_by_id[number_format], TABLES.gpu_by_id[gpu])
    return Setup(*rows)._replace(**({"max_model_len": 8192, "tp": 2} | more))


def parsed(asked: Setup, replicas: int = 3, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    deployment, service = yaml.safe_load_all(manifest(asked, replicas, **more))
    return deployment, service


def container(deployment: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = deployment["spec"]["template"]["spec"]["containers"][0]
    return found


def test_the_command_gpus_and_replicas_are_those_asked_for() -> None:
    deployment, _ = parsed(setup(), 3)
    box = container(deployment)
    assert deployment["spec"]["replicas"] == 3
    assert box["resources"]["limits"] == {"nvidia.com/gpu": 2}
    assert box["command"] == [*serve_command(setup()).words, "--host", "0.0.0.0", "--port", "8000"]


def test_the_service_finds_the_pods() -> None:
    deployment, service = parsed(setup())
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"] == labels == deployment["spec"]["selector"]["matchLabels"]
    assert service["spec"]["ports"][0]["targetPort"] == container(deployment)["ports"][0]["name"]


def test_shared_memory_and_the_token_come_from_volume_and_secret() -> None:
    deployment, _ = parsed(setup())
    volumes = {volume["name"]: volume for volume in deployment["spec"]["template"]["spec"]["volumes"]}
    assert volumes["shm"]["emptyDir"]["medium"] == "Memory"
    mounts = {mount["name"]: mount["mountPath"] for mount in container(deployment)["volumeMounts"]}
    assert mounts["shm"] == "/dev/shm"
    token = container(deployment)["env"][0]["valueFrom"]["secretKeyRef"]
    assert (token["name"], token["key"]) == ("hf-token", "token")
    assert "hf_" not in manifest(setup(), 1)


def test_the_start_up_probe_waits_for_the_weights() -> None:
    # 141.1 GB of BF16 weights: 141 s of download, 428 s of loading, 60 s of warm-up
    assert start_s(setup()) == pytest.approx(141.1 / 1.0 + 141.1 / 0.33 + 60, rel=0.01)
    for asked in (setup(), setup("llama-3.1-8b", "bf16")):
        probe = container(parsed(asked)[0])["startupProbe"]
        assert probe["failureThreshold"] * probe["periodSeconds"] >= 3 * start_s(asked)
    assert start_s(setup("llama-3.1-8b", "bf16")) < start_s(setup())


def test_the_disk_holds_the_checkpoint_that_is_downloaded() -> None:
    volumes = parsed(setup())[0]["spec"]["template"]["spec"]["volumes"]
    assert int(volumes[1]["emptyDir"]["sizeLimit"].removesuffix("Gi")) >= 141.1 * 1e9 / 2**30


def test_amd_gpus_have_their_own_resource() -> None:
    deployment, _ = parsed(setup(gpu="mi300x", tp=1))
    assert container(deployment)["resources"]["limits"] == {"amd.com/gpu": 1}


def test_a_replica_over_several_machines_is_no_deployment() -> None:
    with pytest.raises(ManifestError, match=r"16 GPUs spans machines.*LeaderWorkerSet"):
        manifest(setup(tp=8, pp=2), 1)


def test_an_engine_without_an_image_needs_one_named() -> None:
    asked = setup("llama-3.1-8b", "gguf-q4-k-m", "rtx-4090", tp=1, engine="llama.cpp")
    with pytest.raises(ManifestError, match=r"No image of llama\.cpp"):
        manifest(asked, 1)
    assert container(parsed(asked, image="example/llama:1")[0])["image"] == "example/llama:1"


def test_no_cluster_schedules_apple_chips() -> None:
    asked = setup("llama-3.1-8b", "gguf-q4-k-m", "apple-m4-max", tp=1, engine="llama.cpp")
    with pytest.raises(ManifestError, match=r"Kubernetes schedules no Apple GPUs.*on each machine"):
        manifest(asked, 1, image="example/llama:1")


def test_nothing_is_written_as_an_alias() -> None:
    assert not re.search(r"[&*]id\d", manifest(setup(), 2))


@given(st.text())
def test_every_name_is_one_that_kubernetes_takes(text: str) -> None:
    assert re.fullmatch(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", resource_name(text))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_a_hostile_name_stays_one_value(name: str) -> None:
    asked = setup()
    hostile = asked._replace(model=asked.model.model_copy(update={"hf_id": name}))
    deployment, service = parsed(hostile, image=name)
    assert container(deployment)["command"][2] == name
    assert container(deployment)["image"] == name
    assert service["kind"] == "Service"


def test_a_checkpoint_of_ones_own_comes_from_a_claim_and_the_publishers_is_downloaded() -> None:
    own = parsed(setup(number_format="awq-int4"))[0]
    folder = next(word for word in container(own)["command"] if word.startswith("/models/"))
    mounts = {mount["name"]: mount["mountPath"] for mount in container(own)["volumeMounts"]}
    claims = [volume for volume in own["spec"]["template"]["spec"]["volumes"] if "persistentVolumeClaim" in volume]
    assert folder.startswith(f"{mounts[claims[0]['name']]}/")
    published = parsed(setup())[0]
    assert all("persistentVolumeClaim" not in item for item in published["spec"]["template"]["spec"]["volumes"])
