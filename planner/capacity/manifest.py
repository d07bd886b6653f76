"""A Kubernetes Deployment and Service for a fleet of replicas, as YAML.

Written by a YAML library from plain values, and the command is a list of words that no shell reads: a name cannot break
out of its place. Requests of CPU and host memory, the shared-memory size and the download speed are assumptions to be
adapted to the cluster.
"""

from __future__ import annotations

import math
import re
from typing import Any

import yaml

from planner.capacity.replica_memory import Setup
from planner.capacity.serve_flags import CHECKPOINTS, PORTS, serve_command
from planner.capacity.start_time import start_time
from planner.capacity.weights import weight_parts
from planner.domain.serving import EngineName
from planner.units import GB_BYTES, GIB_BYTES

IMAGES: dict[tuple[EngineName, str], str] = {
    ("vllm", "NVIDIA"): "vllm/vllm-openai:v0.33.0",
    ("vllm", "AMD"): "vllm/vllm-openai-rocm:v0.33.0",
    ("sglang", "NVIDIA"): "lmsysorg/sglang:v0.5.23",
}
GPU_RESOURCES = {"NVIDIA": "nvidia.com/gpu", "AMD": "amd.com/gpu"}
SECRET = "hf-token"
CLAIM = "checkpoints"
"""Claim of a volume that holds the checkpoints in `CHECKPOINTS`, where the publisher has none in the format."""
MACHINE_GPUS = 8
PROBE_PERIOD_S = 10
START_MARGIN = 3
"""Times the expected start that the start-up probe waits: a slow registry must not restart it for ever."""
SHM_GIB_PER_GPU = 4
DISK_MARGIN = 1.2
CPUS_PER_GPU, HOST_GIB_PER_GPU, HOST_GIB = 4, 16, 16
_NAME_CHARACTERS = 63


class ManifestError(Exception):
    """There is no such manifest; the message says why and the way out."""


def start_s(setup: Setup) -> float:
    """Seconds from a container's start to the first request: download, load and warm-up of SCA-3."""
    start = start_time(_checkpoint_gib(setup) * GIB_BYTES / GB_BYTES)
    return start.download_s + start.load_s + start.warm_up_s


def _checkpoint_gib(setup: Setup) -> float:
    """Largest checkpoint that may be downloaded: the format's own, or the publisher's that it is made of."""
    own = weight_parts(setup.model, setup.number_format).total_gib
    return max(own, setup.model.native_weights_gb * GB_BYTES / GIB_BYTES)


def manifest(setup: Setup, replicas: int, *, image: str = "", request_tokens: float = 2048) -> str:
    """YAML of a Deployment with its Service. Raises ManifestError for an engine or a replica that it cannot hold."""
    _check(setup, image)
    name = resource_name(f"{setup.model.model_id}-{setup.number_format.format_id}")
    parts = [_deployment(setup, replicas, name, image, request_tokens), _service(setup, name)]
    return yaml.dump_all(parts, Dumper=_Plain, sort_keys=False, width=120)


class _Plain(yaml.SafeDumper):
    """Writes what occurs twice twice: people edit manifests."""

    def ignore_aliases(self, data: object) -> bool:
        """Never an alias."""
        return True


def resource_name(text: str) -> str:
    """A name that Kubernetes takes: lower-case letters, digits and hyphens, at most 63, a letter first."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    named = plain if plain[:1].isalpha() else f"m-{plain}"
    return named[:_NAME_CHARACTERS].rstrip("-")


def _check(setup: Setup, image: str) -> None:
    if setup.gpu.vendor not in GPU_RESOURCES:
        raise ManifestError(
            f"Kubernetes schedules no {setup.gpu.vendor} GPUs: run the server's own command on each machine instead."
        )
    if not image and (setup.engine, setup.gpu.vendor) not in IMAGES:
        raise ManifestError(f"No image of {setup.engine} for {setup.gpu.vendor} GPUs is known: name one.")
    if setup.tp * setup.pp > MACHINE_GPUS:
        raise ManifestError(
            f"A replica of {setup.tp * setup.pp} GPUs spans machines, which a Deployment cannot: use a "
            f"LeaderWorkerSet, or at most {MACHINE_GPUS} GPUs per replica."
        )


def _deployment(setup: Setup, replicas: int, name: str, image: str, request_tokens: float) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "affinity": _spread(labels),
                    "terminationGracePeriodSeconds": 120,
                    "containers": [_container(setup, name, image, request_tokens)],
                    "volumes": _volumes(setup),
                },
            },
        },
    }


def _spread(labels: dict[str, str]) -> dict[str, Any]:
    """Replicas on different machines where there are enough: one that fails takes one replica with it."""
    term = {"labelSelector": {"matchLabels": labels}, "topologyKey": "kubernetes.io/hostname"}
    preferred = [{"weight": 100, "podAffinityTerm": term}]
    return {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}


def _container(setup: Setup, name: str, image: str, request_tokens: float) -> dict[str, Any]:
    gpus, port = setup.tp * setup.pp, PORTS[setup.engine]
    words = list(serve_command(setup, request_tokens=request_tokens).words)
    health = {"httpGet": {"path": "/health", "port": "http"}}
    tries = math.ceil(start_s(setup) * START_MARGIN / PROBE_PERIOD_S)
    token = {"secretKeyRef": {"name": SECRET, "key": "token", "optional": True}}
    return {
        "name": name[:_NAME_CHARACTERS],
        "image": image or IMAGES[setup.engine, setup.gpu.vendor],
        "command": [*words, "--host", "0.0.0.0", "--port", str(port)],
        "env": [{"name": "HF_TOKEN", "valueFrom": token}],
        "ports": [{"name": "http", "containerPort": port}],
        "resources": {
            "requests": {"cpu": str(CPUS_PER_GPU * gpus), "memory": f"{HOST_GIB + HOST_GIB_PER_GPU * gpus}Gi"},
            "limits": {GPU_RESOURCES[setup.gpu.vendor]: gpus},
        },
        "startupProbe": {**health, "periodSeconds": PROBE_PERIOD_S, "failureThreshold": tries},
        "readinessProbe": {**health, "periodSeconds": 5, "failureThreshold": 3},
        "livenessProbe": {**health, "periodSeconds": 20, "failureThreshold": 6},
        "volumeMounts": [
            {"name": "shm", "mountPath": "/dev/shm"},
            {"name": "weights", "mountPath": "/root/.cache/huggingface"},
            *([{"name": CLAIM, "mountPath": CHECKPOINTS, "readOnly": True}] if _own_checkpoint(setup) else []),
        ],
    }


def _volumes(setup: Setup) -> list[dict[str, Any]]:
    shared = {"medium": "Memory", "sizeLimit": f"{SHM_GIB_PER_GPU * setup.tp * setup.pp}Gi"}
    return [
        {"name": "shm", "emptyDir": shared},
        {"name": "weights", "emptyDir": {"sizeLimit": f"{math.ceil(_checkpoint_gib(setup) * DISK_MARGIN)}Gi"}},
        *([{"name": CLAIM, "persistentVolumeClaim": {"claimName": CLAIM}}] if _own_checkpoint(setup) else []),
    ]


def _own_checkpoint(setup: Setup) -> bool:
    """Whether the command reads weights that the publisher does not offer, from a folder of one's own."""
    return any(word.startswith(f"{CHECKPOINTS}/") for word in serve_command(setup).words)


def _service(setup: Setup, name: str) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": name}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "labels": labels},
        "spec": {"selector": labels, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
    }
