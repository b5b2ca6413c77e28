"""The line that each request leaves."""

import pytest

from gateway.edge.request_log import _loggable
from services.values.api_keys import SECRET, new_key

TOKEN = "eyJhbGciOiJFZDI1NTE5In0.eyJzdWIiOiJ1c2VyXzEifQ." + "x" * 86
REFRESH = "souk_refresh_" + "x" * 43


@pytest.mark.parametrize("kind", ["key", "session", "refresh"])
@pytest.mark.parametrize("path", ["/{}", "/store/products/{}", f"/{'a' * 170}/{{}}", "/{}/x"])
def test_a_secret_that_somebody_pastes_into_a_path_is_not_logged(kind, path):
    secret = {"key": new_key(SECRET), "session": TOKEN, "refresh": REFRESH}[kind]

    logged = _loggable(path.format(secret))

    assert "***" in logged
    assert secret[16:24] not in logged


@pytest.mark.parametrize("path", ["/store/products/prod_01JABCDEF", "/admin/tenants/paris", "/é"])
def test_other_paths_are_logged_as_they_are(path):
    assert _loggable(path) == path


def test_a_long_path_is_cut():
    assert _loggable("/" + "a" * 300) == "/" + "a" * 199
