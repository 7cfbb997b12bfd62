"""How a Postgres is reached: any form of its URL, one engine, transactions without session state.

Used for the store and for the state alike; knows neither's tables. Works behind pgbouncer in
transaction mode: no start-up options, no session settings, no server-side prepared statements; what
must be set is set with SET LOCAL inside the transaction.
"""

from __future__ import annotations

import io
import itertools
import os
import re
import socket
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import psycopg2
import psycopg2.extensions

from influence_pipeline.errors import (
    ConfigurationError,
    InfluencePipelineError,
    describe_database_error,
)
from influence_pipeline.sql import driver_form

if TYPE_CHECKING:
    # Importing it takes a third of a second, so only who uses an engine pays for it.
    import sqlalchemy as sa

_SCHEME = re.compile(r"^(?:jdbc:)?postgres(?:ql)?(?:\+\w+)?://", re.IGNORECASE)
_FORMS = "postgresql://user:password@host:5432/database, or a libpq string such as host=… dbname=…"


def parse_url(url: str, variable: str) -> dict[str, str]:
    """Give libpq's connection parameters for any usual form of a Postgres URL.

    `postgres://`, `postgresql://`, with any SQLAlchemy driver (`postgresql+asyncpg://`), `jdbc:`
    before it, several hosts, sockets (`?host=/run/postgresql`), or a keyword string. The driver is
    always psycopg2: SQLAlchemy 2.1 would read a bare `postgresql://` as psycopg 3.

    Raises ConfigurationError, naming `variable` and never showing the URL, which holds a password.
    """
    text = url.strip()
    if _SCHEME.match(text):
        text = _SCHEME.sub("postgresql://", text, count=1)
    elif "=" not in text or "://" in text:
        raise ConfigurationError(f"{variable} is not a Postgres URL. Write it as {_FORMS}.")
    try:
        parsed = psycopg2.extensions.parse_dsn(text)
    except (psycopg2.Error, UnicodeError):
        parsed = None
    parameters = {str(name): str(value) for name, value in (parsed or {}).items()}
    if parsed is None or _misread(text, parameters):
        raise ConfigurationError(
            f"{variable} cannot be read as a Postgres URL. Write it as {_FORMS}; "
            "characters like @ : / # ? % in the password are percent-encoded (@ is %40)."
        )
    return parameters


def _misread(text: str, parameters: dict[str, str]) -> bool:
    """Tell whether libpq took a part of a password for a part of the place.

    It ends the server's part at the first `/` or `?`, so a password with one in it, or with an `@`,
    that is not percent-encoded lands in host, port or database, and so in messages.
    """
    if text.startswith("postgresql://"):
        server, _, path = text.removeprefix("postgresql://").partition("?")[0].partition("/")
        if server.count("@") > 1 or "@" in path:
            return True
    hosts = parameters.get("host", "").split(",")
    ports = parameters.get("port", "").split(",")
    return any(map(_is_no_host, hosts)) or any(port and not port.isdecimal() for port in ports)


def _is_no_host(host: str) -> bool:
    # Of a socket: a path, or @ and a name in Linux's abstract namespace.
    if host.startswith(("/", "@")):
        return False
    if "@" in host or "/" in host:
        return True
    return ":" in host and re.fullmatch(r"[0-9A-Fa-f:.]+(%[\w.-]+)?", host) is None


_CONNECTION_DEFAULTS = {
    "application_name": "influence_pipeline",
    # A peer that is gone without a word is noticed within a minute, not after the system's two
    # hours; the time-out is for data that nobody acknowledges (milliseconds; libpq takes no notice
    # of it where the system has no such thing, as on macOS).
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
    "client_encoding": "UTF8",
}
# read_only_sql_transaction: what was meant to be written went to a session that may not write.
_READ_ONLY = "25006"


# Of a session that may not write, and of one that the server ends: the next one is another.
_LOST = (_READ_ONLY, "57P", "08")


def _no_other_word(error: psycopg2.Error) -> None:
    """The database's own kind of error it is."""


