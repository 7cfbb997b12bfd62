"""With the roles that `influence-pipeline roles` prints, `check` finds nothing to mend, each right
that is gone is named, and mistakes are found as with wider ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from influence_pipeline.check.finding import Level
from influence_pipeline.store.configured import configured_mappings
from influence_pipeline.store.coupons.choice import coupon_database, coupon_statements
from influence_pipeline.store.rights import Needs
from influence_pipeline_tests.check.conftest import Place
from influence_pipeline_tests.check.test_mistakes import a_key_that_names_the_wrong_column
from influence_pipeline_tests.support import roles

pytestmark = pytest.mark.proves("T18")


@pytest.fixture
def narrow(place: Place) -> Iterator[tuple[Place, Needs, Needs]]:
    settings = place.world.settings()
    url = place.world.store_url
    with closing(coupon_database(settings)) as database:
        statements = coupon_statements(settings, database)
    with (
        roles.reader(url, configured_mappings(settings)) as (reader_url, reads),
        roles.writer(url, statements) as (writer_url, writes),
    ):
        place.set(STORE_URL=reader_url, COUPON_URL=writer_url)
        yield place, reads, writes


def test_the_narrow_roles_are_all_that_is_needed(narrow: tuple[Place, Needs, Needs]) -> None:
    place, _, _ = narrow
    found = place.check()
    assert [one for one in found if one.level in {Level.ERROR, Level.WARNING}] == []
    rights = {one.check: one for one in found if one.check.startswith("rights.")}
    assert rights["rights.read"].level is Level.OK
    assert rights["rights.no_more"].level is Level.OK
    assert rights["rights.limits"].level is Level.OK


def test_a_key_of_the_wrong_column_is_found_by_them_too(
    narrow: tuple[Place, Needs, Needs],
) -> None:
    place, _, _ = narrow
    a_key_that_names_the_wrong_column(place)
    (stray,) = place.trouble()["orders.keys"]
    assert stray.mend == 'key = "p.order_id"'


@pytest.mark.parametrize("of", ["reader", "writer"])
def test_a_right_that_is_gone_is_named_with_its_grant(
    narrow: tuple[Place, Needs, Needs], of: str
) -> None:
    place, reads, writes = narrow
    needs = reads if of == "reader" else writes
    role_url = place.variables["INFLUENCE_STORE_URL" if of == "reader" else "INFLUENCE_COUPON_URL"]
    assert role_url is not None
    rights = [one for one in roles.single_rights(needs) if one.kind == "TABLE"]
    # Every one of them is `store.test_rights`'s; here some, through the whole check.
    for right in rights[:: max(len(rights) // 4, 1)]:
        with roles.without(place.world.store_url, role_url, right):
            found = place.trouble()
        named = found["rights.read" if of == "reader" else "rights.coupons"]
        assert any(right.object in one.what and "GRANT" in one.mend for one in named), right
