"""The demonstration: people, sandbox accounts and a bilingual story about to go out.

Nothing here can reach a real platform: every account's API address is the sandbox on this machine.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

from flask_babel import gettext as _
from sqlalchemy import select

from publisher import clock
from publisher.accounts import service as accounts
from publisher.accounts.models import Account
from publisher.deliveries import service as deliveries
from publisher.errors import Conflict
from publisher.extensions import db
from publisher.people import links
from publisher.people import service as people
from publisher.people.models import User
from publisher.people.rules import Role
from publisher.storage import writing
from publisher.stories import categories, review
from publisher.stories import service as stories
from publisher.stories.models import Story
from publisher.stories.rules import Draft

ZONE = "Asia/Seoul"
SOON_S = 45
"""The demo story goes out this many seconds after the first start: time to sign in and watch."""

PEOPLE = (
    ("author@example.com", "김지민", Role.AUTHOR),
    ("editor@example.com", "박서연", Role.EDITOR),
    ("admin@example.com", "Alex Lee", Role.ADMIN),
)
X_CREDENTIALS = {
    "consumer_key": "demo-consumer",
    "consumer_secret": "demo-consumer-secret",
    "access_token": "1001-demo",
    "access_token_secret": "demo-access-secret",
}
FACEBOOK_CREDENTIALS = {
    "page_id": "2001",
    "page_token": "demo-page-token",
    "app_secret": "demo-app-secret",
}
CATEGORIES = (
    ("technology", "기술과 트렌드", "Technology"),
    ("people", "사람과 문화", "People and culture"),
    ("market", "시장 리포트", "Market report"),
)

BLOG_TEXT = """\
지난 1년 동안 세 곳의 공장에 자동화 설비를 들이면서 배운 것을 정리했습니다.

## 무엇이 달라졌나

- 불량률 **38%** 감소
- 교대 준비 시간 52분에서 **17분**으로
- 현장의 제안이 한 달 평균 4건에서 **31건**으로

> 기계보다 사람이 먼저 바뀌었습니다. — 생산기술팀 이도윤

## In English

We put automation into three factories within a year. Defects fell by 38 percent, changeovers
from 52 to 17 minutes. What surprised us most: the shop floor now sends us eight times as many ideas.
"""
TWEET = "공장 세 곳을 자동화하며 배운 것 · What a year of factory automation taught us {blog}"
FACEBOOK_TEXT = """\
공장 세 곳을 자동화하면서 1년 동안 배운 것을 정리했습니다.
불량률은 38% 줄고, 현장의 제안은 여덟 배로 늘었습니다.

What a year of automation in three factories taught us, in Korean and English:
{blog}
"""
STORY_TITLE = "공장 자동화 1년 · A year of factory automation"


def set_environment() -> None:
    """Mark this process and its children as a demonstration, and choose the sandbox's port."""
    os.environ["PUBLISHER_ENVIRONMENT"] = "demo"
    if "SANDBOX_PORT" not in os.environ:
        wanted = int(os.environ.get("PORT") or 8000) + 1
        os.environ["SANDBOX_PORT"] = str(wanted if _is_free(wanted) else any_port())


def is_local(url: str) -> bool:
    """Whether `url` is an address of this machine, as the sandbox's is."""
    return urlsplit(url).hostname in {"127.0.0.1", "localhost", "::1"}


def has_sandbox() -> bool:
    """Whether a sandbox was started along with this process."""
    return "SANDBOX_PORT" in os.environ


def sandbox_url() -> str:
    return f"http://127.0.0.1:{os.environ['SANDBOX_PORT']}"


