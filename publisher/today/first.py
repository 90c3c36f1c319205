"""From an empty installation to the first published story: three steps, ticked off by what is there."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select

from publisher import demo
from publisher.accounts.models import Account
from publisher.config import Config
from publisher.errors import Conflict, NotAllowed
from publisher.extensions import db
from publisher.people.models import User
from publisher.people.rules import Role, at_least
from publisher.stories.models import Post, Story

OUT = ("published", "partly_published", "taken_down")
WAY = ("scheduled", "waiting", "sending", "unconfirmed", "approved", "in_review")
"""What the first story's posts may show, the furthest on its way first."""
LOOKED_AT = 50


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """How far an installation has come. `post_id` is the one that is furthest on its way, `story_id` its
    story or the one begun last; `sandbox` says that accounts for trying things out are one click away."""

    connected: bool
    staffed: bool
    sandbox: bool
    alone_is_enough: bool
    story_id: int | None = None
    post_id: int | None = None
    status: str = ""

    @property
    def now(self) -> int:
        """The number of the step to take."""
        return 1 if not self.connected else 2 if not self.staffed else 3


def steps(actor: User) -> FirstSteps | None:
    """The steps, for an administrator, until a first post is out; None for others and from then on."""
    if not at_least(actor.role, Role.ADMIN):
        return None
    if db.session.scalar(select(Post.id).where(Post.shown_status.in_(OUT)).limit(1)) is not None:
        return None
    alone = _settings().allow_self_approval
    story_id, post_id, status = _furthest()
    return FirstSteps(
        connected=db.session.scalar(select(Account.id).limit(1)) is not None,
        staffed=_has_company(actor) or (alone and story_id is not None),
        sandbox=sandbox_is_there(),
        alone_is_enough=alone,
        story_id=story_id,
        post_id=post_id,
        status=status,
    )


def sandbox_is_there() -> bool:
    """Whether a local X and Facebook runs beside this installation, which then is for trying things out."""
    return _settings().environment in {"demo", "test"} and demo.has_sandbox()


def take_sandbox(actor: User) -> None:
    """Connect the sandbox's accounts: a blog, an X handle and a Facebook Page that reach nobody.

    Raises NotAllowed for all but administrators, Conflict where there is no sandbox.
    """
    if not at_least(actor.role, Role.ADMIN):
        raise NotAllowed(_("Only administrators may do this."))
    if not sandbox_is_there():
        raise Conflict(_("No sandbox runs here. Connect an account of your own."))
    demo.connect_accounts(actor)


def _has_company(actor: User) -> bool:
    """Whether somebody else can write or approve: nobody approves their own words."""
    other = select(User.id).where(
        User.id != actor.id, User.active.is_(True), User.role != Role.VIEWER
    )
    return db.session.scalar(other.limit(1)) is not None


def _furthest() -> tuple[int | None, int | None, str]:
    """Story, post and state of what is nearest to being out, among the newest."""
    newest = select(Post.story_id, Post.id, Post.shown_status).order_by(Post.id.desc())
    rows = db.session.execute(newest.where(Post.shown_status != "cancelled").limit(LOOKED_AT)).all()
    for status in WAY:
        for row in rows:
            if row.shown_status == status:
                return row.story_id, row.id, status
    if rows:
        return rows[0].story_id, rows[0].id, rows[0].shown_status
    story_id = db.session.scalar(
        select(Story.id).where(Story.archived_at.is_(None)).order_by(Story.id.desc()).limit(1)
    )
    return story_id, None, ""


def _settings() -> Config:
    config: Config = current_app.extensions["settings"]
    return config
