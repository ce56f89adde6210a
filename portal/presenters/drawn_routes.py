"""The drawn route: what becomes of each stage for an example, and the same as an SVG drawing, for
print and for other documents."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from markupsafe import escape

from portal.domain.policy.conditions import row_holds
from portal.domain.policy.forms import NO, YES, FieldKind, FormField
from portal.domain.policy.policy import Stage, StageKind
from portal.domain.policy.types import TypeContent
from portal.domain.routing.plan import Attention, StagePlan, StageSkip
from portal.presentation.conditions import value_words
from portal.presentation.labels import said
from portal.presenters.progress import expected
from portal.presenters.types import StageShown
from portal.translation import _, ngettext


@dataclass(frozen=True, slots=True)
class StageOutcome:
    """What becomes of a stage for an example: "asked", "skipped" or "stuck", and why, in lines."""

    state: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """A route for example values: what becomes of each stage by its key, and the sum of it."""

    stages: Mapping[str, StageOutcome]
    sum: str


def example(
    content: TypeContent,
    fields: Sequence[FormField],
    values: Mapping[str, Any],
    names: Mapping[str, str],
    entries: Iterable[StageSkip | StagePlan | Attention],
) -> Example:
    """The entries of a predicted route beside the stages of a type. `fields`: what conditions may
    compare; `values`: those of the example."""
    stages = {each.key: each for each in content.policy.stages}
    found = {e.key: _outcome(e, stages[e.key], fields, values, names) for e in entries}
    people = {
        person.person_id for e in entries if isinstance(e, StagePlan)
        if e.kind is StageKind.APPROVAL for person in e.people
    }  # fmt: skip
    skipped = sum(each.state == "skipped" for each in found.values())
    asked = ngettext("%(n)s person is asked", "%(n)s people are asked", len(people))
    left_out = ngettext("%(n)s stage is skipped", "%(n)s stages are skipped", skipped)
    return Example(found, _("%(asked)s, %(skipped)s.", asked=asked, skipped=left_out))


def _outcome(
    entry: StageSkip | StagePlan | Attention,
    stage: Stage,
    fields: Sequence[FormField],
    values: Mapping[str, Any],
    names: Mapping[str, str],
) -> StageOutcome:
    if isinstance(entry, Attention):
        return StageOutcome("stuck", (said(entry.reason),))
    if isinstance(entry, StageSkip):
        rows = list(_values_of(stage, fields, values, names, holding=False))
        return StageOutcome("skipped", (_("Skipped: %(why)s", why="; ".join(rows)),) if rows else
                            (said(entry.reason),))  # fmt: skip
    rows = list(_values_of(stage, fields, values, names, holding=True))
    step = expected(entry)
    now = _("Now: %(people)s", people=step.who) if step.who else ""
    asked = _("Asked: %(why)s", why="; ".join(rows)) if rows else ""
    return StageOutcome("asked", tuple(filter(None, (asked, now, step.note))))


def _values_of(
    stage: Stage,
    fields: Sequence[FormField],
    values: Mapping[str, Any],
    names: Mapping[str, str],
    *,
    holding: bool,
) -> Iterator[str]:
    """The values of which a condition's rows speak, of those rows that hold, or of the others."""
    by_name = {each.name: each for each in fields}
    told = set()
    for row in stage.when.all_rows() if stage.when else ():
        each = by_name.get(row.field)
        kind = each.kind if each else FieldKind.TEXT
        if row.field in told or row_holds(row, kind, values) is not holding:
            continue
        told.add(row.field)
        value = values.get(row.field)
        label = each.label if each else row.field
        if value in (None, "", []):
            yield _("%(field)s is empty", field=label)
        else:
            yield _("%(field)s is %(value)s", field=label, value=_shown(value, each, names))


