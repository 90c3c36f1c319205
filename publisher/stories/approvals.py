"""How many approvals a post needs, which of them stand, and for how long they do."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, delete, func, select, true
from sqlalchemy.orm import joinedload

from publisher import clock
from publisher.accounts import timekeeping
from publisher.accounts.models import Account
from publisher.config import Config
from publisher.effects.service import Desired
from publisher.errors import Conflict, Invalid, NotAllowed, NotFound
from publisher.extensions import db
from publisher.people import audit
from publisher.people.models import User
from publisher.people.rules import Role, at_least
from publisher.storage import writing
from publisher.stories import access, rules, service, telling
from publisher.stories.models import Approval, ApprovalRule, Category, Post, Revision, Story
from publisher.stories.rules import APPROVED, IN_REVIEW, Demand

FEWEST, MOST = 2, 5
"""How many approvals a rule may ask for: one is what every post needs anyway."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a post's approval is: how many it needs, and whose stand for its present words."""

    needed: int
    by: tuple[User, ...]

    @property
    def missing(self) -> int:
        return max(self.needed - len(self.by), 0)


# ---- Reading ----


def all_rules() -> Sequence[ApprovalRule]:
    """Every rule, the oldest first."""
    return db.session.scalars(
        select(ApprovalRule)
        .order_by(ApprovalRule.id)
        .options(joinedload(ApprovalRule.category), joinedload(ApprovalRule.account))
    ).all()


def demands() -> list[Demand]:
    """The rules as plain values, to ask `needed` of many posts with one look at the table."""
    return [
        Demand(rule.needed, rule.category_id, rule.account_id, rule.word)
        for rule in db.session.scalars(select(ApprovalRule))
    ]


def needed(post: Post, known: Iterable[Demand] | None = None) -> int:
    """How many editors have to approve what the post says now."""
    return rules.approvals_needed(
        demands() if known is None else known,
        category_id=post.story.category_id,
        account_id=post.account_id,
        words=f"{post.head.title}\n{post.head.text}",
    )


def standing(post: Post) -> Standing:
    """How far the post's approval is."""
    return Standing(needed(post), tuple(approvers([post]).get(post.id, ())))


def left_to_others(actor: User, posts: Sequence[Post]) -> set[int]:
    """The ids of those in review that `actor` has approved and that still wait for somebody else."""
    in_review = [post for post in posts if post.status == IN_REVIEW]
    mine = {each: by for each, by in approvers(in_review).items() if actor in by}
    known = demands() if mine else []
    return {
        post.id
        for post in in_review
        if post.id in mine and needed(post, known) > len(mine[post.id])
    }


def require_all(actor: User | None, story: Story, chosen: Collection[Post]) -> None:
    """No post in review stays behind unseen, such as one that was added while its editor read the others.
    Raises Conflict naming those that are missing; not what `actor` has left to others."""
    left = left_to_others(actor, story.posts) if actor else set()
    unread = [
        post
        for post in story.posts
        if post.status == IN_REVIEW and post not in chosen and post.id not in left
    ]
    if unread:
        raise Conflict(
            _(
                "These posts of the story are in review, too, and were not read: %(accounts)s. Read them"
                " and approve all together, or approve each by itself.",
                accounts=", ".join(post.account.label for post in unread),
            ),
            code="posts_missing",
            posts=[post.id for post in unread],
        )


def approvers(posts: Sequence[Post]) -> dict[int, list[User]]:
    """Post id → who approved exactly what the post says now and may still decide, nobody twice."""
    heads = {post.id: post.head.hash for post in posts}
    rows = db.session.scalars(
        select(Approval)
        .where(Approval.post_id.in_(heads), Approval.voided_at.is_(None))
        .order_by(Approval.id)
        .options(joinedload(Approval.approver))
    )
    found: dict[int, list[User]] = {}
    for row in rows:
        who = row.approver
        if who is None or not (who.active and at_least(who.role, Role.EDITOR)):
            continue
        by = found.setdefault(row.post_id, [])
        if row.hash == heads[row.post_id] and who not in by:
            by.append(who)
    return found


def history(post: Post) -> Sequence[Approval]:
    """Every approval that the post ever got, the newest first, also those that no longer count."""
    return db.session.scalars(
        select(Approval)
        .where(Approval.post_id == post.id)
        .order_by(Approval.id.desc())
        .limit(20)
        .options(joinedload(Approval.approver), joinedload(Approval.revision))
    ).all()


def makes_a_writer() -> ColumnElement[bool]:
    """Which revisions make their author somebody who wrote the post: all, or all but touch-ups where the
    installation lets editors approve their own."""
    config: Config = current_app.extensions["settings"]
    return Revision.touch_up.is_(False) if config.allow_touch_up_approval else true()


