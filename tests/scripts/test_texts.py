"""The check that finds texts which no translation reaches."""

import pytest

from scripts.local.texts import put_together, unmarked, unmarked_in_python


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>Hello there</p>", ["Hello there"]),
        ('<p>{{ _("Hello there") }}</p>', []),
        ("<p>{% trans n=1 %}{{ n }} file{% pluralize %}{{ n }} files{% endtrans %}</p>", []),
        ('<input placeholder="Search here">', ["Search here"]),
        ('<p class="two words">{{ person.name }}</p>', []),
        ('{{ button("Send back", "secondary") }}', ["Send back"]),
        ('{{ button(_("Send back"), "secondary") }}', []),
        ('{% if state == "On hold" %}{% endif %}', []),
        ("<p>{{ count }} of {{ all }} done</p>", ["of", "done"]),
    ],
)
def test_what_is_not_marked_is_found(source: str, found: list[str]) -> None:
    assert unmarked(source) == found


def test_plain_mails_are_looked_at_as_well() -> None:
    assert unmarked("Amount: {{ amount }}", html=False) == ["Amount:"]


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ('_(f"Hello {name}")', [1]),
        ('x = 1\nlazy("Hello " + name)', [2]),
        ('_("Hello %(name)s", name=f"{x}")', []),
        ("_(sentence)", []),
    ],
)
def test_a_text_that_is_put_together_is_found(source: str, lines: list[int]) -> None:
    assert put_together(source) == lines


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('flash("Settings saved.", "success")', [(1, "Settings saved.")]),
        ('flash(_("Settings saved."), "success")', []),
        ('name = StringField("Your name")', [(1, "Your name")]),
        ('name = StringField(lazy("Your name"), description="How it is said")',
         [(1, "How it is said")]),
        ('raise FileRefused(f"line {n}: nested too deep")', [(1, "line   : nested too deep")]),
        ('raise TypeRefused("no such key " + key)', [(1, "no such key ")]),
        ("raise TypeRefused(problem)", []),
        ('Choice(title=msgid("On hold"), code="on hold or not")', []),
        ('log.info("a line of the log")', []),
    ],
)  # fmt: skip
def test_words_of_python_that_nobody_marked_are_found(
    source: str, found: list[tuple[int, str]]
) -> None:
    assert unmarked_in_python(source) == found
