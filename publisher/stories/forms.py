"""The forms of the desk and of the review."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from werkzeug.datastructures import FileStorage, MultiDict
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from publisher import zones
from publisher.accounts.models import Account
from publisher.errors import DomainError, Invalid
from publisher.media.rules import MIDDLE
from publisher.people.models import User
from publisher.people.queries import Named
from publisher.stories import links
from publisher.stories.models import Category, Post, Story
from publisher.stories.outlines import Choice
from publisher.stories.rules import Draft, MediaUse
from publisher.web import number

ZONES = (
    "Asia/Seoul",
    "Asia/Tokyo",
    "Asia/Shanghai",
    "Asia/Singapore",
    "Asia/Kolkata",
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "Australia/Sydney",
    "UTC",
)
"""The zones that the choice offers; one's own and the one already meant are added to it."""

LANGUAGES = [SelectChoice("ko", "한국어"), SelectChoice("en", "English")]


def _required() -> InputRequired:
    return InputRequired(_l("Please fill this in."))


def zone_choices(*also: str) -> list[SelectChoice]:
    """The zones to choose from, the ones of `also` first."""
    names = dict.fromkeys([*filter(None, also), *ZONES])
    return [SelectChoice(name, name.replace("_", " ")) for name in names]


class WhenForm(FlaskForm):
    """A wall time: a date, a time of day and the zone in which they are meant."""

    date = DateField(_l("Date"), [Optional()])
    time = TimeField(_l("Time"), [Optional()])
    zone = SelectField(_l("Time zone"), validate_choice=False)
    instant = HiddenField()

    def offer(self, *also: str) -> None:
        """Fill the choice of zones; the first of `also` is chosen where nothing was sent."""
        self.zone.choices = zone_choices(*also, self.zone.data or "")
        self.zone.data = self.zone.data or self.zone.choices[0].value

    def show(self, wall: str) -> None:
        """Fill date and time from a wall time as `zones.wall` writes it."""
        if wall:
            given = datetime.fromisoformat(wall)  # a wall time has no zone: `zone` holds it
            self.date.data, self.time.data = given.date(), given.time()

    @property
    def wall(self) -> str:
        """The wall time that was sent, or the empty string."""
        day, at = self.date.data, self.time.data
        return f"{day:%Y-%m-%d}T{at:%H:%M}" if day and at else ""

    def resolve(self) -> datetime | None:
        """The instant that is meant; None when date and time are empty.

        Raises ZoneProblem when the wall shows that time twice or never and none of its choices was made.
        """
        if not (self.date.data and self.time.data):
            return None
        try:
            return zones.resolve(self.date.data, self.time.data, self.zone.data)
        except zones.ZoneProblem as problem:
            for choice in problem.choices:
                if choice.isoformat() == request.form.get("instant"):
                    return choice
            raise

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Both halves or none: a date alone or a time alone is a slip."""
        valid = bool(super().validate(extra_validators))
        for given, missing, message in (
            (self.time, self.date, _l("Add the date to the time.")),
            (self.date, self.time, _l("Add the time to the date.")),
        ):
            if given.data and not missing.data and not missing.errors:
                missing.errors = [message]
                valid = False
        return valid

    def validate_zone(self, field: SelectField) -> None:
        if field.data and field.data not in zones.known():
            raise ValidationError(_l("This is no time zone."))


class StoryForm(FlaskForm):
    title = StringField(_l("Title"), [_required(), Length(max=200)])
    brief = TextAreaField(
        _l("Brief"),
        [Length(max=10_000)],
        description=_l("What is this about, for whom, and what should they do?"),
    )
    category_id = SelectField(_l("Category"), coerce=int)
    campaign = StringField(_l("Campaign"), [Length(max=100)])
    language = SelectField(_l("Language"), choices=LANGUAGES)
    deadline = DateField(_l("Deadline"), [Optional()])
    author_ids = SelectMultipleField(
        _l("Co-authors"),
        coerce=int,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        description=_l("They see and edit this story too."),
    )
    version = IntegerField(widget=HiddenInput(), validators=[Optional()])

    def offer(self, categories: Iterable[Category], people: Iterable[Named], language: str) -> None:
        self.category_id.choices = [
            SelectChoice("0", "–"),
            *(SelectChoice(str(each.id), each.name(language)) for each in categories),
        ]
        self.author_ids.choices = [SelectChoice(str(person.id), person.name) for person in people]

    def show(self, story: Story) -> None:
        """Fill the form from what is stored."""
        for name in ("title", "brief", "campaign", "language", "version"):
            self[name].data = getattr(story, name)
        self.category_id.data = story.category_id or 0
        self.author_ids.data = [author.id for author in story.authors]

    def parts(self) -> dict[str, Any]:
        """What `create_story` and `update_story` take, but the deadline."""
        return {
            "title": self.title.data or "",
            "brief": self.brief.data or "",
            "category_id": self.category_id.data or None,
            "campaign": self.campaign.data or "",
            "language": self.language.data or "",
            "author_ids": self.author_ids.data or (),
        }


class NewStoryForm(StoryForm):
    day = DateField(
        _l("Planned day"),
        [Optional()],
        description=_l("All its posts are planned for nine in the morning; each can be moved."),
    )
    account_ids = SelectMultipleField(
        _l("Write it for"),
        coerce=int,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        description=_l("You can add and remove accounts later."),
    )

    template = RadioField(_l("Begin with"), default="")
    owner_id = SelectField(
        _l("Who writes it"),
        coerce=int,
        description=_l(
            "They are told at once. Choose no account to hand out a mere idea:"
            " they decide what becomes of it."
        ),
    )

    def offer_templates(self, choices: Iterable[Choice]) -> None:
        """What a story can begin with; the empty page first."""
        self.template.choices = [
            SelectChoice("", _("An empty page")),
            *(SelectChoice(each.key, each.name) for each in choices),
        ]

    def offer_owners(self, me: User, people: Iterable[Named]) -> None:
        """Who may write it; oneself first."""
        others = [SelectChoice(str(each.id), each.name) for each in people if each.id != me.id]
        self.owner_id.choices = [SelectChoice(str(me.id), _("Myself")), *others]
        self.owner_id.data = self.owner_id.data or me.id

    def offer_accounts(self, accounts: Iterable[Account]) -> None:
        self.account_ids.choices = [
            SelectChoice(str(account.id), account.label) for account in accounts
        ]


class AssignForm(FlaskForm):
    """Who writes a story from now on."""

    owner_id = SelectField(_l("Who writes it"), coerce=int)
    deadline = DateField(_l("Deadline"), [Optional()])

    def offer(self, people: Iterable[Named]) -> None:
        self.owner_id.choices = [SelectChoice(str(person.id), person.name) for person in people]


class PostForm(WhenForm):
    """One post as it is written. Pictures and link choices have names of their own, see `draft`."""

    title = StringField(_l("Title"), [Length(max=1_000)])
    text = TextAreaField(_l("Text"), [Length(max=200_000)])
    link = StringField(
        _l("Link"), [Length(max=2_000)], description=_l("An address, or a link such as {blog}.")
    )
    thread = BooleanField(_l("Split into a numbered thread where it is too long"))
    picture = FileField(_l("Add a picture"))
    picture_alt = StringField(
        _l("What does the picture show?"),
        [Length(max=2_000)],
        description=_l("For people who cannot see it."),
    )
    version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    base = HiddenField(validators=[Length(max=64)])
    page = HiddenField(validators=[Length(max=40)])

    def show_draft(self, draft: Draft) -> None:
        self.title.data, self.text.data = draft.title, draft.text
        self.link.data, self.thread.data = draft.link, draft.thread

    def draft(self) -> Draft:
        """What was sent, as a value."""
        text, link = self.text.data or "", self.link.data or ""
        return Draft(
            title=self.title.data or "",
            text=text,
            link=link,
            media=pictures_sent(request.form),
            thread=bool(self.thread.data),
            when_late={
                reference: request.form.get(f"late-{reference}", "hold")
                for reference in links.references(text, link)
            },
        )

    @property
    def upload(self) -> FileStorage | None:
        """The picture that was sent along, if any."""
        sent: FileStorage | None = self.picture.data
        return sent if sent and sent.filename else None


def pictures_sent(sent: MultiDict[str, str]) -> tuple[MediaUse, ...]:
    """The pictures that stay in the post, in order, each with what the post says and shows of it."""
    ids = request.form.getlist("media", type=number)
    return tuple(
        MediaUse(
            each,
            sent.get(f"alt-{each}", ""),
            sent.get(f"crop-{each}", ""),
            sent.get(f"x-{each}", MIDDLE, type=number),
            sent.get(f"y-{each}", MIDDLE, type=number),
        )
        for each in dict.fromkeys(ids)
    )


class SaidForm(FlaskForm):
    """What somebody says, and of which words of the text."""

    text = TextAreaField(_l("Comment"), [_required(), Length(max=10_000)])
    quote = StringField(
        _l("About which words?"),
        [Length(max=2_000)],
        description=_l("Copied from the text; empty for all of it."),
    )
    quote_at = HiddenField(validators=[Length(max=10)])

    @property
    def near(self) -> int | None:
        """About where the quoted words begin; None where nobody said."""
        sent = self.quote_at.data or ""
        return int(sent) if sent.isascii() and sent.isdecimal() else None


class CommentForm(SaidForm):
    post_id = SelectField(_l("About"), coerce=int)

    def offer(self, posts: Iterable[Post]) -> None:
        self.post_id.choices = [
            SelectChoice("0", _l("The whole story")),
            *(SelectChoice(str(post.id), post.account.label) for post in posts),
        ]


LATE = (
    ("", _l("As usual on this channel")),
    ("300", _l("Then or not at all")),
    ("3600", _l("Up to an hour")),
    ("21600", _l("Up to 6 hours")),
    ("86400", _l("Up to a day")),
)
"""Seconds → words."""


class ApproveForm(WhenForm):
    """Approve one revision, with the time at which it goes out (none: it waits for one)."""

    revision = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    late = SelectField(
        _l("How late may it go out?"),
        description=_l("After that nothing is sent without you."),
        validators=[Optional()],
    )

    def offer_late(self, grace_s: float | None) -> None:
        """Fill the choice of how late, with what the post says now among it and chosen."""
        now = "" if grace_s is None else f"{grace_s:g}"
        other = [] if now in dict(LATE) else [SelectChoice(now, _l("As set: %(s)s seconds", s=now))]
        self.late.choices = [*(SelectChoice(*each) for each in LATE), *other]
        if "late" not in request.form:
            self.late.data = now

    @property
    def grace_s(self) -> float | None:
        return float(self.late.data) if self.late.data else None


class CategoryForm(FlaskForm):
    slug = StringField(
        _l("Address"), [_required(), Length(max=80)], description=_l("Such as how-to.")
    )
    name_ko = StringField(_l("Name in Korean"), [_required(), Length(max=80)])
    name_en = StringField(_l("Name in English"), [_required(), Length(max=80)])


class CategoryChangeForm(FlaskForm):
    """A category's names, and how often it should appear."""

    name_ko = StringField(_l("Name in Korean"), [_required(), Length(max=80)])
    name_en = StringField(_l("Name in English"), [_required(), Length(max=80)])
    rhythm = IntegerField(
        _l("Posts"),
        [Optional(), NumberRange(0, 99, _l("Choose a number from 0 to 99."))],
        description=_l("Empty or 0: the calendar does not count them."),
    )
    rhythm_unit = SelectField(
        _l("In each"),
        choices=[SelectChoice("week", _l("Week")), SelectChoice("month", _l("Month"))],
    )


def question(problem: zones.ZoneProblem) -> str:
    """What to ask about a wall time that is shown twice or never."""
    if problem.code == "time_twice":
        return _("Clocks show this time twice on that day. Which one do you mean?")
    return _("Clocks jump over this time on that day. Which one do you mean?")


def blame(form: FlaskForm, refused: DomainError, fallback: str = "title") -> None:
    """Put what a verb refused beside the field it speaks of, else beside `fallback`."""
    fields = refused.fields if isinstance(refused, Invalid) else {}
    named = {name: message for name, message in fields.items() if name in form}
    for name, message in (named or {fallback: refused.message}).items():
        form[name].errors = [*form[name].errors, message]
