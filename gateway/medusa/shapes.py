"""Documents and bodies that declare, field by field, where they live in the contract.

    class CategoryDocument(Document[pb.Category]):
        id: Annotated[str, From("name", last_id)]
        name: Annotated[str, From("title")]
        rank: int
        parent_category_id: Annotated[str | None, From("parent", last_id)]
        created_at: Annotated[Time, From("create_time")]

    CategoryDocument.to_json(category)

A field without a `From` bears the contract's name. What is not said follows from the contract's
type: the enum STATUS_DRAFT is "draft", a Timestamp is a text, a message is the document that the
field's type names; what is unset or empty is null, where the field may be null.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from types import NoneType
from typing import Any, ClassVar, Generic, TypeVar, cast, get_args, get_origin

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from gateway.medusa import contract, paths
from gateway.medusa.paths import Path
from gateway.medusa.values import AS_IT_IS, Conversion, Convert, conversion

M = TypeVar("M")
Json = dict[str, object]
WHOLE = ""
_NO_MATCH = (-1, 0)


@dataclass(frozen=True, slots=True)
class From:
    """Where a field lives in the message: a path of fields, or WHOLE for the message itself.

    `read` makes JSON of the contract's value and `write` the contract's of a body's; of each value
    if there are several. A `write` that raises InvalidArgument names the field "".
    """

    path: str | None = None
    read: Convert | None = None
    write: Convert | None = None


@dataclass(frozen=True, slots=True)
class NotInMessage:
    """Marks a field that is not in the message: the route gives it or takes it by itself.

    `path` is its name in the RPC's request, for errors about it; by default its own.
    """

    path: str | None = None


def optional(**documented: Any) -> Any:  # noqa: ANN401 - as pydantic's Field
    """Declares a key of a body that may be left out but not be null: the field is never empty.

    A body without the key has no such attribute: its type is that of a key that was sent.
    """
    return Field(default_factory=_absent, **documented)


def _absent() -> None:
    """Stands for a key that was not sent until `model_post_init` takes it away."""


class Document(BaseModel, Generic[M]):
    """A JSON object that shows a message of the contract."""

    declared: ClassVar[tuple["_Field", ...]] = ()

    @classmethod
    def __pydantic_init_subclass__(cls, **more: Any) -> None:  # noqa: ANN401 - pydantic's
        super().__pydantic_init_subclass__(**more)
        cls.declared = tuple(_Field(cls, name, info) for name, info in cls.model_fields.items())

    @classmethod
    def to_json(cls, message: M, **others: object) -> Json:
        """Returns a message as this document; `others` has the fields that are not in it."""
        document = {field.key: field.read(message) for field in cls.declared}
        document.update(others)
        return document

    @classmethod
    def to_list(cls, messages: Iterable[M]) -> list[Json]:
        return [cls.to_json(message) for message in messages]

    @classmethod
    def path_of(cls, path: Path) -> Path | None:
        """Finds where in this document a place of the message is; None if it is not there."""
        best = max(cls.declared, key=lambda field: field.match(path))
        return best.path_of(path) if best.match(path) > _NO_MATCH else None


class Body(Document[M], Generic[M]):
    """A JSON object that clients send: unknown keys are refused, and no value is converted."""

    model_config = ConfigDict(extra="forbid", strict=True)

    def model_post_init(self, _: object) -> None:
        for name, info in type(self).model_fields.items():
            if info.default_factory is _absent and name not in self.model_fields_set:
                delattr(self, name)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Documents the limits that the contract declares; the services enforce them."""
        schema = handler(core)
        properties = handler.resolve_ref_schema(schema)["properties"]
        for field in cls.declared:
            contract.limit_schema(properties[field.key], field.in_contract)
        return schema

    def to_message(self, **more: Any) -> M:  # noqa: ANN401 - fields of M
        """Makes a message of the keys that were sent; `more` sets fields that no key stands for.

        Raises:
            InvalidArgument: the contract cannot hold a value; with its path in this body.
        """
        kind = message_type(type(self))
        values = [(field, getattr(self, field.name)) for field in self._sent_fields()]
        if not issubclass(kind, Message):
            [(field, value)] = values
            return cast("M", field.convert.write(value))
        message: Any = kind(**more)
        for field, value in values:
            with contract.prefix_violations(field.key):
                field.write(message, value)
        if _is_part(kind) and message.id:
            # An existing part of a resource changes only what the body names of it.
            message.update_mask.CopyFrom(self.to_mask())
        return cast("M", message)

    def to_mask(self) -> FieldMask:
        """Returns the update mask of the keys that were sent, null ones included."""
        names = {step for field in self._sent_fields() for step in field.masked(self)}
        return FieldMask(paths=sorted(names - {"id", "name"}))

    def _sent_fields(self) -> list["_Field"]:
        names = self.model_fields_set
        return [field for field in self.declared if field.name in names and field.is_in_message]


