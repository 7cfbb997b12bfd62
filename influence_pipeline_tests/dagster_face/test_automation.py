"""Schedules that never start a second sync, and the sensor that makes coupons inside its tick."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg2
import pytest
import sqlalchemy as sa
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteRepositoryOrigin

from influence_pipeline.assets import checks, coupons
from influence_pipeline.automation import alerting, between_ticks, reported, runs, sensors
from influence_pipeline.definitions import build_definitions
from influence_pipeline.settings import load_settings
from influence_pipeline.webhooks import inbox
from influence_pipeline_tests.dagster_face.conftest import House, check_of, metadata_of
from influence_pipeline_tests.dagster_face.test_runs import _in_store
from influence_pipeline_tests.sandbox.platform_fixtures import until
from influence_pipeline_tests.support.chat import Chat
from influence_pipeline_tests.webhooks.builders import delivery, redemption
from influence_pipeline_tests.webhooks.conftest import reopen, shut

QUEUED, STARTED = dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTED


@pytest.fixture(scope="module")
def instance_on_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    """What a schedule can be evaluated with: Dagster gives it no instance in memory."""
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("dagster"))) as made:
        yield made


@pytest.fixture
def own_instance(instance_on_disk: dg.DagsterInstance) -> dg.DagsterInstance:
    for run in instance_on_disk.get_runs():
        instance_on_disk.delete_run(run.run_id)
    return instance_on_disk


def _run(instance: dg.DagsterInstance, job: str, status: dg.DagsterRunStatus) -> dg.DagsterRun:
    location = RegisteredCodeLocationOrigin("influence_pipeline")
    origin = RemoteRepositoryOrigin(location, "__repository__").get_job_origin(job)
    made = build_definitions().resolve_job_def(job)
    return instance.create_run_for_job(made, status=status, remote_job_origin=origin)


def _tick(instance: dg.DagsterInstance, schedule: str) -> dg.ScheduleExecutionData | Any:
    (found,) = [one for one in build_definitions().schedules or () if one.name == schedule]
    return found(dg.build_schedule_context(instance=instance))


class TestSchedules:
    def test_a_sync_is_started_when_none_is_at_work(self, own_instance: dg.DagsterInstance) -> None:
        _run(own_instance, "incremental_sync", dg.DagsterRunStatus.SUCCESS)
        assert isinstance(_tick(own_instance, "incremental_sync_schedule"), dg.RunRequest)

    @pytest.mark.parametrize("status", [QUEUED, STARTED])
    @pytest.mark.parametrize("job", ["incremental_sync", "full_compare"])
    def test_a_sync_is_left_out_while_one_is_at_work(
        self, own_instance: dg.DagsterInstance, job: str, status: dg.DagsterRunStatus
    ) -> None:
        run = _run(own_instance, job, status)
        skipped = _tick(own_instance, "incremental_sync_schedule")
        assert isinstance(skipped, dg.SkipReason)
        assert skipped.skip_message == (
            f"Run {run.run_id[:8]} of {job} is {status.value.lower()}; the next tick looks again."
        )

    def test_a_full_compare_waits_in_the_queue_behind_a_sync(
        self, own_instance: dg.DagsterInstance
    ) -> None:
        _run(own_instance, "incremental_sync", STARTED)
        assert isinstance(_tick(own_instance, "full_compare_schedule"), dg.RunRequest)

    def test_a_run_whose_process_is_gone_does_not_stop_the_syncs_for_ever(
        self, own_instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = _run(own_instance, "incremental_sync", STARTED)
        own_instance.report_engine_event("Started.", run)
        assert isinstance(_tick(own_instance, "incremental_sync_schedule"), dg.SkipReason)
        later = time.time() + runs.SILENCE_SECONDS + 1
        monkeypatch.setattr(runs.time, "time", lambda: later)
        assert isinstance(_tick(own_instance, "incremental_sync_schedule"), dg.RunRequest)
        ended = own_instance.get_run_by_id(run.run_id)
        assert ended is not None
        assert ended.status is dg.DagsterRunStatus.FAILURE


def _sensor(house: House, cursor: str | None = None) -> dg.SensorResult:
    (sensor,) = [one for one in house.defs.sensors or () if one.name == sensors.NAME]
    context = dg.build_sensor_context(instance=house.instance, cursor=cursor)
    result = sensor(context)
    assert isinstance(result, dg.SensorResult)
    return result


def _redeemed(house: House, number: int, **changes: Any) -> None:
    """A redemption by one of the store's customers, whom the sandbox knows."""
    key = f"member-{number}"
    house.sandbox.put_customer(key)
    body = redemption(number, ruleId="rule-10-percent", **changes)
    found = house.sandbox.good("GET", f"/v1/customers/{key}")["customer"]
    body["customer"] |= {"externalId": key, "id": found["id"]}
    body["customer"]["email"] = found["email"]
    house.deliver_event("points/redeemed", body)