def _shown(value: Any, each: FormField | None, names: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        value = YES if value else NO
    if isinstance(value, list):
        is_files = each is not None and each.kind is FieldKind.ATTACHMENTS
        return (
            str(len(value)) if is_files else ", ".join(value_words(v, each, names) for v in value)
        )
    return value_words(value, each, names)


# The drawing


WIDTH, LEFT, PAD, LINE = 640, 52, 14, 19
# So many letters of 14 pixels stand in a line of a card.
LETTERS = 76


def svg(title: str, stages: Sequence[StageShown], shown: Example | None = None) -> str:
    """The route from above to below, white under dark letters wherever it is put."""
    y = 62
    drawn = [_point(y, _("Submitted"))]
    for stage in stages:
        outcome = shown.stages.get(stage.key) if shown else None
        y += 30
        part, height = _card(y, stage, outcome)
        drawn.append(part)
        y += height
    y += 40
    drawn.append(_point(y, _("Approved")))
    height = y + 30
    lines = f"<title>{escape(title)}</title><desc>{_told(stages, shown)}</desc>"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}"'
        f' height="{height}" role="img" font-family="system-ui, sans-serif" font-size="14">{lines}'
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>'
        f'<line x1="26" y1="62" x2="26" y2="{y}" stroke="#8c8c88" stroke-width="2"/>'
        f'<text x="14" y="30" font-size="18" font-weight="600" fill="#1b1b1a">'
        f"{escape(title)}</text>"
        f"{''.join(drawn)}</svg>"
    )


def _told(stages: Sequence[StageShown], shown: Example | None) -> str:
    """The drawing for whoever hears it."""
    parts = []
    for stage in stages:
        words = " ".join(_lines(stage, shown.stages.get(stage.key) if shown else None))
        parts.append(f"{stage.number}. {stage.name}: {words}")
    return str(escape(" ".join(parts)))


def _point(y: int, words: str) -> str:
    return (
        f'<circle cx="26" cy="{y}" r="11" fill="#fff" stroke="#8c8c88" stroke-width="2"/>'
        f'<circle cx="26" cy="{y}" r="4" fill="#8c8c88"/>'
        f'<text x="{LEFT}" y="{y + 5}" font-weight="600" fill="#1b1b1a">{escape(words)}</text>'
    )


def _lines(stage: StageShown, outcome: StageOutcome | None) -> list[str]:
    """What stands in a stage's card under its name."""
    said_of = [_("Asks: %(who)s", who=stage.asks)]
    if stage.condition:
        said_of.append(_("Only if: %(condition)s", condition=stage.condition))
    said_of += [words for _sign, words in stage.clocks]
    if stage.fallback and not stage.is_notice:
        said_of.append(_("Fallback: %(who)s", who=stage.fallback))
    return [*said_of, *(outcome.words if outcome else ())]


def _card(y: int, stage: StageShown, outcome: StageOutcome | None) -> tuple[str, int]:
    """A stage's card at that height, and how high it is."""
    lines = [part for each in _lines(stage, outcome) for part in wrap(each, LETTERS)]
    name = wrap(stage.name, LETTERS - 10)
    height = 2 * PAD + LINE * (len(name) + len(lines)) + 4
    is_skipped = outcome is not None and outcome.state == "skipped"
    dashes = ' stroke-dasharray="5 4"' if stage.condition else ""
    fill, ink = ("#f1f1ef", "#6b6b67") if is_skipped else ("#fff", "#1b1b1a")
    weights = [' font-weight="600"'] * len(name) + [""] * len(lines)
    text = [
        f'<text x="{LEFT + PAD}" y="{y + PAD + 13 + LINE * n}" fill="{ink}"{weight}>'
        f"{escape(each)}</text>"
        for n, (each, weight) in enumerate(zip([*name, *lines], weights, strict=True))
    ]
    return (
        f'<rect x="{LEFT}" y="{y}" width="{WIDTH - LEFT - 14}" height="{height}" rx="8"'
        f' fill="{fill}" stroke="#8c8c88"{dashes}/>'
        f'<circle cx="26" cy="{y + 20}" r="13" fill="{fill}" stroke="#8c8c88" stroke-width="2"'
        f'{dashes}/><text x="26" y="{y + 25}" text-anchor="middle" font-weight="600"'
        f' fill="{ink}">{stage.number}</text>{"".join(text)}'
    ), height
