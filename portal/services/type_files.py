"""Request types as YAML files: written out of a version, read into a draft.

A file speaks of codes and mail addresses, never of ids, and is exact: what was written out of a
version reads as the same content. Values that are the default are left out. Durations are "1d 4h",
money in conditions is a decimal number in quotation marks. A mistake is named with its line. What a
person writes may be shorter than what is written out: `portal.domain.policy.short_form`.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import MISSING, dataclass, fields, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from io import StringIO
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent

from portal.domain.codec import decode, encode
from portal.domain.errors import CannotDecode
from portal.domain.money import decimals
from portal.domain.policy.conditions import (
    VALUELESS,
    Comparison,
    Condition,
    Row,
    expression,
)
from portal.domain.policy.forms import DECIMALS, NO, YES, FieldKind, FormField, comparable, exact
from portal.domain.policy.policy import (
    ApproverRule,
    Askers,
    EscalationLevel,
    Policy,
    RuleKind,
    Stage,
    duration,
    minutes_of,
)
from portal.domain.policy.short_form import (
    IN_LONG,
    NotShortForm,
    WrittenPlace,
    name_of,
    prefix_of,
    rule_values,
    stage_values,
)
from portal.domain.policy.translations import LONGEST_TRANSLATION
from portal.domain.policy.types import PAGES, TypeContent
from portal.translation import _, tell

SCHEMA = "gloria/type/1"
LARGEST = 200_000
DEEPEST = 20
SIGNS = {
    Comparison.IS: "==",
    Comparison.IS_NOT: "!=",
    Comparison.AT_LEAST: ">=",
    Comparison.MORE_THAN: ">",
    Comparison.AT_MOST: "<=",
    Comparison.LESS_THAN: "<",
    Comparison.CONTAINS: "contains",
    Comparison.LACKS: "lacks",
    Comparison.EMPTY: "empty",
    Comparison.FILLED: "filled",
}
MEANT = {sign: comparison for comparison, sign in SIGNS.items()}
CODE = re.compile(r"[A-Za-z][\w-]{0,59}", re.ASCII)
PREFIX = re.compile("[A-Z]{2,5}")
LARGEST_NUMBER = 10**15
KEYS = (
    "schema", "code", "prefix", "name", "description", "needs", "form", "route", "policy",
    "translations",
)  # fmt: skip
LANGUAGE = re.compile(r"[a-z]{2,3}([_-][A-Za-z0-9]{2,8})*")


class FileRefused(Exception):
    """What is wrong with a file; the message names the line."""


@dataclass(frozen=True, kw_only=True)
class TypeFile:
    """A file that was read. People are still mail addresses in `content`."""

    code: str
    prefix: str
    content: TypeContent
    groups: tuple[str, ...]
    people: tuple[str, ...]


# Writing


def written(content: TypeContent, code: str, prefix: str, addresses: Mapping[str, str]) -> str:
    """The file of a version. `addresses`: mail addresses by person id."""
    money = _money(content.form)
    policy = _lean(content.policy)
    policy.pop("stages", None)
    data: dict[str, Any] = {"schema": SCHEMA, "code": code, "prefix": prefix, "name": content.name}
    data["description"] = content.description
    data["needs"] = _needs(content, addresses)
    data["form"] = [_field(each, money) for each in content.form]
    data["route"] = [_stage(stage, money, addresses) for stage in content.policy.stages]
    data["policy"] = _named(policy, addresses)
    said = content.pruned().translations
    data["translations"] = [{"text": text, **by} for text, by in said.items()]
    out = StringIO()
    yaml = YAML()
    yaml.width = 100
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump({key: value for key, value in data.items() if value not in ({}, "", [])}, out)
    return out.getvalue()


def _money(form: Sequence[FormField]) -> dict[str, int]:
    """How many decimals each amount of the form has."""
    amounts = (each for each in comparable(form) if each.kind is FieldKind.MONEY)
    return {each.name: decimals(each.currency or "EUR") for each in amounts}


def _amount(minor: int, digits: int) -> str:
    return f"{Decimal(minor).scaleb(-digits):.{digits}f}"


def _needs(content: TypeContent, addresses: Mapping[str, str]) -> dict[str, list[str]]:
    rules = list(rules_of(content.policy))
    groups = _groups_in(content.policy)
    people = sorted({addresses.get(each, each) for rule in rules for each in rule.people})
    return {key: found for key, found in (("groups", groups), ("people", people)) if found}


def _groups_in(policy: Policy) -> list[str]:
    """The codes of groups that rules and who may ask speak of."""
    rules = [rule for rule in rules_of(policy) if rule.kind == RuleKind.GROUP]
    found = {code for rule in rules for code in (rule.code, *rule.codes.values()) if code}
    return sorted(found | set(policy.askers.groups if policy.askers else ()))


def rules_of(policy: Policy) -> Iterator[ApproverRule]:
    """Every rule of a policy, wherever it stands."""
    yield from (*policy.fallback, *policy.stand_ins)
    for stage in policy.stages:
        yield from (*stage.rules, *stage.fallback)
        for level in stage.escalate:
            yield from level.to


def _lean(value: Any) -> dict[str, Any]:
    """A dataclass as JSON without what is the default."""
    found = {}
    for each in fields(value):
        default = each.default if each.default_factory is MISSING else each.default_factory()
        here = getattr(value, each.name)
        if default is MISSING or here != default:
            found[each.name] = _encoded(here)
    return found


def _encoded(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_encoded(each) for each in value]
    return _lean(value) if hasattr(value, "__dataclass_fields__") else encode(value)


def _named(value: Any, addresses: Mapping[str, str]) -> Any:
    """The JSON value with people by their addresses."""
    if isinstance(value, list):
        return [_named(each, addresses) for each in value]
    if not isinstance(value, dict):
        return value
    named = {key: _named(each, addresses) for key, each in value.items()}
    if isinstance(named.get("people"), list):
        named["people"] = [addresses.get(each, each) for each in named["people"]]
    return named


def _field(each: FormField, money: Mapping[str, int]) -> dict[str, Any]:
    found = _lean(each)
    if each.shown_when is not None:
        found["shown_when"] = _when(each.shown_when, money)
    return found


def _stage(stage: Stage, money: Mapping[str, int], addresses: Mapping[str, str]) -> dict[str, Any]:
    found = _named(_lean(stage), addresses)
    if stage.when is not None:
        found["when"] = _when(stage.when, money)
        found.pop("condition", None)
    if stage.remind_after:
        found["remind_after"] = [duration(m, elapsed=stage.elapsed) for m in stage.remind_after]
    if stage.expire_after is not None:
        found["expire_after"] = duration(stage.expire_after, elapsed=stage.elapsed)
    for level, entry in zip(stage.escalate, found.get("escalate", ()), strict=True):
        entry["after"] = duration(level.after, elapsed=stage.elapsed)
    return dict(found)


def _when(condition: Condition, money: Mapping[str, int]) -> dict[str, Any]:
    parts: list[Any] = [_row(row, money) for row in condition.rows]
    parts += [{g.join.value: [_row(row, money) for row in g.rows]} for g in condition.groups]
    return {condition.join.value: parts}


def _row(row: Row, money: Mapping[str, int]) -> CommentedSeq:
    found = CommentedSeq([row.field, SIGNS[row.comparison]])
    if row.value is not None:
        is_money = row.field in money and isinstance(row.value, int)
        found.append(_amount(int(row.value), money[row.field]) if is_money else row.value)
    found.fa.set_flow_style()
    return found


# Reading


def read(text: str) -> TypeFile:
    """What a file says. Raises FileRefused with the line of the first mistake."""
    try:
        return _read(text)
    except (ValueError, ArithmeticError) as error:
        raise FileRefused(_("a number or a time in the file cannot be read")) from error


def _read(text: str) -> TypeFile:
    data = _parsed(text)
    _require_known(data, KEYS, _("the file"))
    if data.get("schema") != SCHEMA:
        raise FileRefused(
            _at(data, "schema", _("the file must begin with schema: %(schema)s", schema=SCHEMA))
        )
    code, prefix, name = _head(data)
    form = _with_conditions(data, tuple(_fields(data)))
    policy = _policy(data, form)
    content = TypeContent(
        name=name,
        description=str(data.get("description", "")),
        form=form,
        policy=policy,
    )
    content = replace(content, translations=_translations(data, content))
    rules = list(rules_of(policy))
    return TypeFile(
        code=code,
        prefix=prefix,
        content=content,
        groups=tuple(_groups_in(policy)),
        people=tuple(sorted({each for rule in rules for each in rule.people})),
    )


def _head(data: CommentedMap) -> tuple[str, str, str]:
    """Code, prefix and name; the short form has the code alone."""
    code = str(data.get("code", ""))
    said = {"code": code, "prefix": prefix_of(code), "name": name_of(code), **data}
    for key in ("code", "prefix", "name"):
        if not isinstance(said[key], str) or not said[key].strip():
            raise FileRefused(_at(data, key, _("%(key)s is missing or no text", key=key)))
    if not CODE.fullmatch(code) or code in PAGES:
        sentence = _("“%(code)s” cannot be the code of a type", code=code)
        raise FileRefused(_at(data, "code", sentence))
    if not PREFIX.fullmatch(said["prefix"]):
        sentence = _("prefix must be 2 to 5 capitals, such as PR")
        raise FileRefused(_at(data, "prefix", sentence))
    return code, said["prefix"], said["name"]


def _translations(data: CommentedMap, content: TypeContent) -> dict[str, dict[str, str]]:
    """What each text is in other languages; all of them are texts of this very type."""
    found = {}
    texts = {each.text for each in content.texts} | _said_by_rows(content)
    for node, way in _entries(data, "translations"):
        text = node.get("text")
        if text not in texts:
            sentence = _("%(place)s: the type has no text “%(text)s”", place=way, text=text)
            raise FileRefused(_at(node, "text", sentence))
        for code, words in node.items():
            known = code == "text" or (isinstance(code, str) and LANGUAGE.fullmatch(code))
            if not known or not isinstance(words, str) or len(words) > LONGEST_TRANSLATION:
                said = {"place": way, "code": code}
                sentence = _("%(place)s: “%(code)s” must be a language with its text", **said)
                raise FileRefused(_at(node, code, sentence))
        found[str(text)] = {str(code): str(w) for code, w in node.items() if code != "text"}
    return replace(content, translations=found).pruned().translations


def _said_by_rows(content: TypeContent) -> set[str]:
    """Sentences of conditions, which older files may translate: people read what the rows say."""
    stages = {each.condition_text for each in content.policy.stages}
    return stages | {each.shown_text for each in content.form}


def _parsed(text: str) -> CommentedMap:
    text = unicodedata.normalize("NFC", text)
    if len(text) > LARGEST:
        raise FileRefused(_("the file has more than %(most)s characters", most=f"{LARGEST:,}"))
    yaml = YAML(typ="rt", pure=True)
    try:
        _require_plain(yaml, text)
        data = yaml.load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        said = _line(error.problem or _("it cannot be read"))
        raise FileRefused(_in_line(line, said)) from error
    except (YAMLError, ValueError) as error:
        raise FileRefused(_line(error)[:200]) from error
    if not isinstance(data, CommentedMap):
        raise FileRefused(_in_line(1, _("the file must begin with keys such as schema and code")))
    _require_storable(data)
    return data


def _line(words: object) -> str:
    """In one line, as it can be shown."""
    return " ".join(str(words).split()).encode(errors="replace").decode()


def _require_storable(node: Any) -> None:
    """Nothing that no record keeps: characters that are none, numbers beyond every amount."""
    parts = node.items() if isinstance(node, Mapping) else enumerate(node)
    for key, value in parts:
        for each in (key, value):
            if isinstance(each, str) and not _is_text(each):
                raise FileRefused(_at(node, key, _("a character that cannot be kept")))
            if isinstance(each, int | float) and not abs(each) <= LARGEST_NUMBER:
                raise FileRefused(_at(node, key, _("the number is too large")))
        if isinstance(value, Mapping | list | tuple | Set):
            _require_storable(value)


def _is_text(value: str) -> bool:
    return not re.search("[\0\ud800-\udfff]", value)


def _require_plain(yaml: YAML, text: str) -> None:
    """No anchors, no aliases, no tags, nothing deeper than a type can be."""
    depth = 0
    for event in yaml.parse(text):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            raise FileRefused(_in_line(line, _("anchors and aliases are not allowed")))
        if getattr(event, "tag", None):
            sentence = _("tags such as %(tag)s are not allowed", tag=_line(event.tag)[:60])
            raise FileRefused(_in_line(line, sentence))
        if isinstance(event, CollectionStartEvent):
            depth += 1
        elif isinstance(event, CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise FileRefused(_in_line(line, _("nested too deep")))


def _at(node: Any, key: Any, sentence: str) -> str:
    """The sentence with the line of a key, or of what it stands in."""
    try:
        line = (node.lc.key(key) if isinstance(node, CommentedMap) else node.lc.item(key))[0]
    except (AttributeError, KeyError, TypeError):
        line = getattr(getattr(node, "lc", None), "line", None) or 0
    return _in_line(line + 1, sentence)


def _in_line(line: int, sentence: str) -> str:
    return _("line %(line)s: %(sentence)s", line=line, sentence=sentence)


def _require_known(node: CommentedMap, known: Sequence[str], what: str) -> None:
    for key in node:
        if key not in known:
            sentence = _("%(place)s knows no “%(key)s”", place=what, key=key)
            raise FileRefused(_at(node, key, sentence))


def _listed(data: CommentedMap, key: str) -> CommentedSeq:
    found = data.get(key, CommentedSeq())
    if not isinstance(found, CommentedSeq):
        raise FileRefused(_at(data, key, _("%(key)s must be a list", key=key)))
    return found


def _entries(data: CommentedMap, key: str) -> Iterator[tuple[CommentedMap, str]]:
    found = _listed(data, key)
    for number, entry in enumerate(found):
        if not isinstance(entry, CommentedMap):
            sentence = _("%(place)s must have keys such as name", place=f"{key}[{number}]")
            raise FileRefused(_at(found, number, sentence))
        yield entry, f"{key}[{number}]"


def _decoded(kind: type[Any], node: CommentedMap, data: Any, way: str) -> Any:
    try:
        return decode(kind, data)
    except CannotDecode as error:
        reason = str(error)
        key = next((each for each in node if f".{each}" in reason), None)
        raise FileRefused(_at(node, key, f"{way}: {reason}")) from error


def _fields(data: CommentedMap) -> Iterator[FormField]:
    for node, way in _entries(data, "form"):
        known = [each.name for each in fields(FormField)]
        _require_known(node, known, way)
        for column, where in _entries(node, "columns"):
            _require_known(column, known, f"{way}.{where}")
            _require_plain_name(column, f"{way}.{where}", str(column.get("name", "")))
        values = {key: value for key, value in _plain(node).items() if key != "shown_when"}
        each: FormField = _decoded(FormField, node, values, way)
        _require_plain_name(node, way, each.name)
        yield each


def _with_conditions(data: CommentedMap, form: tuple[FormField, ...]) -> tuple[FormField, ...]:
    """The fields with the conditions that show them, which may speak of any field's money."""
    money, found = _money(form), []
    for each, (node, way) in zip(form, _entries(data, "form"), strict=True):
        shown = each
        if "shown_when" in node:
            condition = _condition(node, money, way, "shown_when")
            _require_values(node, condition, form, way, "shown_when")
            shown = replace(each, shown_when=condition)
        found.append(shown)
    return tuple(found)