@pytest.fixture
def members(house: House) -> House:
    """The store knows member-1 to member-5 too, so that coupons can be made for them."""
    with psycopg2.connect(house.store_url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers (id, email) SELECT 'member-' || n, 'm' || n || '@example.org' "
            "FROM generate_series(1, 5) AS n"
        )
    connection.close()
    return house


def test_a_tick_makes_the_coupon_and_reports_it_with_its_latency(members: House) -> None:
    _redeemed(members, 1)
    result = _sensor(members)
    assert _in_store(members, "discount_codes", "code = 'LOYAL-0001'") == 1
    made, check, _ = result.asset_events
    assert isinstance(made, dg.AssetMaterialization)
    assert made.asset_key == dg.AssetKey("coupons")
    numbers = {name: value.value for name, value in made.metadata.items()}
    assert (numbers["coupons_made"], numbers["events_done"], numbers["events_arrived"]) == (1, 1, 1)
    assert 0 <= numbers["seconds_median"] <= numbers["seconds_longest"] < 30
    assert isinstance(check, dg.AssetCheckEvaluation)
    assert check.passed
    assert "1 coupon made" in str(result.skip_reason)
    assert "LOYAL-0001" not in str(result), "a code is money"


def test_a_tick_with_nothing_to_do_reports_nothing(house: House) -> None:
    result = _sensor(house, cursor="0")
    assert not result.asset_events
    assert result.skip_reason is not None
    assert result.skip_reason.skip_message == "No new events."


def test_a_coupon_that_the_receiver_made_is_reported_by_the_next_tick(members: House) -> None:
    _redeemed(members, 1)
    assert members.asset("coupons").success
    result = _sensor(members)
    made = result.asset_events[0]
    assert made.metadata["events_arrived"].value == 1
    assert made.metadata["coupons_made"].value == 1
    assert made.metadata["seconds_median"].value >= 0
    assert not _sensor(members, cursor=result.cursor).asset_events, "reported once"


def _numbers(result: dg.SensorResult) -> dict[str, Any]:
    """The metadata of the one materialization."""
    return {name: value.value for name, value in result.asset_events[0].metadata.items()}


def test_an_event_that_is_settled_after_later_ones_is_reported_too_and_once(
    members: House,
) -> None:
    for number in (1, 2):
        _redeemed(members, number)
    with members.state.transaction() as connection:
        first = "UPDATE inbox SET next_at = now() + {} WHERE id = (SELECT min(id) FROM inbox)"
        connection.execute(sa.text(first.format("interval '1 hour'")))
    early = _sensor(members)
    assert _numbers(early)["events_arrived"] == 1
    assert not _sensor(members, cursor=early.cursor).asset_events
    with members.state.transaction() as connection:
        connection.execute(sa.text(first.format("interval '0'")))
    assert members.asset("coupons").success
    late = _sensor(members, cursor=early.cursor)
    assert _numbers(late)["events_arrived"] == 1
    assert "1 elsewhere" in str(late.skip_reason)
    assert not _sensor(members, cursor=late.cursor).asset_events


