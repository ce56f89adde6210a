"""The Merkle tree of RFC 9162, section 2.1, over hashes that somebody else keeps.

A `Node` says the hash of a full subtree: `node(level, index)` is that over the `2**level` leaves
from number `index * 2**level` on.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

Node = Callable[[int, int], bytes]

EMPTY = sha256().digest()


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf that holds this entry."""
    return sha256(b"\x00" + entry).digest()


def parent_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees."""
    return sha256(b"\x01" + left + right).digest()


def tree_hash(leaves: Sequence[bytes]) -> bytes:
    """The root over these leaf hashes."""
    if not leaves:
        return EMPTY
    edge = Edge()
    for each in leaves:
        edge.add(each)
    return edge.root()


class Edge:
    """The right edge of a growing tree: enough to add leaves and to say the root at any moment."""

    def __init__(self, full: Iterable[bytes] = (), size: int = 0) -> None:
        """`full`: the hashes of the full subtrees of a tree of this size, the largest first."""
        self._full = list(full)
        self.size = size

    def add(self, leaf: bytes) -> None:
        """One more leaf."""
        rest = self.size
        while rest & 1:
            leaf = parent_hash(self._full.pop(), leaf)
            rest >>= 1
        self._full.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The root as it is now."""
        if not self._full:
            return EMPTY
        *earlier, root = self._full
        for each in reversed(earlier):
            root = parent_hash(each, root)
        return root


def range_hash(begin: int, end: int, node: Node) -> bytes:
    """The hash over the leaves from `begin` up to `end`, as it stands in a tree: `begin` is a
    multiple of a power of two that is no smaller than their number."""
    parts = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        parts.append(node(level, begin >> level))
        begin += 1 << level
    return Edge(parts).root()


def root(size: int, node: Node) -> bytes:
    """The root of the tree over the first `size` leaves."""
    return range_hash(0, size, node)


def inclusion(number: int, size: int, node: Node) -> list[bytes]:
    """The proof that leaf `number` is in the tree of this size. Raises ValueError if it is not."""
    if not 0 <= number < size:
        raise ValueError(f"There is no leaf {number} in a log of {size}.")
    proof, begin, end = [], 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if number < middle:
            proof.append(range_hash(middle, end, node))
            end = middle
        else:
            proof.append(range_hash(begin, middle, node))
            begin = middle
    return proof[::-1]


def includes(leaf: bytes, number: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof leads from the leaf to the root (RFC 9162, section 2.1.3.2)."""
    if not 0 <= number < size:
        return False
    here, last, found = number, size - 1, leaf
    for each in proof:
        if last == 0:
            return False
        if here & 1 or here == last:
            found = parent_hash(each, found)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            found = parent_hash(found, each)
        here, last = here >> 1, last >> 1
    return last == 0 and found == root


def consistency(old: int, new: int, node: Node) -> list[bytes]:
    """The proof that the tree of `old` leaves is the beginning of that of `new`.

    Raises ValueError unless there are at least as many in the new one.
    """
    if not 0 <= old <= new:
        raise ValueError(f"A log of {new} has no beginning of {old}.")
    if old in (0, new):
        return []
    proof, begin, end, is_whole = [], 0, new, True
    while old != end:
        middle = begin + _split(end - begin)
        if old <= middle:
            proof.append(range_hash(middle, end, node))
            end = middle
        else:
            proof.append(range_hash(begin, middle, node))
            begin, is_whole = middle, False
    if not is_whole:
        proof.append(range_hash(begin, end, node))
    return proof[::-1]


def extends(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof leads from the one root to the other (RFC 9162, section 2.1.4.2)."""
    if old in (0, new):
        return not proof and old_root == (new_root if old else EMPTY)
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not 0 < old < new or not path:
        return False
    below = (old & -old).bit_length() - 1  # levels at which the old tree's edge is full
    return _joined(path, old - 1 >> below, new - 1 >> below) == (old_root, new_root)


def _joined(path: Sequence[bytes], here: int, last: int) -> tuple[bytes, bytes] | None:
    """The two roots to which a proof of consistency leads; None where it ends early or late."""
    first = second = path[0]
    for each in path[1:]:
        if last == 0:
            return None
        if here & 1 or here == last:
            first, second = parent_hash(each, first), parent_hash(each, second)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            second = parent_hash(second, each)
        here, last = here >> 1, last >> 1
    return (first, second) if last == 0 else None


def parts(
    size: int, is_whole: Callable[[int, int], bool], node: Node
) -> dict[tuple[int, int], bytes]:
    """The tree of this size in its largest parts that are `whole`, by the leaves that they are
    over; what is not whole down to the leaf is left out. Whoever has those leaves can work out the
    root, and so sees that they are in the tree."""
    found: dict[tuple[int, int], bytes] = {}
    waiting = [(0, size)] if size else []
    while waiting:
        begin, end = waiting.pop()
        if is_whole(begin, end):
            found[begin, end] = range_hash(begin, end, node)
        elif end - begin > 1:
            middle = begin + _split(end - begin)
            waiting += [(middle, end), (begin, middle)]
    return found


def _split(size: int) -> int:
    """The largest power of two that is smaller than the size."""
    return 1 << ((size - 1).bit_length() - 1)
