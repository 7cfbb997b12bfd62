"""The fault proxy from the test's side: its certificate, its process, its plan and its report."""

from __future__ import annotations

import ipaddress
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from influence_pipeline_tests.sandbox.platform_fixtures import until
from influence_pipeline_tests.support.fault_proxy import Plan


class FaultProxy:
    """A running proxy. `certificate`: the file whoever calls it must trust."""

    def __init__(self, ports: dict[str, int], certificate: Path, stderr: Path) -> None:
        self.url = f"https://127.0.0.1:{ports['port']}"
        self.certificate = certificate
        self._control = socket.create_connection(("127.0.0.1", ports["control"]), timeout=30)
        self._answers = self._control.makefile("rb")
        self._stderr = stderr

    def follow(self, plan: Plan) -> None:
        self._ask({"plan": asdict(plan)})

    def report(self) -> dict[str, Any]:
        """What went wrong how often (`fired`), and which requests were sent on twice (`doubled`)."""
        return self._ask({})

    def release(self) -> None:
        """Deliver what is held back (mode `held_back`)."""
        self._ask({"release": True})

    def all_has_arrived(self) -> None:
        """Wait until no request is under way any more: what a quiet window is for."""
        until(lambda: self.report()["in_flight"] == 0, "the requests under way to arrive", 60)

    def close(self) -> None:
        self._answers.close()
        self._control.close()
        # A connection that breaks while the proxy ends may be told there; a failing test shows it.
        sys.stderr.write(self._stderr.read_text())

    def _ask(self, what: dict[str, Any]) -> dict[str, Any]:
        self._control.sendall(json.dumps(what).encode() + b"\n")
        answer: dict[str, Any] = json.loads(self._answers.readline())
        return answer


@contextmanager
def proxying(folder: Path, upstream: int) -> Iterator[FaultProxy]:
    """A proxy in front of the sandbox at this port, gone at the end of the block."""
    certificate, key = make_certificate(folder)
    ports = folder / "ports"
    settings = folder / "settings.json"
    settings.write_text(
        json.dumps(
            {
                "upstream": upstream,
                "certificate": str(certificate),
                "key": str(key),
                "ports": str(ports),
            }
        )
    )
    stderr = folder / "stderr"
    with stderr.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "influence_pipeline_tests.support.fault_proxy", str(settings)],
            stderr=errors,
        )
    try:
        until(lambda: ports.exists() or process.poll() is not None, "the fault proxy to be ready")
        assert process.poll() is None, stderr.read_text()
        proxy = FaultProxy(json.loads(ports.read_text()), certificate, stderr)
        yield proxy
        proxy.close()
    finally:
        process.kill()
        process.wait()


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for 127.0.0.1; give its file and that of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "fault proxy of the tests")])
    now = datetime.now(UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, private