def test_an_event_whose_transaction_commits_after_later_ones_is_reported(members: House) -> None:
    body = delivery("points/redeemed", redemption(1, ruleId="rule-nobody-knows"))
    with members.state.transaction() as slow:
        inbox.store(slow, body)
        _redeemed(members, 2)
        early = _sensor(members)
        assert _numbers(early)["events_arrived"] == 1
    late = _sensor(members, cursor=early.cursor)
    assert _numbers(late)["events_arrived"] == 1
    assert not _sensor(members, cursor=late.cursor).asset_events


def test_a_large_backlog_is_reported_once_however_it_ends(
    members: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coupons, "_MOST_OPEN", 2)
    for number in range(1, 6):
        members.deliver_event("points/redeemed", redemption(number, ruleId="rule-nobody-knows"))
    seen, bookmark = 0, coupons.Bookmark()
    for settled in ([5], [1, 4], [3], [2], []):
        with members.state.transaction() as connection:
            connection.execute(
                sa.text(
                    "UPDATE inbox SET state = 'parked' WHERE id IN"
                    " (SELECT id FROM inbox ORDER BY id OFFSET :n LIMIT 1)"
                ),
                [{"n": number - 1} for number in settled] or [{"n": 99}],
            )
        new = coupons.arrived(members.state, bookmark)
        seen, bookmark = seen + new.events, new.bookmark
    assert seen == 5
    assert bookmark.open == ()


def test_a_replayed_event_is_no_second_arrival(members: House) -> None:
    _redeemed(members, 1)
    first = _sensor(members)
    with members.state.transaction() as connection:
        connection.execute(sa.text("UPDATE inbox SET state = 'new', done_at = NULL"))
    again = _sensor(members, cursor=first.cursor)
    assert _numbers(again)["events_done"] == 1
    assert _numbers(again)["events_arrived"] == 0


@pytest.mark.parametrize("cursor", ["7", None, "", "nonsense", '{"after": "x"}', "[1]"])
def test_any_cursor_will_do(house: House, cursor: str | None) -> None:
    kept = reported.read(_sensor(house, cursor=cursor).cursor)
    assert kept.upto == kept.seen == coupons.Bookmark(7 if cursor == "7" else 0)


def test_a_preview_of_the_tick_in_the_ui_makes_no_second_coupon(members: House) -> None:
    _redeemed(members, 1)
    _sensor(members)
    _sensor(members)
    assert _in_store(members, "discount_codes", "code = 'LOYAL-0001'") == 1


def test_a_redemption_by_an_unknown_rule_fails_the_check_with_the_next_command(
    members: House,
) -> None:
    _redeemed(members, 1)
    _redeemed(members, 2)
    members.deliver_event("points/redeemed", redemption(3, ruleId="rule-nobody-knows"))
    result = members.asset("coupons")
    assert result.success
    assert metadata_of(result, "coupons")["coupons_made"] == 2
    check = check_of(result, "coupons", coupons.ALL_HAVE_COUPONS)
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert "influence-pipeline events show" in str(check.description)
    assert "influence-pipeline events replay" in str(check.description)


def test_a_large_backlog_is_given_to_one_run(
    members: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sensors, "_FIRST", 1)
    monkeypatch.setattr(sensors, "BACKLOG", 1)
    for number in range(1, 6):
        _redeemed(members, number)
    result = _sensor(members)
    # No run key: Dagster would never again start a run with the key of one that failed.
    assert [request.run_key for request in result.run_requests or ()] == [None]
    assert result.asset_events

    run = _run(members.instance, "work_off_webhooks", STARTED)
    again = _sensor(members)
    members.instance.delete_run(run.run_id)
    assert not again.run_requests
    assert f"Run {run.run_id[:8]}" in str(again.skip_reason)

    assert members.asset("coupons").success
    assert _in_store(members, "discount_codes", "code LIKE 'LOYAL-%'") == 5


