"""Certificates of a certificate authority that is made for one test run, with the openssl command."""

from __future__ import annotations

import subprocess
from pathlib import Path

CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


class Authority:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certificate = folder / "ca.pem"
        constraint = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
        _openssl(
            "req",
            "-x509",
            *CURVE,
            "-subj",
            "/CN=test CA",
            *constraint,
            "-keyout",
            folder / "ca.key",
            "-out",
            self.certificate,
        )

    def certify(self, name: str) -> tuple[Path, Path]:
        """Certificate and key for `DNS:name` or `IP:number`."""
        stem = name.replace(":", "_")
        certificate, key = self.folder / f"{stem}.pem", self.folder / f"{stem}.key"
        signed = ("-CA", self.certificate, "-CAkey", self.folder / "ca.key")
        names = ("-addext", f"subjectAltName={name}", "-addext", "basicConstraints=critical,CA:FALSE")
        _openssl("req", "-x509", *CURVE, "-subj", "/CN=server", *names, *signed, "-keyout", key, "-out", certificate)
        return certificate, key


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
