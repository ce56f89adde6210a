"""The language of a text: marked where it is written in English, translated where it is shown.

`_("Save changes")` and `ngettext("%(n)s file", "%(n)s files", n)` translate at once, into the
language of the request or of the mail that is being written. `lazy` is for texts that are written
before a reader is known, such as a form's labels. The domain only marks its texts (`msgid`); who
shows one passes it through `_`. Templates have the same functions and `{% trans %}`.

A message may hold `%(name)s`; values are given by name. Where values are given, a percent sign is
written `%%`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import cache, cached_property
from gettext import NullTranslations
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from babel import Locale, UnknownLocaleError, negotiate_locale
from babel.dates import format_skeleton
from babel.support import Translations
from jinja2 import Environment, pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from portal.translation.pseudo import (
    MIRRORED,
    PSEUDO,
    TRIALS,
    MirroredTranslations,
    PseudoTranslations,
)

if TYPE_CHECKING:
    from flask import Flask

CATALOGUES = Path(__file__).resolve().parent / "catalogues"
DOMAIN = "portal"
SOURCE = "en"
# The languages whose catalogues are complete: offered where `LANGUAGES` says nothing, and
# ./scripts/check fails on a text of theirs that is missing. Beside them stands what is begun.
SHIPPED: tuple[str, ...] = ("de", "id")
# English as it is written in the source is British; its names of months are the short ones of "en".
LOCALES = {SOURCE: "en", PSEUDO: "en", MIRRORED: "ar"}
TAGS = {SOURCE: "en-GB"}


def tag(code: str) -> str:
    """A language's code as HTML and mail headers name it: `en-GB`."""
    return TAGS.get(code) or code.replace("_", "-")


class Language:
    """A language that people read: its catalogue, and Babel's locale for dates and numbers."""

    def __init__(self, code: str, catalogue: NullTranslations) -> None:
        self.code = code
        self.locale = Locale.parse(LOCALES.get(code, code))
        self._catalogue = catalogue
        self._texts: dict[str, str] = {}
        self._markup: dict[str, Markup] = {}

    @property
    def tag(self) -> str:
        """The language as HTML and mail headers name it: `en-GB`."""
        return tag(self.code)

    @property
    def is_english(self) -> bool:
        """Whether times and amounts stand as they are written in the source."""
        return self.locale.language == SOURCE

    @cached_property
    def direction(self) -> str:
        """`ltr` or `rtl`."""
        return str(self.locale.text_direction)

    def text(self, message: str) -> str:
        """The message in this language, in English where the catalogue has none."""
        found = self._texts.get(message)
        if found is None:
            found = self._texts[message] = self._catalogue.gettext(message)
        return found

    def plural(self, one: str, many: str, number: int) -> str:
        """The form of a message that stands with this number."""
        english = one if number == 1 else many
        if self.code == SOURCE:
            return english
        # A catalogue that is not complete has empty forms.
        return self._catalogue.ngettext(one, many, number) or english

    def markup(self, message: str) -> Markup:
        """The message for HTML. Messages are ours: what they hold of HTML is meant."""
        found = self._markup.get(message)
        if found is None:
            found = self._markup[message] = Markup(self.text(message))  # noqa: S704
        return found


@cache
def language(code: str) -> Language:
    """A language by its code, such as `en`; raises LookupError where no catalogue has it."""
    if code == SOURCE:
        return Language(code, NullTranslations())
    if code == PSEUDO:
        return Language(code, PseudoTranslations())
    if code == MIRRORED:
        return Language(code, MirroredTranslations())
    found = Translations.load(str(CATALOGUES), [code], DOMAIN)
    if not isinstance(found, Translations):
        raise LookupError(code)
    return Language(code, found)


# A language, or how to find it out when the first text is written: many answers have none.
_current: ContextVar[Language | Callable[[], Language] | None] = ContextVar(
    "language", default=None
)


_ENGLISH = language(SOURCE)


# Programs are told what administrators wrote, not what it is in other languages.
_is_program: ContextVar[bool] = ContextVar("is_program", default=False)


def reader_code() -> str | None:
    """The language of whoever reads what is written now; None where nobody, or a program, does."""
    return None if _current.get() is None or _is_program.get() else current().code


@contextmanager
def to_a_program() -> Iterator[None]:
    """What is written inside the block is read by a program."""
    token = _is_program.set(True)
    try:
        yield
    finally:
        _is_program.reset(token)


