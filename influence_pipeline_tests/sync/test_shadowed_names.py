"""Who may make functions in a schema on the reader's search path cannot have the pipeline call them:
what it asks of itself means Postgres' own (the way in of CVE-2018-1058). A merchant's own SELECT is
read as he wrote it; docs/security.md says what is left to him."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from influence_pipeline.records import STORE_ENTITIES, Entity
from influence_pipeline.store import fingerprints, mapping
from influence_pipeline_tests.support import roles
from influence_pipeline_tests.support.tally import Tally
from influence_pipeline_tests.support.world import World

pytestmark = pytest.mark.proves("T18")

# Functions by name, each for more kinds of arguments than Postgres has of its own.
_NAMES = ("hashtextextended", "hash_record_extended", "hashint8extended", "mod", "to_regprocedure")
_KINDS = ("text", "integer", "bigint", "numeric", "record")
_OPERATORS = ("&", "%", "#")
_BODY = "LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'called as %', current_user; END $$"


def _shadows() -> Iterator[str]:
    for name, kinds in product(_NAMES, product(_KINDS, repeat=2)):
        yield f"CREATE FUNCTION public.{name}({', '.join(kinds)}) RETURNS bigint {_BODY}"
    numbers = ("integer", "bigint", "numeric")
    for number, (sign, kinds) in enumerate(product(_OPERATORS, product(numbers, repeat=2))):
        yield f"CREATE FUNCTION public.shadow_{number}({', '.join(kinds)}) RETURNS bigint {_BODY}"
        yield (
            f"CREATE OPERATOR public.{sign} (FUNCTION = public.shadow_{number}, "
            f"LEFTARG = {kinds[0]}, RIGHTARG = {kinds[1]})"
        )


SHADOWS = list(_shadows())


@pytest.fixture
def shadowed(world: World) -> World:
    """A store with a role that is no administrator's and has filled the schema `public`."""
    clerk = roles.new_name("clerk")
    roles.administer(
        world.store_url,
        f'CREATE ROLE "{clerk}"',
        f'GRANT CREATE, USAGE ON SCHEMA public TO "{clerk}"',
        "; ".join([f'SET ROLE "{clerk}"', *SHADOWS]),
    )
    return world


def test_functions_and_operators_that_somebody_else_put_on_the_path_are_not_called(
    shadowed: World, tally: Tally
) -> None:
    shadowed.sync()
    shadowed.shop("UPDATE customers SET first_name = 'Another' WHERE id = 'cus_000002'")
    reports = shadowed.sync(full=True)
    tally(len(SHADOWS), "functions and operators of somebody else's")
    assert shadowed.judge().differences == ()
    for entity in STORE_ENTITIES:
        captured = reports[entity].captured
        assert captured is not None
        assert (captured.full, captured.why_full) == (True, None)


def test_control_a_name_without_its_schema_calls_somebody_elses_function(
    shadowed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        fingerprints,
        "record_hash",
        lambda values, seed, **_: f"hash_record_extended(ROW({values}), 1)",
    )
    monkeypatch.setattr(
        mapping, "record_hash", lambda values, seed, **_: f"hash_record_extended(ROW({values}), 1)"
    )
    with shadowed.engine() as engine, pytest.raises(Exception, match="refuse"):
        engine.capture(Entity.CUSTOMER, full=True)
