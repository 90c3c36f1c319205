"""Looking ahead, a day and an hour before each post: will it be able to go out? Its owner hears in time.

What concerns a delivery is found anew for everyone who looks at it; what is stored only says that there is
something to look at, and what its owner was told of.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from flask_babel import force_locale
from flask_babel import lazy_gettext as _l
from sqlalchemy import ScalarSelect, Select, func, select, text, update

from channels import channel_class
from channels.errors import Unavailable
from publisher import clock
from publisher.accounts import health, timekeeping
from publisher.accounts import service as accounts
from publisher.accounts.models import Account
from publisher.accounts.platform_words import said
from publisher.accounts.rules import AccountStatus, needs_check
from publisher.accounts.words import reason_of
from publisher.deliveries import rules, state
from publisher.deliveries.models import Delivery
from publisher.deliveries.plan import Targets
from publisher.deliveries.rules import NEEDS_ATTENTION, SCHEDULED, WaitsFor
from publisher.effects import service as effects
from publisher.extensions import db
from publisher.notices import service as notices
from publisher.storage import counted, writing
from publisher.stories.links import WhenLate
from publisher.stories.models import Post
from publisher.stories.rules import APPROVED

BATCH = 20
LOOK_EACH_S, CHECK_EACH_S = 5.0, 60.0
"""How often a process asks the database at whom to look, and about which accounts to ask a platform."""
DOUBTFUL = frozenset({None, "failed", "cancelled", "missed", str(NEEDS_ATTENTION)})
"""What a post's delivery is when nothing will bring it out by itself."""

OF_ACCOUNT = frozenset({"account_paused", "account_silent", "quota"})
"""Concerns for which a delivery waits for its account."""

SENTENCES = {
    "approval": _l("It was changed after its approval and waits for a new one."),
    "account_paused": _l("The account is paused, and nothing goes out there."),
    "account_held": _l("The account is held until somebody releases it."),
    "account_silent": _l(
        "The platform does not answer. One post is tried alone; the others follow when it got through."
    ),
    "credentials_end": _l("The account's credentials end before its time. Renew them."),
    "quota": _l("The platform's limit for this account is used up until after its time."),
    "target_missing": _l("The post for %(target)s that it links to has no time or does not come."),
    "target_later": _l("The post for %(target)s that it links to goes out later than this one."),
}


@dataclass(frozen=True, slots=True)
class Concern:
    """One reason why a post may not go out in time. `at` is when the reason itself may end or begin, if
    known; `quote` is why, in the reader's language: what a platform said, or whoever holds the account."""

    code: str
    at: datetime | None = None
    values: dict[str, str] = field(default_factory=dict)
    quote: Callable[[], str] = str

    @property
    def sentence(self) -> str:
        return str(SENTENCES[self.code]) % self.values

    @property
    def quoted(self) -> str:
        return self.quote()


def first_look(due_at: datetime) -> datetime | None:
    """When somebody looks first at a delivery that is due then; None when it is too near."""
    now = clock.now()
    wait = rules.first_look((due_at - now).total_seconds())
    return None if wait is None else now + timedelta(seconds=wait)


class _Turns:
    """When this process asks again, by its monotonic clock."""

    looks_at = 0.0
    checks_at = 0.0


def due() -> Sequence[int]:
    """The deliveries whose time to be looked at has come. Empty, without a query, most of the time; now and
    then it also has the platforms asked about accounts that are needed soon."""
    now = time.monotonic()
    if now < _Turns.looks_at:
        return ()
    found = waiting()
    _Turns.looks_at = now + (LOOK_EACH_S / 5 if len(found) == BATCH else LOOK_EACH_S)
    if now >= _Turns.checks_at:
        _Turns.checks_at = now + CHECK_EACH_S
        ask_platforms()
    return found


def waiting() -> Sequence[int]:
    """As `due`, always asking the database."""
    query = select(Delivery.id).where(
        Delivery.look_at <= clock.now(), Delivery.look_at.is_not(None), ~timekeeping.unconfirmed()
    )
    return db.session.scalars(query.order_by(Delivery.look_at).limit(BATCH)).all()


def look(delivery_id: int) -> None:
    """Look at one delivery, tell its owner what is new, and say when to look again."""
    with writing():
        delivery = state.locked(delivery_id)
        if delivery is None:
            return
        if delivery.status != SCHEDULED:
            delivery.look_at, delivery.concerns = None, ""
            return
        now = clock.now()
        left = (delivery.due_at - now).total_seconds()
        found = concerns_of(delivery) if left <= rules.DAY_S else []
        codes = sorted({concern.code for concern in found})
        if left > 0 and set(codes) - set(delivery.concerns.split(",")):
            _tell(delivery, found)
        delivery.concerns = ",".join(codes)
        wait = rules.next_look(left, concerned=bool(found))
        delivery.look_at = None if wait is None else now + timedelta(seconds=wait)


def concerns_of(delivery: Delivery) -> list[Concern]:
    """Everything that keeps a scheduled delivery, as things are, from going out at its time. Reads only."""
    if delivery.status != SCHEDULED:
        return []
    post = delivery.post
    found = _of_account(delivery)
    if post.status != APPROVED or post.approved_hash != post.head.hash:
        found.insert(0, Concern("approval"))
    return found + _of_targets(delivery)


def waits_for(delivery: Delivery) -> str:
    """What keeps a scheduled delivery now, by the names of WaitsFor; empty when it only waits for its time.

    What its row says (an approval, a link, the part before it), else a hold, else its account.
    """
    if delivery.status != SCHEDULED or delivery.waits_for:
        return delivery.waits_for
    held = accounts.holds()
    if timekeeping.SCOPE in held:
        return WaitsFor.CONFIRMATION
    if None in held or delivery.account_id in held:
        return WaitsFor.RELEASE
    codes = {concern.code for concern in _of_account(delivery)}
    return WaitsFor.ACCOUNT if codes & OF_ACCOUNT else ""


