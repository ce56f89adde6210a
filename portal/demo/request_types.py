"""The demonstration's four request types: their forms and their policies."""

from collections.abc import Mapping
from dataclasses import dataclass

from portal.demo.organisation import DEPARTMENTS
from portal.domain.policy.forms import Choice, FieldKind, FormField
from portal.domain.policy.policy import (
    ApproverRule,
    Bulk,
    EscalationLevel,
    Mode,
    Policy,
    RuleKind,
    Stage,
    StageKind,
    WorkingTime,
)

HOUR = 60
WORKING_DAY = 8 * HOUR
DAY = 24 * HOUR


@dataclass(frozen=True, kw_only=True)
class DemoType:
    """A request type as the demonstration loads it."""

    code: str
    name: str
    prefix: str
    description: str
    form: tuple[FormField, ...]
    policy: Policy
    workflow: str = "approval"
    priority: str = "MEDIUM"
    module: str = ""


COST_CENTRE = FormField(
    name="cost_centre",
    label="Cost centre",
    kind=FieldKind.CHOICE,
    hint="Its budget pays; the head of the department owns it.",
    choices=tuple(Choice(value=d.code, label=f"{d.code} {d.name}") for d in DEPARTMENTS),
)


def _amount(hint: str) -> FormField:
    return FormField(
        name="amount", label="Amount", kind=FieldKind.MONEY, currency="EUR", is_amount=True,
        min_value=1, max_value=1_000_000_000, hint=hint,
    )  # fmt: skip


def _manager(levels: int = 1) -> ApproverRule:
    label = "line manager" if levels == 1 else "manager's manager"
    return ApproverRule(kind=RuleKind.MANAGER, levels=levels, label=label)


def _group(code: str, label: str) -> ApproverRule:
    return ApproverRule(kind=RuleKind.GROUP, code=code, label=label)


def _manager_stage() -> Stage:
    up = EscalationLevel(
        after=2 * WORKING_DAY, to=(_manager(2),), message="Two working days without a decision."
    )
    return Stage(
        key="manager", name="Line manager", rules=(_manager(),), remind_after=(WORKING_DAY,),
        escalate=(up,), expire_after=10 * WORKING_DAY,
    )  # fmt: skip


def _purchase_stages(ids: Mapping[str, str]) -> tuple[Stage, ...]:
    director = _director(ids)
    owner = ApproverRule(
        kind=RuleKind.DEPARTMENT_HEAD, form_field="cost_centre", label="budget owner"
    )
    to_director = EscalationLevel(
        after=3 * WORKING_DAY, to=(director,), message="Three working days without a decision."
    )
    return (
        _manager_stage(),
        Stage(
            key="budget", name="Budget owner", rules=(owner,), reads=("cost_centre", "amount"),
            remind_after=(WORKING_DAY, 2 * WORKING_DAY), escalate=(to_director,),
            expire_after=10 * WORKING_DAY,
        ),
        Stage(
            key="finance", name="Finance check", mode=Mode.QUORUM, quorum=2,
            rules=(_group("finance", "Finance"),), condition="amount >= 1000000",
            condition_text="from €10,000.00", distinct=True, remind_after=(WORKING_DAY,),
            expire_after=10 * WORKING_DAY,
        ),
        Stage(
            key="director", name="Director", rules=(director,), condition="amount >= 5000000",
            condition_text="from €50,000.00", distinct=True,
            remind_after=(WORKING_DAY, 3 * WORKING_DAY), expire_after=15 * WORKING_DAY,
        ),
        Stage(
            key="purchasing", name="Purchasing is told", kind=StageKind.NOTIFY,
            rules=(_group("purchasing", "Purchasing"),),
        ),
    )  # fmt: skip


def _director(ids: Mapping[str, str]) -> ApproverRule:
    return ApproverRule(kind=RuleKind.PEOPLE, people=(ids["ines.okafor"],), label="director")


def purchase(ids: Mapping[str, str]) -> DemoType:
    """Purchase: manager, budget owner, Finance from 10,000, the director from 50,000."""
    head_of_finance = ApproverRule(
        kind=RuleKind.PEOPLE, people=(ids["ana.ruiz"],), label="head of Finance"
    )
    form = (
        FormField(name="supplier", label="Supplier", hint="The company the invoice comes from."),
        COST_CENTRE,
        _amount("Net, for everything together, such as 6,336.00."),
        FormField(name="needed_by", label="Needed by", kind=FieldKind.DATE, required=False),
        FormField(name="reason", label="Reason", kind=FieldKind.LONG_TEXT, max_length=4000,
                  hint="What it is for, and what happens without it."),
        FormField(name="offers", label="Offers", kind=FieldKind.ATTACHMENTS, required=False),
    )  # fmt: skip
    return DemoType(
        code="purchase", name="Purchase", prefix="PR", module="PROCUREMENT",
        description="Buy goods or services.", form=form,
        policy=Policy(
            stages=_purchase_stages(ids), fallback=(head_of_finance, _director(ids))
        ),
    )  # fmt: skip


