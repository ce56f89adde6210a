"""People from a file: looked at line by line, imported whole, and nothing that was not shown."""

import io
import threading
from threading import Event
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, insert, select, update

from portal.background.people_reviews import PeopleWatch
from portal.directory.planner import BEFORE_A_CHANGE, LOCK
from portal.domain.request.state import Approval
from portal.extensions import db
from portal.models import Department, Group, GroupMember, PeopleChange, PeopleImport, Task, User
from portal.models.columns import new_id
from portal.services import people_imports as service
from tests.clients import PageClient, sign_in
from tests.in_process import InProcess
from tests.pages_read import Page
from tests.services.test_people_sheet import bomb, workbook
from tests.web import People

HERE = "/admin/people/import"
FILE = """\
Number;Full name;Email;Manager;Department;Groups;Extra
;Ana Ruiz;ana@example.org;dan@example.org;FIN;;x
N-1;Nia New;nia@example.org;N-2;fin;finance;x
N-2;Max New;max@example.org;dan@example.org;;;x
;Cleo Example;cleo@example.org;;;-;x
;Inga Example;inga@example.org;;;;x
N-3;Bad New;bad@;;;;x
N-4;Lost New;lost@example.org;N-99;;;x
;Ben Example;ben@example.org;;;;x
"""


@pytest.fixture
def adam(client: PageClient, people: People) -> PageClient:
    sign_in(client, people.adam)
    return client


def uploaded(client: PageClient, content: bytes, status: int = 200, name: str = "p.csv") -> Page:
    page = client.get_page(HERE)
    form = page.form(HERE)
    data: dict[str, Any] = {**form.values, "file": (io.BytesIO(content), name)}
    answer = client.post(HERE, data=data, follow_redirects=True)
    assert answer.status_code == status, answer.text[:500]
    return Page(answer)


def checked(client: PageClient, page: Page, **given: str) -> Page:
    return client.post_form(page, f"{page.path.removesuffix('/columns')}/columns", **given)


def rows(app: Flask, *columns: Any) -> list[Any]:
    with app.app_context():
        return list(db.session.execute(select(*columns).order_by(columns[0])))


def test_a_file_is_looked_at_and_imported(adam: PageClient, app: Flask, people: People) -> None:
    page = uploaded(adam, FILE.encode())
    assert page.form("/admin").values["column_0"] == "employee_no"
    page = checked(adam, page)
    assert page.heading == "Check the import"
    for words in (
        "This email address cannot be used", "The manager is not in the file and not an active",
        "Full name: Ana Example → Ana Ruiz", "Groups (codes): finance → none", "Back 1 line",
        "5 people are missing from the file", "Import 5 people",
    ):  # fmt: skip
        assert words in page.text, page.text
    assert rows(app, User.name)[0].name == "Adam Example"
    page = adam.post_form(page, page.path)
    assert "The people were imported. No message was sent." in page.text
    assert "bad@" in page.text
    found_as_written(app, people)
    history = adam.get_page(f"/admin/people/{people.ana}").text
    assert "Record changed: name from Ana Example to Ana Ruiz" in history
    assert "Import of p.csv" in history


def found_as_written(app: Flask, people: People) -> None:
    with app.app_context():
        nia, top = (
            db.session.scalars(select(User).where(User.employee_no == number)).one()
            for number in ("N-1", "N-2")
        )
        assert (nia.manager_id, top.manager_id) == (top.id, people.dan)
        assert nia.department_id == db.session.scalar(select(Department.id))
        members = set(db.session.scalars(select(GroupMember.user_id)))
        assert members == {people.carl, nia.id}
        ana = db.session.get(User, people.ana)
        assert (ana.name, ana.manager_id, ana.password_hash is None) == (
            "Ana Ruiz", people.dan, False,
        )  # fmt: skip
        assert db.session.get(User, people.inga).is_active
        kinds = select(PeopleChange.kind).where(PeopleChange.person_id == people.ana)
        assert set(db.session.scalars(kinds)) == {"details_changed", "manager_changed"}
        assert db.session.scalar(select(PeopleImport.content)) is None


