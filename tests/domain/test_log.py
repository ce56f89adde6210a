"""The log's tree and notes: published vectors; each proof holds for what it is made for only."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.proof import merkle, notes

# The entries and roots of the reference tests of Certificate Transparency.
ENTRIES = [bytes.fromhex(each) for each in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def leaves(size: int) -> list[bytes]:
    return [merkle.leaf_hash(str(number).encode()) for number in range(size)]


def node_of(hashes: list[bytes]) -> merkle.Node:
    return lambda level, index: merkle.tree_hash(hashes[index << level : (index + 1) << level])


def test_the_published_roots() -> None:
    hashes = [merkle.leaf_hash(each) for each in ENTRIES]
    assert merkle.tree_hash([]) == sha256().digest()
    found = [merkle.tree_hash(hashes[:size]).hex() for size in range(1, 9)]
    assert found == list(ROOTS)


def test_a_published_proof() -> None:
    hashes = [merkle.leaf_hash(each) for each in ENTRIES]
    proof = [each.hex() for each in merkle.inclusion(5, 8, node_of(hashes))]
    assert proof == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@given(st.integers(1, 70), st.data())
def test_every_leaf_has_its_proof_and_no_other(size: int, data: st.DataObject) -> None:
    hashes, number = leaves(size), data.draw(st.integers(0, size - 1))
    node, root = node_of(hashes), merkle.tree_hash(hashes)
    assert merkle.root(size, node) == root
    proof = merkle.inclusion(number, size, node)
    assert merkle.includes(hashes[number], number, size, proof, root)
    other = data.draw(st.integers(0, size - 1).filter(lambda each: each != number or size == 1))
    assert merkle.includes(hashes[other], number, size, proof, root) is (other == number)
    assert not merkle.includes(hashes[number], number, size, [*proof, root], root)
    assert not any(
        merkle.includes(hashes[number], number, size, proof[:place] + proof[place + 1 :], root)
        for place in range(len(proof))
    )


@given(st.integers(0, 70), st.integers(0, 70))
def test_a_log_that_grew_has_its_proof(first: int, second: int) -> None:
    old, new = sorted((first, second))
    hashes = leaves(new)
    roots = merkle.tree_hash(hashes[:old]), merkle.tree_hash(hashes)
    proof = merkle.consistency(old, new, node_of(hashes))
    assert merkle.extends(old, new, *roots, proof)
    changed = [*hashes]
    if old:
        changed[old - 1] = merkle.leaf_hash(b"else")
        wrong = merkle.tree_hash(changed)
        assert not merkle.extends(old, new, roots[0], wrong, proof)
        rewritten = merkle.consistency(old, new, node_of(changed))
        assert not merkle.extends(old, new, roots[0], wrong, rewritten)


def test_what_is_not_there_has_no_proof() -> None:
    with pytest.raises(ValueError, match="no leaf 3"):
        merkle.inclusion(3, 3, node_of(leaves(3)))
    with pytest.raises(ValueError, match="no beginning of 4"):
        merkle.consistency(4, 3, node_of(leaves(3)))


def test_a_note_says_again_what_was_signed() -> None:
    point = notes.Checkpoint("example.org/log/1", 7, b"r" * 32)
    key = notes.VerifierKey("example.org/log/1", b"k" * 32)
    note = notes.signed(point, key, lambda text: sha256(text).digest() * 2)

    def check(signature: bytes, text: bytes) -> bool:
        return signature == sha256(text).digest() * 2

    assert notes.read(note) == point
    assert notes.is_signed(note, key, check)
    assert not notes.is_signed(note.replace("\n7\n", "\n8\n"), key, check)
    assert not notes.is_signed(note, notes.VerifierKey("example.org/log/2", key.key), check)
    assert notes.verifier_key(str(key)) == key


def test_base64_is_read_in_the_one_way_it_is_written() -> None:
    """The last letter before the signs of filling has bits that no decoder reads."""
    key = notes.VerifierKey("example.org/log/1", b"k" * 32)
    note = notes.signed(
        notes.Checkpoint("example.org/log/1", 7, b"r" * 32), key, lambda _text: b"s" * 62
    )
    for place in range(len(note) - 1):
        letter = note[place]
        if note[place + 1] == "=" and letter != "=":
            other = chr(ord(letter) + 1)
            changed = note[:place] + other + note[place + 1 :]
            assert not _reads(changed, key), place
    assert _reads(note, key)


def _reads(note: str, key: notes.VerifierKey) -> bool:
    try:
        notes.read(note)
    except notes.Unreadable:
        return False
    return notes.is_signed(note, key, lambda signature, _text: signature == b"s" * 62)


@pytest.mark.parametrize(
    "text", ["", "a\nb\nc\n\n", "a\n07\n" + "A" * 43 + "=\n\n", "a\n1\nAAAA\n\n"]
)
def test_what_is_no_checkpoint_is_said(text: str) -> None:
    with pytest.raises(notes.Unreadable):
        notes.read(text)


@pytest.mark.parametrize("text", ["", "a+b+c", "a+00000000+AQ==", "a+00000000+" + "A" * 44])
def test_what_is_no_key_is_said(text: str) -> None:
    with pytest.raises(notes.Unreadable):
        notes.verifier_key(text)
