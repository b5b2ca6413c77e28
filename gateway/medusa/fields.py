"""Medusa's `fields`: which parts of a document a client wants.

`id,title` selects only these; `+x`, ` x`, `-x`, `*relation` and `relation.*` modify the default. A
relation means its own fields, not the relations in it: `*variants` has no prices.
Clients use it carelessly, so empty and unknown names are ignored, never an error.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Optional

from services.kernel.call.errors import InvalidArgument

MOST_CHARACTERS = 4096
MOST_ITEMS = 200

# A part that is wanted whole maps to None.
Tree = Mapping[str, Optional["Tree"]]
Document = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Selection:
    """The selected parts; `tree` is None for all, so that the bytes need no parsing."""

    tree: Tree | None

    @property
    def is_whole(self) -> bool:
        return self.tree is None

    def includes(self, path: str) -> bool:
        """Returns whether a part of the document is selected, if only in part."""
        tree = self.tree
        for name in path.split("."):
            if tree is None:
                return True
            if name not in tree:
                return False
            tree = tree[name]
        return True

    def of(self, document: Document) -> Document:
        """Returns the selected parts of a document, in its own order."""
        return document if self.tree is None else _part(document, self.tree)


class Fields:
    """The selectable parts of one kind of document: an allow-list of dotted paths to its leaves.

    `defaults` are sent without a `fields` parameter; None means all. A nested object without
    fixed keys, such as metadata, is a leaf.
    """

    def __init__(self, allowed: Iterable[str], *, defaults: Iterable[str] | None = None) -> None:
        paths = frozenset(allowed)
        self._leaves = paths.difference(*map(_parents, paths))
        self._under = _by_prefix(self._leaves)
        self._defaults = self._leaves if defaults is None else self._named(defaults)
        self._cached = lru_cache(maxsize=256)(self._read)

    def select(self, text: str) -> Selection:
        """Parses the decoded value of `fields`; an empty one means the defaults.

        Raises:
            InvalidArgument: QUERY_INVALID, it names more than MOST_ITEMS.
        """
        return self._cached(text)

    def _read(self, text: str) -> Selection:
        items = [item for item in text.split(",") if item.strip(" +")]
        if len(items) > MOST_ITEMS:
            too_many = f"must not have more than {MOST_ITEMS} names"
            raise InvalidArgument("QUERY_INVALID", f"fields {too_many}", {"fields": too_many})
        replaces = any(_is_plain(item) for item in items)
        selected = set() if replaces else set(self._defaults)
        for item in items:
            name = item.strip(" +")
            if name.startswith("-"):
                selected -= self._leaves_of(name[1:])
            else:
                selected |= self._own_leaves_of(name)
        return Selection(_tree(self._with_ids(selected), self._under))

    def _leaves_of(self, name: str) -> frozenset[str]:
        if name == "*":
            return self._leaves
        path = name.removeprefix("*").removesuffix(".*").strip(" ")
        return self._under[path] if path and path in self._under else frozenset()

    def _own_leaves_of(self, name: str) -> frozenset[str]:
        """Returns what a name adds: of a relation, not what is in the relations in it."""
        found = self._leaves_of(name)
        if name == "*" or not found:
            return found
        depth = min(leaf.count(".") for leaf in found)
        return frozenset(leaf for leaf in found if leaf.count(".") == depth)

    def _named(self, names: Iterable[str]) -> frozenset[str]:
        return frozenset().union(*(self._leaves_of(name) for name in names))

    def _with_ids(self, selected: set[str]) -> set[str]:
        """Adds the id of the document and of every nested object with a selected part."""
        parents = {parent for leaf in selected for parent in _parents(leaf)} | {""}
        ids = {f"{parent}.id".lstrip(".") for parent in parents}
        return selected | (ids & self._leaves)


def _is_plain(item: str) -> bool:
    return item[0] not in "+ -*" and not item.rstrip(" ").endswith(".*")


def _parents(leaf: str) -> list[str]:
    parts = leaf.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts))]


def _by_prefix(leaves: frozenset[str]) -> dict[str, frozenset[str]]:
    """Maps every path, including the empty root path, to the leaves at or under it."""
    under: dict[str, set[str]] = {"": set(leaves)}
    for leaf in leaves:
        for path in (leaf, *_parents(leaf)):
            under.setdefault(path, set()).add(leaf)
    return {path: frozenset(found) for path, found in under.items()}


def _tree(selected: set[str], under: Mapping[str, frozenset[str]], at: str = "") -> Tree | None:
    if under[at] <= selected:
        return None
    keys = {leaf[len(at) :].lstrip(".").split(".")[0] for leaf in under[at] & selected}
    return {key: _tree(selected, under, f"{at}.{key}".lstrip(".")) for key in keys}


def _part(document: Document, tree: Tree) -> Document:
    return {key: _value(value, tree[key]) for key, value in document.items() if key in tree}


def _value(value: object, tree: Tree | None) -> object:
    if tree is None:
        return value
    match value:
        case dict():
            return _part(value, tree)
        case list():
            return [_value(item, tree) for item in value]
    return value
