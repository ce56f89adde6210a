"""Texts in the reader's language: marked, translated, filled in."""

import pytest
from flask import Flask
from jinja2 import Environment, select_autoescape

from portal import translation
from portal.translation import (
    END,
    ISOLATE,
    MIRRORED,
    PSEUDO,
    _,
    chosen,
    lazy,
    ngettext,
    own_value,
    speaking,
    writing_to,
)
from portal.translation.pseudo import mirrored, pseudo


def environment(html: bool) -> Environment:
    words = Environment(autoescape=select_autoescape(default_for_string=html))
    translation.install(words)
    return words


def test_english_is_as_it_was_written() -> None:
    assert _("Save changes") == "Save changes"
    assert _("Saved %(name)s", name="100%") == "Saved 100%"
    assert ngettext("%(n)s file", "%(n)s files", 2) == "2 files"


def test_the_trial_language_marks_and_lengthens() -> None:
    with speaking(PSEUDO):
        assert _("Save %(what)s <b>now</b> &amp; here", what="it") == (
            "⟦Šáávéé it <b>ñóów</b> &amp; hééréé⟧"
        )
        assert ngettext("%(n)s file", "%(n)s files", 1) == "⟦1 fííléé⟧"
    assert _("Save") == "Save"


def test_the_other_trial_language_runs_from_right_to_left() -> None:
    with speaking(MIRRORED) as found:
        assert (found.tag, found.direction) == ("ar-XB", "rtl")
        assert _("Save <b>%(what)s</b>", what="5") == f"{mirrored('Save')} <b>5</b>"


@pytest.mark.parametrize(
    ("code", "name", "is_apart"),
    [
        ("en", "Ana", False),
        ("en", "ليلى", True),
        (MIRRORED, "ليلى", False),
        (MIRRORED, "Ana", True),
    ],
)
def test_a_name_against_the_direction_does_not_turn_its_sentence(
    code: str, name: str, is_apart: bool
) -> None:
    with speaking(code):
        text = _("%(name)s (%(n)s)", name=name, n=3)
        assert text == (f"{ISOLATE}{name}{END} (3)" if is_apart else f"{name} (3)")


def test_a_lazy_text_is_translated_when_it_is_read() -> None:
    label = lazy("Title")
    assert label == "Title"
    with speaking(PSEUDO):
        assert str(label) == pseudo("Title")


@pytest.mark.parametrize(("html", "name"), [(True, "&lt;Ana&gt;"), (False, "<Ana>")])
def test_templates_escape_values_and_not_messages(html: bool, name: str) -> None:
    words = environment(html).from_string(
        '{{ _("<i>For</i> %(name)s", name=name) }} {% trans name %}\n By {{ name }}\n{% endtrans %}'
        "{% trans n=count %} {{ n }} file{% pluralize %} {{ n }} files{% endtrans %}"
    )
    expected = f"<i>For</i> {name} By {name}2 files"
    assert words.render(name="<Ana>", count=2) == expected


def test_percent_signs() -> None:
    words = environment(html=True).from_string('{{ _("100 %") }}{% trans %} 100 %{% endtrans %}')
    assert words.render() == "100 %100 %"


@pytest.mark.parametrize(
    ("wished", "accepted", "offered", "code"),
    [
        ("de", ["id"], ("en", "de", "id"), "de"),
        ("fr", ["id"], ("en", "de", "id"), "id"),
        (None, ["de-AT", "en"], ("en", "de"), "de"),
        (None, ["fr"], ("id", "en"), "id"),
        ("en", ["en"], (PSEUDO,), PSEUDO),
        (None, ["en"], (PSEUDO, "en"), PSEUDO),
    ],
)
def test_whose_language(
    wished: str | None, accepted: list[str], offered: tuple[str, ...], code: str
) -> None:
    assert chosen(wished, accepted, offered) == code


@pytest.mark.parametrize(
    ("wished", "offered", "code"),
    [("en", (PSEUDO, "en"), "en"), ("", (PSEUDO, "en"), PSEUDO), ("xx", ("en",), "en")],
)
def test_a_mail_is_in_its_readers_language_or_the_organisations(
    wished: str, offered: tuple[str, ...], code: str
) -> None:
    with writing_to(wished, offered) as found:
        assert found.code == code


def test_a_request_is_answered_in_its_readers_language() -> None:
    app = Flask("small")
    translation.register(app, ("en", PSEUDO), lambda: PSEUDO)
    app.add_url_rule("/", view_func=lambda: _("Hello"))
    assert app.test_client().get("/").text == pseudo("Hello")
    assert _("Hello") == "Hello"


@pytest.mark.parametrize(
    ("code", "kept", "words"),
    [
        ("de", "2026-12-04", "Fr., 4. Dez. 2026"),
        ("id", "2026-12-04T15:30", "Jum, 4 Des 2026 pukul 15.30"),
        ("en", "2026-12-04T15:30", "2026-12-04T15:30"),  # the domain says it
        ("de", "Fri 4 Dec 2026", "Fri 4 Dec 2026"),  # as older versions kept it
    ],
)
def test_the_day_that_a_reason_keeps(code: str, kept: str, words: str) -> None:
    with speaking(code):
        assert own_value("until", kept) == words
        assert own_value("name", kept) == kept
