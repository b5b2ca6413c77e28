"""RFC 6962 Merkle trees: the root of a log, and inclusion and consistency proofs.

Pure and dependency-free: the audit service, the witness and the offline verifier of exports share
this code.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256

Place = tuple[int, int]
"""A perfect subtree: its level (0 is a leaf) and its index there, from the left."""
Range = tuple[int, int]
"""Consecutive leaves: from, and up to but excluding."""

EMPTY = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def subtrees(start: int, end: int) -> list[Place]:
    """Splits a range of leaves into the fewest perfect subtrees, from the left.

    `start` must be a multiple of a power of two not smaller than `end - start`, as in proofs.
    """
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append((level, start >> level))
        start += 1 << level
    return found


def fold(hashes: Sequence[bytes]) -> bytes:
    """Returns the root over consecutive perfect subtrees, the largest first."""
    if not hashes:
        return EMPTY
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


class Frontier:
    """The part of a log needed to append to it: its size and its perfect subtrees from the left."""

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self._hashes = list(hashes)

    @property
    def root(self) -> bytes:
        return fold(self._hashes)

    def append(self, leaf: bytes) -> Iterator[tuple[Place, bytes]]:
        """Adds a leaf's hash, and yields each perfect subtree that it completes."""
        index, level, node = self.size, 0, leaf
        yield (level, index), node
        while index & 1:
            node = node_hash(self._hashes.pop(), node)
            level, index = level + 1, index >> 1
            yield (level, index), node
        self._hashes.append(node)
        self.size += 1


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Returns the root over leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        for _ in frontier.append(leaf):
            pass
    return frontier.root


def inclusion(index: int, size: int) -> list[Range]:
    """Returns the ranges of leaves that an inclusion proof has hashes over, in its order."""
    path: list[Range] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        half, sibling = ((start, middle), (middle, end))[:: 1 if index < middle else -1]
        path.append(sibling)
        start, end = half
    return path[::-1]


def consistency(old: int, size: int) -> list[Range]:
    """Returns the ranges of leaves that a consistency proof has hashes over, in its order."""
    if not 0 < old < size:
        return []
    path: list[Range] = []
    start, end = 0, size
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    return ([(start, end)] if start else []) + path[::-1]


def places(ranges: Iterable[Range]) -> set[Place]:
    """Returns the perfect subtrees that the hashes over these ranges are made of."""
    return {place for start, end in ranges for place in subtrees(start, end)}


def hashes_over(ranges: Iterable[Range], nodes: Mapping[Place, bytes]) -> list[bytes]:
    return [fold([nodes[place] for place in subtrees(start, end)]) for start, end in ranges]


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Checks a proof that `leaf` stands at `index` in the log of that size and root.

    Size and root must come from a signed checkpoint; a size that a caller names proves nothing.
    """
    ranges = inclusion(index, size) if 0 <= index < size else None
    if ranges is None or len(ranges) != len(proof):
        return False
    node = leaf
    for (start, _), sibling in zip(ranges, proof, strict=True):
        node = node_hash(node, sibling) if start > index else node_hash(sibling, node)
    return node == root


def is_consistent(
    old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> bool:
    """Checks a proof that the log of `size` begins with the whole log of size `old`."""
    ranges = consistency(old, size)
    if not 0 <= old <= size or len(ranges) != len(proof):
        return False
    if not ranges:
        return old_root == (root if old else EMPTY)
    hashes = list(proof)
    if ranges[0][1] == old:
        old_computed = new_computed = hashes.pop(0)
        del ranges[0]
    else:  # the old log is one perfect subtree of the new one: so the proof omits its hash
        old_computed = new_computed = old_root
    for (_, end), sibling in zip(ranges, hashes, strict=True):
        if end <= old:
            old_computed, new_computed = (
                node_hash(sibling, old_computed),
                node_hash(sibling, new_computed),
            )
        else:
            new_computed = node_hash(new_computed, sibling)
    return old_computed == old_root and new_computed == root


def _split(count: int) -> int:
    """Returns the largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1
