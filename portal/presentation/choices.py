"""An answer to why an old request cannot move by itself, in words."""

from collections.abc import Callable, Mapping
from typing import Any

from portal.presentation import labels

_COUNTING = {"one": "one approval is enough", "all": "everybody asked has to approve"}
_CONDITION = {True: "the condition holds", False: "the condition does not hold"}
_RESULT = {
    True: "the unclear decision was an approval",
    False: "the unclear decision was a rejection",
}


def in_short(choice: Mapping[str, Any]) -> str:
    """What becomes of it, in a few words."""
    kind = choice.get("kind")
    if kind == "close":
        return f"History: {labels.status(str(choice.get('outcome'))).words}"
    return "Left behind" if kind == "leave" else "Moves with the next run"


def in_words(
    choice: Mapping[str, Any], name: Callable[[str], str], group: Callable[[str], str]
) -> str:
    """The whole answer as a sentence; `name` and `group` give names to ids."""
    kind = choice.get("kind")
    if kind == "close":
        outcome = labels.status(str(choice.get("outcome"))).words.lower()
        return f"Import it as history, as {outcome}."
    if kind == "leave":
        return "Leave it behind in the old system."
    said = [f"{name(each)} decides" for each in choice.get("people") or ()]
    if choice.get("group"):
        said.append(f"anybody of {group(choice['group'])} decides")
    said += [
        words[choice[key]]
        for key, words in (
            ("counting", _COUNTING),
            ("condition", _CONDITION),
            ("result", _RESULT),
        )
        if choice.get(key) in words
    ]
    if choice.get("skip"):
        said.append("the steps named are left out")
    if choice.get("in_order"):
        said.append("every branch is asked, one after the other")
    return f"Move it: {'; '.join(said) or 'nothing else'}."
