"""A draft's texts in other languages: one page, a row for each text, the original beside."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

from flask import request, url_for
from flask.typing import ResponseReturnValue

from portal.domain.people.organisation import OrganisationPart
from portal.domain.people.permissions import Permission
from portal.domain.policy.translations import LONGEST_TRANSLATION
from portal.domain.policy.types import TypeContent
from portal.forms.fields import storable
from portal.pages.admin import blueprint
from portal.pages.admin.types import after_edit, drafted, found, page
from portal.presenters.types import part_words
from portal.queries.request_types import AdminType
from portal.security.guards import requires
from portal.security.sessions import current_settings
from portal.services import organisation_settings
from portal.translation import _, in_order, language_name, tag
from portal.translation.pseudo import TRIALS

# What is longer is typed in several lines.
ONE_LINE = 70


@dataclass(frozen=True, slots=True)
class TextRow:
    """A text of the draft. `name`: of its input; `typed`: its translation as it stands there."""

    name: str
    text: str
    what: str
    typed: str
    is_long: bool
    error: str = ""


@dataclass(frozen=True, slots=True)
class LanguageTab:
    """A language to translate into, and how many of the texts it has."""

    code: str
    words: str
    done: int


@blueprint.get("/admin/types/<code>/draft/languages")
@requires(Permission.EDIT_TYPES)
def show_type_languages(code: str) -> ResponseReturnValue:
    """Every text of the draft with what it is in one language."""
    kind, draft = drafted(code)
    return _page(kind, rows_of(draft.content, _language(draft.content), {}))


@blueprint.post("/admin/types/<code>/draft/languages")
@requires(Permission.EDIT_TYPES)
def change_type_languages(code: str) -> ResponseReturnValue:
    """Keep the translations of one language; an empty one takes it back."""
    kind, draft = drafted(code)
    locale = _language(draft.content)
    given = {name: storable(text).strip() for name, text in request.form.items()}
    rows = rows_of(draft.content, locale, given)
    if any(row.error for row in rows):
        return _page(kind, rows, 422)
    here = url_for(".show_type_languages", code=code, language=locale)

    def again(told: list[str]) -> ResponseReturnValue:
        now, newer = drafted(code)
        return _page(now, rows_of(newer.content, locale, given), 409, told)

    return after_edit(kind, lambda content: _said(content, locale, given), again, here)


def rows_of(content: TypeContent, locale: str, given: Mapping[str, str]) -> list[TextRow]:
    """The texts in the order of the form and the route; what was `given` stands as it was typed."""
    return [_row(content, locale, given, each.text, part_words(each)) for each in content.texts]


def _row(
    content: TypeContent, locale: str, given: Mapping[str, str], text: str, what: str
) -> TextRow:
    name = name_of(text)
    typed = given.get(name, content.translations.get(text, {}).get(locale, ""))
    too_long = len(typed) > LONGEST_TRANSLATION
    error = _("Use at most %(most)s characters.", most=f"{LONGEST_TRANSLATION:,}")
    is_long = max(len(text), len(typed)) > ONE_LINE or "\n" in text
    return TextRow(name, text, what, typed, is_long, error if too_long else "")


def name_of(text: str) -> str:
    """The input of a text: the same wherever it stands, so that a moved row loses nothing."""
    return f"t_{sha256(text.encode()).hexdigest()[:16]}"


def _said(content: TypeContent, locale: str, given: Mapping[str, str]) -> TypeContent:
    said = {text: dict(by) for text, by in content.translations.items()}
    for each in content.texts:
        words = given.get(name_of(each.text))
        if words is not None:
            said[each.text] = {**said.get(each.text, {}), locale: words}
    kept = {text: {k: w for k, w in by.items() if w} for text, by in said.items()}
    return replace(content, translations={text: by for text, by in kept.items() if by})


def _language(content: TypeContent) -> str:
    """The language that the page is about: the one asked for, else one that was begun, else one
    that is not the organisation's."""
    offered = [each for each in current_settings().languages if each not in TRIALS]
    usual = organisation_settings.current(OrganisationPart.DEFAULTS)["locale"]
    others = list(in_order(usual, tuple(offered)))[1:] or offered
    begun = {code for by in content.translations.values() for code in by}
    asked = request.values.get("language", "")
    first = next((each for each in others if each in begun), (others or [""])[0])
    return asked if asked in {*offered, *begun} else first


def _page(
    kind: AdminType, rows: list[TextRow], status: int = 200, told: list[str] | None = None
) -> ResponseReturnValue:
    draft = kind.draft or found(kind.code).draft
    assert draft is not None
    content, locale = draft.content, _language(draft.content)
    offered = [each for each in current_settings().languages if each not in TRIALS]
    begun = {code for by in content.translations.values() for code in by}
    tabs = [
        LanguageTab(each, language_name(each), _done(content, each))
        for each in dict.fromkeys((*offered, *sorted(begun)))
    ]
    return page(
        "languages", kind, status, rows=rows, tabs=tabs, locale=locale, tag=tag(locale),
        spoken=language_name(locale), told=told or [],
    )  # fmt: skip


def _done(content: TypeContent, locale: str) -> int:
    return sum(bool(content.translations.get(e.text, {}).get(locale)) for e in content.texts)
