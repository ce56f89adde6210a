"""Finding people by what was typed."""

import pytest
from flask import Flask
from sqlalchemy import insert, update

from portal.extensions import db
from portal.models import Department, User
from portal.models.columns import new_id
from portal.queries import history, staff
from portal.queries import people as found
from tests.web import People


@pytest.fixture
def twins(app: Flask, people: People) -> People:
    """Eve is called Ana too now, in a department of her own."""
    department = new_id()
    with app.app_context():
        db.session.execute(insert(Department).values(id=department, code="IT", name="IT, North"))
        eve = update(User).where(User.id == people.eve)
        db.session.execute(eve.values(name="Ana Example", department_id=department))
        db.session.commit()
    return people


@pytest.mark.parametrize("text", ["Ben Example", " ben  example ", "Ben Example, Finance"])
def test_a_name_or_a_label_is_enough(app: Flask, people: People, text: str) -> None:
    with app.app_context():
        assert [person.id for person in found.called(text)] == [people.ben]


@pytest.mark.parametrize("name", ["Zoë Müller-Łukasz", "Zoe Muller-Lukasz"])
@pytest.mark.parametrize(
    "text", ["zoe muller-lukasz", "ZOË MÜLLER-ŁUKASZ", "Zoé Muller-Lukasz, Finance"]
)
def test_accents_are_forgiven(app: Flask, people: People, name: str, text: str) -> None:
    with app.app_context():
        db.session.execute(update(User).where(User.id == people.eve).values(name=name))
        assert [person.id for person in found.called(text)] == [people.eve]
        assert [person.id for person in found.like("zoe")] == [people.eve]
        assert [row.id for row in staff.page_of("zoe mül")[0]] == [people.eve]
        assert history.people_named("lukasz") == (people.eve,)
        db.session.rollback()


def test_who_is_written_just_so_comes_first(app: Flask, people: People) -> None:
    with app.app_context():
        for person, name in ((people.eve, "Zoë Holm"), (people.ben, "Zoe Holm")):
            db.session.execute(update(User).where(User.id == person).values(name=name))
        assert [person.id for person in found.called("zoë holm")] == [people.eve]
        assert [person.id for person in found.called("Zoe Holm")] == [people.ben]
        assert len(found.called("Zoé Holm")) == 2
        db.session.rollback()


@pytest.mark.parametrize("text", ["Ben", "Inga Example", "", "%", "Ben Example, Sales", ","])
def test_half_a_name_is_none_and_who_left_is_not_found(
    app: Flask, people: People, text: str
) -> None:
    with app.app_context():
        assert found.called(text) == ()


def test_namesakes_are_told_apart_by_department(app: Flask, twins: People) -> None:
    with app.app_context():
        assert {person.id for person in found.called("Ana Example")} == {twins.ana, twins.eve}
        (eve,) = found.called("Ana Example, IT, North")
        assert eve.id == twins.eve


def test_everybody_else_active_is_suggested(app: Flask, people: People) -> None:
    with app.app_context():
        names = found.suggested(but=people.ana)
    assert "Ben Example, Finance" in names
    assert not any(name.startswith(("Ana", "Inga")) for name in names)
    assert list(names) == sorted(names)


@pytest.mark.parametrize("text", ["ben@example.org", " BEN@example.ORG "])
def test_a_mail_address_is_enough(app: Flask, people: People, text: str) -> None:
    with app.app_context():
        assert [person.id for person in found.called(text)] == [people.ben]
        assert found.called("inga@example.org") == ()


@pytest.mark.parametrize(
    ("text", "count"), [("ca", 1), ("c", 2), ("c exam", 2), ("exam", 8), ("be_", 0), ("ing", 0)]
)
def test_the_beginnings_of_words_find_people(
    app: Flask, people: People, text: str, count: int
) -> None:
    with app.app_context():
        assert len(found.like(text)) == count


def test_who_may_only_read_is_not_suggested_for_deciding(app: Flask, people: People) -> None:
    with app.app_context():
        names = found.suggested(people.ana, people.ben, deciding=True)
    assert not any(name.startswith(("Ana", "Ben", "Olga")) for name in names)
    assert "Adam Example, Finance" in names


def test_people_stand_as_in_a_dictionary(app: Flask, people: People) -> None:
    with app.app_context():
        for name in ("Zoe Byte", "Émile Byte", "emil Byte", "Örjan Byte"):
            db.session.execute(
                insert(User).values(id=new_id(), name=name, email=f"{new_id()}@x.org")
            )
        names = [each for each in found.suggested(people.ana) if "Byte" in each]
    assert [name.split()[0] for name in names] == ["emil", "Émile", "Örjan", "Zoe"]
