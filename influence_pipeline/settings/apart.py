"""Whether stores of one list are apart: no two write to one account, or keep one state.

What is compared is what their variables say, with no connection made: two names of one server are
two servers here.
"""

from __future__ import annotations

from pathlib import Path

from influence_pipeline.errors import ConfigurationError
from influence_pipeline.settings.environment import Environment, read_environment, variable
from influence_pipeline.settings.stores import Store, Stores
from influence_pipeline.settings.toml_file import read_toml

# Names of this machine; without one, libpq takes a socket of it.
_HERE = {"localhost", "127.0.0.1", "::1"}


def refuse_unless_apart(stores: Stores, store: Store, environment: Environment) -> None:
    """Raise ConfigurationError where another store has this one's account or state."""
    mine = _account(environment), _state(environment, store.config)
    for other in stores.stores:
        # One that is refused, or cannot be read, does nothing and is in nobody's way.
        if other.name == store.name or other.refusal is not None:
            continue
        try:
            theirs = read_environment(other.name)
        except ConfigurationError:
            continue
        if mine[0] is not None and mine[0] == _account(theirs):
            raise ConfigurationError(
                f"Stores {store.name} and {other.name} have the same API key "
                f"({_both('api_key', store, other)}): each would write over the other's customers "
                "in one Influence account. Give each the key of its own account; until then "
                "neither runs."
            )
        if mine[1] is not None and mine[1] == _state(theirs, other.config):
            raise ConfigurationError(
                f"Stores {store.name} and {other.name} keep their state in the same database "
                f"({_both('state_url', store, other)}) and schema ({mine[1][-1]}): each would take "
                "the other's records for its own. Give each its own state_schema in its "
                "influence.toml, or its own database; until then neither runs."
            )


def _both(name: str, store: Store, other: Store) -> str:
    return f"{variable(name, store.name)}, {variable(name, other.name)}"


def _account(environment: Environment) -> tuple[str, str] | None:
    if environment.api_key is None:
        return None
    return environment.api_url, environment.api_key.get_secret_value()


def _state(environment: Environment, config: Path | None) -> tuple[str, ...] | None:
    """Give where a store keeps its state, or None where that cannot be said."""
    # Brings psycopg2 with it, which a store alone does not need here.
    from influence_pipeline.postgres import parse_url

    if environment.state_url is None or config is None:
        return None
    try:
        url = parse_url(environment.state_url.get_secret_value(), "")
        # The whole file is checked when its store runs; another's mistake is not this one's.
        schema = read_toml(config, "")[1].get("state_schema", "influence")
    except ConfigurationError:
        return None
    host = url.get("host", "").lower()
    if host in _HERE:
        host = ""
    where = (host, url.get("port", "5432"), url.get("service", ""))
    return (*where, url.get("dbname") or url.get("user", ""), str(schema))
