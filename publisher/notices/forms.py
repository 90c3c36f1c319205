"""The form on which a person chooses what is mailed to them, and when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from publisher.notices.rules import ICONS, URGENT, Kind, Wishes
from publisher.notices.sentences import KIND_NAMES, WAY_NAMES

WAYS = [SelectChoice(str(way), name) for way, name in WAY_NAMES.items()]


class WishesForm(FlaskForm):
    """Hours here; the ways, one field per kind of news, are added below."""

    digest_at = TimeField(_l("The daily digest comes at"), [InputRequired(_l("Give a time."))])
    quiet_from = TimeField(_l("Quiet from"), [Optional()])
    quiet_until = TimeField(_l("Quiet until"), [Optional()])
    urgent_anyway = BooleanField(_l("Mail what cannot wait in quiet hours, too"))

    @classmethod
    def of(cls, wishes: Wishes) -> WishesForm:
        """The form as it is filled in now, or as it was sent."""
        quiet = wishes.quiet_from != wishes.quiet_until
        return cls(
            digest_at=wishes.digest_at,
            quiet_from=wishes.quiet_from if quiet else None,
            quiet_until=wishes.quiet_until if quiet else None,
            urgent_anyway=wishes.urgent_anyway,
            **{str(kind): str(wishes.way(kind)) for kind in Kind},
        )

    def urgent(self) -> Iterator[tuple[str, SelectField]]:
        """Icon and field of each kind that somebody has to act on."""
        return ((ICONS[kind], self[str(kind)]) for kind in Kind if kind in URGENT)

    def calm(self) -> Iterator[tuple[str, SelectField]]:
        """Icon and field of each other kind."""
        return ((ICONS[kind], self[str(kind)]) for kind in Kind if kind not in URGENT)

    def ways(self) -> dict[str, str]:
        """The chosen way of each kind."""
        return {str(kind): self[str(kind)].data for kind in Kind}

    def hours(self) -> dict[str, time | None]:
        """Both ends of the quiet hours."""
        return {"quiet_from": self.quiet_from.data, "quiet_until": self.quiet_until.data}


for _kind in Kind:
    setattr(WishesForm, str(_kind), SelectField(KIND_NAMES[_kind], choices=WAYS))
