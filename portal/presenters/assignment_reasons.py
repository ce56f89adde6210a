"""Why a task came to a person, in sentences, from what routing stored with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.domain.codec import decode
from portal.domain.routing.plan import LeftOut
from portal.presentation.labels import words_of
from portal.presentation.money import money
from portal.presenters.reassignments import how_it_came
from portal.queries.request import RequestRecord, TaskRecord

LEFT_OUT_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Why:
    """`reasons` that matched, `rule` in words, and who was not asked, with the reason for each."""

    reasons: tuple[str, ...]
    rule: str
    left_out: tuple[str, ...]


def why(task: TaskRecord, record: RequestRecord, names: Mapping[str, str]) -> Why:
    """The explanation of one task."""
    stored = task.why
    sentences = [*_rule(task), stored.get("message"), stored.get("reason"), _place(task)]
    if stored.get("used_fallback"):
        sentences.append("The rule found nobody else, so its fallback is asked.")
    reasons = how_it_came(task, names) + [str(sentence) for sentence in sentences if sentence]
    reasons += facts_of(stored.get("facts"), record)
    rule = f"Stage “{task.stage_name}”, {record.type_name} policy, version {record.policy_version}"
    left_out = tuple(decode(LeftOut, entry) for entry in stored.get("left_out") or ())
    return Why(tuple(dict.fromkeys(reasons)), rule, left_out_of(left_out, LEFT_OUT_SHOWN))


def _rule(task: TaskRecord) -> list[Any]:
    """Why it was moved here, and the sentence of the rule, which speaks to the task's owner."""
    stored = task.why
    acting, said = stored.get("delegated"), stored.get("why")
    if task.acting_for_name:
        said = f"Why {task.acting_for_name} is asked: “{said}”" if acting and said else ""
    return [stored.get("moved"), acting, said]


def _place(task: TaskRecord) -> str:
    """By whose working hours it is due. The task keeps its times whoever gets it."""
    place = task.why.get("place")
    return f"Due by the working hours of {place}." if place and task.due_at else ""


def facts_of(stored: Any, record: RequestRecord) -> tuple[str, ...]:
    """The values that decided that the stage is needed, each with its label."""
    facts = stored if isinstance(stored, dict) else {}
    return tuple(_fact(name, value, record) for name, value in facts.items())


def left_out_of(entries: Sequence[LeftOut], most: int) -> tuple[str, ...]:
    """Who was not asked, with the reason for each; the first of many."""
    listed = [_left_out(each) for each in entries[:most]]
    hidden = len(entries) - most
    return (*listed, *([f"and {hidden} more"] if hidden > 0 else []))


def _fact(name: str, value: Any, record: RequestRecord) -> str:
    field = next((each for each in record.form if each.name == name), None)
    label = field.label if field else words_of(name)
    is_money = name == "amount" or (field is not None and field.is_amount)
    if is_money and isinstance(value, int) and record.currency:
        return f"{label}: {money(value, record.currency)}"
    if field is not None:
        value = next((c.label for c in field.choices if c.value == value), value)
    return f"{label}: {value}"


def _left_out(entry: LeftOut) -> str:
    reason = entry.reason.rstrip(".")
    return f"{entry.name} {reason}" if entry.person_id else f"{entry.name}: {reason}"
