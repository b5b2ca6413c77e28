"""`souk up` and `souk down` as a person runs them: what is started, said, and left behind."""

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
import pytest

from deploy.local import ports
from deploy.local.state import State
from deploy.manifest import DATABASES
from tests import snapshots
from tests.deploy.local.souk import Souk, descendants, lives, until
from tests.platform import temporary_state

pytestmark = pytest.mark.timeout(300)


@contextmanager
def souk(*arguments: str, state: Path, port: int | None = None) -> Iterator[Souk]:
    running = Souk(*arguments, state=state, port=port or ports.free(1)[0])
    try:
        yield running
    finally:
        running.end()


@pytest.fixture(scope="module")
def first():
    """A platform that has started from nothing, with the demo data; other tests copy its state."""
    with temporary_state() as folder, souk("up", state=folder) as running:
        running.says("everything is healthy")
        with snapshots.lock("seeded"):
            if not snapshots.exists("seeded"):
                snapshots.keep("seeded", folder, port=postgres_port(running))
        yield folder, running


@dataclass
class Revived:
    """A platform that was killed and started again, with what was there before."""

    state: Path
    up: Souk
    killed: dict[int, str]
    """The processes that were there before: their command lines by pid."""
    rows: dict[str, int]


@pytest.fixture(scope="module")
def revived():
    with temporary_state() as folder:
        snapshots.restore("seeded", folder)
        with souk("up", state=folder) as up:
            up.says("everything is healthy")
            processes, rows = descendants(up.pid), all_rows(folder, up)
            act(up, folder, "tunis")
            up.signal(signal.SIGKILL)
            up.exits()
        until(lambda: not any(lives(*process) for process in processes.items()), "all to end", 15)
        with souk("up", "--no-seed", state=folder) as again:
            again.says("everything is healthy")
            yield Revived(folder, again, processes, rows)


def postgres_port(up: Souk) -> int:
    [command] = [c for c in descendants(up.pid).values() if "/postgres -D" in c]
    return int(command.split(" -p ")[1].split()[0])


def all_rows(state: Path, up: Souk) -> dict[str, int]:
    """Counts the rows of every table of every service."""
    password = (state / "secrets" / "postgres.password").read_text()
    port = postgres_port(up)

    async def count(database: str) -> dict[str, int]:
        url = f"postgresql://postgres:{password}@127.0.0.1:{port}/{database}"
        connection = await asyncpg.connect(url)
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname='public'")
        counts = {
            f"{database}.{name}": await connection.fetchval(f'SELECT count(*) FROM "{name}"')
            for (name,) in tables
        }
        await connection.close()
        return counts

    return {key: n for name in DATABASES for key, n in asyncio.run(count(name)).items()}


@contextmanager
def admin(up: Souk, state: Path) -> Iterator[httpx.Client]:
    """Logs in as the first admin."""
    password = (state / "secrets" / "admin.password").read_text()
    login = {"email": "admin@impactnutrition.com", "password": password}
    url = f"http://127.0.0.1:{up.port}"
    with httpx.Client(base_url=url, trust_env=False, timeout=20) as client:
        token = client.post("/auth/user/emailpass", json=login).raise_for_status().json()["token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


def act(up: Souk, state: Path, tenant: str) -> None:
    """Does something that is acknowledged."""
    body = {
        "id": tenant,
        "display_name": tenant.title(),
        "country_code": "tn",
        "currency_code": "tnd",
        "default_locale": "fr",
        "time_zone": "Africa/Tunis",
    }
    with admin(up, state) as client:
        client.post("/admin/tenants", json=body).raise_for_status()


def test_up_prints_the_addresses_and_how_to_log_in(first):
    state, up = first
    up.says("Ctrl-C")

    assert "the demo data is in place" in up.output
    assert f"http://127.0.0.1:{up.port}/docs" in up.output
    assert "Host: paris.impactnutrition.com" in up.output
    assert "admin@impactnutrition.com" in up.output
    assert (state / "secrets" / "admin.password").read_text() in up.output


def test_a_second_one_beside_it_says_so(first):
    state, up = first

    with souk("up", state=state) as second:
        assert second.exits() == 1

    assert f"already running (process {up.pid})" in second.output


def test_a_process_that_ends_is_named_and_started_again(first):
    _, up = first
    [pid] = [pid for pid, name in descendants(up.pid).items() if "services.audit serve" in name]

    os.kill(pid, signal.SIGKILL)

    up.says("audit ended (signal SIGKILL)")
    up.says("audit will be restarted")
    until(lambda: up.output.count("audit is ready") == 2, "audit to be ready again")


def test_down_stops_it_and_leaves_no_process(first):
    """The last test that uses this platform."""
    state, up = first
    before = descendants(up.pid)

    with souk("down", state=state) as down:
        assert down.exits() == 0

    assert up.exits() == 0
    assert len(before) >= 6
    assert [command for pid, command in before.items() if lives(pid, command)] == []


def test_kill_9_leaves_no_process_and_loses_nothing(revived):
    assert [command for pid, command in revived.killed.items() if lives(pid, command)] == []
    with admin(revived.up, revived.state) as client:
        assert client.get("/admin/tenants/tunis").json()["tenant"]["id"] == "tunis"
    after = all_rows(revived.state, revived.up)
    assert sum(revived.rows.values()) > 0
    assert {table: n for table, n in revived.rows.items() if after[table] < n} == {}


def test_ctrl_c_stops_everything_in_good_order(revived):
    """The last test that uses this platform."""
    before = descendants(revived.up.pid)

    revived.up.signal(signal.SIGINT)

    assert revived.up.exits() == 0
    assert "was killed" not in revived.up.output
    assert [command for pid, command in before.items() if lives(pid, command)] == []


def test_a_taken_port_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with souk("up", state=tmp_path / "state", port=port) as refused:
            assert refused.exits() == 1

    assert f"port {port} on 127.0.0.1 is taken" in refused.output


def test_down_with_nothing_running_says_so(tmp_path):
    with souk("down", state=tmp_path / "state") as down:
        assert down.exits() == 0

    assert "nothing runs" in down.output


def test_a_wrong_port_is_refused_in_one_line(tmp_path):
    with souk("up", state=tmp_path / "state", port=70_000) as refused:
        assert refused.exits() == 2

    assert refused.output.count("\n") == 1
    assert "SOUK_PORT" in refused.output


def test_a_folder_with_other_files_in_it_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")

    with souk("up", state=tmp_path) as refused:
        assert refused.exits() == 1

    assert "holds other files" in refused.output
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_lock_ends_with_its_holder(tmp_path):
    first = State(tmp_path / "state")
    first.acquire()
    first.release()

    second = State(tmp_path / "state")
    second.acquire()

    assert second.holder() is not None
    second.release()
    assert second.holder() is None
