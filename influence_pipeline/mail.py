"""Sending one message by SMTP: to whom and through which server the settings say.

smtp:// begins readable and goes over to TLS where the server offers it (STARTTLS); a password is
never sent without, but to this machine. smtps:// is TLS from the first byte. Certificates are
verified. Nothing here says the password, or what a server answers, which may repeat it.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import parse_qs, unquote, urlsplit

_LOCAL = ("localhost", "127.0.0.1", "::1")


class MailRefused(Exception):  # noqa: N818  (reads as what happened)
    """The server would not take the message; the text says why, without a secret."""


@dataclass(frozen=True)
class Post:
    """A server, and the addresses. `user` None: it lets anybody in. `local`: it is this machine."""

    host: str
    port: int
    tls_at_once: bool
    user: str | None
    password: str | None
    sender: str
    recipients: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Post({self.host!r}, {self.port})"

    @property
    def local(self) -> bool:
        return self.host in _LOCAL


def post_of(url: str, recipients: str) -> Post:
    """Read INFLUENCE_SMTP_URL and INFLUENCE_ALERT_EMAIL. Raises ValueError where the URL has no
    host, or a port that is none."""
    parts = urlsplit(url)
    at_once = parts.scheme == "smtps"
    host, port = parts.hostname, parts.port or (465 if at_once else 587)
    if not host or parts.scheme not in {"smtp", "smtps"}:
        raise ValueError("names no server")
    to = tuple(address.strip() for address in recipients.split(","))
    user = None if parts.username is None else unquote(parts.username)
    given = parse_qs(parts.query).get("from", [])
    sender = given[0] if given else user if user is not None and "@" in user else to[0]
    password = None if parts.password is None else unquote(parts.password)
    return Post(host, port, at_once, user, password, sender, to)


def send(post: Post, subject: str, text: str, seconds: float) -> None:
    """Deliver a message; no wait for the server is longer than so many seconds.

    Raises MailRefused, OSError (nothing answers) or ssl.SSLError (no trusted certificate).
    """
    message = EmailMessage()
    message["From"], message["To"] = post.sender, ", ".join(post.recipients)
    # A line break in a header would be another header.
    message["Subject"] = re.sub(r"\s+", " ", subject)
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="influence-pipeline")
    message.set_content(text)
    with _in_words(), _connected(post, seconds) as server:
        refused = server.send_message(message, post.sender, post.recipients)
    if refused:
        raise MailRefused(f"it takes no mail for {len(refused)} of the addresses")


def look(post: Post, seconds: float) -> None:
    """See whether the server lets us in, and send nothing. Raises as `send`."""
    with _in_words(), _connected(post, seconds):
        pass


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except smtplib.SMTPAuthenticationError:
        raise MailRefused("it refuses the user or the password") from None
    except smtplib.SMTPNotSupportedError:
        raise MailRefused("it offers no login that this program knows") from None
    except smtplib.SMTPResponseException as error:
        raise MailRefused(f"it answers {error.smtp_code}") from None
    except smtplib.SMTPRecipientsRefused:
        raise MailRefused("it takes no mail for INFLUENCE_ALERT_EMAIL") from None
    except smtplib.SMTPException as error:
        raise MailRefused(f"it broke off ({type(error).__name__})") from None


def _connected(post: Post, seconds: float) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if post.tls_at_once:
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            post.host, post.port, timeout=seconds, context=context
        )
    else:
        server = smtplib.SMTP(post.host, post.port, timeout=seconds)
    try:
        _secured(server, post, context)
        if post.user is not None:
            server.login(post.user, post.password or "")
    except BaseException:
        server.close()
        raise
    return server


def _secured(server: smtplib.SMTP, post: Post, context: ssl.SSLContext) -> None:
    """Go over to TLS, or make sure that no secret needs it."""
    server.ehlo_or_helo_if_needed()
    if post.tls_at_once:
        return
    if server.has_extn("starttls"):
        server.starttls(context=context)
        server.ehlo()
    elif post.password is not None and not post.local:
        raise MailRefused("it offers no TLS, and a password is not sent readable")