class Postgres:
    """One database and a small pool of connections to it.

    `kind` is the exception raised for trouble (StoreError or StateError), `variable` the setting
    that named the database: both go into every message. Connections are made when first needed.
    """

    def __init__(
        self,
        url: str,
        *,
        variable: str,
        kind: type[InfluencePipelineError],
        search_path: str | None = None,
        read_only: bool = False,
        pool_size: int = 5,
        statement_timeout_seconds: int = 0,
        connect_timeout_seconds: int = 10,
    ) -> None:
        self._parameters = {
            "connect_timeout": str(connect_timeout_seconds),
            **parse_url(url, variable),
        }
        self._variable = variable
        self._kind = kind
        self._read_only = read_only
        self._prelude = _prelude(search_path, statement_timeout_seconds)
        self._open: weakref.WeakSet[psycopg2.extensions.connection] = weakref.WeakSet()
        self._open_lock = threading.Lock()
        self._pool_size = pool_size
        self._once: dict[sa.TextClause, str] = {}
        self._engine: sa.Engine | None = None
        self._engine_lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<Postgres {self.place}>"

    @property
    def engine(self) -> sa.Engine:
        """SQLAlchemy's engine, made when first asked for."""
        import sqlalchemy as sa

        with self._engine_lock:
            if self._engine is None:
                self._engine = sa.create_engine(
                    "postgresql+psycopg2://",
                    creator=self._connect,
                    pool_size=self._pool_size,
                    max_overflow=self._pool_size,
                    hide_parameters=True,
                )
                sa.event.listen(self._engine, "handle_error", _give_up_read_only_sessions)
                sa.event.listen(self._engine, "checkin", _note_when)
                sa.event.listen(self._engine, "checkout", _ask_if_it_lay_idle)
            return self._engine

    @property
    def place(self) -> str:
        """Where it is, for messages: host, port and database, never a user or a password."""
        given = self._parameters
        host = given.get("host") or given.get("hostaddr") or "the local socket"
        port = f":{given['port']}" if given.get("port") else ""
        return f"{host}{port}/{given.get('dbname') or given.get('user') or ''}"

    def _connect(self) -> psycopg2.extensions.connection:
        dsn = psycopg2.extensions.make_dsn(**{**_CONNECTION_DEFAULTS, **self._parameters})
        connection = psycopg2.connect(dsn)
        if self._read_only:
            # psycopg2 says this in each BEGIN, so that it holds behind a pooler too.
            connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with self._open_lock:
            self._open.add(connection)
        return connection

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """Open a transaction; commit at its end, roll back on an exception.

        A database of kind "read only" gives one REPEATABLE READ snapshot. Raises `kind`, in words,
        for whatever the driver raises; the driver's own text may hold rows' values.
        """
        with self._failing(), self.engine.begin() as connection:
            for statement in self._prelude:
                connection.exec_driver_sql(statement)
            yield connection

    def once(
        self,
        statement: sa.TextClause,
        values: Mapping[str, Any],
        judge: Callable[[psycopg2.Error], Exception | None] = _no_other_word,
    ) -> list[dict[str, Any]]:
        """Run one statement (or several, with `;` between) as a transaction of its own, in one
        round trip; gives the rows of the last one.

        The server takes what comes in one message for one transaction, and `SET LOCAL` holds to its
        end; so nothing is left behind in a session that a pooler shares. Raises `kind`, in words,
        or what `judge` makes of the driver's error.
        """
        sql = self._whole(statement)
        with self._failing(), self.engine.connect() as pooled:
            driver: Any = pooled.connection.dbapi_connection
            driver.autocommit = True
            try:
                with driver.cursor() as cursor:
                    cursor.execute(sql, values)
                    names = [column.name for column in cursor.description or ()]
                    rows = [dict(zip(names, row, strict=True)) for row in cursor] if names else []
                driver.autocommit = False
            except BaseException as error:
                # Whatever state it is in, nobody else gets this connection.
                pooled.invalidate()
                if not isinstance(error, psycopg2.Error):
                    raise
                if error.pgcode is None or error.pgcode.startswith(_LOST):
                    self.close()
                other = judge(error)
                if other is not None:
                    raise other from None
                raise
        return rows

    def _whole(self, statement: sa.TextClause) -> str:
        """The statement with this database's settings before it, as the driver takes it."""
        found = self._once.get(statement)
        if found is None:
            compiled = str(statement.compile(dialect=self.engine.dialect))
            found = "; ".join([*self._prelude, compiled])
            self._once[statement] = found
        return found

    @contextmanager
    def _failing(self) -> Iterator[None]:
        from sqlalchemy.exc import DBAPIError

        try:
            yield
        except (DBAPIError, psycopg2.Error) as error:
            self.fail(error)

    @contextmanager
    def direct(self) -> Iterator[Direct]:
        """Open a transaction as `transaction` does, on a connection of its own and without
        SQLAlchemy: for a command that asks once and must answer at once. Raises `kind`, in words.
        """
        try:
            with closing(self._connect()) as connection, connection:
                opened = Direct(connection)
                for statement in self._prelude:
                    opened.ask(statement)
                yield opened
        except psycopg2.Error as error:
            self.fail(error)

    def fail(self, error: BaseException) -> NoReturn:
        """Raise this database's kind of error in words that hold no data."""
        raise self._kind(
            f"The database at {self.place} ({self._variable}): {describe_database_error(error)}."
        ) from None

    def close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()

    def cut(self) -> None:
        """Break every connection off, also those that a thread waits on; the next are new ones.

        For a server that has gone silent: a statement's own time-out is kept by the server, so
        nothing else wakes who waits for its reply. They get this database's kind of error.
        """
        with self._open_lock:
            connections = list(self._open)
        for connection in connections:
            _hang_up(connection)
        self.close()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Cut the connections off if what is done inside takes longer than this, to the second."""
        mark = _WATCH.add(time.monotonic() + seconds, self.cut)
        try:
            yield
        finally:
            _WATCH.remove(mark)


class _Watch:
    """Does what is overdue: one thread for all who wait, because a thread for each costs more than
    what they wait for. It ends with the process, also while a server hangs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._waiting: dict[int, tuple[float, Callable[[], None]]] = {}
        self._running = False

    def add(self, deadline: float, then: Callable[[], None]) -> int:
        with self._lock:
            mark = next(self._numbers)
            self._waiting[mark] = (deadline, then)
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="deadlines", daemon=True).start()
        return mark

    def remove(self, mark: int) -> None:
        with self._lock:
            self._waiting.pop(mark, None)

    def _run(self) -> None:
        idle = 0
        while idle < _IDLE_LOOKS:
            time.sleep(_LOOK_SECONDS)
            now = time.monotonic()
            with self._lock:
                idle = 0 if self._waiting else idle + 1
                due = [mark for mark, (deadline, _) in self._waiting.items() if deadline <= now]
                overdue = [self._waiting.pop(mark)[1] for mark in due]
                if idle == _IDLE_LOOKS:
                    self._running = False
            for then in overdue:
                then()