def test_the_same_file_twice_changes_nothing(adam: PageClient, app: Flask, people: People) -> None:
    lines = b"Number;Name;Email\nN-1;Nia New;nia@example.org\n"
    page = checked(adam, uploaded(adam, lines))
    adam.post_form(page, page.path)
    changes = rows(app, PeopleChange.id)
    page = checked(adam, uploaded(adam, lines))
    assert "The same file was imported before by Adam Example." in page.text
    assert "There is nothing to import: no line changes anything." in page.text
    adam.post_form(page, page.path)
    assert rows(app, PeopleChange.id) == changes


def test_pressing_twice_imports_once(adam: PageClient, app: Flask, people: People) -> None:
    page = checked(adam, uploaded(adam, b"Number;Name\nN-1;Nia\n"))
    for told in ("The people were imported.", "This file was imported already."):
        assert told in adam.post_form(page, page.path).text
    assert len([row for row in rows(app, User.name) if row.name == "Nia"]) == 1


def test_what_changed_meanwhile_is_shown_first(
    adam: PageClient, app: Flask, people: People
) -> None:
    page = checked(adam, uploaded(adam, b"Number;Name;Email\nN-1;Nia;nia@example.org\n"))
    with app.app_context():
        mine = update(User).where(User.id == people.eve).values(email="nia@example.org")
        db.session.execute(mine)
        db.session.commit()
    page = adam.post_form(page, page.path, 409)
    assert "People changed since this page was drawn." in page.text
    assert "Full name: Eve Example → Nia" in page.text
    assert len(rows(app, User.id)) == 9


def test_open_tasks_follow_the_file(
    adam: PageClient, app: Flask, people: People, process: InProcess, asked: Approval
) -> None:
    lines = b"Email,Manager\nana@example.org,eve@example.org\n"
    page = checked(adam, uploaded(adam, lines))
    assert "1 open item" in page.text
    assert "Open tasks and requests of 1 person may get other approvers." in page.text
    adam.post_form(page, page.path)
    PeopleWatch(process.engine, 1).turn()
    process.take_up()
    assert [row[0] for row in rows(app, Task.assignee_id, Task.status) if row[1] == "OPEN"] == [
        people.eve
    ]


def test_who_left_is_deactivated_and_administrators_are_not(
    adam: PageClient, app: Flask, people: People
) -> None:
    lines = b"Email,Leaving date\neve@example.org,2020-01-31\nadam@example.org,2020-01-31\n"
    page = checked(adam, uploaded(adam, lines))
    assert "Do that on the person's page." in page.text
    adam.post_form(page, page.path)
    with app.app_context():
        active = dict(db.session.execute(select(User.id, User.is_active)).all())
    assert (active[people.eve], active[people.adam]) == (False, True)


def test_another_encoding_is_chosen_with_real_lines(adam: PageClient, app: Flask) -> None:
    page = uploaded(adam, "Number;Name\nN-1;Zoë Müller\n".encode("cp1252"))
    assert "The file is not Unicode." in page.text
    url = page.path
    page = adam.post_form(page, url, 422, encoding="")
    assert "Choose how the file was saved." in page.text
    page = adam.post_form(page, url, encoding="cp1250", look="1")
    assert "Zoë Müller" in page.text
    page = adam.post_form(page, url, encoding="cp1252")
    assert "Zoë Müller" in page.text
    assert page.heading == "Check the import"


def test_every_byte_is_shown_at_a_first_look(adam: PageClient, app: Flask) -> None:
    page = uploaded(adam, "Number;Name\nN-1;Ťapka\n".encode("cp1250"))
    assert "The file is not Unicode." in page.text
    page = adam.post_form(page, page.path, 422, encoding="cp1252")
    assert "This is not the file's encoding." in page.text
    page = adam.post_form(page, page.path, encoding="cp1250")
    assert "Ťapka" in page.text


def test_what_another_tab_did_is_no_fault(adam: PageClient, app: Flask) -> None:
    page = uploaded(adam, "Number;Name\nN-1;Zoë\n".encode("cp1252"))
    whole = page.path.removesuffix("/columns")
    early = adam.post(whole, data={"csrf_token": adam.csrf_token()}, follow_redirects=True)
    assert Page(early).path == page.path
    checking = adam.post_form(page, page.path, encoding="cp1252")
    adam.post_form(checking, checking.path)
    assert "Zoë" in {row.name for row in rows(app, User.name)}
    late = adam.post_form(page, page.path, encoding="cp1252")
    assert late.path == whole