def language_name(code: str) -> str:
    """A language in its own words; an unknown one is its code."""
    try:
        name = Locale.parse(code, sep="-" if "-" in code else "_").get_display_name() or code
        return name[:1].upper() + name[1:]
    except (UnknownLocaleError, ValueError):
        return code


def current() -> Language:
    """The language that is being written now."""
    found = _current.get()
    if found is None:
        return _ENGLISH
    if not isinstance(found, Language):
        found = found()
        _current.set(found)
    return found


@contextmanager
def speaking(code: str) -> Iterator[Language]:
    """Write in this language inside the block: a mail, a message. English where there is none."""
    try:
        found = language(code)
    except LookupError:
        found = language(SOURCE)
    token = _current.set(found)
    try:
        yield found
    finally:
        _current.reset(token)


def writing_to(wished: str | None, offered: tuple[str, ...]) -> AbstractContextManager[Language]:
    """Write in the language of somebody who does not ask just now: their own, else the first."""
    return speaking(chosen(wished, (), offered))


def in_order(usual: str, offered: tuple[str, ...]) -> tuple[str, ...]:
    """The languages with the organisation's usual one first, where it is offered."""
    if usual not in offered or offered[0] in TRIALS:
        return offered
    return (usual, *(code for code in offered if code != usual))


def chosen(
    wished: str | None,
    accepted: Iterable[str],
    offered: tuple[str, ...],
    usual: Callable[[], str] = str,
) -> str:
    """A code among `offered`: the person's own, else what the browser asks for, else the
    organisation's `usual` one, else the first."""
    if wished and wished in offered:
        return wished
    real = [code for code in offered if code not in TRIALS]
    found = negotiate_locale([tag.replace("-", "_") for tag in accepted], real)
    if found in real and offered[0] not in TRIALS:
        return found
    return offered[0] if len(offered) == 1 else in_order(usual(), offered)[0]


# What `register` was given, among the application's extensions.
_OFFERED = "languages"


def offered_here() -> tuple[str, ...]:
    """The languages that the application offers."""
    from flask import current_app

    offered: tuple[str, ...] = current_app.extensions[_OFFERED]
    return offered


# A name in letters that run the other way would turn what stands beside it (Unicode's annex 9).
_RUNS_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_RUNS_RIGHT = re.compile("[A-Za-z\u00c0-\u024f]")
ISOLATE, END = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"


def _apart(variables: dict[str, Any]) -> dict[str, Any]:
    """The values, those apart from the sentence that run against its direction."""
    against = _RUNS_LEFT if current().direction == "ltr" else _RUNS_RIGHT
    return {
        name: type(value)(f"{ISOLATE}{value}{END}")
        if type(value) in (str, Markup) and against.search(value)
        else value
        for name, value in variables.items()
    }


def bare(text: str) -> str:
    """The text for programs, without the signs that set a value apart."""
    return text.replace(ISOLATE, "").replace(END, "")


def _(message: str, **variables: Any) -> str:
    """The message in the language of the reader, with the values in their places."""
    text = current().text(message)
    return text % _apart(variables) if variables else text.replace("%%", "%")


def ngettext(one: str, many: str, number: int, **variables: Any) -> str:
    """The same for a message that depends on a number, which stands in it as `%(n)s`."""
    values = _apart(variables) if variables else {}
    return current().plural(one, many, number) % {"n": number, **values}


class Marked(Protocol):
    """A text that the domain marked, with its values: `portal.domain.marked.Sentence`."""

    @property
    def text(self) -> str:
        """The marked text."""

    @property
    def values(self) -> dict[str, Any]:
        """What stands in its places; some may be marked texts themselves."""


def tell(sentence: Marked) -> str:
    """A sentence of the domain in the language of the reader."""
    values = {name: _as_told(name, value) for name, value in sentence.values.items()}
    return _(sentence.text, **values)


def _as_told(name: str, value: Any) -> Any:
    """A value of a sentence: one that is marked itself, the code of a `language`, or as it is."""
    if hasattr(value, "text") and hasattr(value, "values"):
        return tell(value)
    return language_name(value) if name == "language" else value


