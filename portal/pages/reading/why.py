"""Why a task came to a person, in sentences, from what routing stored with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.pages.reading.handed import how_it_came
from portal.presentation.labels import words_of
from portal.presentation.money import money
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
    reasons += [_fact(name, value, record) for name, value in _facts(stored).items()]
    rule = f"Stage “{task.stage_name}”, {record.type_name} policy, version {record.policy_version}"
    left_out = [_left_out(entry) for entry in stored.get("left_out") or ()]
    hidden = len(left_out) - LEFT_OUT_SHOWN
    more = [f"and {hidden} more"] if hidden > 0 else []
    return Why(tuple(dict.fromkeys(reasons)), rule, (*left_out[:LEFT_OUT_SHOWN], *more))


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


def _facts(stored: Mapping[str, Any]) -> dict[str, Any]:
    facts = stored.get("facts")
    return facts if isinstance(facts, dict) else {}


def _fact(name: str, value: Any, record: RequestRecord) -> str:
    field = next((each for each in record.form if each.name == name), None)
    label = field.label if field else words_of(name)
    is_money = name == "amount" or (field is not None and field.is_amount)
    if is_money and isinstance(value, int) and record.currency:
        return f"{label}: {money(value, record.currency)}"
    if field is not None:
        value = next((c.label for c in field.choices if c.value == value), value)
    return f"{label}: {value}"


def _left_out(entry: Mapping[str, Any]) -> str:
    name, reason = str(entry.get("name", "")), str(entry.get("reason", "")).rstrip(".")
    return f"{name} {reason}" if entry.get("person_id") else f"{name}: {reason}"