def prepare() -> Iterator[str]:
    """Make what is missing and yield the lines that a person needs: sign-in links and addresses.

    Raises Conflict where accounts of one's own are connected: a demonstration would write into their place,
    and run beside them.
    """
    _require_nothing_of_ones_own()
    author, editor, admin = staff()
    blog, x, page = connect_accounts(admin)
    if db.session.scalar(select(Story.id).limit(1)) is None:
        _programme(admin)
        story = make_story(author, blog, x, page)
        review.submit_story(author, story)
        revisions = {post.id: post.revision for post in story.posts}
        due = clock.now() + timedelta(seconds=SOON_S)
        deliveries.approve_story(editor, story, revisions, due, ZONE)
        _drafts(author, blog, x)
        yield f"demo story: goes out in {SOON_S} seconds on three sandbox channels"
    yield f"sandbox (what was really posted): {sandbox_url()}"
    yield "Sign in, each link once:"
    for user, role in ((author, "author"), (editor, "editor"), (admin, "admin")):
        yield f"  {role:<7} {links.make_link(None, user)}"


def staff() -> list[User]:
    """An author, an editor and an administrator."""
    return [
        people.by_email(email) or people.add(None, email, name, role)
        for email, name, role in PEOPLE
    ]


def connect_accounts(actor: User | None) -> list[Account]:
    """The hosted blog, an X handle and a Facebook Page of the sandbox. Raises Conflict as `prepare`."""
    _require_nothing_of_ones_own()
    return [
        accounts.connect(actor, kind="blog", slug="blog", label="한빛 블로그", sandbox=True),
        accounts.connect(
            actor,
            kind="twitter",
            slug="x",
            label="X @hanbit",
            credentials=X_CREDENTIALS,
            api_url=f"{sandbox_url()}/x",
            sandbox=True,
        ),
        accounts.connect(
            actor,
            kind="facebook",
            slug="facebook",
            label="Facebook 한빛 솔루션",
            credentials=FACEBOOK_CREDENTIALS,
            api_url=f"{sandbox_url()}/facebook",
            sandbox=True,
        ),
    ]


def _require_nothing_of_ones_own() -> None:
    if own := [account.label for account in accounts.all_accounts() if not account.sandbox]:
        raise Conflict(
            _(
                "This installation has accounts of its own: %(labels)s. Start it with `publisher up`, or try"
                " things out in another folder: PUBLISHER_HOME=./demo make run",
                labels=", ".join(own),
            )
        )


def make_story(author: User, blog: Account, x: Account, page: Account) -> Story:
    """Three linked posts of one story, as drafts."""
    with writing():
        story = stories.create_story(
            author,
            title=STORY_TITLE,
            brief="현장의 숫자와 목소리로. Numbers and voices from the shop floor.",
            campaign="Smart factory",
            language="ko",
        )
        stories.add_post(author, story, blog, Draft(title=STORY_TITLE, text=BLOG_TEXT))
        stories.add_post(author, story, x, Draft(text=TWEET))
        stories.add_post(author, story, page, Draft(text=FACEBOOK_TEXT))
        return story


def _programme(admin: User) -> None:
    for slug, name_ko, name_en in CATEGORIES:
        categories.add_category(admin, slug=slug, name_ko=name_ko, name_en=name_en)


def _drafts(author: User, blog: Account, x: Account) -> None:
    """Something to review and something to finish, so that no page is empty."""
    morning = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    with writing():
        waiting = stories.create_story(author, title="신입 개발자의 첫 100일", language="ko")
        stories.add_post(
            author,
            waiting,
            blog,
            Draft(
                title="신입 개발자의 첫 100일",
                text="입사하고 100일 동안 배운 세 가지를 적었습니다.",
            ),
            planned_at=morning + timedelta(days=3),
            zone=ZONE,
        )
        stories.add_post(
            author,
            waiting,
            x,
            Draft(text="신입 개발자의 첫 100일, 세 가지 배움 {blog}"),
            planned_at=morning + timedelta(days=3, minutes=10),
            zone=ZONE,
        )
        review.submit_story(author, waiting)
        begun = stories.create_story(author, title="Edge AI market report 2027", language="en")
        stories.add_post(
            author,
            begun,
            blog,
            Draft(
                title="Edge AI market report 2027",
                text="Where inference moves next, in five charts.",
            ),
            planned_at=morning + timedelta(days=8, hours=1),
            zone=ZONE,
        )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def any_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
