"""The list of stories: search, filters kept under a name, and changing several stories at once."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from publisher import clock, web
from publisher.accounts import service as accounts
from publisher.errors import Conflict, Invalid, NotFound
from publisher.people import service as people
from publisher.people.queries import writers
from publisher.people.rules import Role, at_least
from publisher.stories import (
    access,
    assigning,
    categories,
    desk,
    filtering,
    queries,
    search,
    service,
    undoing,
)
from publisher.stories.assigning import Outcome
from publisher.stories.models import Story
from publisher.stories.queries import Filters
from publisher.stories.rules import CARE, IDEA

Page = str | Response | tuple[str, int]

ACCESS: dict[str, str] = {
    "index": Role.VIEWER,
    "keep_filter": Role.VIEWER,
    "drop_filter": Role.VIEWER,
    "change_several": Role.AUTHOR,
}
TOLD = 5
"""How many refusals are told one by one."""
OPPOSITE = {"archive": "restore", "restore": "archive"}


def add_to(blueprint: Blueprint) -> None:
    """Put these pages on the blueprint of stories."""
    blueprint.add_url_rule("/stories", view_func=index)
    for rule, view in (
        ("/stories/filters", keep_filter),
        ("/stories/filters/<int:filter_id>/remove", drop_filter),
        ("/stories/several", change_several),
    ):
        blueprint.add_url_rule(rule, view_func=view, methods=["POST"])


def index() -> Page:
    me, filters = web.me(), _filters()
    found = queries.listing(me, filters, page=request.args.get("page", 1, type=web.number))
    statuses = [IDEA, *(each for each in CARE if each not in {"sending", "unconfirmed"})]
    here = filtering.address(request.args)
    kept = filtering.of(me)
    return render_template(
        "stories/index.html",
        page=found.page,
        more=found.more,
        common=search.FAR if found.common else 0,
        filters=filters,
        statuses=statuses,
        accounts=[(each.id, each.label) for each in accounts.all_accounts()],
        categories=[(each.id, each.name(desk.language())) for each in categories.categories()],
        people=writers(),
        campaigns=[(name, name) for name in queries.campaigns(me)],
        filter_names=filtering.NAMES[filtering.STORIES],
        progress=queries.progress,
        live_posts=queries.live_posts,
        next_time=queries.next_time,
        edits=partial(access.edits, me),
        is_editor=at_least(me.role, Role.EDITOR),
        kept=[(each, filtering.arguments(each), each.query == here) for each in kept],
        here=here,
        now=clock.now(),
    )


def keep_filter() -> Page:
    try:
        kept = filtering.keep(web.me(), request.form.get("name", ""), request.form)
    except (Invalid, Conflict) as refused:
        flash(refused.message, "warning")
        return web.back(url_for(".index"))
    flash(_("The filter “%(name)s” is kept.", name=kept.name), "success")
    values: dict[str, Any] = filtering.arguments(kept)
    return redirect(url_for(".index", **values))


def drop_filter(filter_id: int) -> Page:
    name = filtering.drop(web.me(), filter_id)
    flash(_("The filter “%(name)s” is removed.", name=name), "success")
    return web.back(url_for(".index"))


def change_several() -> Page:
    """One verb on every story that was chosen; says what was done, and what could not be."""
    chosen = [
        story
        for number in dict.fromkeys([*request.form.getlist("story", type=web.number), *_undone()])
        if (story := _seen(number)) is not None
    ]
    try:
        if not chosen:
            raise Conflict(_("Choose at least one story first."))
        _tell(_several(chosen))
    except (Conflict, Invalid, NotFound) as refused:
        flash(refused.message, "warning")
    return web.back(url_for(".index"))


def _filters() -> Filters:
    sent = request.args
    status = sent.get("status", "")
    return Filters(
        text=sent.get("q", "")[:200].strip(),
        status=status if status in {IDEA, *CARE} else "",
        account_id=sent.get("account", type=web.number),
        category_id=sent.get("category", type=web.number),
        person_id=sent.get("person", type=web.number),
        campaign=sent.get("campaign", "")[:100],
        archived=sent.get("archived") == "1",
    )


def _undone() -> list[int]:
    """The stories that an Undo names: all in one field, as it waits in the cookie with what it says."""
    return undoing.numbers(request.form.get("stories", "").split(","))


def _seen(number: int) -> Story | None:
    """That story, or None where it is gone or not shared with whoever asks."""
    try:
        return service.get_story(web.me(), number)
    except NotFound:
        return None


def _several(chosen: list[Story]) -> Outcome:
    me, verb = web.me(), request.form.get("do", "")
    if verb == "archive":
        return assigning.archive_all(me, chosen)
    if verb == "restore":
        return assigning.restore_all(me, chosen)
    changes = _changes()
    if not changes:
        raise Conflict(_("Choose what to change first."))
    return assigning.change_all(me, chosen, **changes)


def _changes() -> dict[str, Any]:
    """What shall become different; what was left empty stays as it is."""
    changes: dict[str, Any] = {}
    category = request.form.get("category_id", type=web.number)
    if category is not None:
        changes["category_id"] = category or None
    campaign = request.form.get("campaign", "").strip()
    if campaign:
        changes["campaign"] = "" if campaign == "-" else campaign
    if owner := request.form.get("owner_id", 0, type=web.number):
        changes["owner"] = people.get(owner)
    return changes


def _tell(outcome: Outcome) -> None:
    if outcome.done:
        said = ngettext("%(num)s story was changed.", "%(num)s stories were changed.", outcome.done)
        back = OPPOSITE.get(request.form.get("do", ""))
        if back:
            fields = [("do", back), ("stories", ",".join(map(str, outcome.changed)))]
            stay = web.safe_path(request.form.get("next", ""))
            undoing.say(said, url_for(".change_several"), fields, stay=stay)
        else:
            flash(said, "success")
    for title, why in outcome.refused[:TOLD]:
        flash(_("“%(title)s” stays as it is: %(why)s", title=title, why=why), "warning")
    if (rest := len(outcome.refused) - TOLD) > 0:
        flash(
            ngettext(
                "%(num)s more story stays as it is.", "%(num)s more stories stay as they are.", rest
            ),
            "warning",
        )
