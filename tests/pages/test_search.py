"""Search: what it finds, what it forgives, and what it keeps from whom."""

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import update

from portal.domain.codec import encode
from portal.domain.policy.forms import Choice, FieldKind, FormField
from portal.domain.request.commands import Comment
from portal.domain.request.state import Approval, Content
from portal.extensions import db
from portal.models import PolicyVersion, Request, User
from portal.models.columns import new_id
from tests.asking import insert_type
from tests.clients import PageClient, sign_in
from tests.in_process import InProcess, submit
from tests.web import People

WORDS = "A Müller spectrometer for the laboratory"


@pytest.fixture
def asked(process: InProcess, people: People, kind: dict[str, str]) -> Approval:
    """Ana's request, which waits for Ben; she has commented on it."""
    fields = {"amount": 12_000, "reason": "The façade of the old one crumbles.", "offers": []}
    content = Content(title=WORDS, fields=fields, amount=12_000, currency="EUR")
    state = process.give(submit(kind, people, content=content))
    said = Comment(
        command_id=new_id(), request_id=state.request_id, actor_id=people.ana,
        at=datetime.now(UTC), comment="The <b>vestibule</b> is too narrow for Zoë's crane.",
    )  # fmt: skip
    return process.give(said)


@pytest.fixture
def ana(client: PageClient, people: People, asked: Approval) -> PageClient:
    sign_in(client, people.ana)
    return client


@pytest.mark.parametrize(
    "query",
    [
        "spectrometer", "SPECTRO", "CH-1001", "1001", "muller", "MÜLLER lab", "facade", "ana exam",
        "ch1001", "ch 1001", "120", "120.00", "€120,00", "ben",
        "Ben Exámple spectro", "mu\u0308ller",
    ],
)  # fmt: skip
def test_requests_are_found_by_all_their_words(ana: PageClient, query: str) -> None:
    page = ana.get_page(f"/search?q={quote(query)}")
    assert "/requests/CH-1001" in page.links
    assert "Showing similar results" not in page.text


def test_a_type_is_found_by_its_name_in_the_readers_language(
    ana: PageClient, app: Flask, people: People
) -> None:
    with app.app_context():
        said = {"Chairs": {"de": "Stühle"}}
        db.session.execute(update(PolicyVersion).values(translations=said))
        db.session.execute(update(User).values(locale="de"))
        db.session.commit()
    ben = PageClient(app)
    sign_in(ben, people.ben)
    for who, query, found in (
        (ana, "/search?q=Stühle", True), (ana, "/search?q=stuhle+spectro", True),
        (ana, "/search?q=stuhle+zeppelin", False), (ben, "/inbox?q=stuhle+ana", True),
        (ben, "/inbox?q=Chairs", True), (ben, "/inbox?q=Sofas", False),
    ):  # fmt: skip
        assert any("CH-1001" in link for link in who.get_page(query).links) is found, query
    assert "Stühle" in ana.get_page("/history").text


@pytest.fixture
def walls(app: Flask, people: People, process: InProcess) -> None:
    """Two requests of Ana, who reads German, with an option each."""
    labels = {"r-1": "Dark red", "blau": "Deep blue", "gr_n": "Green"}
    colours = tuple(Choice(value=value, label=label) for value, label in labels.items())
    form = (FormField(name="paint", label="Paint colour", kind=FieldKind.CHOICE, choices=colours),)
    said = {"Paint colour": {"de": "Anstrich"}, "Dark red": {"de": "Dunkelröte"}}
    with app.app_context():
        kind = insert_type("walls", form=encode(form))
        db.session.execute(update(PolicyVersion).values(translations=said))
        db.session.execute(update(User).where(User.id == people.ana).values(locale="de"))
        db.session.commit()
    for number, paint in (("WA-1", "r-1"), ("WA-2", "gr_n")):
        content = Content(title="A wall", fields={"paint": paint})
        process.give(submit(kind, people, number=number, content=content, type_code="walls"))