class _Field:
    """One declared field: where in the message it is, and how it is read and written."""

    def __init__(self, shape: type[Document[Any]], name: str, info: FieldInfo) -> None:
        # From the inside out: what a field adds to the type that it is annotated with wins.
        parts = [*_parts(info.annotation), *info.metadata]
        marks = [part for part in parts if isinstance(part, From | NotInMessage)]
        sources = [mark for mark in marks if isinstance(mark, From)]
        path = [name, *(mark.path for mark in marks if mark.path is not None)][-1]
        self.name, self.key = name, info.alias or name
        self.is_in_message = len(marks) == len(sources)
        self.steps = tuple(path.split(".")) if path != WHOLE else ()
        self.inner = next((part for part in parts if _is_document(part)), None)
        self._is_map, self._is_list = dict in parts, list in parts
        self.read: contract.Read = lambda _: None
        self.in_contract: list[FieldDescriptor] = []
        self._has_masks = False
        if self.is_in_message:
            self._compile(message_type(shape), sources, nullable=NoneType in parts)

    def _compile(self, kind: type[Any], sources: list[From], *, nullable: bool) -> None:
        fields = contract.fields(kind, self.steps) if issubclass(kind, Message) else []
        self.in_contract = fields
        # A row of a batch is a resource beside the mask of what the body names of it.
        row = fields[0].message_type if len(fields) > 1 and fields[0].is_repeated else None
        self._has_masks = row is not None and "update_mask" in row.fields_by_name
        default = conversion(fields[-1]) if fields else AS_IT_IS
        if self.inner:
            default = Conversion(self.inner.to_json, lambda body: body.to_message())
        self.convert = Conversion(
            read=[default.read, *(mark.read for mark in sources if mark.read)][-1],
            write=[default.write, *(mark.write for mark in sources if mark.write)][-1],
        )
        self.read = contract.reader(fields, self.convert.read, nullable=nullable)
        self._write = contract.writer(fields, self.convert.write)
        if self.steps and not fields:
            get = attrgetter(".".join(self.steps))
            self.read = lambda document: self.convert.read(get(document))

    def masked(self, body: Body[Any]) -> Iterable[str]:
        """Returns which fields of the message a sent key stands for."""
        if self.steps:
            return self.steps[:1]
        part, inner = getattr(body, self.name), cast("type[Body[Any]]", self.inner)
        if part is not None:
            return list(part.to_mask().paths)
        return [field.steps[0] for field in inner.declared]

    def write(self, message: Message, value: Any) -> None:  # noqa: ANN401 - any value of a body
        # An update clears a field that is in its mask and unset in its message.
        if value is None:
            return
        self._write(message, value)
        if self._has_masks:
            for change, body in zip(getattr(message, self.steps[0]), value, strict=True):
                change.update_mask.CopyFrom(body.to_mask())

    def match(self, path: Path) -> tuple[int, int]:
        """Measures how well the field fits a place of the message; _NO_MATCH if it does not."""
        names = [step for step in path if isinstance(step, str)]
        common = min(len(names), len(self.steps))
        if tuple(names[:common]) != self.steps[:common] or (self.steps and not common):
            return _NO_MATCH
        return common, -len(self.steps)

    def path_of(self, path: Path) -> Path:
        """Translates a place of the message that fits."""
        rest, places = [*path], []
        for _ in self.steps:
            while rest and isinstance(rest[0], int):
                places.append(rest.pop(0))
            del rest[:1]
        first = paths.leading_places(tuple(rest))
        inside = tuple(rest[len(first) :]) if self._is_map else ()
        if self.inner and (first or places or not self._is_list):
            inside = self.inner.path_of(tuple(rest[len(first) :])) or ()
        return (self.key, *places, *first, *inside)


def message_type(shape: type[Document[Any]]) -> type[Any]:
    """Returns what a document shows: Category for a Document[Category]."""
    for base in shape.__mro__:
        arguments = getattr(base, "__pydantic_generic_metadata__", {}).get("args")
        if arguments and not isinstance(arguments[0], TypeVar):
            return cast("type[Any]", arguments[0])
    raise TypeError(f"{shape.__name__} does not say what it shows, as in Document[Category]")


def _is_part(kind: type[Message]) -> bool:
    fields = kind.DESCRIPTOR.fields_by_name
    return "id" in fields and "update_mask" in fields


def _parts(annotation: object) -> Iterator[Any]:
    """Yields all that an annotation is made of: types, and what Annotated adds to them."""
    yield get_origin(annotation) or annotation
    for part in get_args(annotation):
        yield from _parts(part)


def _is_document(part: object) -> bool:
    return isinstance(part, type) and issubclass(part, Document)
