"""The rows of the matrix that are run under load, here and, longer, in the campaign."""

from tests.faults.breaking import (
    clock_off,
    doubled,
    everywhere,
    faulty,
    flapping,
    half_open,
    killed,
    locked,
    paused,
    redis_told,
    refused,
    sql,
    without_descriptors,
)
from tests.faults.clients import ask_three_times, beside, hang_up
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
_READS_LATE = 3.0
"""Seconds: a read is given up after two."""

KILLED = (
    Row("gateway killed", killed("gateway"), reads=LOST, writes=LOST),
    Row("tenant-registry killed", killed("tenant-registry"), writes=REFUSED),
    Row("catalog-opt-in killed", killed("catalog-opt-in"), reads=REFUSED, writes=REFUSED),
    Row("audit killed", killed("audit")),
    Row("postgres killed", killed("postgres"), REFUSED, REFUSED, _READS_LATE),
    Row("redis killed", killed("valkey")),
    Row("witness killed", killed("witness")),
)
PAUSED = (
    Row("gateway paused", paused("gateway"), needs=(0, 0)),
    Row("tenant-registry paused", paused("tenant-registry"), writes=LATE, needs=_FEW),
    Row("catalog-opt-in paused", paused("catalog-opt-in"), REFUSED, LATE, _READS_LATE, _ONE_EACH),
    Row("audit paused", paused("audit")),
    Row("postgres paused", paused("postgres"), REFUSED, LATE, _READS_LATE, _ONE_EACH),
    Row("redis paused", paused("valkey")),
    Row("witness paused", paused("witness")),
)
CUT_OFF = (
    Row("no way to tenant-registry", refused("gateway", "tenant-registry"), writes=REFUSED),
    Row("no way to catalog-opt-in", refused("gateway", "catalog-opt-in"), REFUSED, REFUSED),
    Row("no way to audit", refused("catalog-opt-in", "audit")),
    Row("no way to redis", refused("gateway", "valkey")),
    Row(
        "questions to tenant-registry are lost",
        faulty("gateway", "tenant-registry", requests=_SILENT),
        writes=LATE,
        needs=(10, 0),
    ),
    Row(
        "answers of catalog-opt-in are lost",
        faulty("gateway", "catalog-opt-in", answers=_SILENT),
        REFUSED,
        LATE,
        _READS_LATE,
        needs=(1, 0),
    ),
    Row("answers of redis are lost", faulty("gateway", "valkey", answers=_SILENT)),
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
    Row("everything comes in small pieces", everywhere(Fault(piece=7))),
    Row("redis is slow", faulty("gateway", "valkey", Fault(latency=0.3))),
    Row(
        "postgres is slow",
        faulty("catalog-opt-in", "postgres", Fault(latency=0.1, jitter=0.1)),
        REFUSED,
        LATE,
        reads_within=2,
    ),
    Row("a table is locked", locked("catalog-opt-in", "collection"), writes=LATE | {409}),
)
ILL = (
    Row("redis is emptied", redis_told("FLUSHALL")),
    Row(
        "redis is full",
        redis_told(
            "CONFIG SET maxmemory-policy noeviction",
            "CONFIG SET maxmemory 1",
            mended=("CONFIG SET maxmemory 256mb", "CONFIG SET maxmemory-policy allkeys-lru"),
        ),
    ),
    Row(
        "redis is read-only",
        redis_told("REPLICAOF 127.0.0.1 1", mended=("REPLICAOF NO ONE",)),
    ),
    Row(
        "postgres is read-only",
        sql(
            "catalog-opt-in",
            "ALTER SYSTEM SET default_transaction_read_only = on",
            "SELECT pg_reload_conf()",
            mended=(
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
            mended=(
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
            mended=("UPDATE tenant SET currency_code = 'EUR' WHERE tenant_id = 'lyon'",),
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
    Row("clients hang up", beside(hang_up), needs=(20, 10)),
    Row("every write comes three times", beside(ask_three_times), writes=REFUSED, needs=(20, 10)),
)
STRANGE = (
    Row("catalog-opt-in's clock is slow", clock_off("catalog-opt-in", -600), REFUSED, REFUSED),
    Row("two sequencers, and one stumbles", doubled("audit")),
)
PROCESSES = (*KILLED, *PAUSED, *STRANGE)
WAYS = (*CUT_OFF, *SLOW, *ILL, *CLIENTS)
