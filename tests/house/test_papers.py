"""The papers of the house agree with the house."""

import re
import tomllib
from typing import Any

from alembic.config import Config
from alembic.script import ScriptDirectory

from portal.config import OF_OTHERS, VARIABLES
from portal.legacy.cutover import chain
from scripts.local.migrations import badly_numbered
from scripts.local.temporal import SEARCH_ATTRIBUTES
from tests.house.tree import ROOT, label, named

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PINNED = re.compile(r"(?P<name>[a-z0-9.-]+)(\[[a-z0-9,]+\])?==[0-9.a-z]+")


def requirements() -> list[str]:
    """The direct dependencies, those of developers included."""
    project = PROJECT["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["dev"]]


def test_every_direct_dependency_is_pinned_and_explained() -> None:
    explained = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").lower()
    matches = {text: PINNED.fullmatch(text) for text in requirements()}
    assert [text for text, match in matches.items() if match is None] == []
    names = [match["name"] for match in matches.values() if match]
    assert [name for name in names if f"`{name}`" not in explained] == []


def test_the_lock_files_hold_hashes_and_no_address() -> None:
    for file in (ROOT / "requirements").glob("*.txt"):
        text = file.read_text(encoding="utf-8")
        assert "://" not in text
        assert "--index-url" not in text
        pins = re.split(r"\n(?=[a-z])", text)[1:]
        assert pins
        assert [pin for pin in pins if "--hash=sha256:" not in pin] == []


def test_the_lock_holds_what_the_project_asks_for() -> None:
    lock = (ROOT / "requirements" / "lock.txt").read_text(encoding="utf-8")
    bare = (re.sub(r"\[.*?\]", "", text).partition("==") for text in requirements())
    # Lock files write names as PEP 503 has them.
    pins = {f"{name.replace('.', '-')}=={version}" for name, _, version in bare}
    assert [pin for pin in pins if f"{pin} \\" not in lock and f"{pin} ;" not in lock] == []


def test_the_change_log_has_a_place_for_the_next_change() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert text.startswith("# Changelog")
    assert "\n## [Unreleased]\n" in text


def test_every_setting_is_documented_and_nothing_else() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    documented = re.findall(r"^#?\s?([A-Z_]+)=", example, re.MULTILINE)
    assert set(documented) - OF_OTHERS == VARIABLES
    assert [name for name in set(documented) if documented.count(name) > 1] == []


def test_what_a_paper_links_to_is_there() -> None:
    links = [
        (paper, link)
        for paper in named(".md")
        for link in re.findall(r"\]\(([^)#\s]+)", paper.read_text(encoding="utf-8"))
    ]
    gone = [(paper, link) for paper, link in links if not (paper.parent / link).exists()]
    assert [(label(paper), link) for paper, link in gone if "://" not in link] == []


def test_migrations_are_one_numbered_chain() -> None:
    assert badly_numbered() == []


def test_the_cutover_is_the_last_revision() -> None:
    numbered = sorted(path.name[:4] for path in (ROOT / "migrations" / "versions").glob("*.py"))
    file = ROOT / "migrations" / "cutover" / "cutover.py"
    assert list(file.parent.glob("*.py")) == [file]
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    scripts = ScriptDirectory.from_config(chain.with_cutover(config))
    assert scripts.get_heads() == ["cutover"]
    assert scripts.get_revision("cutover").down_revision == numbered[-1]


def test_the_development_server_knows_the_search_attributes_of_the_portal() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in named(".py", under=("portal",)))
    assert [name for name in SEARCH_ATTRIBUTES if f'"{name}"' not in text] == []


def test_everything_that_the_doctor_finds_has_its_entry() -> None:
    sources = named(".py", under=("portal",))
    texts = [each.read_text(encoding="utf-8") for each in sources]
    code = "\n".join(each for each in texts if "portal.doctor.finding" in each)
    found = set(re.findall(r"(?:fault|warning|_none)\([^\"]*\"([a-z.-]+\.[a-z.-]+)\"", code))
    paper = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    assert len(found) > 20
    assert found - set(re.findall(r"^\| `([a-z.-]+)`", paper, re.MULTILINE)) == set()


def test_each_row_of_the_checklist_names_tests_that_are_there() -> None:
    paper = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| .* \| (.*) \|$", paper, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 46))
    files = named(".py", under=("tests",))
    there = {
        name
        for file in files
        for name in re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    named_here = {number: re.findall(r"`(test_\w+)`", tests) for number, tests in rows}
    assert [number for number, tests in named_here.items() if not tests] == []
    assert [
        (n, test) for n, tests in named_here.items() for test in tests if test not in there
    ] == []
