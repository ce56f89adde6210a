"""The frame: only places that exist and that the person may go to, with the right one marked."""

import pytest

from portal.presentation.navigation import MenuItem, MenuPerson, Navigation, build

EVERYWHERE = ("inbox", "requests", "history", "notifications", "audit", "rules", "people")


def frame(path: str = "/inbox", roles: tuple[str, ...] = ("member",)) -> Navigation:
    return build(MenuPerson("Ana Ruiz", roles=roles), path, EVERYWHERE, {"inbox": 5000})


def test_members_see_no_administration() -> None:
    assert frame().administration == ()
    assert [item.label for item in frame().items] == [
        "Inbox", "My requests", "History", "Notifications",
    ]  # fmt: skip


def test_auditors_read_the_audit_and_cannot_ask() -> None:
    nav = frame(roles=("auditor",))
    assert [item.label for item in nav.administration] == ["Audit"]
    assert nav.new_url is None


def test_places_without_a_blueprint_are_left_out() -> None:
    assert [item.url for item in build(MenuPerson("A"), "/", ("history",)).items] == ["/history"]


@pytest.mark.parametrize(
    ("path", "marked"),
    [
        ("/inbox", {"Inbox": "page"}),
        ("/history/PR-2052", {"History": "true"}),
        ("/requests", {"My requests": "page"}),
        ("/requests/PR-2052", {}),
        ("/elsewhere", {}),
    ],
)
def test_the_place_is_marked(path: str, marked: dict[str, str]) -> None:
    items: tuple[MenuItem, ...] = frame(path).items
    assert {item.label: item.current for item in items if item.current} == marked


def test_counters_stop_at_what_nobody_counts() -> None:
    assert frame().items[0].count_words == "99+"


@pytest.mark.parametrize(
    ("name", "initials"),
    [("Ana Ruiz", "AR"), ("Émile van der Berg", "ÉB"), ("Cher", "C"), ("", "?")],
)
def test_initials(name: str, initials: str) -> None:
    assert MenuPerson(name).initials == initials


def test_a_mount_point_goes_in_front_of_every_address() -> None:
    nav = build(MenuPerson("A"), "/inbox", EVERYWHERE, root="/approvals")
    assert (nav.items[0].url, nav.new_url) == ("/approvals/inbox", "/approvals/requests/new")