def test_fields_and_options_are_found_by_their_names_in_the_readers_language(
    app: Flask, people: People, walls: None
) -> None:
    ana, adam = PageClient(app), PageClient(app)
    sign_in(ana, people.ana)
    sign_in(adam, people.adam)

    def found(who: PageClient, address: str) -> str:
        links = who.get_page(address).links
        return "".join(sorted({each[-1] for each in links if each.startswith("/requests/WA-")}))

    for words, german, english in (
        ("dunkelrote", "1", ""), ("DUNKEL wall", "1", ""), ("dark red", "1", "1"),
        ("green", "2", "2"), ("dark zeppelin", "", ""), ("blue", "", ""),
        ("Anstrich dunkelrote", "1", ""), ("anstrich", "12", ""), ("anstrich zeppelin", "", ""),
        ("paint colour green", "2", "2"), ("paint colour", "12", "12"), ("colour", "", ""),
    ):  # fmt: skip
        assert found(ana, f"/search?q={quote(words)}") == german, words
        assert found(adam, f"/search?q={quote(words)}") == english, words
    assert found(ana, "/history?text=dunkelr%C3%B6te") == "1"
    assert found(adam, "/history?text=dunkelr%C3%B6te") == ""


@pytest.mark.parametrize(
    "query", ["spectromter", "labratory", "Mullar", "crumbels", "Exampel", "spctrometer labo"]
)
def test_slips_are_forgiven_and_said(ana: PageClient, query: str) -> None:
    page = ana.get_page(f"/search?q={quote(query)}")
    assert "/requests/CH-1001" in page.links
    assert "Showing similar results" in page.text


def test_a_name_is_not_answered_with_one_alike(
    ana: PageClient, app: Flask, people: People, process: InProcess, kind: dict[str, str]
) -> None:
    process.give(submit(kind, people, number="CH-1002", title="Desk for Martin"))
    with app.app_context():
        db.session.execute(update(User).where(User.id == people.ben).values(name="Marta Ruiz"))
        db.session.commit()
    page = ana.get_page("/search?q=Marta")
    assert "/requests/CH-1001" in page.links
    assert "Showing similar results" not in page.text
    found = ana.get_page("/search?q=marta+desk")
    assert "/requests/CH-1002" in found.links
    assert "/requests/CH-1001" not in found.links


@pytest.mark.parametrize("query", ["vestibule", "zoe", "VESTI narrow", "vestibul"])
def test_comments_are_found(ana: PageClient, query: str) -> None:
    page = ana.get_page(f"/search?in=comments&q={quote(query)}")
    assert "/requests/CH-1001" in page.links
    assert "<b>" not in page.response.text
    assert "&lt;b&gt;" in page.response.text


def test_slips_in_comments_are_forgiven(ana: PageClient) -> None:
    page = ana.get_page("/search?in=comments&q=vestibuel")
    assert "Showing similar results" in page.text
    assert "vestibule" in page.text


def test_the_hit_is_marked(ana: PageClient) -> None:
    assert "<mark>façade</mark>" in ana.get_page("/search?q=facade").response.text


@pytest.mark.parametrize("query", ["spectrometer", "spectromter", "CH-1001", "facade"])
@pytest.mark.parametrize("within", ["", "&in=comments"])
def test_nothing_of_others_is_found(
    client: PageClient, people: People, asked: Approval, query: str, within: str
) -> None:
    sign_in(client, people.eve)
    for words in (query, "vestibule", "vestibuel"):
        page = client.get_page(f"/search?q={quote(words)}{within}")
        assert "/requests/CH-1001" not in page.links
        assert "No results" in page.text


@pytest.mark.parametrize("who", ["ben", "olga", "adam"])
def test_whoever_may_see_it_finds_it(
    client: PageClient, people: People, asked: Approval, who: str
) -> None:
    sign_in(client, getattr(people, who))
    for query in ("q=spectrometer", "q=spectromter", "in=comments&q=crane"):
        assert "/requests/CH-1001" in client.get_page(f"/search?{query}").links


@pytest.mark.parametrize(
    "query",
    [
        "", "q=", "q=a", "q=%27", "q=%27%3B+DROP+TABLE", "q=%25", "q=%3A*+%26+%21",
        "q=" + "x" * 5000,
        "q=%F0%9F%AA%91", "q=oak&before=x&after=y", "q=oak&in=comments&before=x", "q=%5C%5C",
        "q=oak&in=nowhere", "q=%E2%80%AEabc", "q=abcd+" * 30,
    ],
)  # fmt: skip
def test_odd_questions_are_answered(ana: PageClient, query: str) -> None:
    assert ana.get(f"/search?{query}").status_code == 200


def test_a_changed_title_is_found_by_its_new_words(
    ana: PageClient, asked: Approval, app: Flask
) -> None:
    with app.app_context():
        mine = update(Request).where(Request.id == asked.request_id)
        db.session.execute(mine.values(title="A telescope"))
        db.session.commit()
    assert "/requests/CH-1001" in ana.get_page("/search?q=telescope").links
