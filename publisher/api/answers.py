"""From rows to the API's answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from publisher.accounts.models import Account
from publisher.accounts.platform_words import said
from publisher.calendar.service import CalendarEntry
from publisher.deliveries import preflight, settle
from publisher.deliveries import service as deliveries
from publisher.deliveries.models import Delivery
from publisher.deliveries.plan import Targets
from publisher.deliveries.rules import SCHEDULED
from publisher.media import service as media
from publisher.media.models import Media
from publisher.people.models import User
from publisher.stories import checks, queries
from publisher.stories.models import Post, Story
from publisher.stories.problems import remark
from publisher.web import settings


def story(found: Story) -> dict[str, object]:
    return {
        "id": found.id,
        "title": found.title,
        "brief": found.brief,
        "category": found.category.slug if found.category else None,
        "campaign": found.campaign,
        "language": found.language,
        "status": queries.progress(found).status,
        "posts": [post(each) for each in found.posts],
    }


def post(found: Post) -> dict[str, object]:
    head = found.head
    return {
        "id": found.id,
        "story_id": found.story_id,
        "account": found.account.slug,
        "status": found.status,
        "shown_status": found.shown_status,
        "revision": found.revision,
        "version": found.version,
        "title": head.title,
        "text": head.text,
        "link": head.link,
        "media": [asdict(use) for use in head.draft.media],
        "thread": head.thread,
        "planned_at": iso(found.planned_at),
        "tz": found.planned_zone,
        "grace_s": found.grace_s,
        "delivery": delivery(deliveries.of_post(found)),
        "crosslinks": crosslinks(found),
        "problems": [
            {"code": each.code, "message": each.message, "blocking": each.blocking}
            for each in map(remark, checks.problems(found))
        ],
    }


def delivery(run: Sequence[Delivery]) -> dict[str, object] | None:
    """The newest run as one: its first part's proof, and the parts one by one."""
    if not run:
        return None
    first = run[0]
    waiting = next((part for part in run if part.status == SCHEDULED), first)
    ours = settle.PROBLEMS.get(first.problem_code)
    return {
        "status": first.post.delivery_status or str(first.status),
        "due_at": iso(first.due_at),
        "published_at": iso(first.published_at),
        "late_ms": first.late_ms,
        "attempts": first.attempts,
        "remote_id": first.remote_id,
        "url": first.url,
        "problem": str(ours) if ours else said(first.problem),
        "waits_for": str(preflight.waits_for(waiting)),
        "parts": [
            {
                "part": part.part,
                "status": part.status,
                "remote_id": part.remote_id,
                "url": part.url,
                "attempts": part.attempts,
            }
            for part in run
        ],
    }


def crosslinks(found: Post) -> list[dict[str, object]]:
    """Which posts this one links to, their addresses so far, and what happens if one is late."""
    targets = Targets(found, found.head)
    return [
        {
            "reference": reference,
            "post_id": target,
            "url": targets.live[target].url if target in targets.live else None,
            "when_late": str(targets.policy(reference)),
        }
        for reference, target in targets.found.items()
    ]


def entry(found: CalendarEntry) -> dict[str, object]:
    return {
        "post_id": found.post_id,
        "story_id": found.story_id,
        "title": found.title,
        "account": found.account,
        "status": found.status,
        "at": iso(found.at),
        "author": found.author,
        "url": settings().base_url + found.url,
    }


def picture(found: Media) -> dict[str, object]:
    return {
        "id": found.id,
        "alt": found.alt,
        "width": found.width,
        "height": found.height,
        "url": settings().base_url + media.url(found),
    }


def account(found: Account) -> dict[str, object]:
    return {
        "slug": found.slug,
        "kind": found.kind,
        "label": found.label,
        "status": found.status,
        "problem": said(found.problem),
        "spacing_s": found.spacing_s,
    }


def iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def language_of(person: User, given: str | None) -> str:
    return given or person.language