def _require_plain_name(node: CommentedMap, way: str, name: str) -> None:
    if not name.isidentifier() or not name.isascii():
        sentence = _("%(place)s: “%(name)s” is no plain name", place=way, name=name)
        raise FileRefused(_at(node, "name", sentence))


def _policy(data: CommentedMap, form: tuple[FormField, ...]) -> Policy:
    rest = data.get("policy", CommentedMap())
    if not isinstance(rest, CommentedMap):
        sentence = _("%(place)s must have keys such as fallback", place="policy")
        raise FileRefused(_at(data, "policy", sentence))
    names = [each.name for each in fields(Policy) if each.name != "stages"]
    _require_known(rest, names, "policy")
    values = _plain(rest) | _rules(rest, "policy")
    if isinstance(rest.get("askers"), CommentedMap):
        _require_known(rest["askers"], [each.name for each in fields(Askers)], "policy.askers")
    stages = tuple(_stages(data, form))
    found: Policy = _decoded(Policy, rest, {**values, "stages": encode(stages)}, "policy")
    return found


def _stages(data: CommentedMap, form: tuple[FormField, ...]) -> Iterator[Stage]:
    money = _money(form)
    for node, way in _entries(data, "route"):
        _require_known(node, [*(each.name for each in fields(Stage)), *IN_LONG], way)
        values, elapsed = _plain(node) | _rules(node, way), node.get("elapsed") is True
        values |= _in_long_form(stage_values, _plain(node), node, WrittenPlace(text=way))
        if "remind_after" in node:
            after = node["remind_after"] if isinstance(node["remind_after"], list) else [None]
            values["remind_after"] = [_minutes(node, "remind_after", m, elapsed) for m in after]
        if "expire_after" in node:
            values["expire_after"] = _minutes(node, "expire_after", node["expire_after"], elapsed)
        if "escalate" in node:
            values["escalate"] = list(_levels(node, way, elapsed))
        if "when" in node:
            condition = _condition(node, money, way)
            _require_values(node, condition, form, way)
            values["when"] = encode(condition)
            values["condition"] = expression(condition, form)
        yield _decoded(Stage, node, values, way)


