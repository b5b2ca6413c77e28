"""RFC 6962's tree against the vectors of Certificate Transparency, and against its definition."""

import random
from hashlib import sha256

import pytest

from services.kernel.evidence import merkle

# Certificate Transparency's own: merkletree/merkle_tree_test.cc of certificate-transparency.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


class Log:
    """A log with all its nodes, as the database has them."""

    def __init__(self, leaves):
        self.leaves = [merkle.leaf_hash(leaf) for leaf in leaves]
        self.nodes: dict[merkle.Place, bytes] = {}
        frontier = merkle.Frontier()
        self.roots = [frontier.root]
        for leaf in self.leaves:
            self.nodes |= dict(frontier.append(leaf))
            self.roots.append(frontier.root)

    def proof(self, ranges):
        return merkle.hashes_over(ranges, {p: self.nodes[p] for p in merkle.places(ranges)})


def test_the_empty_log_has_its_root():
    assert merkle.Frontier().root.hex() == sha256().hexdigest()


def test_every_size_has_the_root_that_certificate_transparency_published():
    assert [root.hex() for root in Log(LEAVES).roots[1:]] == ROOTS


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_inclusion_proofs_are_the_published_ones(index, size):
    made = Log(LEAVES).proof(merkle.inclusion(index, size))

    assert [one.hex() for one in made] == INCLUSION[index, size]


@pytest.mark.parametrize(("old", "size"), CONSISTENCY)
def test_consistency_proofs_are_the_published_ones(old, size):
    made = Log(LEAVES).proof(merkle.consistency(old, size))

    assert [one.hex() for one in made] == CONSISTENCY[old, size]


@pytest.fixture(scope="module")
def log():
    return Log(str(number).encode() for number in range(70))


def by_definition(leaves):
    """RFC 6962, 2.1, word for word."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256().digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return merkle.node_hash(by_definition(leaves[:half]), by_definition(leaves[half:]))


def test_every_root_is_as_defined(log):
    for size in range(71):
        assert (
            log.roots[size] == by_definition(log.leaves[:size]) == merkle.root_of(log.leaves[:size])
        )


def test_every_inclusion_is_proven_and_no_other_place_or_leaf_is(log):
    for size in range(1, 71):
        for index in range(size):
            proof = log.proof(merkle.inclusion(index, size))
            whole = (log.leaves[index], index, size, proof, log.roots[size])

            assert merkle.is_included(*whole)
            for other in {0, size // 2, size - 1, size} - {index}:
                assert not merkle.is_included(log.leaves[index], other, size, proof, whole[4])
            assert not merkle.is_included(log.leaves[(index + 1) % 70], *whole[1:])


def test_every_consistency_is_proven_and_no_forged_one_is(log):
    chance = random.Random(1)
    for size in range(1, 71):
        for old in range(size + 1):
            proof = log.proof(merkle.consistency(old, size))
            before, after = (old, log.roots[old]), (size, log.roots[size])

            assert merkle.is_consistent(*before, *after, proof)
            assert not merkle.is_consistent(old, sha256(b"x").digest(), *after, proof)
            if 0 < old < size:
                assert not merkle.is_consistent(*before, size, sha256(b"x").digest(), proof)
                forged = list(proof)
                forged[chance.randrange(len(proof))] = sha256(b"y").digest()
                assert not merkle.is_consistent(*before, *after, forged)
                assert not merkle.is_consistent(*before, *after, proof[1:])
                assert not merkle.is_consistent(*before, *after, [*proof, proof[0]])


def test_a_log_goes_on_from_the_hashes_of_its_perfect_subtrees(log):
    for size in range(70):
        stored = [log.nodes[place] for place in merkle.subtrees(0, size)]
        frontier = merkle.Frontier(size, stored)

        assert frontier.root == log.roots[size]
        list(frontier.append(log.leaves[size]))
        assert frontier.root == log.roots[size + 1]
