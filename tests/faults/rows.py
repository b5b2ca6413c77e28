"""The rows of the matrix that are run under load, here and, longer, in the campaign."""

from tests.faults.clients import ask_three_times, hang_up, with_clients
from tests.faults.injections import (
    all_degraded,
    clock_off,
    connections_refused,
    degraded,
    flapping,
    half_open,
    killed,
    paused,
    redis_commands,
    second_instance,
    sql,
    table_locked,
    without_descriptors,
)
from tests.faults.matrix import LATE, LOST, REFUSED, Row
from tests.faults.proxy import Fault

_SILENT = Fault(silent=True)
# What a full disk says, said by the database itself: it needs no root, and nothing fills up.
_FULL = """CREATE FUNCTION disk_is_full() RETURNS bool LANGUAGE plpgsql AS $$
BEGIN RAISE 'no space left on device' USING ERRCODE = '53100'; END $$"""
_FEW = (3, 1)
"""Where a write takes as long as it may."""
_ONE_EACH = (1, 1)
"""Where a read does so too."""
_PURCHASES = (10, 20)
"""Where what is broken is in the way of buyers, who are one of four that write."""
_READS_LATE = 4.5
"""Seconds: a read is given up after two, and a call after five."""

KILLED = (
    Row("gateway killed", killed("gateway"), reads=LOST, writes=LOST),
    Row("tenant-registry killed", killed("tenant-registry"), writes=REFUSED),
    Row("catalog-opt-in killed", killed("catalog-opt-in"), reads=REFUSED, writes=REFUSED),
    Row("audit killed", killed("audit")),
    Row("commerce killed", killed("commerce"), writes=REFUSED, needs=_PURCHASES),
    Row("postgres killed", killed("postgres"), REFUSED, REFUSED, _READS_LATE),
    Row("redis killed", killed("valkey")),
    Row("witness killed", killed("witness")),
)
PAUSED = (
    Row("gateway paused", paused("gateway"), needs=(0, 0)),
    Row("tenant-registry paused", paused("tenant-registry"), writes=LATE, needs=_FEW),
    Row("catalog-opt-in paused", paused("catalog-opt-in"), REFUSED, LATE, _READS_LATE, _ONE_EACH),
    Row("audit paused", paused("audit")),
    Row("commerce paused", paused("commerce"), writes=LATE, needs=_PURCHASES),
    Row("postgres paused", paused("postgres"), REFUSED, LATE, _READS_LATE, _ONE_EACH),
    Row("redis paused", paused("valkey")),
    Row("witness paused", paused("witness")),
)
CUT_OFF = (
    Row(
        "no way to tenant-registry",
        connections_refused("gateway", "tenant-registry"),
        writes=REFUSED,
    ),
    Row(
        "no way to catalog-opt-in",
        connections_refused("gateway", "catalog-opt-in"),
        REFUSED,
        REFUSED,
    ),
    Row(
        "no way to commerce",
        connections_refused("gateway", "commerce"),
        writes=REFUSED,
        needs=_PURCHASES,
    ),
    Row(
        "commerce has no way to catalog-opt-in",
        connections_refused("commerce", "catalog-opt-in"),
        writes=REFUSED,
        needs=_PURCHASES,
    ),
    Row(
        "answers of commerce are lost",
        degraded("gateway", "commerce", answers=_SILENT),
        writes=LATE,
        needs=_PURCHASES,
    ),
    Row(
        "answers of postgres to commerce are lost",
        degraded("commerce", "postgres", answers=_SILENT),
        writes=LATE,
        needs=_PURCHASES,
    ),
    Row("no way to audit", connections_refused("catalog-opt-in", "audit")),
    Row("no way to redis", connections_refused("gateway", "valkey")),
    Row(
        "questions to tenant-registry are lost",
        degraded("gateway", "tenant-registry", requests=_SILENT),
        writes=LATE,
        needs=(10, 0),
    ),
    Row(
        "answers of catalog-opt-in are lost",
        degraded("gateway", "catalog-opt-in", answers=_SILENT),
        REFUSED,
        LATE,
        _READS_LATE,
        needs=(1, 0),
    ),
    Row("answers of redis are lost", degraded("gateway", "valkey", answers=_SILENT)),
    Row("connections to redis are half open", half_open("gateway", "valkey")),
    # Until a ping is not answered for five seconds.
    Row(
        "connections to catalog-opt-in are half open",
        half_open("gateway", "catalog-opt-in"),
        REFUSED,
        LATE,
        _READS_LATE,
        needs=(8, 1),
    ),
    Row(
        "connections to postgres are half open",
        half_open("catalog-opt-in", "postgres"),
        REFUSED,
        LATE,
        _READS_LATE,
        needs=(1, 0),
    ),
    Row(
        "the way to catalog-opt-in comes and goes",
        flapping("gateway", "catalog-opt-in", every=0.2),
        REFUSED,
        REFUSED,
    ),
)
SLOW = (
    Row("everything comes in small pieces", all_degraded(Fault(piece=7))),
    Row("redis is slow", degraded("gateway", "valkey", Fault(latency=0.3))),
    Row(
        "postgres is slow",
        degraded("catalog-opt-in", "postgres", Fault(latency=0.1, jitter=0.1)),
        REFUSED,
        LATE,
    ),
    Row("a table is locked", table_locked("catalog-opt-in", "collection"), writes=LATE | {409}),
)
STORE_FAULTS = (
    Row("redis is emptied", redis_commands("FLUSHALL")),
    Row(
        "redis is full",
        redis_commands(
            "CONFIG SET maxmemory-policy noeviction",
            "CONFIG SET maxmemory 1",
            undo=("CONFIG SET maxmemory 256mb", "CONFIG SET maxmemory-policy allkeys-lru"),
        ),
    ),
    Row(
        "redis is read-only",
        redis_commands("REPLICAOF 127.0.0.1 1", undo=("REPLICAOF NO ONE",)),
    ),
    Row(
        "postgres is read-only",
        sql(
            "catalog-opt-in",
            "ALTER SYSTEM SET default_transaction_read_only = on",
            "SELECT pg_reload_conf()",
            undo=(
                "ALTER SYSTEM RESET default_transaction_read_only",
                "SELECT pg_reload_conf()",
            ),
        ),
        writes=REFUSED,
    ),
    Row(
        "the disk of postgres is full",
        sql(
            "catalog-opt-in",
            _FULL,
            "ALTER TABLE collection ADD CONSTRAINT full_disk CHECK (disk_is_full()) NOT VALID",
            undo=(
                "ALTER TABLE collection DROP CONSTRAINT full_disk",
                "DROP FUNCTION disk_is_full",
            ),
        ),
        writes=REFUSED,
    ),
    # The shop goes on as it was known before; the other does not notice.
    Row(
        "a tenant has a row that makes no sense",
        sql(
            "tenant-registry",
            "UPDATE tenant SET currency_code = '??' WHERE tenant_id = 'lyon'",
            undo=("UPDATE tenant SET currency_code = 'EUR' WHERE tenant_id = 'lyon'",),
        ),
        writes=REFUSED,
    ),
    # It accepts nobody new: they wait, and are served when it can.
    Row(
        "the gateway has no descriptors",
        without_descriptors("gateway"),
        reads=LOST,
        writes=LOST,
        needs=(0, 0),
    ),
    Row(
        "catalog-opt-in has no descriptors",
        without_descriptors("catalog-opt-in"),
        REFUSED,
        REFUSED,
    ),
)
CLIENTS = (
    Row("clients hang up", with_clients(hang_up), needs=(20, 10)),
    Row(
        "every write comes three times",
        with_clients(ask_three_times),
        writes=REFUSED,
        needs=(20, 10),
    ),
)
ODD_PROCESSES = (
    Row("catalog-opt-in's clock is slow", clock_off("catalog-opt-in", -600), REFUSED, REFUSED),
    Row("two sequencers, and one stumbles", second_instance("audit")),
)
PROCESSES = (*KILLED, *PAUSED, *ODD_PROCESSES)
NETWORK_AND_STORES = (*CUT_OFF, *SLOW, *STORE_FAULTS, *CLIENTS)
