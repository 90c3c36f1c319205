"""What the calendar can be filtered by, and the forms that move posts and set when accounts post."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from datetime import time as wall_time
from typing import Any

from babel.dates import get_day_names
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    DateField,
    HiddenField,
    SelectField,
    SelectMultipleField,
    StringField,
    TimeField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from publisher import zones
from publisher.accounts import service as accounts
from publisher.calendar import rules
from publisher.calendar.rules import Filters
from publisher.errors import Invalid
from publisher.people.models import User
from publisher.people.queries import past_writers, writers
from publisher.stories import queries
from publisher.stories.categories import categories, former
from publisher.stories.forms import zone_choices

STATUS_NAMES = {
    "draft": _l("Draft"),
    "in_review": _l("In review"),
    "changes_requested": _l("Changes requested"),
    "approved": _l("Approved"),
    "scheduled": _l("Scheduled"),
    "waiting": _l("Waiting"),
    "sending": _l("On its way"),
    "published": _l("Published"),
    "partly_published": _l("Partly published"),
    "unconfirmed": _l("Being checked"),
    "needs_attention": _l("Needs attention"),
    "failed": _l("Failed"),
    "missed": _l("Missed"),
    "taken_down": _l("Taken down"),
    "cancelled": _l("Cancelled"),
}

FILTERS = ("account", "status", "author", "category", "campaign")
"""What has values to choose from; besides there is `mine`."""

Option = tuple[Any, str]


@dataclass(frozen=True, slots=True)
class Choices:
    """The values that each filter offers, with their names."""

    account: list[Option]
    status: list[Option]
    author: list[Option]
    category: list[Option]
    campaign: list[Option] = field(default_factory=list)
    merged: Mapping[str, str] = field(default_factory=dict)
    """Addresses of categories that were merged, and of what they are now."""
    gone: frozenset[int] = frozenset()
    """People who write no more: nobody is offered them, but what they wrote can be asked for."""

    def known(self, given: Mapping[str, Any]) -> tuple[Filters, list[str]]:
        """The filters of an address, and what it names that does not exist (any more)."""
        offered = {name: {value for value, _label in self[name]} for name in FILTERS}
        if merged := [self.merged.get(str(slug), slug) for slug in rules.values(given, "category")]:
            given = {**given, "category": merged}
        return Filters.known(given, {**offered, "author": offered["author"] | self.gone})

    def __getitem__(self, name: str) -> list[Option]:
        found: list[Option] = getattr(self, name)
        return found

    def named(self, filters: Filters) -> list[tuple[str, Any, str]]:
        """Every value that filters: the filter's name, the value and the name people know."""
        found: list[tuple[str, Any, str]] = []
        for name in FILTERS:
            known = dict(self[name])
            if name == "category":
                known |= {old: known.get(new, old) for old, new in self.merged.items()}
            found += [
                (name, value, known.get(value, str(value))) for value in getattr(filters, name)
            ]
        found += [("campaign", name, name) for name in filters.campaign]
        return found + ([("mine", True, _("Mine"))] if filters.mine else [])

    def sentence(self, stored: Mapping[str, Any]) -> str:
        """What a stored filter lets through, for people."""
        names = [str(label) for _name, _value, label in self.named(Filters.of(stored))]
        return ", ".join(names) or _("All posts")


def choices(actor: User | None = None) -> Choices:
    """What exists to filter by, in the reader's language; campaigns of stories that `actor` may open."""
    language = str(get_locale())
    return Choices(
        account=[(account.slug, account.label) for account in accounts.all_accounts()],
        status=[(status, str(STATUS_NAMES[status])) for status in rules.STATUSES],
        author=[(each.id, each.name) for each in writers()],
        category=[(category.slug, category.name(language)) for category in categories()],
        campaign=[(name, name) for name in queries.campaigns(actor)] if actor else [],
        merged={slug: category.slug for slug, category in former().items()},
        gone=past_writers(),
    )


class MoveForm(FlaskForm):
    """Another time for a post. `seen` is the time it had when the page was made, `instant` one of the two
    that a clock shows alike."""

    day = DateField(_l("Date"), [InputRequired(_l("Please choose a date."))])
    time = TimeField(_l("Time"), [InputRequired(_l("Please choose a time."))])
    zone = SelectField(_l("Time zone"), validate_choice=False)
    seen = HiddenField()
    instant = HiddenField()

    def offer(self, *also: str) -> MoveForm:
        """The same form with the zones to choose from; the first of `also` unless another was sent."""
        self.zone.choices = zone_choices(*also, self.zone.data or "")
        self.zone.data = self.zone.data or self.zone.choices[0].value
        return self

    @classmethod
    def showing(
        cls,
        at: datetime | None,
        zone: str,
        day: date | None = None,
        hour: wall_time | None = None,
    ) -> MoveForm:
        """The form as it opens: filled with the post's time in `zone`, or with `day` and `hour` (ten)."""
        wall = at.astimezone(zones.zone_of(zone)) if at else None
        form = cls(
            formdata=None,
            day=day or (wall.date() if wall else None),
            time=hour or (wall.time() if wall else wall_time(10)),
            seen=rules.seen_of(at),
            zone=zone,
        )
        return form.offer(zone)

    def resolved(self) -> datetime | None:
        """The instant that the form shows; None where it is empty or its wall shows it twice or never."""
        if not (self.day.data and self.time.data):
            return None
        try:
            return self.resolve()
        except Invalid:
            return None

    def resolve(self) -> datetime:
        """The instant that was meant; ZoneProblem where that stays open, Invalid for an unknown zone."""
        chosen = _instant(self.instant.data or "")
        return rules.meant(self.day.data, self.time.data, self.zone.data, chosen)


class SlotForm(FlaskForm):
    """Weekly times for one account."""

    account = SelectField(_l("Account"))
    weekdays = SelectMultipleField(
        _l("Weekdays"),
        coerce=int,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    at = TimeField(_l("Time"), [InputRequired(_l("Please choose a time."))])
    zone = SelectField(_l("Time zone"), validate_choice=False)

    def offer(self, zone: str) -> SlotForm:
        """The same form with what there is to choose from."""
        self.account.choices = [
            SelectChoice(each.slug, each.label) for each in accounts.all_accounts()
        ]
        self.weekdays.choices = [SelectChoice(str(n), name) for n, name in weekday_names().items()]
        self.zone.choices = zone_choices(zone, self.zone.data or "")
        self.zone.data = self.zone.data or zone
        return self


class BlackoutForm(FlaskForm):
    """Days on which nothing should go out."""

    first = DateField(_l("First day"), [InputRequired(_l("Please choose a date."))])
    last = DateField(_l("Last day"), [Optional()], description=_l("Empty: one day only."))
    reason = StringField(_l("Reason"), [InputRequired(_l("Please fill this in.")), Length(max=200)])


def weekday_names(width: str = "wide") -> dict[int, str]:
    """Weekday (Monday is 0) → its name in the reader's language, in the order of their week."""
    first = rules.FIRST_WEEKDAY.get(str(get_locale()), rules.MONDAY)
    names = get_day_names(width, locale=get_locale())  # type: ignore[arg-type]
    return {(first + n) % 7: names[(first + n) % 7] for n in range(7)}


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo and found.year in zones.YEARS else None
