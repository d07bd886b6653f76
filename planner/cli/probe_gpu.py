"""GPUs as people write them, `H100 SXM x2` or `2x H100 SXM`, in the catalog's words."""

from __future__ import annotations

import re
from typing import NamedTuple

from planner.catalog.case_names import Names, UnknownName, find_gpu, plain
from planner.domain.nearest import did_you_mean

CPU = "cpu"
MOST_GPUS = 4096
_BEFORE = re.compile(r"(\d{1,9})\s*[x×*]\s*(.+)", re.IGNORECASE)
_AFTER = re.compile(r"(.+?)\s*[x×*]\s*(\d{1,9})", re.IGNORECASE)
_AFTER_SPACE = re.compile(r"(.+?)\s+[x×*]\s*(\d{1,9})", re.IGNORECASE)
_EXAMPLE = 'Write "H100 SXM x2", "2x H100 SXM", h100-sxm, or cpu for a server without one.'


class Gpus(NamedTuple):
    """The GPUs of one replica; `cpu` for none."""

    gpu_id: str
    gpus: int


def read_gpus(text: str, names: Names) -> Gpus:
    """GPUs of a replica; UnknownName with the nearest names, or with what is wrong with the count."""
    text = " ".join(text.split())
    if plain(text) == CPU:
        return Gpus(CPU, 1)
    if not plain(text):
        raise UnknownName(f"it is empty. {_EXAMPLE}")
    if plain(text) in names.gpus:
        return Gpus(find_gpu(names, text).gpu_id, 1)
    name, number = _split(text, names)
    if not 1 <= number <= MOST_GPUS:
        raise UnknownName(f"{number} GPUs in one replica: give 1 to {MOST_GPUS:,}.")
    return Gpus(_found(name, names), number)


def _split(text: str, names: Names) -> tuple[str, int]:
    """Name and count. An x may be a letter of a name (RTX 4090), so the split whose name is known goes first."""
    ways = [(match[2], int(match[1])) for match in (_BEFORE.fullmatch(text),) if match]
    ways += [(match[1], int(match[2])) for match in (_AFTER.fullmatch(text),) if match]
    known = next((way for way in ways if plain(way[0]) in names.gpus), None)
    if known:
        return known
    spaced = _AFTER_SPACE.fullmatch(text)
    clear = ways[:1] if _BEFORE.fullmatch(text) else [(spaced[1], int(spaced[2]))] if spaced else []
    return clear[0] if clear else (text, 1)


def _found(name: str, names: Names) -> str:
    if plain(name) == CPU:
        raise UnknownName("a CPU server is one machine: write cpu.")
    if plain(name) in names.gpus:
        return find_gpu(names, name).gpu_id
    raise UnknownName(f"unknown GPU {name[:60]!r}. {_near(name, names)}")


def _near(name: str, names: Names) -> str:
    """GPUs whose name has all of the letters typed, else those that are written alike."""
    spoken = {gpu.name.partition(" ")[2] or gpu.name for gpu in names.gpus.values()}
    inside = sorted(one for one in spoken if plain(name) in plain(one))
    if 0 < len(inside) <= 6:
        return f"Did you mean {' or '.join(inside)}?"
    return did_you_mean(name, sorted(spoken), "`planner catalog list gpus` lists them.")


def gpu_words(gpu_id: str, gpus: int, names: Names) -> str:
    """`2 x NVIDIA H100 SXM`, for people; empty when it was not said."""
    if gpu_id == CPU:
        return "CPU, no GPU"
    row = names.gpus.get(plain(gpu_id))
    return f"{gpus} x {row.name if row else gpu_id}" if gpu_id else ""