def _levels(stage: CommentedMap, way: str, elapsed: bool) -> Iterator[dict[str, Any]]:
    for node, _way in _entries(stage, "escalate"):
        _require_known(node, [each.name for each in fields(EscalationLevel)], way)
        values = _plain(node) | _rules(node, way)
        values["after"] = _minutes(node, "after", node.get("after"), elapsed)
        yield values


def _rules(node: CommentedMap, way: str) -> dict[str, list[Any]]:
    """The lists of rules that a node has, in long form; they say nothing that no rule knows."""
    known = [each.name for each in fields(ApproverRule)]
    found: dict[str, list[Any]] = {}
    for key in ("rules", "fallback", "stand_ins", "to"):
        listed = _listed(node, key)
        for number, each in enumerate(listed):
            place = WrittenPlace(text=f"{way}.{key}[{number}]", steps=(number,))
            rule = _plain(each)
            if isinstance(each, CommentedMap) and "kind" in each:
                _require_known(each, known, place.text)
            else:
                rule = _in_long_form(rule_values, rule, listed, place)
            found.setdefault(key, []).append(rule)
    return found


def _in_long_form(
    turn: Callable[[Any, WrittenPlace], dict[str, Any]],
    values: Any,
    node: CommentedMap | CommentedSeq,
    place: WrittenPlace,
) -> dict[str, Any]:
    """What values in the short form are in the long one; the steps of places lead on from a node,
    which knows the lines."""
    try:
        return turn(values, place)
    except NotShortForm as error:
        *steps, last = error.place.steps
        inner: Any = node
        for step in steps:
            inner = inner[step]
        raise FileRefused(_at(inner, last, tell(error.sentence))) from error