def look_again(account_id: int) -> None:
    """Something happened to this account: whoever has a post there within a day hears of it now."""
    now = clock.now()
    near = (Delivery.account_id == account_id, Delivery.status == SCHEDULED)
    soon = (Delivery.due_at > now, Delivery.due_at <= now + timedelta(seconds=rules.DAY_S))
    with writing() as session:
        # Whoever holds one of these rows now looks at it anyway; to wait could be to wait in a circle.
        found = select(Delivery.id).where(*near, *soon, Delivery.part == 1)
        ids = session.scalars(found.with_for_update(skip_locked=True)).all()
        session.execute(update(Delivery).where(Delivery.id.in_(ids)).values(look_at=now))
    _Turns.looks_at = 0.0


def foreseen(limit: int = 200) -> Sequence[Delivery]:
    """Scheduled deliveries about which somebody should do something, the next one first."""
    return db.session.scalars(_concerned().order_by(Delivery.due_at).limit(limit)).all()


def count() -> ScalarSelect[int]:
    """How many those are, counted up to a thousand, within one statement that counts more."""
    return counted(_concerned().with_only_columns(Delivery.id), 1000)


def check_account(desired: effects.Desired) -> None:
    """Effect `check`: ask the platform whether an account that is needed soon still may post."""
    account = accounts.get(desired["account_id"])
    if account.status != AccountStatus.ACTIVE:
        return
    account_id = account.id
    try:
        lost = not health.probe(account_id)
    except Unavailable:
        raise effects.Later(120.0) from None
    if lost:
        look_again(account_id)


def ask_platforms() -> None:
    """Have each platform asked, at most once an hour, about an account whose next post comes near."""
    now = clock.now()
    for account, due_at in db.session.execute(_next_posts(now)).all():
        ago = (now - account.checked_at).total_seconds() if account.checked_at else None
        if channel_class(account.kind).transactional:
            continue  # our own blog needs nobody's leave
        if needs_check((due_at - now).total_seconds(), ago):
            wish = {"account_id": account.id, "hour": now.strftime("%Y-%m-%dT%H")}
            effects.ask("check", f"check:{account.id}", wish)


def _next_posts(now: datetime) -> Select[Account, datetime]:
    """Each account's next post within a day, whatever it waits for. Reads no more than that day."""
    day = (Delivery.due_at > now, Delivery.due_at <= now + timedelta(seconds=rules.DAY_S))
    first = (
        select(Delivery.account_id, func.min(Delivery.due_at).label("due_at"))
        .where(Delivery.status == SCHEDULED, *day)
        .group_by(Delivery.account_id)
        .subquery()
    )
    active = select(Account, first.c.due_at).join(first, first.c.account_id == Account.id)
    return active.where(Account.status == AccountStatus.ACTIVE)


def _concerned() -> Select[Delivery]:
    # In the words of the partial index, and with no other index to go by: there are few of them.
    scheduled = func.coalesce(Delivery.status, "") == str(SCHEDULED)
    return select(Delivery).where(text("deliveries.concerns != ''"), scheduled)


def _of_account(delivery: Delivery) -> list[Concern]:
    account, due_at = delivery.account, delivery.due_at
    found = []
    if account.status != AccountStatus.ACTIVE:
        found.append(Concern("account_paused", quote=partial(said, account.problem)))
    if (held := accounts.hold_of(account)) is not None:
        found.append(Concern("account_held", quote=partial(reason_of, held)))
    if account.silent_since is not None:
        found.append(Concern("account_silent", at=account.paused_until))
    elif account.paused_until is not None and account.paused_until > due_at:
        found.append(Concern("quota", at=account.paused_until))
    elif _used_up(account, due_at):
        found.append(Concern("quota", at=account.quota_resets_at))
    if account.expires_at is not None and account.expires_at <= due_at:
        found.append(Concern("credentials_end", at=account.expires_at))
    return found


def _used_up(account: Account, due_at: datetime) -> bool:
    """Whether the posts before this one need all that the platform's present window has left."""
    left, until = account.quota_left, account.quota_resets_at
    if left is None or until is None or due_at >= until:
        return False
    before = select(Delivery.id).where(
        Delivery.account_id == account.id, Delivery.status == SCHEDULED, Delivery.due_at < due_at
    )
    return len(db.session.scalars(before.limit(left + 1)).all()) >= left


def _of_targets(delivery: Delivery) -> list[Concern]:
    targets = Targets(delivery.post, delivery.revision)
    posts: dict[int | None, Post] = {post.id: post for post in delivery.post.story.posts}
    found = []
    for reference in targets.missing():
        if targets.policy(reference) is WhenLate.SEND_WITHOUT:
            continue
        post = posts.get(targets.found[reference])
        label = post.account.label if post else reference.removeprefix("link:")
        if post is None or post.delivery_status in DOUBTFUL or post.due_at is None:
            found.append(Concern("target_missing", values={"target": label}))
        elif post.due_at > delivery.due_at:
            found.append(Concern("target_later", at=post.due_at, values={"target": label}))
    return found


def _tell(delivery: Delivery, found: Sequence[Concern]) -> None:
    """Tell the story's owner, in the owner's language."""
    owner, post = delivery.post.story.owner, delivery.post
    with force_locale(owner.language):
        reasons = " ".join(f"{each.sentence} {each.quoted}".strip() for each in found)
    values = {"title": post.story.title, "account": post.account.label, "problem": reasons}
    notices.notify(owner, "preflight", values, f"/posts/{post.id}/deliveries")
