"""What I asked for: where each request stands, whose turn it is, and my drafts."""

from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.domain.marked import msgid
from portal.domain.people.permissions import Permission
from portal.forms.fields import uuid_of
from portal.pages.requests import blueprint
from portal.pages.requests.attachments import store
from portal.presentation.parts import Tab
from portal.presenters import my_requests as own
from portal.queries import drafts, my_requests
from portal.queries.my_requests import MyRequestsView
from portal.security.guards import requires
from portal.security.sessions import me
from portal.services import drafts as draft_service
from portal.translation import _

DRAFTS_BESIDE = 5
LABELS = {
    MyRequestsView.OPEN: msgid("Open"),
    MyRequestsView.CLOSED: msgid("Closed"),
    MyRequestsView.ALL: msgid("All"),
    MyRequestsView.DRAFTS: msgid("Drafts"),
}


@blueprint.get("/requests")
@requires(Permission.READ_INVOLVED)
def list_mine() -> ResponseReturnValue:
    """My requests: what was sent back first, then by age; drafts; what is being started."""
    view = _view()
    if view is MyRequestsView.DRAFTS:
        listed = drafts.listed(me().id)
        return render_template(
            "pages/my_requests/drafts.html", drafts=listed, tabs=_tabs(view), most=drafts.LISTED
        )
    before = uuid_of(request.args.get("before"))
    found, following = my_requests.page(me().id, view, before)
    starts = before is None and view is not MyRequestsView.CLOSED
    sent = my_requests.waiting_submits(me().id) if starts else ()
    return render_template(
        "pages/my_requests/show.html",
        rows=[*own.starting(sent), *own.rows(found, me().id)],
        drafts=drafts.listed(me().id, DRAFTS_BESIDE + 1) if before is None else (),
        drafts_beside=DRAFTS_BESIDE,
        view=view,
        tabs=_tabs(view),
        first_url=url_for(".list_mine", view=view.value) if before else None,
        next_url=url_for(".list_mine", view=view.value, before=following) if following else None,
    )


@blueprint.route("/requests/drafts/<uuid:draft_id>/delete", methods=["GET", "POST"])
@requires(Permission.SUBMIT)
def delete_draft(draft_id: UUID) -> ResponseReturnValue:
    """Ask, then delete a draft with its files: this cannot be undone."""
    draft = drafts.find(str(draft_id), me().id)
    if draft is None:
        abort(404)
    if request.method != "POST":
        return render_template("pages/my_requests/delete.html", draft=draft)
    draft_service.discard(draft.id, me().id, store().files)
    flash(_("The draft “%(title)s” is deleted.", title=draft.title), "success")
    return redirect(url_for(".list_mine", view=MyRequestsView.DRAFTS.value), 303)


def _view() -> MyRequestsView:
    wished = request.args.get("view", "")
    return MyRequestsView(wished) if wished in set(MyRequestsView) else MyRequestsView.OPEN


def _tabs(view: MyRequestsView) -> list[Tab]:
    return [
        Tab(_(words), url_for(".list_mine", view=each.value), current=each is view)
        for each, words in LABELS.items()
    ]
