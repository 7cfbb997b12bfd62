"""Alerts: somebody is told, and the mail server takes mail."""

from __future__ import annotations

from influence_pipeline import mail
from influence_pipeline.check.desk import STATEMENT_SECONDS, Desk
from influence_pipeline.check.finding import Check, Findings, error, note, ok

_SERVER, _TO = "INFLUENCE_SMTP_URL", "INFLUENCE_ALERT_EMAIL"
# Of TLS from the first byte: a server that waits for it says nothing to who begins readable.
_TLS_PORT = 465


def _told(desk: Desk) -> Findings:
    environment = desk.settings.environment
    server, to = environment.smtp_url, environment.alert_email
    if (server is None) is not (to is None):
        is_set, lacks = (_TO, _SERVER) if server is None else (_SERVER, _TO)
        yield error(
            f"{is_set} is set, and {lacks} is not",
            where=lacks,
            why="No alert is sent by mail: both say to whom and through which server.",
            mend=f"Set {lacks}, or unset {is_set}.",
        )
    elif server is None and environment.alert_url is None:
        yield note(
            "nobody is told of trouble",
            where="INFLUENCE_ALERT_URL",
            why="Alerts stand in the log of Dagster's code server alone.",
            mend=f"Set INFLUENCE_ALERT_URL to a chat's incoming webhook, or {_TO} and {_SERVER}.",
        )


def _takes_mail(desk: Desk) -> Findings:
    environment = desk.settings.environment
    if environment.smtp_url is None or environment.alert_email is None:
        yield ok("no alert goes by mail")
        return
    try:
        post = mail.post_of(environment.smtp_url.get_secret_value(), environment.alert_email)
    except ValueError:
        yield error(
            f"{_SERVER} names no server, or a port that is none",
            where=_SERVER,
            why="No alert can be sent by mail.",
            mend="Write it as smtp://user:password@mail.example:587.",
        )
        return
    if post.port == _TLS_PORT and not post.tls_at_once:
        yield error(
            f"{_SERVER} is smtp:// at port {_TLS_PORT}, where TLS begins at once",
            where=_SERVER,
            why="Each of the two waits for the other to begin; no alert is sent by mail.",
            mend="Write smtps://, or the port for STARTTLS: 587.",
        )
        return
    trouble = None
    try:
        mail.look(post, STATEMENT_SECONDS)
    except mail.MailRefused as refused:
        trouble = str(refused)
    except OSError as failure:
        trouble = f"it cannot be reached ({type(failure).__name__})"
    if trouble is not None:
        yield error(
            f"the mail server {post.host}:{post.port} does not take alerts: {trouble}",
            where=_SERVER,
            why="No alert is sent by mail.",
            mend="Look at host, port, user and password; with %40 for an @ in them.",
        )
    else:
        yield ok(f"{post.host}:{post.port} lets the pipeline in")


CHECKS = (
    Check("alerts.told", "somebody is told of trouble", _told),
    Check("alerts.mail", "the mail server lets the pipeline in", _takes_mail, ("alerts.told",)),
)