def _minutes(node: CommentedMap, key: str, text: Any, elapsed: bool) -> int:
    minutes = minutes_of(str(text), elapsed=elapsed)
    if minutes is None:
        sentence = _("%(key)s must be a time such as 1d, 4h or 1d 4h", key=key)
        raise FileRefused(_at(node, key, sentence))
    return minutes


def _condition(
    whole: CommentedMap, money: Mapping[str, int], way: str, key: str = "when"
) -> Condition:
    node = whole[key]
    if not isinstance(node, CommentedMap) or list(node) not in (["all"], ["any"]):
        sentence = _("%(place)s must be one of all or any, with rows", place=f"{way}.{key}")
        raise FileRefused(_at(whole, key, sentence))
    join, parts = next(iter(node.items()))
    rows: list[dict[str, Any]] = []
    groups: list[dict[str, Any]] = []
    if not isinstance(parts, CommentedSeq):
        sentence = _("%(place)s must be a list of rows", place=f"{way}.when.{join}")
        raise FileRefused(_at(node, join, sentence))
    for number, part in enumerate(parts):
        if isinstance(part, CommentedMap):
            inner, within = next(iter(part.items()), ("", None))
            if len(part) != 1 or not isinstance(within, CommentedSeq):
                sentence = _("%(place)s: a group is all or any of rows", place=f"{way}.when")
                raise FileRefused(_at(parts, number, sentence))
            inside = [_read_row(within, n, money, way) for n in range(len(within))]
            groups.append({"join": inner, "rows": inside})
        else:
            rows.append(_read_row(parts, number, money, way))
    data = {"join": join, "rows": rows, "groups": groups}
    found: Condition = _decoded(Condition, node, data, f"{way}.when")
    return found