# What administrators wrote, in the reader's language: `own("Finance")` is the translation that the
# version of the request type keeps, or the text itself. `showing_own(words)` says of which version:
# a page is about one request, a mail too. Lists name the version of each row
# (`portal.queries.own_texts`). Programs are told the originals.
NO_OWN: Mapping[str, str] = MappingProxyType({})
_own_words: ContextVar[Mapping[str, str]] = ContextVar("own_texts", default=NO_OWN)
# Values of marked texts that an administrator wrote, by the name under which they stand there.
OWN_NAMED = frozenset({"stage", "condition", "rule", "message"})


def own(text: str) -> str:
    """A text of the version that is shown, in the reader's language where it says it in it."""
    return _own_words.get().get(text, text)


def own_value(name: str, value: str) -> str:
    """A value of a marked text; `label` is a rule's, in brackets, `until` a day or a moment, which
    the domain says in English itself."""
    if name == "until" and not current().is_english:
        return _said(value)
    if name == "label" and value.startswith(" (") and value.endswith(")"):
        return f" ({own(value[2:-1])})"
    return own(value) if name in OWN_NAMED else value


def _said(kept: str) -> str:
    """A day, or a moment of it, as ISO 8601 has it; older ones are words already."""
    try:
        at = datetime.fromisoformat(kept)
    except ValueError:
        return kept
    day = format_skeleton("yMMMEd", at, locale=current().locale)
    if "T" not in kept:
        return day
    clock = format_skeleton("Hm", at, locale=current().locale)
    return _("%(day)s at %(time)s", day=day, time=clock)


def show_own(words: Mapping[str, str]) -> None:
    """Say the texts of one version in these words, until the request ends or others are named."""
    _own_words.set(words)


@contextmanager
def showing_own(words: Mapping[str, str]) -> Iterator[None]:
    """The same inside a block: a mail, a message."""
    token = _own_words.set(words)
    try:
        yield
    finally:
        _own_words.reset(token)


class LazyText:
    """A marked text that is translated each time it is read."""

    __slots__ = ("message",)

    def __init__(self, message: str) -> None:
        self.message = message

    def __str__(self) -> str:
        return _(self.message)

    def __repr__(self) -> str:
        return f"lazy({self.message!r})"

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other)

    def __hash__(self) -> int:
        return hash(self.message)

    def __mod__(self, values: Any) -> str:
        return str(current().text(self.message) % values)

    def format(self, *values: Any, **named: Any) -> str:
        """The text with values in its `{places}`."""
        return str(self).format(*values, **named)

    def __bool__(self) -> bool:
        return bool(self.message)


def lazy(message: str) -> Any:
    """A text that stands in a form or a table of constants, translated when it is shown."""
    return LazyText(message)


@pass_eval_context
def _template_text(context: EvalContext, message: str, /, **variables: Any) -> str:
    if not context.autoescape:
        return _(message, **variables)
    text = current().markup(message)
    return (
        text % _apart(variables) if variables else text.replace("%%", "%") if "%" in text else text
    )


@pass_eval_context
def _template_plural(
    context: EvalContext, one: str, many: str, number: int, /, **variables: Any
) -> str:
    variables.setdefault("num", number)
    text = current().plural(one, many, number)
    if context.autoescape:
        return Markup(text) % {"n": number, **_apart(variables)}  # noqa: S704 - as Language.markup
    return text % {"n": number, **_apart(variables)}


def install(templates: Environment) -> None:
    """Teach templates `_`, `ngettext` and `{% trans %}` (white space in it counts as one space)."""
    templates.add_extension("jinja2.ext.i18n")
    templates.policies["ext.i18n.trimmed"] = True
    templates.newstyle_gettext = True  # type: ignore[attr-defined]  # the extension's attribute
    templates.globals.update(
        _=_template_text, gettext=_template_text, ngettext=_template_plural, language=current
    )


def register(
    app: "Flask",
    offered: tuple[str, ...],
    source: Callable[[], str | None],
    usual: Callable[[], str] = str,
) -> None:
    """Answer every request in its reader's language, one of `offered`. `source` is asked for the
    person's own choice, and says None for visitors; `usual` for the organisation's, where neither
    they nor their browser say."""
    from flask import g, request

    for code in offered:
        language(code)
    app.extensions[_OFFERED] = offered

    def choose() -> Language:
        return language(chosen(source(), request.accept_languages.values(), offered, usual))

    @app.before_request
    def begin() -> None:
        g.language_token = _current.set(choose)
        show_own(NO_OWN)

    @app.teardown_request
    def forget(_error: BaseException | None) -> None:
        if token := g.pop("language_token", None):
            _current.reset(token)
