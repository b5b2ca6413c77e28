"""A gateway with a wrong setting does not start, and says which."""

import os
import subprocess
import sys

import pytest

from gateway.settings import GatewaySettings
from services.kernel.process.settings import load
from tests.kernel.process.test_settings import put

GOOD = {
    "SOUK_SECRETS": "/nowhere",
    "SOUK_REDIS": "redis://127.0.0.1:6379/0",
    "SOUK_TENANT_REGISTRY": "127.0.0.1:1",
    "SOUK_CATALOG_OPT_IN": "127.0.0.1:2",
    "SOUK_COMMERCE": "127.0.0.1:4",
    "SOUK_AUDIT": "127.0.0.1:3",
    "SOUK_UPLOADS": "file:///nowhere",
}


def start(**changed):
    return subprocess.run(
        [sys.executable, "-m", "gateway"],
        env={"PATH": os.environ["PATH"], **GOOD, **changed},
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
        ("SOUK_UPLOADS", None),
        ("SOUK_UPLOADS", "/folder"),
        ("SOUK_UPLOAD_BYTES", "1000"),
        ("SOUK_HEAD_OFFICE", "Head Office"),
        ("SOUK_FALLBACK_TENANT", "../hq"),
        ("SOUK_TRUSTED_PROXIES", "10.0.0.0/8,proxy.example"),
        ("SOUK_LOG_LEVEL", "loud"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(monkeypatch, capsys, name, value):
    put(monkeypatch, {**GOOD, name: value})

    with pytest.raises(SystemExit) as ended:
        load(GatewaySettings)

    assert ended.value.code == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"souk: invalid setting {name}")


def test_the_url_of_redis_may_be_in_a_file(monkeypatch, tmp_path, capsys):
    file = tmp_path / "redis.url"
    put(monkeypatch, {**GOOD, "SOUK_REDIS": None, "SOUK_REDIS_FILE": str(file)})

    with pytest.raises(SystemExit):
        load(GatewaySettings)
    assert "SOUK_REDIS: cannot read" in capsys.readouterr().err

    file.write_text("rediss://:a-password@redis.example:6380/0\n")
    assert str(load(GatewaySettings).redis) == "rediss://:a-password@redis.example:6380/0"


def test_a_gateway_with_a_wrong_setting_does_not_start():
    ended = start(SOUK_LOG_LEVEL="loud")

    assert ended.returncode == 2
    [line] = ended.stderr.splitlines()
    assert line.startswith("souk: invalid setting SOUK_LOG_LEVEL: ")
