"""Which tenant a request is for: host, path prefix, header, fallback, and signals that disagree."""

import pytest

from tests.gateway.raw_http import ask

PARIS = "paris.impactnutrition.com"
LYON = "lyon.impactnutrition.com"  # suspended
HQ = "impactnutrition.com.tn"
PLATFORM = ["localhost", "127.0.0.1", "[::1]:8000", "impactnutrition.com"]


async def shop(platform, host, path="/store/regions", **headers):
    """The tenant whose region is shown, or the code of the error."""
    given = [(name.replace("_", "-"), value) for name, value in headers.items()]
    answer = await ask(platform.url, host.encode(), target=path.encode(), headers=given)
    if answer.status == 200:
        return answer.json["regions"][0]["id"].removeprefix("reg_")
    return answer.json["code"]


@pytest.mark.parametrize(("host", "tenant"), [(PARIS, "paris"), (HQ, "hq")])
async def test_a_tenants_own_host_names_it(platform, host, tenant):
    assert await shop(platform, host) == tenant


@pytest.mark.parametrize("host", PLATFORM)
async def test_the_platforms_own_hosts_fall_back_to_the_head_office(platform, host):
    assert await shop(platform, host) == "hq"


@pytest.mark.parametrize("host", PLATFORM)
@pytest.mark.parametrize("tenant", ["paris", "hq"])
async def test_there_a_header_or_a_prefix_names_the_tenant(platform, host, tenant):
    assert await shop(platform, host, X_Tenant_ID=tenant) == tenant
    assert await shop(platform, host, f"/t/{tenant}/store/regions") == tenant
    assert await shop(platform, host, f"/t/{tenant}/store/regions", X_Tenant_ID=tenant) == tenant


@pytest.mark.parametrize(("host", "tenant"), [(PARIS, "paris"), (HQ, "hq")])
async def test_a_signal_that_repeats_the_host_is_fine(platform, host, tenant):
    assert await shop(platform, host, X_Tenant_ID=tenant) == tenant
    assert await shop(platform, host, f"/t/{tenant}/store/regions") == tenant


@pytest.mark.parametrize(("host", "other"), [(PARIS, "hq"), (HQ, "paris"), (PARIS, "lyon")])
async def test_a_tenants_own_host_never_yields(platform, host, other):
    assert await shop(platform, host, X_Tenant_ID=other) == "TENANT_SIGNALS_DISAGREE"
    assert await shop(platform, host, f"/t/{other}/store/regions") == "TENANT_SIGNALS_DISAGREE"


async def test_prefix_and_header_that_disagree_are_refused(platform):
    path = "/t/paris/store/regions"

    assert await shop(platform, "localhost", path, X_Tenant_ID="hq") == "TENANT_SIGNALS_DISAGREE"


async def test_two_headers_that_disagree_are_refused(platform):
    headers = [("X-Tenant-ID", "paris"), ("X-Tenant-ID", "hq")]

    answer = await ask(platform.url, b"localhost", headers=headers)

    assert (answer.status, answer.json["type"]) == (400, "not_allowed")


async def test_an_empty_header_names_nobody(platform):
    assert await shop(platform, "localhost", X_Tenant_ID="") == "hq"


async def test_the_base_domain_of_somebody_else_is_unknown(platform):
    for host in ("example.com", "impactnutrition.com.evil.example", "ximpactnutrition.com"):
        assert await shop(platform, host) == "SHOP_UNKNOWN"


@pytest.mark.parametrize(
    "path", ["/store/regions", "/store/products", "/admin/tenants", "/docs", "/nothing"]
)
async def test_a_suspended_shop_answers_as_a_host_that_nobody_owns(platform, path):
    unknown = await ask(platform.url, b"nobody.impactnutrition.com", target=path.encode())
    suspended = await ask(platform.url, LYON.encode(), target=path.encode())

    assert unknown.status == 404
    assert suspended.shape == unknown.shape
    assert len(suspended.body) == len(unknown.body)


@pytest.mark.parametrize("signal", ["prefix", "header"])
async def test_a_suspended_shop_that_is_named_answers_as_one_that_is_not(platform, signal):
    answers = []
    for tenant in ("lyon", "nobd"):
        target = f"/t/{tenant}/store/regions" if signal == "prefix" else "/store/regions"
        headers = [("X-Tenant-ID", tenant)] if signal == "header" else []
        answers.append(
            await ask(platform.url, b"localhost", target=target.encode(), headers=headers)
        )

    suspended, unknown = answers
    assert suspended.status == 404
    assert suspended.shape == unknown.shape


@pytest.mark.parametrize("signal", ["prefix", "header"])
@pytest.mark.parametrize(
    "path",
    ["/store/products/x", "/nothing", "/admin/tenant-context", "/admin/tenants/paris"],
)
async def test_whether_a_closed_shop_is_there_no_path_tells(platform, signal, path):
    answers = []
    for tenant in ("lyon", "nobd"):
        target = f"/t/{tenant}{path}" if signal == "prefix" else path
        headers = [("X-Tenant-ID", tenant)] if signal == "header" else []
        answers.append(
            await ask(platform.url, b"localhost", target=target.encode(), headers=headers)
        )

    closed, unknown = answers
    assert (closed.status, closed.shape) == (unknown.status, unknown.shape)


@pytest.mark.parametrize(
    "tenant", ["Paris", "PARIS", " ", "par is", "paris/", "..", "%2e", "x" * 64]
)
async def test_an_invalid_tenant_id_is_an_unknown_shop(platform, tenant):
    answer = await ask(platform.url, b"localhost", headers=[("X-Tenant-ID", f"a{tenant}")])

    assert (answer.status, answer.json["code"]) == (404, "SHOP_UNKNOWN")


async def test_health_and_counts_hang_on_no_host(platform):
    for path in (b"/healthz", b"/readyz", b"/metrics"):
        for host in (b"localhost", PARIS.encode(), HQ.encode()):
            answer = await ask(platform.url, host, target=path)
            assert (answer.status, answer.json["code"]) == (404, "ROUTE_UNKNOWN")
        for host in (b"localhost", PARIS.encode(), b"nobody.example", b"..", b""):
            assert (await ask(platform.internal_urls["gateway"], host, target=path)).status == 200


async def test_counts_never_hold_what_a_client_made_up(platform):
    await ask(platform.url, b"canary-host.example", target=b"/canary-path")
    await ask(platform.url, b"localhost", target=b"/", headers=[("X-Tenant-ID", "canary-tenant")])
    await ask(platform.url, b"localhost", target=b"/", method=b"CANARY")

    counts = await ask(platform.internal_urls["gateway"], b"localhost", target=b"/metrics")

    assert b"canary" not in counts.body.lower()
    assert b'tenant="paris"' in counts.body or b'tenant="hq"' in counts.body
