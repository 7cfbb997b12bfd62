"""Every error a user can meet, in one tree. Nothing else belongs here.

    InfluencePipelineError
    ├── ConfigurationError         something in the environment or influence.toml must be mended
    │   └── MappingError           ... in a mapping: a query, a source, a column
    ├── StoreError                 the store's database or API cannot be reached, or refuses a query
    │   └── StoreUncertain         ... and what was asked of it may still be done later
    ├── StateError                 the state database cannot be reached, or its schema does not fit
    ├── MassChange                 too much changed or went at once; a person must say it is meant
    └── ApiError                   the Platform API as a whole cannot be used now
        ├── ApiUnreachable         nothing answers at its address
        └── ApiKeyRejected         it answers 401 or 403: the key is wrong or blocked

An error stops the run and leaves the state as it was. What concerns one record only is not an
exception but an outcome: the record is parked with its reason, and the rest goes on.

The words of an error are for the person who reads them at night: what, where, why, what to do.
They never hold a secret, a DSN, or a customer's data: whoever raises one from a driver's exception
uses `raise ... from None` and `describe_database_error`.
"""

from __future__ import annotations


class InfluencePipelineError(Exception):
    """Base of all errors above. `exit_code` is what the command line returns for it."""

    exit_code = 1


class ConfigurationError(InfluencePipelineError):
    """A setting is missing or wrong; the message names the variable or the file and the mend."""

    exit_code = 3


class MappingError(ConfigurationError):
    """A query, source or column of the mapping does not fit the store; names the file."""


class StoreError(InfluencePipelineError):
    """The store's database or its API cannot be reached, or refused a query."""


class StoreUncertain(StoreError):  # noqa: N818  (reads as the tree above says it)
    """The store was asked to write and gave no clear answer: it may still do it. Whoever looks for
    what was written before `quiet_seconds` have passed may look too early."""

    def __init__(self, words: str, quiet_seconds: float) -> None:
        super().__init__(words)
        self.quiet_seconds = quiet_seconds


class StateError(InfluencePipelineError):
    """The state database cannot be reached, or its schema does not fit this version."""


class MassChange(InfluencePipelineError):  # noqa: N818  (reads as the tree above says it)
    """So much changed or went at once that a person must say whether it is meant."""

    exit_code = 5


class ApiError(InfluencePipelineError):
    """The Platform API as a whole cannot be used now."""


class ApiUnreachable(ApiError):  # noqa: N818  (reads as the tree above says it)
    """Nothing answers at the API's address."""


class ApiKeyRejected(ApiError):  # noqa: N818
    """The API answers 401 or 403: the key is wrong, blocked, or meant for another account."""


def describe_database_error(error: BaseException) -> str:
    """Say what a database driver's exception means, without the data it likes to print.

    Drivers put values of rows (e-mails, names) into the DETAIL and CONTEXT of a message, and parts
    of a broken DSN into the message itself. What is safe is the SQLSTATE and the server's own first
    line for the classes that speak about names of tables, columns and roles, not about values.
    """
    original = getattr(error, "orig", None) or error
    code = getattr(original, "pgcode", None)
    diagnostics = getattr(original, "diag", None)
    primary = getattr(diagnostics, "message_primary", None) if diagnostics is not None else None
    if code is None:
        return _describe_connection_failure(str(original))
    if code == "42601":
        # "… at or near" repeats the text that stands there, and psycopg2 sends values as text.
        return "a syntax error in the statement (SQLSTATE 42601)"
    if primary and code[:2] in _CLASSES_WITHOUT_VALUES:
        return f"{primary} (SQLSTATE {code})"
    return f"{_CLASS_WORDS.get(code[:2], 'the database refused it')} (SQLSTATE {code})"


# Messages of these classes name tables, columns, roles and limits, never a row's values.
_CLASSES_WITHOUT_VALUES = frozenset({"08", "25", "28", "3D", "3F", "40", "42", "53", "55", "57"})

_CLASS_WORDS = {
    "21": "a sub-select gave more than one row",
    "22": "a value could not be converted or calculated",
    "23": "a constraint does not allow it",
    "0A": "this server does not support it",
    "XX": "the server reports an internal error",
}

# What libpq says when no connection comes about, in words that carry no credentials.
_CONNECTION_WORDS = (
    ("password authentication failed", "the password or user name is not accepted"),
    ("no password supplied", "the server asks for a password and the URL has none"),
    ("pg_hba.conf", "the server does not let this user in from this host (pg_hba.conf)"),
    ("Connection refused", "nothing listens at that host and port"),
    ("could not translate host name", "the host name is not known"),
    ("Name or service not known", "the host name is not known"),
    ("timeout expired", "the server did not answer in time"),
    ("No such file or directory", "there is no server at that socket"),
    ("server closed the connection", "the server closed the connection"),
    ("terminating connection", "the server closed the connection"),
    ("SSL", "the TLS connection could not be made; look at sslmode and the certificates"),
    ("does not exist", "the database or the role does not exist"),
    ("starting up", "the server is starting up"),
    ("shutting down", "the server is shutting down"),
    ("too many", "the server has no free connection"),
)


def _describe_connection_failure(text: str) -> str:
    for sign, words in _CONNECTION_WORDS:
        if sign in text:
            return words
    return "the connection failed or broke"
