"""The forms of a review, besides the approval itself: send back, touch up, the rules, being away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length
from wtforms.widgets import HiddenInput

from publisher.accounts.models import Account
from publisher.people.models import User
from publisher.stories.models import Category, Post
from publisher.stories.rules import Draft


def _required() -> InputRequired:
    return InputRequired(_l("Please fill this in."))


class RequestForm(FlaskForm):
    reason = TextAreaField(_l("What should change?"), [_required(), Length(max=10_000)])


class TouchUpForm(FlaskForm):
    """A reviewer's own hand on a text: its words, its link, what is said of its pictures."""

    title = StringField(_l("Title"), [Length(max=1_000)])
    text = TextAreaField(_l("Text"), [Length(max=200_000)])
    link = StringField(_l("Link"), [Length(max=2_000)])
    version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    base = HiddenField(validators=[Length(max=64)])
    only_save = BooleanField(widget=HiddenInput())
    """Not to be approved in the same breath: something in it was not read."""

    @property
    def read(self) -> dict[str, Any]:
        """What stood there when the words were written, as the verbs take it."""
        return {"version": self.version.data or 0, "base": self.base.data}

    def show(self, post: Post) -> None:
        """Fill it from what stands now."""
        draft = post.head.draft
        self.title.data, self.text.data, self.link.data = draft.title, draft.text, draft.link
        self.version.data, self.base.data = post.version, post.head.hash

    def draft(self, now: Draft) -> Draft:
        """`now` with what was sent; what the form does not offer stays."""
        return replace(
            now,
            title=self.title.data or "",
            text=self.text.data or "",
            link=self.link.data or "",
            media=tuple(
                replace(use, alt=request.form.get(f"alt-{use.id}", use.alt)) for use in now.media
            ),
        )


class RuleForm(FlaskForm):
    """How many approvals which posts need."""

    category_id = SelectField(_l("Category"), coerce=int)
    account_id = SelectField(_l("Account"), coerce=int)
    word = StringField(
        _l("Word in the title or text"),
        [Length(max=200)],
        description=_l("Such as a product's name, or a word that is risky. Empty: any text."),
    )
    needed = SelectField(
        _l("Approvals needed"),
        coerce=int,
        choices=[SelectChoice(str(count), str(count)) for count in range(2, 6)],
    )

    def offer(self, sections: Iterable[Category], known: Iterable[Account], language: str) -> None:
        self.category_id.choices = [
            SelectChoice("0", _l("Every category")),
            *(SelectChoice(str(each.id), each.name(language)) for each in sections),
        ]
        self.account_id.choices = [
            SelectChoice("0", _l("Every account")),
            *(SelectChoice(str(each.id), each.label) for each in known),
        ]


class AwayForm(FlaskForm):
    """From which day to which one is away, and who stands in."""

    delegate_id = SelectField(_l("Who stands in for you?"), coerce=int)
    first = DateField(_l("First day"), [_required()])
    last = DateField(_l("Last day"), [_required()])

    def offer(self, editors: Iterable[User]) -> None:
        self.delegate_id.choices = [SelectChoice(str(each.id), each.name) for each in editors]
