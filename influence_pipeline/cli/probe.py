"""`influence-pipeline probe`: asks on the terminal before anything is written, keeps the report."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from urllib.parse import urlsplit

from influence_pipeline import __version__
from influence_pipeline.amounts import counted
from influence_pipeline.cli.output import print_json, writing
from influence_pipeline.errors import ApiError, ConfigurationError
from influence_pipeline.platform_api.outcomes import Judge
from influence_pipeline.platform_api.payloads import Names
from influence_pipeline.platform_api.probe.consent import (
    Consent,
    Decision,
    Request,
    Stop,
    always,
    never,
)
from influence_pipeline.platform_api.probe.findings import Finding, Group, Standing
from influence_pipeline.platform_api.probe.records import Records, new_stem
from influence_pipeline.platform_api.probe.redaction import Redactor
from influence_pipeline.platform_api.probe.report import Circumstances, as_values, markdown
from influence_pipeline.platform_api.probe.room import Present, Room
from influence_pipeline.platform_api.probe.runner import Probed, probe
from influence_pipeline.platform_api.probe.toml import lines_of
from influence_pipeline.platform_api.probe.wire import Patience, Wire
from influence_pipeline.platform_api.single import SingleCalls
from influence_pipeline.settings import Config, Delivery, Settings, load_settings
from influence_pipeline.webhooks.verify import CUSTOMER_NOT_FOUND

_WRONG_KEY = "influence-pipeline-probe-wrong-key"


def run(arguments: argparse.Namespace) -> int:
    settings = load_settings()
    settings.require("api_key")
    config = _config(settings)
    at = datetime.now(UTC)
    records = Records(new_stem(at.date()), arguments.currency.upper(), _amount(arguments.amount))
    file = _new_file(arguments.report, at)
    about = Circumstances(
        at=at,
        api=urlsplit(settings.environment.api_url).netloc,
        version=__version__,
        config=str(settings.file) if config else None,
        consent=_consent_words(arguments),
    )
    api, wrong_key = (_calls(settings, config, key) for key in (settings.secret("api_key"), None))
    present = Present.of(config)
    wire = Wire(
        api,
        Judge(present.order_not_found),
        Redactor(records.stem, _secrets(settings)),
        Patience(settle=arguments.settle),
    )
    room = Room(wire, records, present, _consent(arguments), CUSTOMER_NOT_FOUND, wrong_key)
    probed = Probed(room)
    try:
        _probe(probed, arguments, about, file)
    finally:
        api.close()
        wrong_key.close()
    return _end(probed, about, file, as_json=arguments.json)


def _calls(settings: Settings, config: Config | None, key: str | None) -> SingleCalls:
    """Give the calls with this key; None: with a wrong one."""
    delivery = config.delivery if config else Delivery()
    return SingleCalls(
        settings.environment.api_url,
        key or _WRONG_KEY,
        (delivery.connect_timeout_seconds, delivery.timeout_seconds),
        # A connection that is used again may just be closing, which leaves a POST uncertain.
        keep_alive=False,
    )


def _probe(probed: Probed, arguments: argparse.Namespace, about: Circumstances, file: Path) -> None:
    """Ask, and keep the report up to date, so that it is there whatever happens."""

    def report(finding: Finding, number: int, of: int) -> None:
        _write(file, markdown(probed, about))
        if finding.answer.standing is Standing.SKIPPED and probed.stopped:
            return
        answer = f"[{number:>2}/{of}] {finding.id}: {finding.answer.words}"
        print(answer, file=sys.stderr, flush=True)

    try:
        probe(probed, [Group(name) for name in arguments.only or list(Group)], report)
    except KeyboardInterrupt:  # between two questions
        probed.interrupted = True
        probed.stopped = "it was interrupted (Ctrl-C)"
        _write(file, markdown(probed, about))
    except ApiError as error:
        if not file.exists():
            raise
        raise type(error)(f"{error} What was seen is in {file}.") from None


def _end(probed: Probed, about: Circumstances, file: Path, *, as_json: bool) -> int:
    if as_json:
        print_json({"report": str(file), **as_values(probed, about)})
    else:
        _print(probed, file)
    if probed.error is not None:
        raise type(probed.error)(f"{probed.error} What was found until then is in {file}.")
    if probed.interrupted:
        print(f"interrupted; what was found until then is in {file}", file=sys.stderr)
        return 130
    return 0


def _print(probed: Probed, file: Path) -> None:
    must = lines_of(probed.findings, must=True)
    if must:
        print("Settings that follow, for influence.toml:\n")
        print("\n".join(must) + "\n")
    attention = [one.id for one in probed.findings if one.answer.attention]
    if attention:
        print(f"To look at before the go-live: {', '.join(attention)}.")
    left = len(probed.room.records.left)
    if left:
        print(f"{counted(left, 'throw-away record')} left behind; the report lists them.")
    standings = Counter(one.answer.standing.value for one in probed.findings)
    said = ", ".join(f"{number} {standing}" for standing, number in standings.items())
    print(f"{counted(len(probed.findings), 'question')}: {said}. Report: {file}")


# --- what it runs with


def _config(settings: Settings) -> Config | None:
    """Read influence.toml if there is one. Raises ConfigurationError if it is wrong."""
    if settings.environment.config is None and not settings.file.exists():
        return None
    config = settings.config
    unknown = Names(config.api_names.model_dump(exclude={"variants_body"})).unknown()
    if unknown:
        raise ConfigurationError(
            f"{settings.file}: api_names has {', '.join(unknown)}, which this pipeline never "
            "sends. The names on the left are listed in docs/settings.md."
        )
    return config


def _secrets(settings: Settings) -> list[str]:
    given = settings.environment
    secrets = (given.api_key, given.webhook_token, given.webhook_token_previous)
    return [secret.get_secret_value() for secret in secrets if secret is not None]


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ConfigurationError("--amount is no number, such as 10.00.") from None


def _new_file(given: str | None, at: datetime) -> Path:
    """Give a file that is not there yet and can be made. Raises ConfigurationError."""
    if given is not None:
        file = Path(given)
        if file.exists():
            raise ConfigurationError(
                f"{file} is there already; nothing was asked. Name another file with --report, or "
                "move it away."
            )
    else:
        stem = f"influence-probe-{at:%Y-%m-%d}"
        names = [f"{stem}.md", *(f"{stem}-{number}.md" for number in range(2, 1000))]
        file = next(Path(name) for name in names if not Path(name).exists())
    with writing(file):
        file.open("x").close()
        file.unlink()
    return file


def _write(file: Path, text: str) -> None:
    """Write the report so that a reader, or a kill, finds all of it."""
    with writing(file):
        draft = file.with_name(f".{file.name}.draft")
        draft.write_text(text, encoding="utf-8")
        draft.replace(file)


# --- consent


def _consent(arguments: argparse.Namespace) -> Consent:
    if arguments.yes:
        return always
    if arguments.read_only or not _has_terminal():
        return never
    return OnTerminal()


def _consent_words(arguments: argparse.Namespace) -> str:
    if arguments.yes:
        return "--yes, every call was allowed"
    if arguments.read_only:
        return "--read-only, nothing that writes was called"
    if not _has_terminal():
        return "there was no terminal to ask on and no --yes, so nothing that writes was called"
    return "asked on the terminal before every question or call that writes"


def _has_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


class OnTerminal:
    """Asks a person. Whatever is not plainly a yes is a no."""

    def __init__(self) -> None:
        self._all = False

    def __call__(self, request: Request) -> Decision:
        print(f"\n{request.title}", file=sys.stderr)
        for call in request.calls:
            print(f"    {call}", file=sys.stderr)
        cost = "may cost" if request.awards else "awards nothing; makes"
        print(f"    {cost}: {request.cost}", file=sys.stderr)
        if self._all:
            return Decision.YES
        question = "    Do it? [y/N, a = yes to all that follow, q = stop here] "
        print(question, end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            print(file=sys.stderr)
            return Decision.NOT_ASKED
        match line.strip().lower():
            case "y" | "yes":
                return Decision.YES
            case "a" | "all":
                self._all = True
                return Decision.YES
            case "q" | "quit":
                raise Stop
        return Decision.NO
