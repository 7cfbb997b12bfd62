"""Mail servers over real SMTP (aiosmtpd): one that takes mail, wants TLS or a password, refuses."""

from __future__ import annotations

import email
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

USER, PASSWORD = "mailer", "p@ss-canary"


@dataclass
class MailServer:
    """A mail server; it answers `answer` to each message. `encrypted`: whether the last one was."""

    host: str = "127.0.0.1"
    port: int = 0
    answer: str = "250 OK"
    got: list[Message] = field(default_factory=list)
    encrypted: bool = False
    user: str | None = None

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.encrypted = session.ssl is not None
        if self.answer.startswith("250"):
            self.got.append(email.message_from_bytes(envelope.content))
        return self.answer


@contextmanager
def serving(
    *, tls: ssl.SSLContext | None = None, at_once: bool = False, login: bool = False
) -> Iterator[MailServer]:
    """Serve mail. `tls`: offered by STARTTLS, or `at_once`; `login`: only to who has the password."""
    server = MailServer(port=_free_port())

    def let_in(
        _server: Any, _session: Any, _envelope: Any, _how: str, data: LoginPassword
    ) -> AuthResult:
        right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        server.user = data.login.decode()
        return AuthResult(success=right, handled=right)

    controller = Controller(
        server,
        hostname=server.host,
        port=server.port,
        ssl_context=tls if at_once else None,
        tls_context=tls if not at_once else None,
        require_starttls=tls is not None and not at_once,
        authenticator=let_in if login else None,
        auth_require_tls=login and tls is not None and not at_once,
    )
    controller.start()
    try:
        yield server
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Make a certificate of this machine; give a server's context with it, and its file to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    trusted, private = folder / "mail.crt", folder / "mail.key"
    trusted.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, private)
    return context, trusted
