"""Which of the integration tests run through pgbouncer, and which cannot, with the reason."""

from __future__ import annotations

_TESTS = "influence_pipeline_tests"
# Where the store, the state and the coupon database are at work, by the engine, the receiver and the
# command line. The rooms that are left out have no databases, reach theirs by URLs of their own, or
# are about Dagster, which uses the same engine.
ROOMS = (
    f"{_TESTS}/state",
    f"{_TESTS}/sync",
    f"{_TESTS}/webhooks",
    f"{_TESTS}/check",
    *(
        f"{_TESTS}/cli/test_{name}.py"
        for name in ("sync", "events", "members", "plan", "records", "roles", "webhooks", "why")
    ),
)
_OUTAGES = (
    "the server lets nobody in for a moment, and the test looks the moment after; a pooler refuses "
    "its clients for a while longer, or makes them wait where the server would have refused them"
)
_STATISTICS = "it counts by what each session reports to the server's statistics when it ends"
# Files and tests of these rooms that are left out, and why. In each it is the test that needs a
# session of its own, or the server's own behaviour; the pipeline does not.
STRAIGHT: dict[str, str] = {
    f"{_TESTS}/sync/proof": "the fault proofs T1, T2, T8 and T14, with databases behind proxies of their own",
    f"{_TESTS}/webhooks/proof": "the same of the way back",
    f"{_TESTS}/sync/test_only_read.py::test_nothing_is_written_to_the_store": _STATISTICS,
    f"{_TESTS}/sync/test_only_read.py::test_a_look_computes": _STATISTICS,
    f"{_TESTS}/sync/test_only_read.py::test_a_compare_computes": _STATISTICS,
    f"{_TESTS}/sync/test_only_read.py::test_control_a_compare_of_every_record": _STATISTICS,
    f"{_TESTS}/sync/test_shadowed_names.py": (
        "SET ROLE for a session, which somebody else has afterwards"
    ),
    f"{_TESTS}/sync/test_capture.py::test_another_database_is_compared_in_full": (
        "the store is copied, for which nobody may be connected to it"
    ),
    f"{_TESTS}/cli/test_roles.py::test_without_a_password_nobody_can_log_in": (
        "whom pgbouncer lets in without a password is its own affair"
    ),
    f"{_TESTS}/webhooks/test_handlers.py::test_a_store_that_is_away_is_waited_for": _OUTAGES,
    f"{_TESTS}/webhooks/test_receiver.py::test_the_fast_path_outlives_a_store_that_is_away": _OUTAGES,
    f"{_TESTS}/webhooks/test_receiver_in_trouble.py::test_who_asks_whether_it_is_ready": _OUTAGES,
    f"{_TESTS}/webhooks/test_referrals.py::test_what_passes_is_waited_for": _OUTAGES,
    f"{_TESTS}/webhooks/test_storing.py::test_while_the_database_is_away": _OUTAGES,
    f"{_TESTS}/webhooks/test_trouble.py::test_one_stumble_after_a_long_outage": _OUTAGES,
}
