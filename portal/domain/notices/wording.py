"""What a notice says: marked texts with what stands in them, kept so that everybody reads it in
their own language. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from portal.domain.request.reasons import Kept, Reason, as_it_is, read, sentence

# A name, or a text that is marked like the sentence around it.
Value = str | dict[str, str]


@dataclass(frozen=True, slots=True)
class Wording:
    """Sentences one after another, each in its JSON form: a marked text with its values, a reason
    of the portal, or what somebody typed."""

    parts: tuple[Any, ...] = ()

    def __add__(self, other: "Wording") -> "Wording":
        return Wording((*self.parts, *other.parts))

    def __bool__(self) -> bool:
        return bool(self.parts)

    def __str__(self) -> str:
        return spoken(self.parts)


def marked(text: str) -> Value:
    """A marked text as a value of another."""
    return {"text": text}


def say(text: str, **values: Value | None) -> Wording:
    """A marked text with its values."""
    return Wording(({"text": text, "values": values},))


def reason(kept: Kept) -> Wording:
    """A reason of the portal, if there is one."""
    if isinstance(kept, Reason):
        return Wording(({"code": kept.code, "facts": kept.facts},))
    return typed(kept)


def typed(text: str | None) -> Wording:
    """What somebody wrote, if anything; it is in no catalogue."""
    return Wording((text,)) if text else Wording()


def written(text: str | None) -> Wording:
    """What an administrator wrote into the policy, such as the message of an escalation."""
    return Wording(({"text": "%(message)s", "values": {"message": text}},)) if text else Wording()


def spoken(
    parts: Any,
    translate: Callable[[str], str] = str,
    own: Callable[[str, str], str] = as_it_is,
) -> str:
    """The sentences of the parts, by default in English. Whatever is no part is left out. `own`
    says a value, by its name, that an administrator wrote."""
    listed = parts if isinstance(parts, list | tuple) else ()
    return " ".join(filter(None, (_part(each, translate, own).strip() for each in listed)))


def _part(part: Any, translate: Callable[[str], str], own: Callable[[str, str], str]) -> str:
    if not isinstance(part, Mapping):
        return part if isinstance(part, str) else ""
    if "code" in part:
        return sentence(read(part), translate, own)
    given = (part.get("values") or {}).items()
    values = {name: own(name, _value(each, translate)) for name, each in given}
    return translate(str(part.get("text", ""))) % values


def _value(value: Any, translate: Callable[[str], str]) -> str:
    return translate(str(value.get("text", ""))) if isinstance(value, Mapping) else str(value)
