"""What answers must look like, whatever the route."""

from typing import Any

import httpx

TYPES = {
    400: {"invalid_data", "not_allowed"},
    401: {"unauthorized"},
    403: {"forbidden"},
    404: {"not_found"},
    405: {"not_allowed"},
    409: {"duplicate_error", "conflict"},
    413: {"invalid_data"},
    414: {"invalid_data"},
    415: {"invalid_data"},
    429: {"too_many_requests"},
    431: {"invalid_data"},
}


def refused(answer: httpx.Response, status: int, code: str | None = None) -> dict[str, Any]:
    """Checks a refusal: its status, Medusa's shape, and the code that clients switch on."""
    assert answer.status_code == status, answer.text
    error: dict[str, Any] = answer.json()
    assert error.keys() == {"type", "message", "code", "details", "request_id"}
    assert error["type"] in TYPES[status]
    assert error["message"]
    assert ".." not in error["message"]
    assert error["request_id"] == answer.headers["x-request-id"]
    if code is not None:
        assert error["code"] == code, error
    return error


def one(answer: httpx.Response, singular: str) -> dict[str, Any]:
    """Checks an answer of one document, and gives it."""
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {singular}
    document: dict[str, Any] = answer.json()[singular]
    return document


def page(answer: httpx.Response, plural: str) -> list[dict[str, Any]]:
    """Checks an answer of a page, and gives its documents."""
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body.keys() == {plural, "count", "offset", "limit"}
    assert len(body[plural]) <= body["limit"]
    documents: list[dict[str, Any]] = body[plural]
    return documents


async def pages(client: httpx.AsyncClient, path: str, plural: str) -> list[dict[str, Any]]:
    """Reads every page of a list: other tests of the run have added to it."""
    found: list[dict[str, Any]] = []
    while True:
        params = httpx.URL(path).params.merge({"limit": 200, "offset": len(found)})
        answer = await client.get(path, params=params)
        documents = page(answer, plural)
        found += documents
        if not documents or len(found) == answer.json()["count"]:
            assert len(found) == answer.json()["count"]
            return found
