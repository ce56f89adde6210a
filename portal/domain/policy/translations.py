"""The texts of a version that its administrators wrote, and their translations.

A version keeps them by the original: `{"Amount": {"de": "Betrag"}}`. Whoever reads another language
gets the original where there is none; whoever changes an original asks for a new translation.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from portal.domain.policy.forms import FormField
from portal.domain.policy.policy import ApproverRule, EscalationLevel, Policy, Stage

# Translations by the original, each by the code of its language.
Translations = Mapping[str, Mapping[str, str]]
LONGEST_TRANSLATION = 10_000


@dataclass(frozen=True, slots=True)
class OwnText:
    """A text that people read. `part`: what it is, such as "label", "hint", "option", "stage",
    "condition", "rule" or "message"; `of`: the name of the type, field or stage it belongs to."""

    text: str
    part: str
    of: str = ""


def own_texts(
    name: str, description: str, form: Iterable[FormField], policy: Policy
) -> tuple[OwnText, ...]:
    """Every text once, in the order of the pages."""
    found: dict[str, OwnText] = {}
    for each in _all(name, description, form, policy):
        if each.text.strip():
            found.setdefault(each.text, each)
    return tuple(found.values())


def _all(
    name: str, description: str, form: Iterable[FormField], policy: Policy
) -> Iterator[OwnText]:
    yield OwnText(name, "name")
    yield OwnText(description, "description")
    for each in form:
        yield from _of_field(each, each.label)
    for stage in policy.stages:
        yield OwnText(stage.name, "stage")
        if stage.when is None or stage.when.is_empty:  # rows are said as they are read
            yield OwnText(stage.condition_text, "condition", stage.name)
        for level in stage.escalate:
            yield OwnText(level.message, "message", stage.name)
        levels = (rule for level in stage.escalate for rule in level.to)
        for rule in (*stage.rules, *stage.fallback, *levels):
            yield OwnText(rule.label, "rule", stage.name)
    for rule in (*policy.fallback, *policy.stand_ins):
        yield OwnText(rule.label, "rule")


def _of_field(each: FormField, of: str) -> Iterator[OwnText]:
    yield OwnText(each.label, each.kind.value if each.kind.value == "section" else "label")
    yield OwnText(each.hint, "hint", of)
    if each.shown_when is None or each.shown_when.is_empty:
        yield OwnText(each.shown_text, "condition", of)
    for choice in each.choices:
        yield OwnText(choice.label, "option", of)
    for column in each.columns:
        for text in _of_field(column, of):
            yield replace(text, of=of)


def words_in(translations: Translations, code: str) -> dict[str, str]:
    """What there is in a language, by the original; of a language with a country (`pt_BR`) what
    the language has where the country's has none."""
    codes = dict.fromkeys((code, code.split("_")[0]))
    found = {}
    for text, by in translations.items():
        if words := next((by[each] for each in codes if by.get(each)), ""):
            found[text] = words
    return found


def kept(translations: Translations, texts: Iterable[OwnText]) -> dict[str, dict[str, str]]:
    """The translations of these texts alone, in their order and that of the languages' codes."""
    return {
        each.text: dict(sorted(by.items()))
        for each in texts
        if (by := {code: words for code, words in translations.get(each.text, {}).items() if words})
    }


def gaps(
    translations: Translations, texts: Iterable[OwnText], offered: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """By each of the languages that are `offered` and were begun, the texts that have no
    translation."""
    listed = [each.text for each in texts]
    said = {code for text in listed for code, w in translations.get(text, {}).items() if w}
    begun = sorted(said & set(offered))
    missing = {
        code: tuple(text for text in listed if not translations.get(text, {}).get(code))
        for code in begun
    }
    return {code: texts for code, texts in missing.items() if texts}


Say = Callable[[str], str]


def field_in(each: FormField, say: Say) -> FormField:
    """The field with its texts as `say` says them."""
    return replace(
        each,
        label=say(each.label),
        hint=say(each.hint),
        shown_text=say(each.shown_text),
        choices=tuple(replace(choice, label=say(choice.label)) for choice in each.choices),
        columns=tuple(field_in(column, say) for column in each.columns),
    )


def policy_in(policy: Policy, say: Say) -> Policy:
    """The policy with its texts as `say` says them."""

    def rules(these: Iterable[ApproverRule]) -> tuple[ApproverRule, ...]:
        return tuple(replace(each, label=say(each.label)) for each in these)

    def level(each: EscalationLevel) -> EscalationLevel:
        return replace(each, to=rules(each.to), message=say(each.message))

    def stage(each: Stage) -> Stage:
        return replace(
            each,
            name=say(each.name),
            condition_text=say(each.condition_text),
            rules=rules(each.rules),
            fallback=rules(each.fallback),
            escalate=tuple(map(level, each.escalate)),
        )

    return replace(
        policy,
        stages=tuple(map(stage, policy.stages)),
        fallback=rules(policy.fallback),
        stand_ins=rules(policy.stand_ins),
    )
