"""The fault proxy from the test's side: its certificate, its process, its plan and its report."""

from __future__ import annotations

import ipaddress
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
from influence_pipeline_tests.support.controlled import Control, controlled
from influence_pipeline_tests.support.fault_proxy import Plan

# How often nothing must be under way and nothing new have come, until it is believed.
_LOOKS = 10


class FaultProxy:
    """A running proxy. `certificate`: the file whoever calls it must trust."""

    def __init__(self, control: Control, certificate: Path) -> None:
        self.url = f"https://127.0.0.1:{control.port}"
        self.certificate = certificate
        self._control = control

    def follow(self, plan: Plan) -> None:
        self._control.ask({"plan": asdict(plan)})

    def report(self) -> dict[str, Any]:
        """What went wrong how often (`fired`), and which requests were sent on twice (`doubled`)."""
        return self._control.ask({})

    def release(self) -> None:
        """Deliver what is held back (mode `held_back`)."""
        self._control.ask({"release": True})

    def all_has_arrived(self) -> None:
        """Wait until no request is under way any more: what a quiet window is for.

        On a busy machine a caller may have given up before the proxy has read its request. So it is
        asked again and again, and each answer takes a turn of the loop that reads.
        """
        seen: list[tuple[int, int]] = []

        def stays_so() -> bool:
            report = self.report()
            seen.append((report["in_flight"], report["requests"]))
            last = seen[-_LOOKS:]
            return len(last) == _LOOKS and set(last) == {(0, report["requests"])}

        until(stays_so, "the requests under way to arrive", 60)


@contextmanager
def proxying(folder: Path, upstream: int) -> Iterator[FaultProxy]:
    """A proxy in front of the sandbox at this port, gone at the end of the block."""
    certificate, key = make_certificate(folder)
    settings = {"upstream": upstream, "certificate": str(certificate), "key": str(key)}
    with controlled("influence_pipeline_tests.support.fault_proxy", folder, settings) as control:
        yield FaultProxy(control, certificate)


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
