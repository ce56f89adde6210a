"""The short form in which a person writes a request type by hand, turned into the long form.

The long form is that of the dataclasses in `policy`, and what is exported. In the short form a
stage says whom it asks and its clocks (`ask`, `clocks`), a rule is named by its kind
(`{group: finance}`), and names and the prefix may be left out. Values here are plain JSON.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from portal.domain.codec import decode, encode
from portal.domain.errors import CannotDecode, DomainError
from portal.domain.marked import Sentence, msgid
from portal.domain.policy.policy import (
    ApproverRule,
    EscalationLevel,
    Mode,
    RuleKind,
    minutes_of,
)

# Each kind of rule by its short name, and the field of the rule that its value is.
RULES: Mapping[str, tuple[RuleKind, str]] = {
    "person": (RuleKind.PEOPLE, "people"),
    "people": (RuleKind.PEOPLE, "people"),
    "group": (RuleKind.GROUP, "code"),
    "group_of": (RuleKind.GROUP, "form_field"),
    "role": (RuleKind.ROLE, "code"),
    "manager": (RuleKind.MANAGER, "levels"),
    "department_head": (RuleKind.DEPARTMENT_HEAD, "code"),
    "department_head_of": (RuleKind.DEPARTMENT_HEAD, "form_field"),
    "chosen": (RuleKind.CHOSEN, "form_field"),
}
# Rules that are whole without a value: the requester's own manager, the own department's head.
BARE_RULES = ("manager", "department_head")
# What a short rule may say beside its kind.
BESIDE = ("label", "codes")
ASK = ("of", "quorum")
CLOCKS = ("remind", "escalate", "expire")
# What `ask` and `clocks` say, in the long form.
IN_LONG = {
    "ask": ("rules", "mode", "quorum", "quorum_percent"),
    "clocks": ("remind_after", "escalate", "expire_after"),
}
MODES = (Mode.ANY, Mode.ALL, Mode.PER_GROUP)
SHARE = re.compile("(100|[1-9][0-9]?) *%")
PREFIX_LETTERS = 3


@dataclass(frozen=True, kw_only=True)
class WrittenPlace:
    """Where in a file something stands: how people name it, and the keys and numbers that lead
    there from where the reading began."""

    text: str
    steps: tuple[str | int, ...] = ()

    def at(self, step: str | int) -> "WrittenPlace":
        """What stands there under a key, or in a list at a number."""
        text = f"{self.text}[{step}]" if isinstance(step, int) else f"{self.text}.{step}"
        return replace(self, text=text, steps=(*self.steps, step))


class NotShortForm(DomainError):
    """Something is wrong with what was written at `place`; the sentence names it."""

    def __init__(self, place: WrittenPlace, text: str, /, **values: Any) -> None:
        self.place = place
        self.sentence = Sentence(text, values)
        super().__init__(str(self.sentence))


def name_of(key: str) -> str:
    """The name of a type or a stage that has only its key: "budget_owner" is "Budget owner"."""
    words = " ".join(re.split("[_-]+", key)).strip()
    return words[:1].upper() + words[1:]


def prefix_of(code: str) -> str:
    """The prefix of a type that has only its code: "purchase" numbers its requests PUR-…"""
    return "".join(re.findall("[A-Za-z]", code))[:PREFIX_LETTERS].upper()


def stage_values(written: Mapping[str, Any], place: WrittenPlace) -> dict[str, Any]:
    """A stage's `name`, and what its `ask` and `clocks` say, in long form. Raises NotShortForm."""
    found: dict[str, Any] = {}
    if isinstance(written.get("key"), str):
        found["name"] = written.get("name", name_of(written["key"]))
    for key, said in IN_LONG.items():
        for twice in said:
            if key in written and twice in written:
                text = msgid("%(place)s: “%(key)s” cannot stand beside “%(other)s”")
                raise NotShortForm(place.at(twice), text, place=place.text, key=twice, other=key)
    if "ask" in written:
        found |= _asked(written["ask"], place.at("ask"))
    if "clocks" in written:
        elapsed = written.get("elapsed") is True
        found |= _clocks(written["clocks"], place.at("clocks"), elapsed)
    return found