def _require_values(
    whole: CommentedMap,
    condition: Condition,
    form: Sequence[FormField],
    way: str,
    key: str = "when",
) -> None:
    """Each row compares with a value such as its field has."""
    kinds = {each.name: each.kind for each in comparable(form)}
    for row in condition.all_rows():
        if row.comparison not in VALUELESS and not _fits(row.value, kinds.get(row.field)):
            said = {"place": f"{way}.{key}", "value": row.value, "field": row.field}
            sentence = _("%(place)s: “%(value)s” is no value of %(field)s", **said)
            raise FileRefused(_at(whole, key, sentence))


def _fits(value: int | str | None, kind: FieldKind | None) -> bool:
    if kind in (FieldKind.MONEY, FieldKind.INTEGER, FieldKind.ATTACHMENTS):
        return isinstance(value, int) and not isinstance(value, bool)
    if kind in DECIMALS:
        return exact(value) is not None
    if kind is FieldKind.YES_NO:
        return value in (YES, NO)
    if kind is not FieldKind.DATE:
        return isinstance(value, str)
    try:
        return str(date.fromisoformat(str(value))) == value
    except ValueError:
        return False


def _read_row(rows: Any, number: int, money: Mapping[str, int], way: str) -> dict[str, Any]:
    row, place = rows[number], f"{way}.when"
    is_row = isinstance(row, CommentedSeq) and 2 <= len(row) <= 3
    if not is_row or not isinstance(row[0], str) or str(row[1]) not in MEANT:
        said = {"place": place, "signs": " ".join(MEANT)}
        sentence = _(
            "%(place)s: a row is [field, comparison, value]; comparisons: %(signs)s", **said
        )
        raise FileRefused(_at(rows, number, sentence))
    value = row[2] if len(row) == 3 else None
    if value is not None and not isinstance(value, str | int | float):
        sentence = _("%(place)s: “%(value)s” is no value", place=place, value=value)
        raise FileRefused(_at(rows, number, sentence))
    if row[0] in money and value is not None:
        minor = _minor(value, money[row[0]])
        if minor is None:
            sentence = _(
                "%(place)s: “%(value)s” is no amount to the cent", place=place, value=value
            )
            raise FileRefused(_at(rows, number, sentence))
        value = minor
    return {"field": str(row[0]), "comparison": MEANT[str(row[1])].value, "value": value}


