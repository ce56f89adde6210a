"""The texts of a request type's version in the reader's language.

A published version never changes, so each process reads its translations once, and so it does with
conditions that name nobody. Lists need translations only; who shows a form, a route or reasons says
conditions, too, by what their rows say.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import select

from portal.domain.codec import decode
from portal.domain.folding import folded
from portal.domain.policy.forms import FormField
from portal.domain.policy.translations import Translations, field_in, words_in
from portal.domain.policy.types import TypeContent
from portal.extensions import db
from portal.models import PolicyVersion
from portal.presentation.conditions import conditional, mentioned, said_by
from portal.queries.people import names_of
from portal.translation import NO_OWN, reader_code, show_own

Read = TypeVar("Read", bound=Any)

_known: dict[str, Translations] = {}
_forms: dict[str, tuple[FormField, ...]] = {}
_words: dict[tuple[str, str], Mapping[str, str]] = {}
_whole: dict[tuple[str, str], Mapping[str, str]] = {}
# Versions with conditions in rows; None for those without.
_contents: dict[str, TypeContent | None] = {}


def words_of(version_id: str | None) -> Mapping[str, str]:
    """What a version says in the reader's language, by the original; nothing for programs, and for
    those who read the originals."""
    code = reader_code()
    if version_id is None or code is None:
        return NO_OWN
    found = _words.get((version_id, code))
    if found is None:
        found = _words[version_id, code] = words_in(_translations(version_id), code) or NO_OWN
    return found


def all_words_of(version_id: str | None) -> Mapping[str, str]:
    """The same with what the rows of its conditions say, by the sentence that is kept of each."""
    code = reader_code()
    if version_id is None or code is None:
        return NO_OWN
    content = _conditional(version_id)
    if content is None:
        return words_of(version_id)
    known = _whole.get((version_id, code))
    if known is None:
        named = mentioned(content)
        known = {**words_of(version_id), **said_by(content, code, names_of(named))}
        if not named:  # whoever is named may be called otherwise tomorrow
            _whole[version_id, code] = known
    return known


def told(version_id: str | None, text: str) -> str:
    """One text of a version."""
    return words_of(version_id).get(text, text)


def as_read(record: Read, *names: str) -> Read:
    """A record with a `policy_version_id`, its texts of these names as the reader reads them."""
    words = words_of(record.policy_version_id)
    if not words:
        return record
    texts = {name: words.get(text, text) for name in names if (text := getattr(record, name))}
    return replace(record, **texts)


def in_order(names: Mapping[str, str]) -> dict[str, str]:
    """Names by their codes, in the order of the names as the reader reads them."""
    return dict(sorted(names.items(), key=lambda each: (folded(each[1]), each[1])))


def by_name(records: Iterable[Read]) -> tuple[Read, ...]:
    """Records in the order of their names as the reader reads them."""
    return tuple(sorted(records, key=lambda each: (folded(each.name), each.name)))


def say_of(version_id: str | None) -> Callable[[str], str]:
    """How a version says each of its texts."""
    words = words_of(version_id)
    return lambda text: words.get(text, text)


def form_of(version_id: str | None, form: tuple[FormField, ...]) -> tuple[FormField, ...]:
    """A version's form as the reader reads it."""
    depends = any(each.shown_when for each in form)
    words = all_words_of(version_id) if depends else words_of(version_id)
    if not words:
        return form
    return tuple(field_in(each, lambda text: words.get(text, text)) for each in form)


def forms_of(version_ids: Iterable[str]) -> dict[str, tuple[FormField, ...]]:
    """The forms of versions as the reader reads them."""
    wanted = list(version_ids)
    if lacking := [each for each in wanted if each not in _forms]:
        rows = select(PolicyVersion.id, PolicyVersion.form).where(PolicyVersion.id.in_(lacking))
        for key, form in db.session.execute(rows):
            _forms[key] = tuple(decode(FormField, each) for each in form)
    return {each: form_of(each, _forms.get(each, ())) for each in wanted}


def show_version(version_id: str) -> None:
    """The page of a request says what its version says in the reader's language."""
    show_own(all_words_of(version_id))


def _translations(version_id: str) -> Translations:
    """One statement for all versions that are not known yet: a list may be about many."""
    if version_id not in _known:
        rows = select(PolicyVersion.id, PolicyVersion.translations)
        rows = rows.where(PolicyVersion.id.not_in(list(_known))) if _known else rows
        _known.update({row.id: row.translations for row in db.session.execute(rows)})
    return _known.get(version_id, {})


def _conditional(version_id: str) -> TypeContent | None:
    if version_id not in _contents:
        columns = PolicyVersion.form, PolicyVersion.definition
        row = db.session.execute(select(*columns).where(PolicyVersion.id == version_id)).one()
        said = _translations(version_id)
        _contents[version_id] = conditional(row.form, row.definition, said)
    return _contents[version_id]
