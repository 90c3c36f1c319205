"""Work that gave up and waits for a person: shown, tried again, or let go."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, ScalarSelect, select

from publisher import clock, queue
from publisher.effects.models import Effect
from publisher.errors import NotFound
from publisher.extensions import db
from publisher.storage import counted, writing

SHOWN = 50


def waiting(but: Collection[str] = ()) -> Sequence[Effect]:
    """What gave up, the newest first, `but` of some kinds, which are shown elsewhere."""
    query = select(Effect).where(*_stuck(but)).order_by(Effect.id.desc()).limit(SHOWN)
    return db.session.scalars(query).all()


def count(but: Collection[str] = ()) -> ScalarSelect[int]:
    """How many, counted up to SHOWN, within one statement that counts more."""
    return counted(select(Effect.id).where(*_stuck(but)), SHOWN)


def try_again(effect_id: int) -> None:
    """Begin anew with all its tries. Pressed twice, or when it runs already, it changes nothing more."""
    with writing():
        effect = _locked(effect_id)
        if not effect.stuck:
            return
        effect.attempts, effect.problem, effect.next_at = 0, "", clock.now()
        effect.fence += 1
        queue.ring_after_commit(effect.next_at)


def let_go(effect_id: int) -> None:
    """Want it no more: it counts as done, until somebody asks for it anew."""
    with writing():
        effect = _locked(effect_id)
        if effect.stuck:
            effect.done_at = clock.now()


def _locked(effect_id: int) -> Effect:
    effect = db.session.get(Effect, effect_id, with_for_update=True)
    if effect is None:
        raise NotFound(_("There is no such work."))
    return effect


def _stuck(but: Collection[str]) -> list[ColumnElement[bool]]:
    """In the words of the partial index: there are few of them among many that are done."""
    return [Effect.next_at.is_(None), Effect.done_at.is_(None), Effect.kind.not_in(but)]