def test_a_store_that_is_away_fails_the_tick_in_one_line(members: House) -> None:
    _redeemed(members, 1)
    shut(members.store_url)
    try:
        with pytest.raises(dg.Failure) as failed:
            _sensor(members)
    finally:
        reopen(members.store_url)
    assert "Nothing could be worked off" in str(failed.value.description)
    assert "\n" not in str(failed.value.description)


class TestReports:
    """Routine work is reported now and then, whatever somebody should see at once."""

    @pytest.fixture
    def seldom(self, members: House, config_file: Path) -> House:
        text = config_file.read_text().replace("report_minutes = 0", "report_minutes = 5")
        config_file.write_text(text)
        return replace(members, settings=load_settings(**vars(members.settings.environment)))

    def test_routine_work_is_added_up_and_reported_once_in_a_while(
        self, seldom: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _redeemed(seldom, 1)
        first = _sensor(seldom)
        assert _numbers(first)["coupons_made"] == 1
        cursor = first.cursor
        for number in (2, 3):
            _redeemed(seldom, number)
            tick = _sensor(seldom, cursor=cursor)
            assert not tick.asset_events
            assert "1 coupon made" in str(tick.skip_reason), "the tick says it at once"
            cursor = tick.cursor
        later = time.time() + 301
        monkeypatch.setattr(sensors.time, "time", lambda: later)
        reported_later = _sensor(seldom, cursor=cursor)
        numbers = _numbers(reported_later)
        assert (numbers["coupons_made"], numbers["events_done"]) == (2, 2)
        assert numbers["events_arrived"] == 2
        assert not _sensor(seldom, cursor=reported_later.cursor).asset_events

    def test_a_parked_event_is_reported_at_once(self, seldom: House) -> None:
        _redeemed(seldom, 1)
        cursor = _sensor(seldom).cursor
        seldom.deliver_event("points/redeemed", redemption(3, ruleId="rule-nobody-knows"))
        tick = _sensor(seldom, cursor=cursor)
        assert _numbers(tick)["events_parked"] == 1
        failed = {one.check_name for one in tick.asset_events[1:] if not one.passed}
        assert failed == {coupons.ALL_HAVE_COUPONS, checks.REWARDS_LISTED}

    def test_a_check_that_somebody_mended_is_reported_at_once(self, seldom: House) -> None:
        seldom.deliver_event("points/redeemed", redemption(3, ruleId="rule-nobody-knows"))
        tick = _sensor(seldom)
        again = _sensor(seldom, cursor=tick.cursor)
        assert not again.asset_events
        with seldom.state.transaction() as connection:
            connection.execute(sa.text("UPDATE inbox SET state = 'done', done_at = now()"))
        mended = _sensor(seldom, cursor=again.cursor)
        passed = {one.check_name: one.passed for one in mended.asset_events[1:]}
        # The rule is still in no table; but nobody waits for it any more.
        assert passed == {coupons.ALL_HAVE_COUPONS: True, checks.REWARDS_LISTED: False}
        assert not _sensor(seldom, cursor=mended.cursor).asset_events


class TestBetweenTicks:
    @pytest.fixture
    def going_on(self, members: House, config_file: Path) -> Iterator[House]:
        text = config_file.read_text()
        config_file.write_text(
            text.replace("between_ticks_seconds = 0", "between_ticks_seconds = 20")
        )
        settings = load_settings(**vars(members.settings.environment))
        yield replace(members, settings=settings)
        between_ticks.end()
        until(lambda: not _threads_between(), "the thread between the ticks to end")

    def test_what_comes_after_a_tick_has_its_coupon_and_the_next_tick_reports_it(
        self, going_on: House
    ) -> None:
        first = _sensor(going_on)
        _redeemed(going_on, 1)
        until(
            lambda: _in_store(going_on, "discount_codes", "code = 'LOYAL-0001'"),
            "a coupon between two ticks",
        )
        until(lambda: inbox.count_events(going_on.state).keys() == {"done"}, "the event's end")
        second = _sensor(going_on, cursor=first.cursor)
        assert _numbers(second)["events_arrived"] == 1
        assert _numbers(second)["coupons_made"] == 1

    def test_the_next_tick_takes_over(self, going_on: House) -> None:
        for _ in range(3):
            _sensor(going_on)
        until(lambda: len(_threads_between()) == 1, "the threads of earlier ticks to end")

    def test_a_tick_that_met_a_store_that_is_away_leaves_the_rest_to_the_next(
        self, going_on: House
    ) -> None:
        for number in (1, 2):
            _redeemed(going_on, number)
        shut(going_on.store_url)
        try:
            with pytest.raises(dg.Failure):
                _sensor(going_on)
        finally:
            reopen(going_on.store_url)
        assert not _threads_between()

    def test_a_thread_that_fails_says_so_without_the_text(
        self, going_on: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def stumbles(*given: object, **more: object) -> None:
            raise ValueError("person7@example.test")

        monkeypatch.setattr(between_ticks, "work_off_until", stumbles)
        _sensor(going_on)
        until(lambda: "Between two ticks" in caplog.text, "the line")
        assert "ValueError" in caplog.text
        assert "person7" not in caplog.text


def _threads_between() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == between_ticks.THREAD]


class TestAlerts:
    @pytest.fixture
    def told(self, members: House, config_file: Path, chat: Chat) -> Iterator[House]:
        """The members' house, with a chat, and customers who wait for ten minutes at most."""
        config_file.write_text(
            config_file.read_text().replace(
                "poll_seconds = 0.02",
                "poll_seconds = 0.02\nalert_after_minutes = 10\nretry_base_seconds = 0.1",
            )
        )
        settings = load_settings(**{**vars(members.settings.environment), "alert_url": chat.url})
        # Of its own, because what was told is kept in it.
        with dg.DagsterInstance.ephemeral() as instance:
            yield replace(members, settings=settings, instance=instance)

    def test_a_failing_sensor_tells_it_once_and_once_that_it_works_again(
        self, told: House, chat: Chat
    ) -> None:
        _redeemed(told, 1)
        shut(told.store_url)
        try:
            for _ in range(2):
                with pytest.raises(dg.Failure):
                    _sensor(told)
        finally:
            reopen(told.store_url)
        (said,) = chat.said
        assert said.startswith("The coupon sensor fails: Nothing could be worked off: ")
        assert "influence-pipeline events list --state new" in said
        password = told.store_url.split("@")[0].rsplit(":", 1)[1]
        assert password not in said
        until(lambda: _sensor(told).asset_events, "the coupon")
        _sensor(told)
        assert [words.partition(" (")[0] for words in chat.said[1:]] == [
            "The coupon sensor works again."
        ]

    def test_a_tick_that_had_nothing_to_do_does_not_say_that_it_works_again(
        self, told: House, chat: Chat
    ) -> None:
        _redeemed(told, 1)
        shut(told.store_url)
        try:
            with pytest.raises(dg.Failure):
                _sensor(told)
        finally:
            reopen(told.store_url)
        with told.state.transaction() as connection:
            connection.execute(sa.text("UPDATE inbox SET next_at = now() + interval '1 hour'"))
        _sensor(told)
        assert len(chat.said) == 1

    def test_somebody_who_waits_too_long_is_told_of_with_the_reason(
        self, told: House, chat: Chat
    ) -> None:
        _redeemed(told, 1)
        with told.state.transaction() as connection:
            connection.execute(
                sa.text(
                    "UPDATE inbox SET received_at = now() - interval '11 minutes',"
                    " next_at = now() + interval '1 hour', reason_code = 'store_away',"
                    " reason = 'Nothing listens there.'"
                )
            )
        for _ in range(2):
            _sensor(told)
        (said,) = chat.said
        assert said.startswith("1 event that asks for a coupon waited for more than 10 minutes")
        assert "Nothing listens there." in said
        assert "influence-pipeline events show " in said
        assert "LOYAL" not in said, "a code is money"
        with told.state.transaction() as connection:
            connection.execute(sa.text("UPDATE inbox SET next_at = now()"))
        _sensor(told)
        assert len(chat.said) == 2
        assert chat.said[1].startswith("No coupon is waited for longer than 10 minutes.")

    def test_somebody_whose_old_event_was_only_just_replayed_is_not_told_of(
        self, told: House, chat: Chat
    ) -> None:
        told.deliver_event("points/redeemed", redemption(3, ruleId="rule-nobody-knows"))
        with told.state.transaction() as connection:
            connection.execute(sa.text("UPDATE inbox SET received_at = now() - interval '1 day'"))
        _sensor(told)
        (said,) = chat.said
        assert said.startswith("1 event is parked, so somebody may have spent points"), "at once"

    def test_a_parked_redemption_is_told_at_once_and_once_and_its_end_too(
        self, told: House, chat: Chat
    ) -> None:
        told.deliver_event("points/redeemed", redemption(3, ruleId="rule-nobody-knows"))
        cursor = _sensor(told).cursor
        for _ in range(2):
            cursor = _sensor(told, cursor=cursor).cursor
        assert len(chat.said) == 1
        with told.state.transaction() as connection:
            connection.execute(sa.text("UPDATE inbox SET state = 'done', done_at = now()"))
        _sensor(told, cursor=cursor)
        assert chat.said[1].startswith("No redemption is parked any more.")

    def test_a_setting_that_is_missing_is_told(
        self, told: House, config_file: Path, chat: Chat
    ) -> None:
        config_file.write_text(config_file.read_text().replace("coupon_create.sql", "gone.sql"))
        settings = load_settings(**vars(told.settings.environment))
        with pytest.raises(dg.Failure):
            _sensor(replace(told, settings=settings))
        (said,) = chat.said
        assert "gone.sql" in said

    def test_an_exception_of_the_program_is_told_without_its_text(
        self, told: House, chat: Chat, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def stumbles(*given: object) -> None:
            raise ValueError("person7@example.test")

        monkeypatch.setattr(sensors.coupons, "waits", stumbles)
        with pytest.raises(ValueError, match="person7"):
            _sensor(told)
        (said,) = chat.said
        assert "fails: ValueError in test_automation.py:" in said
        assert "person7" not in said

    def test_a_run_that_failed_is_told_once_an_hour_in_its_own_words(
        self, told: House, config_file: Path, chat: Chat
    ) -> None:
        config_file.write_text(config_file.read_text().replace("coupon_create.sql", "gone.sql"))
        house = replace(told, settings=load_settings(**vars(told.settings.environment)))
        for _ in range(2):
            result = house.job("work_off_webhooks")
            assert not result.success
            _failed_runs(house, result)
        (said,) = chat.said
        assert said.startswith("A run of work_off_webhooks failed: ")
        assert "gone.sql" in said
        assert "influence-pipeline events list --state new" in said

    def test_a_run_that_failed_for_another_reason_is_told_without_its_text(
        self, told: House, chat: Chat, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def stumbles(*given: object, **more: object) -> None:
            raise ValueError("person7@example.test")

        monkeypatch.setattr(sensors.coupons, "result_of", stumbles)
        result = told.job("work_off_webhooks")
        _failed_runs(told, result)
        (said,) = chat.said
        assert said.startswith("A run of work_off_webhooks failed: ValueError in coupons.")
        assert "person7" not in said


def _failed_runs(house: House, result: dg.ExecuteInProcessResult) -> None:
    """Let the sensor for failed runs see this one."""
    (sensor,) = [one for one in house.defs.sensors or () if one.name == alerting.FAILED_RUNS]
    context = dg.build_run_status_sensor_context(
        sensor_name=sensor.name,
        dagster_event=result.get_run_failure_event(),
        dagster_instance=house.instance,
        dagster_run=result.dagster_run,
    ).for_run_failure()
    sensor(context)


def test_a_cursor_stays_short_after_a_backlog_and_is_read_again() -> None:
    """Dagster shows it beside each tick."""
    kept = reported.Reported(seen=coupons.Bookmark(900, (3, *range(100, 800), 850)))
    text = reported.written(kept)
    assert "3,100-799,850" in text
    assert reported.read(text) == kept
