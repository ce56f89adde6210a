"""Sharing people out among groups, so that every group has somebody where that is possible."""

from collections.abc import Mapping, Sequence


def share_out(groups: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Give each person to one of the groups they are in; a group gets nobody only if it must.

    First one person for each group, by augmenting paths (Kuhn's algorithm for bipartite
    matching); everybody left over goes to the first of their groups. Order is kept throughout.
    """
    holder: dict[str, str] = {}
    for group in groups:
        _claim(group, groups, holder, set())
    for group, people in groups.items():
        for person in people:
            holder.setdefault(person, group)
    return {
        group: [person for person in dict.fromkeys(people) if holder[person] == group]
        for group, people in groups.items()
    }


def _claim(
    group: str, groups: Mapping[str, Sequence[str]], holder: dict[str, str], tried: set[str]
) -> bool:
    for person in groups[group]:
        if person in tried:
            continue
        tried.add(person)
        if person not in holder or _claim(holder[person], groups, holder, tried):
            holder[person] = group
            return True
    return False
