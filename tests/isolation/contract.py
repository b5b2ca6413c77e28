"""Finds every RPC in the contract, and makes requests from the forms of the names in them."""

import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import grpc
from google.protobuf.descriptor import Descriptor, MethodDescriptor
from google.protobuf.descriptor_pool import Default
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from souk.kernel.v1 import access_pb2

from services.kernel.call.errors import ServiceError, from_rpc
from tests.isolation.discovery import ROOT

PROTOS = ROOT / "protos"


@dataclass(frozen=True)
class Rpc:
    """A method, as the contract tells."""

    service: str
    method: MethodDescriptor

    @property
    def path(self) -> str:
        return f"/{self.method.containing_service.full_name}/{self.method.name}"

    @property
    def permission(self) -> str:
        return str(self.method.GetOptions().Extensions[access_pb2.permission])

    @property
    def reach(self) -> int:
        return int(self.method.GetOptions().Extensions[access_pb2.reach])

    @property
    def is_everywhere(self) -> bool:
        """Whether it may be called at the platform as well as at a tenant."""
        return self.reach == access_pb2.REACH_EITHER

    @property
    def is_tenants(self) -> bool:
        return self.reach != access_pb2.REACH_PLATFORM

    def request(self) -> Message:
        return GetMessageClass(self.method.input_type)()

    async def call(
        self, channel: grpc.aio.Channel, request: Message, *metadata: tuple[str, str]
    ) -> Message:
        """Calls it with just this metadata; what fails is raised as a ServiceError."""
        answer = GetMessageClass(self.method.output_type)
        call: Any = channel.unary_unary(
            self.path,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=answer.FromString,
        )
        try:
            answered: Message = await call(request, metadata=metadata, timeout=5)
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from None
        return answered


@cache
def every_rpc() -> tuple[Rpc, ...]:
    """Lists the methods of all services of the contract, by walking its folders."""
    found = []
    for path in sorted((PROTOS / "souk").rglob("*.proto")):
        module = path.relative_to(PROTOS).with_suffix("")
        importlib.import_module(".".join(module.parts) + "_pb2")
        file = Default().FindFileByName(f"{module}.proto")
        service = module.parts[1].replace("_", "-")
        for described in file.services_by_name.values():
            found += [Rpc(service, method) for method in described.methods]
    return tuple(found)


@cache
def forms() -> dict[tuple[str, str], str]:
    """Reads the form of each name from the comments: {(message, field): tenants/{tenant}/…}."""
    found = {}
    for path in sorted((PROTOS / "souk").rglob("*.proto")):
        message, form = "", ""
        for line in path.read_text().splitlines():
            if match := re.match(r"message (\w+)", line):
                message = match[1]
            if match := re.search(r"// .*Format: (\S+?)[,.;]?(\s|$)", line):
                form = match[1]
            elif match := re.match(r"\s+(?:repeated )?string (\w+) = ", line):
                if form:
                    found[message, match[1]] = form
                form = ""
    return found


def name_fields(
    kind: Descriptor, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Finds the fields of a message, and of those within it, that hold names of a known form."""
    for field in kind.fields:
        if field.is_repeated:
            continue
        if field.message_type is not None and len(path) < 2:
            yield from name_fields(field.message_type, (*path, field.name))
        elif form := forms().get((kind.name, field.name)):
            yield (*path, field.name), form


def filled(rpc: Rpc, ids: dict[str, str]) -> Any:
    """Makes a request whose names have these ids; `ids` says what stands for {tenant} and so on."""
    request: Any = rpc.request()
    for path, form in name_fields(rpc.method.input_type):
        part = request
        for name in path[:-1]:
            part = getattr(part, name)
        setattr(part, path[-1], re.sub(r"\{(\w+)\}", lambda m: ids.get(m[1], ids["*"]), form))
    return request


def has_ids(rpc: Rpc) -> bool:
    """Tells whether a request names anything below a tenant."""
    return "the-id" in str(filled(rpc, {"tenant": "t", "*": "the-id"}))


def refusal_text(error: ServiceError) -> str:
    """Everything that a refusal tells its caller."""
    return f"{error.code.name} {error.reason} {error.message} {error.metadata} {error.violations}"
