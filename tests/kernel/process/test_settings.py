"""A process that is told something wrong says what, and does not start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.kernel.process.settings import ServiceSettings, load

ROOT = Path(__file__).resolve().parents[3]


SOUND = {"SOUK_LISTEN": "127.0.0.1:1", "SOUK_POSTGRES": "127.0.0.1:1"}


def put(monkeypatch, settings):
    """Makes these the settings of the environment, and no others; None leaves one out."""
    for name in [name for name in os.environ if name.startswith("SOUK_")]:
        monkeypatch.delenv(name)
    for name, value in settings.items():
        if value is not None:
            monkeypatch.setenv(name, value)


def start(tmp_path, **settings):
    """Starts the audit service with sound settings, but for those given."""
    given = {**SOUND, "SOUK_SECRETS": str(tmp_path), **settings}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SOUK_")}
    return subprocess.run(
        [sys.executable, "-m", "services.audit", "serve"],
        env=inherited | given,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("SOUK_LISTEN", None),
        ("SOUK_LISTEN", "50051"),
        ("SOUK_LISTEN", "127.0.0.1:0"),
        ("SOUK_POSTGRES", None),
        ("SOUK_POSTGRES", "db:99999"),
        ("SOUK_AUDIT", "audit"),
        ("SOUK_HEAD_OFFICE", "HQ"),
        ("SOUK_HEAD_OFFICE", "1hq"),
        ("SOUK_LOG_LEVEL", "loud"),
    ],
)
def test_a_setting_that_is_missing_or_wrong_is_named_in_one_line(
    monkeypatch, capsys, setting, value
):
    put(monkeypatch, {**SOUND, "SOUK_SECRETS": "/nowhere", setting: value})

    with pytest.raises(SystemExit) as ended:
        load(ServiceSettings)

    assert ended.value.code == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"souk: invalid setting {setting}: ")


def test_a_process_with_a_wrong_setting_does_not_start(tmp_path):
    ended = start(tmp_path, SOUK_LISTEN="50051")

    assert ended.returncode == 2
    [line] = ended.stderr.splitlines()
    assert line.startswith("souk: invalid setting SOUK_LISTEN: ")


def test_a_secret_that_is_missing_is_named(tmp_path):
    ended = start(tmp_path)

    assert ended.returncode == 1
    assert "audit.key: No such file" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_unknown_command_is_answered_with_the_known_ones():
    ended = subprocess.run(
        [sys.executable, "-m", "services.audit", "fly"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert "serve,migrate" in ended.stderr
