"""The distinct files of `portal` that run when somebody decides, and when they see the result.

A reader who wants to follow one act has to open these files; keep them few. Whatever runs while
modules are imported does not count.
"""

import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from flask.testing import FlaskClient

from portal.app import create_app
from portal.config import Settings
from portal.models.columns import new_id
from scripts.benchmark import approvals, organisation
from scripts.benchmark.figures import Sample
from scripts.benchmark.portal_load import TOKEN, Lane
from scripts.benchmark.stack import ROOT, Stack, environment, running

PORTAL = f"{ROOT / 'portal'}/"
Traced = dict[str, set[str]]  # by file: its functions


def main() -> None:
    """Trace one decision on a stack of its own, and print the files with their functions."""
    with tempfile.TemporaryDirectory(prefix="gloria-trace-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with running(folder, on_disk=False) as stack:
            post, page = _trace(stack)
    for title, files in (("The decision's POST", post), ("The GET after it", page)):
        print(f"\n{title}: {len(files)} files of portal")
        print("\n".join(f"  {each}: {', '.join(sorted(files[each]))}" for each in sorted(files)))


def _trace(stack: Stack) -> tuple[Traced, Traced]:
    organisation.load(stack.postgres.url(), 1)
    lane = approvals.lanes(stack, 1)[0]
    lane.prepare(3)
    lane.one(Sample())  # everything is imported and connected once
    env = environment(stack.postgres.url(), stack.temporal, stack.port)
    client = create_app(Settings.from_environment(env)).test_client()
    base = f"http://{stack.web.partition('//')[2]}"
    token = _sign_in(client, base, lane.approver)
    client.get("/inbox", base_url=base)
    for _ in range(2):  # the first one connects, and reads what is kept from then on
        task = _submitted(lane)
        form = {"csrf_token": token, "decision": "approve", "comment": "",
                "content_version": "1", "command_id": new_id()}  # fmt: skip
        with _traced() as post:
            answer = client.post(f"/tasks/{task}/decision", base_url=base, data=form)
        if answer.status_code != 303:
            raise RuntimeError(f"decide: {answer.status_code}")
        with _traced() as page:
            shown = client.get(answer.headers["Location"], base_url=base)
        if shown.status_code != 200:
            raise RuntimeError(f"{answer.headers['Location']}: {shown.status_code}")
    return post, page


def _submitted(lane: Lane) -> str:
    command_id = lane.drafts.pop()
    lane.asking.post("/requests/new/bench/submit", command_id=command_id)
    return lane.task_of(command_id)[0]


def _sign_in(client: FlaskClient, base: str, person: tuple[str, str]) -> str:
    """Sign in; a token for the forms of that session."""
    email, password = person
    form = {"email": email, "password": password, "csrf_token": _token(client, base, "/sign-in")}
    answer = client.post("/sign-in", base_url=base, data=form)
    if answer.status_code != 303:
        raise RuntimeError(f"sign-in of {email}: {answer.status_code}")
    return _token(client, base, "/profile")


def _token(client: FlaskClient, base: str, path: str) -> str:
    found = TOKEN.search(client.get(path, base_url=base).get_data(as_text=True))
    return found.group(1) if found else ""


@contextmanager
def _traced() -> Iterator[Traced]:
    """The files of `portal` with a function that is called inside the block, and which."""
    files: Traced = {}

    def note(frame: FrameType, *_: object) -> None:
        code = frame.f_code
        if code.co_filename.startswith(PORTAL) and code.co_name != "<module>":
            called = files.setdefault(code.co_filename.removeprefix(PORTAL), set())
            called.add(code.co_qualname if code.co_name != "<lambda>" else "lambda")

    threading.settrace(note)
    sys.settrace(note)
    try:
        yield files
    finally:
        sys.settrace(None)
        threading.settrace(None)


if __name__ == "__main__":
    main()