def touched_up(person: User, post: Post) -> bool:
    """Whether `person` touched the post up since it was approved last by all who had to."""
    approved = (
        select(func.max(Revision.number))
        .join(Approval, Approval.revision_id == Revision.id)
        .where(Approval.post_id == post.id, Approval.complete)
        .scalar_subquery()
    )
    theirs = select(Revision.id).where(
        Revision.post_id == post.id,
        Revision.author_id == person.id,
        Revision.touch_up.is_(True),
        Revision.number > func.coalesce(approved, 0),
    )
    return db.session.scalar(theirs.limit(1)) is not None


# ---- Rules ----


def add_rule(
    actor: User | None,
    *,
    needed: int,
    category_id: int | None = None,
    account_id: int | None = None,
    word: str = "",
) -> ApprovalRule:
    """From now on such posts need that many approvals. What is approved already stays so.

    Administrators only; raises Invalid that names the wrong field.
    """
    with writing() as session:
        _administrators_only(actor)
        word = " ".join(rules.clean(word).split())
        if not FEWEST <= needed <= MOST:
            wrong = _("Choose between %(few)s and %(many)s approvals.", few=FEWEST, many=MOST)
            raise Invalid(wrong, fields={"needed": wrong})
        if len(word) > 80:
            wrong = _("A word has at most 80 characters.")
            raise Invalid(wrong, fields={"word": wrong})
        for field, table, key in (
            ("category_id", Category, category_id),
            ("account_id", Account, account_id),
        ):
            if key is not None and session.get(table, key) is None:
                raise Invalid(_("Choose again."), fields={field: _("Choose again.")})
        rule = ApprovalRule(
            needed=needed, category_id=category_id, account_id=account_id, word=word
        )
        session.add(rule)
        session.flush()
        audit.record(
            actor,
            "rule.added",
            "approval_rule",
            rule.id,
            needed=needed,
            category=rule.category.name_ko if rule.category else None,
            account=rule.account.slug if rule.account else None,
            word=word,
        )
    return rule


def remove_rule(actor: User | None, rule_id: int) -> None:
    """Such posts need as many approvals as the other rules ask for. Raises NotFound."""
    with writing() as session:
        _administrators_only(actor)
        if session.get(ApprovalRule, rule_id) is None:
            raise NotFound(_("There is no such rule."))
        session.execute(delete(ApprovalRule).where(ApprovalRule.id == rule_id))
        audit.record(actor, "rule.removed", "approval_rule", rule_id)


def _administrators_only(actor: User | None) -> None:
    if actor and not at_least(actor.role, Role.ADMIN):
        raise NotAllowed(_("Only administrators change the rules of approval."))


# ---- Time ----


def lifetime() -> timedelta | None:
    """For how long the approval of a post without a time counts; None for ever."""
    config: Config = current_app.extensions["settings"]
    return timedelta(days=config.approval_days) if config.approval_days else None


def expires_at(post: Post) -> datetime | None:
    """When the post's approval stops counting: only while it is approved and never had a time to go out.

    What stands on the calendar has a time that an editor agreed to; it never drops out unseen,
    and what somebody took off again stays cancelled.
    """
    lasts = lifetime()
    if lasts is None or post.status != APPROVED or post.delivery_status is not None:
        return None
    approved = db.session.scalar(
        select(Approval.at)
        .where(Approval.post_id == post.id, Approval.voided_at.is_(None), Approval.complete)
        .order_by(Approval.id.desc())
        .limit(1)
    )
    return approved + lasts if approved else None


def expire_old(_desired: Desired) -> None:
    """Effect `expire`: approved posts that found no time for too long wait for a decision again."""
    lasts = lifetime()
    if lasts is None:
        return
    timekeeping.require_believed()
    old = select(Post.id).where(
        Post.status == APPROVED,
        Post.delivery_status.is_(None),
        Post.id.in_(
            select(Approval.post_id).where(
                Approval.voided_at.is_(None),
                Approval.complete,
                Approval.at < clock.now() - lasts,
            )
        ),
    )
    for post_id in db.session.scalars(old).all():
        _expire(post_id)


def _expire(post_id: int) -> None:
    with writing() as session:
        post = session.get(Post, post_id)
        if post is None:
            return
        access.lock(post)
        ends = expires_at(post)
        if ends is None or ends > clock.now():
            return
        service.move(None, post, "expire", revision=post.revision)
        service.void_approval(post)
        post.submitted_at = clock.now()
        telling.writers(None, post, "approval_expired")
        telling.editors(None, post.story, [post])
