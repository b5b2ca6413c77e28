"""Every document and body that the gateway declares, found and not listed."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

from google.protobuf.message import Message

import gateway.documents
from gateway.medusa.shapes import Body, Document, message_type


def declared(kind: type[Any]) -> list[Any]:
    for module in pkgutil.iter_modules(gateway.documents.__path__, "gateway.documents."):
        importlib.import_module(module.name)
    return [
        one
        for one in subclasses(kind)
        if one.__module__.startswith("gateway.documents.") and one.model_fields
    ]


def subclasses(kind: type[Any]) -> Iterator[type[Any]]:
    for one in kind.__subclasses__():
        yield one
        yield from subclasses(one)


BODIES = declared(Body)
DOCUMENTS = [
    one
    for one in declared(Document)
    if one not in BODIES and issubclass(message_type(one), Message)
]