def _minor(value: object, digits: int) -> int | None:
    """An amount in its smallest units; None where it is none, or not in whole ones."""
    try:
        minor = Decimal(str(value)).scaleb(digits)
    except InvalidOperation:
        return None
    is_whole = minor.is_finite() and minor == int(minor) and abs(minor) <= LARGEST_NUMBER
    return int(minor) if is_whole else None


def _plain(value: Any) -> Any:
    """What was read without its lines and comments."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, bool) or value is None:
        return value
    for kind in (int, float):
        if isinstance(value, kind):
            return kind(value)  # without how it was written
    return str(value)


def with_ids(content: TypeContent, ids: Mapping[str, str]) -> TypeContent:
    """The content with people by their ids; `ids` by mail address in small letters, or by the id
    that a person has in the content."""

    def known(value: Any) -> Any:
        if isinstance(value, list):
            return [known(each) for each in value]
        if not isinstance(value, dict):
            return value
        found = {key: known(each) for key, each in value.items()}
        if isinstance(found.get("people"), list):
            named = (ids.get(each.lower(), each) for each in found["people"])
            found["people"] = list(dict.fromkeys(named))
        return found

    return decode(TypeContent, known(encode(content)))


# The gallery: files that come with the portal


# The language in which its files are written, beside their translations.
GALLERY_LANGUAGE = "en"
GALLERY = Path(__file__).resolve().parents[1] / "gallery"


@cache
def gallery(currency: str = "EUR") -> Mapping[str, TypeFile]:
    """Every type of the gallery by its file's name, in the order of names; amounts are in this
    currency, as many units as the files say of euros: their thresholds are examples."""
    texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted(GALLERY.glob("*.yaml"))}
    mine = f"currency: {currency}"
    found = {name: read(text.replace("currency: EUR", mine)) for name, text in texts.items()}
    return MappingProxyType(found)


def with_groups(content: TypeContent, groups: Mapping[str, str]) -> TypeContent:
    """The content with these groups, by their codes, in place of those that a file names."""

    def known(value: Any) -> Any:
        if isinstance(value, list):
            return [known(each) for each in value]
        if not isinstance(value, dict):
            return value
        found = {key: known(each) for key, each in value.items()}
        if found.get("kind") == RuleKind.GROUP.value and "levels" in found:
            found["code"] = groups.get(found["code"], found["code"])
            found["codes"] = {key: groups.get(e, e) for key, e in found["codes"].items()}
        if set(found) == {"groups", "departments"}:
            found["groups"] = [groups.get(each, each) for each in found["groups"]]
        return found

    return decode(TypeContent, known(encode(content)))