_LOOK_SECONDS = 0.25
_IDLE_LOOKS = 8
_WATCH = _Watch()


# A connection that was used so lately is taken for alive; asking each time would be a fifth of the
# work of a short transaction.
_IDLE_SECONDS = 1.0


def _note_when(connection: Any, record: Any) -> None:
    record.info["idle_since"] = time.monotonic()


def _ask_if_it_lay_idle(connection: Any, record: Any, proxy: Any) -> None:
    """Have a connection that died while it lay in the pool replaced, with all others there."""
    from sqlalchemy.exc import InvalidatePoolError

    if time.monotonic() - record.info.get("idle_since", time.monotonic()) < _IDLE_SECONDS:
        return
    try:
        connection.autocommit = True
        connection.cursor().execute("SELECT 1")
        connection.autocommit = False
    except psycopg2.Error:
        raise InvalidatePoolError from None


def _give_up_read_only_sessions(context: sa.engine.ExceptionContext) -> None:
    """Count it as a broken connection: a session keeps the read-only default it was opened with,
    long after the server (a failover, a full disk that has room again) lets others write."""
    if getattr(context.original_exception, "pgcode", None) == _READ_ONLY:
        context.is_disconnect = True


def _hang_up(connection: psycopg2.extensions.connection) -> None:
    """Shut the socket, not the connection: closing waits for the thread that is using it."""
    try:
        # A duplicate, so that closing ours leaves libpq's descriptor alone.
        with socket.socket(fileno=os.dup(connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)
    except (OSError, psycopg2.Error):
        pass  # closed already


def _prelude(search_path: str | None, statement_timeout_seconds: int) -> list[str]:
    """Settings that a hash or a text of a row must not depend on, fixed for every transaction."""
    statements = [
        "SET LOCAL timezone = 'UTC'",
        "SET LOCAL datestyle = 'ISO, YMD'",
        "SET LOCAL intervalstyle = 'postgres'",
        "SET LOCAL extra_float_digits = 1",
        "SET LOCAL bytea_output = 'hex'",
        "SET LOCAL lc_monetary = 'C'",
        "SET LOCAL lc_numeric = 'C'",
        "SET LOCAL lc_time = 'C'",
        # Short statements over many rows: compiling them takes longer than it saves.
        "SET LOCAL jit = off",
    ]
    if search_path is not None:
        quoted = search_path.replace('"', '""')
        statements.append(f'SET LOCAL search_path = "{quoted}", pg_temp')
    if statement_timeout_seconds:
        statements.append(f"SET LOCAL statement_timeout = '{int(statement_timeout_seconds)}s'")
    return ["; ".join(statements)]


class Session(Protocol):
    """What reading needs of a connection in a transaction; SQLAlchemy's and `Direct` have it."""

    @property
    def connection(self) -> Any:
        """The driver's connection."""

    def begin_nested(self) -> AbstractContextManager[Any]:
        """Open a savepoint; back to it on an exception."""


class Direct:
    """The driver's connection in a transaction, see `Postgres.direct`."""

    def __init__(self, connection: psycopg2.extensions.connection) -> None:
        self.connection = connection

    def ask(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        """Run one of our own queries (values as `:name`) and give its rows, none if it has none."""
        with self.connection.cursor() as cursor:
            cursor.execute(driver_form(sql), values)
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor] if names else []

    @contextmanager
    def begin_nested(self) -> Iterator[None]:
        self.ask("SAVEPOINT nested")
        try:
            yield
        except BaseException:
            self.ask("ROLLBACK TO SAVEPOINT nested")
            raise
        self.ask("RELEASE SAVEPOINT nested")


def driver_cursor(connection: Session) -> Any:
    """Give psycopg2's own cursor inside the connection's transaction, for COPY."""
    return connection.connection.cursor()


def run(connection: Session, sql: str, parameters: dict[str, Any] | None = None) -> Any:
    """Run SQL that holds a merchant's own text, and give the driver's cursor.

    The driver reads `%` as a placeholder only when there are parameters; our own placeholders are
    `%(name)s`, and the merchant's text must have gone through `literal` then.
    Raises psycopg2.Error, which `Postgres.transaction` turns into words.
    """
    cursor = driver_cursor(connection)
    cursor.execute(sql, parameters)
    return cursor


def literal(sql: str) -> str:
    """Guard the `%` signs of a merchant's SQL where the statement around it takes parameters."""
    return sql.replace("%", "%%")


def copy_in(connection: Session, table: str, rows: Iterable[Sequence[object]]) -> None:
    """COPY rows into `table` (with its columns in brackets); None is NULL."""
    text = "".join(["\t".join(map(_copy_text, row)) + "\n" for row in rows])
    driver_cursor(connection).copy_expert(f"COPY {table} FROM STDIN", io.StringIO(text))


_COPY_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_COPY_SPECIAL = re.compile(r"[\\\t\n\r]")


def _copy_text(value: object) -> str:
    if value is None:
        return "\\N"
    kind = type(value)
    if kind is int:
        return str(value)
    if kind is bool:
        return "t" if value else "f"
    text = str(value)
    return text.translate(_COPY_ESCAPES) if _COPY_SPECIAL.search(text) else text
