"""The page where administrators say how many approvals which posts need."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from publisher import web
from publisher.accounts import service as accounts
from publisher.errors import Invalid
from publisher.people.rules import Role
from publisher.stories import approvals, categories, desk
from publisher.stories.forms import blame
from publisher.stories.review_forms import RuleForm

Page = str | Response | tuple[str, int]

ACCESS: dict[str, str] = {"approval_rules": Role.ADMIN, "remove_rule": Role.ADMIN}


def add_to(blueprint: Blueprint) -> None:
    """Put these pages on the blueprint of stories."""
    blueprint.add_url_rule("/approval-rules", view_func=approval_rules, methods=["GET", "POST"])
    blueprint.add_url_rule(
        "/approval-rules/<int:rule_id>/remove", view_func=remove_rule, methods=["POST"]
    )


def approval_rules() -> Page:
    form = RuleForm()
    form.offer(categories.categories(), accounts.all_accounts(), desk.language())
    if form.validate_on_submit():
        try:
            approvals.add_rule(
                web.me(),
                needed=form.needed.data,
                category_id=form.category_id.data or None,
                account_id=form.account_id.data or None,
                word=form.word.data or "",
            )
        except Invalid as refused:
            blame(form, refused, fallback="needed")
        else:
            flash(
                _("The rule was added. It holds for every post that is not approved yet."),
                "success",
            )
            return redirect(url_for(".approval_rules"))
    page = render_template(
        "stories/approval_rules.html",
        form=form,
        rules=approvals.all_rules(),
        days=web.settings().approval_days,
    )
    return page, 422 if form.errors else 200


def remove_rule(rule_id: int) -> Page:
    approvals.remove_rule(web.me(), rule_id)
    flash(_("The rule was removed."), "success")
    return redirect(url_for(".approval_rules"))
