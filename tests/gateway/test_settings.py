"""A gateway with a wrong setting does not start, and says which."""

import os
import subprocess
import sys

import pytest

GOOD = {
    "SOUK_SECRETS": "/nowhere",
    "SOUK_REDIS": "redis://127.0.0.1:6379/0",
    "SOUK_TENANT_REGISTRY": "127.0.0.1:1",
    "SOUK_CATALOG_OPT_IN": "127.0.0.1:2",
    "SOUK_AUDIT": "127.0.0.1:3",
}


def start(**changed):
    given = {**GOOD, **changed}
    return subprocess.run(
        [sys.executable, "-m", "gateway"],
        env={"PATH": os.environ["PATH"], **{k: v for k, v in given.items() if v is not None}},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SOUK_REDIS", None),
        ("SOUK_REDIS", "http://127.0.0.1"),
        ("SOUK_TENANT_REGISTRY", None),
        ("SOUK_AUDIT", "127.0.0.1"),
        ("SOUK_LISTEN", "127.0.0.1:http"),
        ("SOUK_HEAD_OFFICE", "Head Office"),
        ("SOUK_FALLBACK_TENANT", "../hq"),
        ("SOUK_TRUSTED_PROXIES", "10.0.0.0/8,proxy.example"),
        ("SOUK_LOG_LEVEL", "loud"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(name, value):
    ended = start(**{name: value})

    assert ended.returncode == 2
    assert f"souk: the setting {name}" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
