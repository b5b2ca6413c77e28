"""Pictures that tenants upload: what their bytes are, and where they are kept."""

from typing import Annotated

from fastapi import Depends, Request

from gateway.pictures.store import PictureStore


# Async, because FastAPI would run a plain function in a thread for each request.
async def _store(request: Request) -> PictureStore:
    store: PictureStore = request.app.state.runtime.pictures
    return store


PicturesOf = Annotated[PictureStore, Depends(_store)]
