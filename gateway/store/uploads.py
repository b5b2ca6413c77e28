"""`GET /uploads/{id}`: a picture of the shop's own, or of the head office."""

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from gateway.medusa import responses
from gateway.medusa.headers import is_current
from gateway.medusa.resource import NoQuery
from gateway.medusa.router import Router
from gateway.pictures import PicturesOf
from gateway.pictures.formats import kind_of
from gateway.request_state import state_of
from gateway.store.shopper import Shop
from services.kernel.call.errors import NotFound

router = Router(
    prefix="/uploads",
    tags=["Store"],
    responses=responses.STORE_ERRORS,
    dependencies=[NoQuery],
)

_PICTURE = {"schema": {"type": "string", "format": "binary"}}


@router.get(
    "/{file_id}",
    summary="Get a picture",
    responses={
        200: {"description": "The picture.", "content": {"image/*": _PICTURE}},
    },
)
async def get_picture(request: Request, file_id: str, shop: Shop, pictures: PicturesOf) -> Response:
    """Returns a picture that the shop or the head office uploaded. It never changes."""
    etag = f'"{file_id}"'
    headers = {
        "etag": etag,
        "cache-control": "public, max-age=31536000, immutable",
        # Whatever a browser may take it for, it runs nothing and reads nothing.
        "content-security-policy": "default-src 'none'; sandbox",
    }
    if is_current(state_of(request).fields.joined(b"if-none-match"), etag.encode()):
        if not await pictures.has(shop.id, file_id):
            raise _not_found(file_id)
        return Response(status_code=304, headers=headers)
    picture = await pictures.find(shop.id, file_id)
    kind = kind_of(picture.first) if picture else None
    if picture is None or kind is None:
        raise _not_found(file_id)
    headers["content-length"] = str(picture.size)
    return StreamingResponse(picture.chunks(), media_type=f"image/{kind}", headers=headers)


def _not_found(file_id: str) -> NotFound:
    return NotFound("FILE_NOT_FOUND", f"File with key {file_id[:100]} not found")