def leave(ids: Mapping[str, str]) -> DemoType:
    """Leave: the line manager alone, by the simple workflow."""
    fallback = ApproverRule(
        kind=RuleKind.PEOPLE, people=(ids["hana.kobayashi"],), label="head of People"
    )
    stage = Stage(
        key="manager", name="Line manager", rules=(_manager(),), elapsed=True,
        remind_after=(2 * DAY,), expire_after=7 * DAY,
    )  # fmt: skip
    kinds = (("annual", "Annual leave"), ("parental", "Parental leave"),
             ("study", "Study leave"), ("unpaid", "Unpaid leave"))  # fmt: skip
    form = (
        FormField(name="kind", label="Kind of leave", kind=FieldKind.CHOICE,
                  choices=tuple(Choice(value=v, label=t) for v, t in kinds)),
        FormField(name="first_day", label="First day", kind=FieldKind.DATE),
        FormField(name="last_day", label="Last day", kind=FieldKind.DATE, not_before="first_day"),
        FormField(name="cover", label="Who covers for you", required=False),
        FormField(name="note", label="Note", kind=FieldKind.LONG_TEXT, required=False,
                  max_length=2000),
    )  # fmt: skip
    return DemoType(
        code="leave", name="Leave", prefix="LV", module="PEOPLE", workflow="simple",
        description="Be away from work.", form=form,
        policy=Policy(stages=(stage,), fallback=(fallback,), bulk=Bulk()),
    )  # fmt: skip


def expenses(ids: Mapping[str, str]) -> DemoType:
    """Expenses: the manager, then any one of Finance; with receipts."""
    fallback = ApproverRule(kind=RuleKind.PEOPLE, people=(ids["ines.okafor"],), label="director")
    finance = Stage(
        key="finance", name="Finance", rules=(_group("finance", "Finance"),), distinct=True,
        remind_after=(WORKING_DAY,), expire_after=10 * WORKING_DAY,
    )  # fmt: skip
    categories = (("travel", "Travel"), ("meals", "Meals"), ("material", "Teaching material"),
                  ("training", "Training"))  # fmt: skip
    form = (
        _amount("Gross, as on the receipts, such as 412.85."),
        FormField(name="spent_on", label="Spent on", kind=FieldKind.DATE),
        FormField(name="category", label="Category", kind=FieldKind.CHOICE,
                  choices=tuple(Choice(value=v, label=t) for v, t in categories)),
        COST_CENTRE,
        FormField(name="purpose", label="Purpose", kind=FieldKind.LONG_TEXT, max_length=2000),
        FormField(name="receipts", label="Receipts", kind=FieldKind.ATTACHMENTS, required=False,
                  hint="A photo or PDF of each."),
    )  # fmt: skip
    return DemoType(
        code="expenses", name="Expenses", prefix="EX", module="FINANCE",
        description="Get back what you paid.", form=form,
        policy=Policy(
            stages=(_manager_stage(), finance), fallback=(fallback,), bulk=Bulk(up_to=50_000)
        ),
    )  # fmt: skip


def access(ids: Mapping[str, str]) -> DemoType:
    """System access: one of the system owner's group and one of IT, side by side; each by the
    working time of where they are."""
    owners = {"ledger": "finance", "personnel": "people", "orders": "purchasing"}
    owner = ApproverRule(
        kind=RuleKind.GROUP, form_field="system", codes=owners, label="System owner"
    )
    up = EscalationLevel(
        after=WORKING_DAY,
        to=(ApproverRule(kind=RuleKind.PEOPLE, people=(ids["priya.raman"],), label="head of IT"),),
        message="One working day without a decision.",
    )
    both = Stage(
        key="owners", name="System owner and IT", mode=Mode.PER_GROUP,
        rules=(owner, _group("it", "IT")), remind_after=(4 * HOUR,), escalate=(up,),
        expire_after=5 * WORKING_DAY, working_time=WorkingTime.APPROVER,
    )  # fmt: skip
    systems = (("ledger", "Ledger"), ("personnel", "Personnel files"), ("orders", "Orders"))
    levels = (("read", "Read"), ("write", "Read and change"), ("admin", "Administer"))
    form = (
        FormField(name="system", label="System", kind=FieldKind.CHOICE,
                  choices=tuple(Choice(value=v, label=t) for v, t in systems)),
        FormField(name="level", label="Level", kind=FieldKind.CHOICE,
                  choices=tuple(Choice(value=v, label=t) for v, t in levels)),
        FormField(name="until", label="Until", kind=FieldKind.DATE, required=False,
                  hint="Leave empty for as long as you have this post."),
        FormField(name="reason", label="Reason", kind=FieldKind.LONG_TEXT, max_length=2000,
                  hint="The task that needs it. Owners refuse requests without one."),
    )  # fmt: skip
    fallback = ApproverRule(kind=RuleKind.PEOPLE, people=(ids["ines.okafor"],), label="director")
    return DemoType(
        code="access", name="System access", prefix="AC", module="IT", priority="HIGH",
        description="Use a system, or more of it.", form=form,
        policy=Policy(stages=(both,), fallback=(fallback,)),
    )  # fmt: skip


def all_types(ids: Mapping[str, str]) -> tuple[DemoType, ...]:
    """The four types; `ids` gives a person's id for their key."""
    return purchase(ids), leave(ids), expenses(ids), access(ids)