def test_others_change_people_while_the_file_is_read(
    adam: PageClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = checked(adam, uploaded(adam, b"Number;Name;Other\nN-1;Nia;Mia\n"))
    whole = service.read

    def choose_anew(*args: Any) -> Any:
        with app.app_context(), db.engine.begin() as other:
            other.execute(BEFORE_A_CHANGE)
            other.execute(update(PeopleImport).values(choices={"columns": ["employee_no"]}))
        monkeypatch.setattr(service, "read", whole)
        return whole(*args)

    monkeypatch.setattr(service, "read", choose_anew)
    adam.post_form(page, page.path, 409)
    assert "Nia" not in {row.name for row in rows(app, User.name)}


def test_columns_are_remembered_and_must_be_enough(adam: PageClient, app: Flask) -> None:
    lines = b"Kennung;Wer\nN-1;Nia\n"
    page = uploaded(adam, lines)
    url = page.path
    page = adam.post_form(page, url, 422, column_1="name")
    assert "Choose which column holds the employee number" in page.text
    page = adam.post_form(page, url, 422, column_0="name", column_1="name")
    assert "Two columns are “Full name”." in page.text
    page = adam.post_form(page, url, column_0="employee_no", column_1="name")
    adam.post_form(page, page.path)
    values = uploaded(adam, lines.replace(b"Nia", b"Mia")).form("/admin").values
    assert (values["column_0"], values["column_1"]) == ("employee_no", "name")


def test_a_bad_file_is_refused_where_it_was_chosen(adam: PageClient, app: Flask) -> None:
    page = uploaded(adam, workbook(["a", "b"], ["1", "2"], merge="A2:B2"), 422, "p.xlsx")
    assert "The workbook has merged cells." in page.text
    assert rows(app, PeopleImport.id) == []
    formula = workbook(["Number", "Name"], ["N-1", "=1+1"])
    page = checked(adam, uploaded(adam, formula, name="p.xlsx"))
    assert "Cell B2 holds a formula. Paste its value." in page.text


def test_who_keeps_people_imports_no_administrator(
    client: PageClient, app: Flask, people: People
) -> None:
    with app.app_context():
        keeps = update(User).where(User.id == people.eve).values(roles=["people_admin"])
        db.session.execute(keeps)
        db.session.execute(insert(Group).values(id=new_id(), code="it", name="IT"))
        db.session.commit()
    sign_in(client, people.eve)
    page = checked(client, uploaded(client, b"Email,Name\nadam@example.org,Mine\n"))
    assert "Only an administrator may change an administrator or an auditor." in page.text
    lines = b"Email,Manager\nadam@example.org,ana@example.org\ncarl@example.org,ana@example.org\n"
    with app.app_context():
        db.session.execute(update(User).where(User.id == people.carl).values(roles=["auditor"]))
        db.session.commit()
    page = checked(client, uploaded(client, lines))
    assert page.text.count("Only an administrator may change an administrator or an auditor.") == 2
    assert rows(app, func.count(PeopleChange.id))[0][0] == 0


def whole_list(app: Flask, *but: str) -> bytes:
    """Everybody active by address, but for those."""
    emails = sorted(active(app) - set(but))
    return "\n".join(["Email", *emails]).encode()


def active(app: Flask) -> set[str]:
    return {email for email, is_active in rows(app, User.email, User.is_active) if is_active}


def more_people(app: Flask, number: int) -> None:
    with app.app_context():
        each = [
            {"id": new_id(), "name": f"More {n}", "email": f"more{n}@example.org"}
            for n in range(number)
        ]
        db.session.execute(insert(User), each)
        db.session.commit()


def test_who_is_missing_stays_unless_the_file_is_the_whole_list(
    adam: PageClient, app: Flask, people: People, asked: Approval
) -> None:
    more_people(app, 10)
    before = active(app)
    page = checked(adam, uploaded(adam, whole_list(app, "ben@example.org")))
    assert "1 person is missing from the file" in page.text
    assert "There is nothing to import" in page.text
    url = page.path
    page = adam.get_page(f"{url}?missing=deactivate")
    assert "Ben Example ben@example.org Will be deactivated 1 open item" in page.text
    assert "Import 1 person" in page.text
    assert active(app) == before
    page = adam.post_form(page, url)
    assert "(1 deactivated)" in page.text
    assert active(app) == before - {"ben@example.org"}
    assert "Import of p.csv" in adam.get_page(f"/admin/people/{people.ben}").text


@pytest.mark.parametrize(
    ("missing", "line", "why"),
    [
        (("ben@example.org", "carl@example.org", "dan@example.org", "eve@example.org"), "",
         "More than a tenth of all active people are missing"),
        (("adam@example.org",), "", "No administrator is in the file"),
        (("ben@example.org",), "\nben@", "Some lines were refused. Mend them first"),
    ],
    ids=["half", "the last administrator", "a refused line"],
)  # fmt: skip
def test_nobody_goes_by_a_file_that_is_not_the_whole_list(
    adam: PageClient, app: Flask, people: People, missing: tuple[str, ...], line: str, why: str
) -> None:
    before = active(app)
    content = whole_list(app, *missing) + line.encode()
    if missing == ("adam@example.org",):
        more_people(app, 10)
        content = whole_list(app, *missing)
        before = active(app)
    url = checked(adam, uploaded(adam, content)).path
    page = adam.get_page(f"{url}?missing=deactivate")
    assert why in page.text
    assert "Nothing can be imported this way." in page.text
    seen = page.form(url).values
    answer = adam.post(url, data={**seen, "missing": "deactivate"})
    assert answer.status_code == 422
    assert active(app) == before


def test_administrators_stay_whatever_a_whole_list_says(
    adam: PageClient, app: Flask, people: People
) -> None:
    more_people(app, 20)
    with app.app_context():
        second = update(User).where(User.id == people.eve).values(roles=["admin"])
        db.session.execute(second)
        db.session.commit()
    url = checked(adam, uploaded(adam, whole_list(app, "eve@example.org"))).path
    page = adam.get_page(f"{url}?missing=deactivate")
    assert "Eve Example eve@example.org Stays as it is" in page.text
    assert "There is nothing to import" in page.text


def test_refused_lines_are_mended_and_sent_again(
    adam: PageClient, app: Flask, people: People
) -> None:
    lines = "Kennung;Name;Email;Manager\nN-1;Nia;nia@;-\nN-2;=Max;max@example.org;\n"
    page = uploaded(adam, lines.encode())
    page = adam.post_form(page, page.path, column_0="employee_no")
    assert f"{page.path}/refused.csv" in page.links
    assert "#group-refused-title" in page.links
    text = adam.get(f"{page.path}/refused.csv").text
    page = adam.post_form(page, page.path)
    assert "Mend them and upload that file" in page.text
    answer = adam.get(f"{page.path}/refused.csv")
    assert answer.text == text
    assert "attachment" in answer.headers["Content-Disposition"]
    head, line = text.removeprefix("\ufeff").splitlines()
    assert head == "Kennung;Name;Email;Manager;Why it was refused"
    assert line.startswith("N-1;Nia;'nia@;'-;" if "'nia" in line else "N-1;Nia;nia@;'-;")
    page = uploaded(adam, text.replace("nia@", "nia@example.org").encode())
    values = page.form("/admin").values
    assert [values[f"column_{n}"] for n in range(5)] == [
        "employee_no", "name", "email", "manager", "",
    ]  # fmt: skip
    page = checked(adam, page)
    assert "Import 1 person" in page.text
    adam.post_form(page, page.path)
    assert {"Nia", "=Max"} <= {row.name for row in rows(app, User.name)}


def test_a_large_file_is_imported_beside_the_pages(
    adam: PageClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "LARGE", 2)
    monkeypatch.setattr(service, "TELL_EVERY", 0)
    lines = "Number;Name\n" + "".join(f"L-{n};Large {n}\n" for n in range(5))
    page = checked(adam, uploaded(adam, lines.encode()))
    url, seen = page.path, page.form(page.path).values
    entered, go_on = Event(), Event()
    write = service.ImportWriter.write_new

    def waiting(*args: Any) -> None:
        entered.set()
        assert go_on.wait(60)
        write(*args)

    monkeypatch.setattr(service.ImportWriter, "write_new", waiting)
    for _twice in range(2):
        page = Page(adam.post(url, data=seen, follow_redirects=True))
        assert page.heading == "Importing people"
    assert entered.wait(60)
    state = adam.get(f"{url}/state").json
    assert (state["done"], state["share"]) == (False, 0.1)
    go_on.set()
    ended(url)
    assert adam.get(f"{url}/state").json["done"]
    assert adam.get_page(url).heading == "Imported people"
    assert len([row for row in rows(app, User.name) if row.name.startswith("Large")]) == 5


def test_nobody_waits_for_a_large_import_of_new_people_and_what_they_change_counts(
    adam: PageClient, app: Flask, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "LARGE", 0)
    page = checked(adam, uploaded(adam, b"Number;Name\nN-1;Nia\n"))
    free: list[bool] = []

    def meanwhile(*_args: Any) -> None:
        with db.engine.begin() as own:
            free.append(bool(own.scalar(select(func.pg_try_advisory_xact_lock(LOCK)))))
            change = {"person_id": people.ana, "kind": "details", "data": {}}
            own.execute(insert(PeopleChange).values(change))

    monkeypatch.setattr(service.ImportWriter, "gather_known", meanwhile)
    adam.post(page.path, data=page.form(page.path).values)
    ended(page.path)
    assert free == [True]
    assert "People changed since this page was drawn." in adam.get_page(page.path, 422).text
    assert "Nia" not in {row.name for row in rows(app, User.name)}


def ended(url: str) -> None:
    """Wait for the end of an import beside the pages."""
    name = f"import {url.rsplit('/', 1)[-1]}"
    for thread in threading.enumerate():
        if thread.name == name:
            thread.join(60)
            assert not thread.is_alive()


def test_a_large_import_that_stops_says_why_and_changes_nothing(
    adam: PageClient, app: Flask, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "LARGE", 0)
    page = checked(adam, uploaded(adam, b"Number;Name\nN-1;Nia\n"))

    def broken(*_args: Any) -> None:
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(service.ImportWriter, "write_new", broken)
        adam.post(page.path, data=page.form(page.path).values)
        ended(page.path)
    page = adam.get_page(page.path, 422)
    assert "The import could not be completed. Nothing was changed." in page.text
    assert "Nia" not in {row.name for row in rows(app, User.name)}
    with app.app_context():
        gone = {"lines": 1, "share": 0.5, "at": "2020-01-01T00:00:00+00:00"}
        db.session.execute(update(PeopleImport).values(progress=gone))
        db.session.commit()
    assert "The import was interrupted." in adam.get_page(page.path, 422).text
    adam.post_form(page, page.path)
    ended(page.path)
    assert "Nia" in {row.name for row in rows(app, User.name)}


@pytest.mark.parametrize(
    ("content", "name", "why"),
    [
        (b"Number;Name\n" + b"x" * 100_000_000, "p.csv", "larger than 10 MB"),
        (bomb(), "p.xlsx", "unpacks to more than 60 MB"),
        (b"a;b\n" + b";".join([b"x"] * 200), "p.csv", "more than 60 columns"),
        (workbook(["Number"] * 200, ["1"] * 200), "p.xlsx", "more than 60 columns"),
        (b"", "p.csv", "The file is empty."),
    ],
    ids=["100 MB", "bomb", "200 columns", "200 columns of a workbook", "empty"],
)
def test_what_is_no_list_of_people_is_refused(
    adam: PageClient, app: Flask, content: bytes, name: str, why: str
) -> None:
    values = adam.get_page(HERE).form(HERE).values
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in values.items()
        if key != "file"
    ]
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = b"".join([*parts, head.encode(), content, b"\r\n--x--\r\n"])
    answer = adam.post(HERE, data=body, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 422
    assert why in Page(answer).text
    assert rows(app, PeopleImport.id) == []


def test_doubles_and_circles_are_refused_line_by_line(
    adam: PageClient, app: Flask, people: People
) -> None:
    lines = (
        "Number;Name;Manager\nN-1;Nia;N-2\nN-2;Max;N-3\nN-3;Ida;N-1\nN-4;Kim;\nN-4;Kim;\n"
        "N-5;Leo;N-5\n"
    )
    page = checked(adam, uploaded(adam, lines.encode()))
    assert page.text.count("The manager reports to this person, directly or through others.") == 3
    assert page.text.count("Another line has the same number or email address.") == 2
    assert "Nobody manages themselves. Manager (number or email): “N-5”." in page.text
    assert "There is nothing to import" in page.text
