"""What each person chose to be mailed about, and when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time

from flask_babel import gettext as _

from publisher.errors import Invalid
from publisher.extensions import db
from publisher.notices.models import MailWish
from publisher.notices.rules import DIGEST_AT, Kind, Way, Wishes
from publisher.people.models import User
from publisher.storage import upsert, writing
from publisher.zones import zone_of

MIDNIGHT = time(0)


def of(user: User) -> Wishes:
    """The wishes of `user`: what they chose, or what holds for whoever chose nothing."""
    kept = db.session.get(MailWish, user.id)
    zone = zone_of(user.timezone)
    if kept is None:
        return Wishes(zone)
    return Wishes(
        zone,
        ways=kept.ways,
        digest_at=time.fromisoformat(kept.digest_at),
        quiet_from=_time(kept.quiet_from),
        quiet_until=_time(kept.quiet_until),
        urgent_anyway=kept.urgent_anyway,
    )


def choose(
    user: User,
    ways: Mapping[str, str],
    *,
    digest_at: time = DIGEST_AT,
    quiet_from: time | None = None,
    quiet_until: time | None = None,
    urgent_anyway: bool = True,
) -> None:
    """Keep how `user` wants to be mailed. It holds for what waits to be mailed, too.

    Raises Invalid for an unknown kind or way, and for quiet hours with one end or none at all.
    """
    known = {str(kind): str(way) for kind, way in ways.items()}
    if not known.keys() <= set(Kind) or not set(known.values()) <= set(Way):
        raise Invalid(_("Choose one of the ways that are offered."), code="way_unknown")
    if (quiet_from is None) != (quiet_until is None):
        missing = "quiet_from" if quiet_from is None else "quiet_until"
        sentence = _("Give both ends of the quiet hours, or none.")
        raise Invalid(sentence, fields={missing: sentence})
    if quiet_from is not None and quiet_from == quiet_until:
        sentence = _("Quiet hours end at another time than they begin.")
        raise Invalid(sentence, fields={"quiet_until": sentence})
    values = {
        "ways": known,
        "digest_at": f"{digest_at:%H:%M}",
        "quiet_from": f"{quiet_from:%H:%M}" if quiet_from else "",
        "quiet_until": f"{quiet_until:%H:%M}" if quiet_until else "",
        "urgent_anyway": urgent_anyway,
    }
    with writing() as session:
        insert = upsert(MailWish).values(user_id=user.id, **values)
        session.execute(insert.on_conflict_do_update(index_elements=["user_id"], set_=values))


def _time(kept: str) -> time:
    return time.fromisoformat(kept) if kept else MIDNIGHT