def rule_values(written: Any, place: WrittenPlace) -> dict[str, Any]:
    """A rule in long form, whichever it is written in. Raises NotShortForm."""
    if written in BARE_RULES:
        written = {"kind": written}
    entry = _keyed(written, place, "group")
    if "kind" in entry:
        _require_known(entry, [each.name for each in fields(ApproverRule)], place)
        return _checked(ApproverRule, entry, place)
    kinds = [each for each in entry if each in RULES]
    if len(kinds) != 1:
        text = msgid("%(place)s must be one of %(kinds)s, with its value")
        raise NotShortForm(place, text, place=place.text, kinds=", ".join(RULES))
    _require_known(entry, (kinds[0], *BESIDE), place)
    kind, field = RULES[kinds[0]]
    value = [entry["person"]] if kinds[0] == "person" else entry[kinds[0]]
    if value is None:
        text = msgid("%(place)s needs a value")
        raise NotShortForm(place.at(kinds[0]), text, place=place.at(kinds[0]).text)
    beside = {key: entry[key] for key in BESIDE if key in entry}
    return _checked(ApproverRule, {"kind": kind.value, field: value, **beside}, place)


def _asked(written: Any, place: WrittenPlace) -> dict[str, Any]:
    entry = _keyed(written, place, "of")
    _require_known(entry, ASK, place)
    found: dict[str, Any] = {"rules": _each(entry, "of", place, rule_values)}
    quorum = entry.get("quorum", Mode.ANY.value)
    if quorum in MODES:
        return found | {"mode": quorum}
    found["mode"] = Mode.QUORUM.value
    if isinstance(quorum, int) and not isinstance(quorum, bool) and quorum > 0:
        return found | {"quorum": quorum}
    if isinstance(quorum, str) and (share := SHARE.fullmatch(quorum)):
        return found | {"quorum_percent": int(share[1])}
    where = place.at("quorum")
    text = msgid(
        "%(place)s must be any, all, per_group, a number of votes, or a share such as 50%%"
    )
    raise NotShortForm(where, text, place=where.text)


def _clocks(written: Any, place: WrittenPlace, elapsed: bool) -> dict[str, Any]:
    def minutes(text: Any, where: WrittenPlace) -> int:
        found = minutes_of(str(text), elapsed=elapsed)
        if found is None:
            marked = msgid("%(key)s must be a time such as 1d, 4h or 1d 4h")
            raise NotShortForm(where, marked, key=where.text)
        return found

    def level(written: Any, where: WrittenPlace) -> dict[str, Any]:
        entry = dict(_keyed(written, where, "after"))
        _require_known(entry, [each.name for each in fields(EscalationLevel)], where)
        entry["after"] = minutes(entry.get("after"), where.at("after"))
        entry["to"] = _each(entry, "to", where, rule_values)
        return _checked(EscalationLevel, entry, where)

    entry = _keyed(written, place, "expire")
    _require_known(entry, CLOCKS, place)
    found: dict[str, Any] = {}
    if "remind" in entry:
        found["remind_after"] = _each(entry, "remind", place, minutes)
    if "escalate" in entry:
        found["escalate"] = _each(entry, "escalate", place, level)
    if "expire" in entry:
        found["expire_after"] = minutes(entry["expire"], place.at("expire"))
    return found


def _each(
    entry: Mapping[str, Any],
    key: str,
    place: WrittenPlace,
    turn: Callable[[Any, WrittenPlace], Any],
) -> list[Any]:
    """What stands in the list under a key, one by one."""
    where = place.at(key)
    if not isinstance(entry.get(key), list):
        raise NotShortForm(where, msgid("%(key)s must be a list"), key=where.text)
    return [turn(each, where.at(number)) for number, each in enumerate(entry[key])]


def _keyed(written: Any, place: WrittenPlace, key: str) -> Mapping[str, Any]:
    if not isinstance(written, Mapping):
        text = msgid("%(place)s must have keys such as %(key)s")
        raise NotShortForm(place, text, place=place.text, key=key)
    return written


def _require_known(
    entry: Mapping[str, Any], known: list[str] | tuple[str, ...], place: WrittenPlace
) -> None:
    for key in entry:
        if key not in known:
            text = msgid("%(place)s knows no “%(key)s”")
            raise NotShortForm(place.at(key), text, place=place.text, key=key)


def _checked(kind: type[Any], values: Mapping[str, Any], place: WrittenPlace) -> dict[str, Any]:
    """The values, all of which a dataclass of that kind can hold."""
    try:
        return dict(encode(decode(kind, values)))
    except CannotDecode as error:
        raise NotShortForm(
            place, "%(place)s: %(reason)s", place=place.text, reason=str(error)
        ) from error
