"""The organisation's own words for mails, with a preview; the product's are never far."""

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms.form import BaseForm

from portal.domain.notices.mail_texts import MAIL_TOPICS, MailTopic, MailWords
from portal.domain.people.permissions import Permission
from portal.forms.organisation import mail_text_form
from portal.pages.admin import blueprint
from portal.pages.layout_context import branding
from portal.presenters import mail_texts as mails
from portal.presenters import organisation as words
from portal.queries import organisation
from portal.security.guards import requires
from portal.security.sessions import current_settings, me
from portal.services import mail_texts as service
from portal.services import organisation_settings as settings
from portal.services.organisation_settings import SettingsMoved
from portal.translation import _, language_name


@blueprint.get("/admin/organisation/mail-texts")
@requires(Permission.ADMINISTER)
def list_mail_texts() -> ResponseReturnValue:
    """Every kind of mail with whose words it has in each language."""
    return render_template(
        "pages/organisation/mail_texts.html",
        topics=MAIL_TOPICS.values(),
        languages={code: language_name(code) for code in current_settings().languages},
        own=organisation.mail_texts(),
    )


@blueprint.get("/admin/organisation/mail-texts/<code>/<locale>")
@requires(Permission.ADMINISTER)
def edit_mail_text(code: str, locale: str) -> ResponseReturnValue:
    """One kind of mail in one language."""
    topic, own = _topic(code, locale), service.own_words(code, locale)
    shown = own or mails.usual(topic, locale)
    form = mail_text_form(topic, None, subject=shown.subject, body=shown.body)
    return _page(topic, locale, form, service.mark(own))


@blueprint.post("/admin/organisation/mail-texts/<code>/<locale>")
@requires(Permission.ADMINISTER)
def change_mail_text(code: str, locale: str) -> ResponseReturnValue:
    """Use these words, look at them, or use the product's again."""
    topic, seen = _topic(code, locale), request.form.get("seen", "")
    form = mail_text_form(topic, request.form)
    wished = None
    if "reset" not in request.form:
        if not form.validate():
            return _page(topic, locale, form, seen, 422)
        if "look" in request.form:
            return _page(topic, locale, form, seen)
        typed = MailWords(form["subject"].data, form["body"].data)
        wished = typed if typed != mails.usual(topic, locale) else None
    try:
        changed = service.change(code, locale, wished, seen, me().id)
    except SettingsMoved:
        mark = service.mark(service.own_words(code, locale))
        return _page(topic, locale, form, mark, 409)
    flash(_("Changes saved.") if changed else _("Nothing was changed."), "success")
    return redirect(url_for("admin.list_mail_texts"), 303)


def _topic(code: str, locale: str) -> MailTopic:
    if code not in MAIL_TOPICS or locale not in current_settings().languages:
        abort(404)
    return MAIL_TOPICS[code]


def _page(
    topic: MailTopic, locale: str, form: BaseForm, seen: str, status: int = 200
) -> ResponseReturnValue:
    changes = organisation.changes(settings.SUBJECT, settings.ITSELF)[:1] if status == 409 else ()
    values = mails.example(topic, locale, me().name, branding().name)
    typed = MailWords(form["subject"].data or "", form["body"].data or "")
    page = render_template(
        "pages/organisation/mail_text.html",
        topic=topic,
        locale=locale,
        spoken=language_name(locale),
        form=form,
        seen=seen,
        trouble=[words.moved_words(each) for each in changes],
        own=organisation.mail_texts().get((topic.code, locale)),
        preview=mails.preview(typed, values),
        values=values,
    )
    return make_response(page, status)
