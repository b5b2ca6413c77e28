"""/docs: Swagger UI, served by this process, so that it works without internet access."""

from importlib import resources

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from gateway.edge.cors import policy_of_page


def install(api: FastAPI) -> None:
    """Adds the page and its assets; their URLs are relative, so it works under /t/{tenant} too."""
    page = get_swagger_ui_html(
        openapi_url="openapi.json",
        title="Souk",
        swagger_js_url="docs/assets/swagger-ui-bundle.js",
        swagger_css_url="docs/assets/swagger-ui.css",
        swagger_favicon_url="docs/assets/favicon.png",
    )
    page.headers["content-security-policy"] = policy_of_page(bytes(page.body))
    assets = resources.files("fastapi_offline") / "static"
    api.mount("/docs/assets", StaticFiles(directory=str(assets)))

    @api.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return page
