"""The forms of sign-in, one's own account and the administration of people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from publisher import zones
from publisher.people.rules import PASSWORD_MAX, Purpose, Role, Scope

ROLE_NAMES = {
    Role.VIEWER: _l("Viewer: sees the calendar"),
    Role.AUTHOR: _l("Author: writes and submits"),
    Role.EDITOR: _l("Editor: reviews, approves and schedules"),
    Role.ADMIN: _l("Administrator: also people and accounts"),
}
SCOPE_NAMES = {
    Scope.READ: _l("Read stories, posts and the calendar"),
    Scope.WRITE: _l("Write and submit stories and posts"),
    Scope.REVIEW: _l("Approve, schedule and cancel"),
    Scope.FEEDS: _l("Make and end calendar feeds"),
}
EXPIRY_NOTE = _l("Empty: it works until it is revoked.")


def _choices(labels: Mapping[Any, str]) -> list[SelectChoice]:
    return [SelectChoice(str(value), label) for value, label in labels.items()]


def _required() -> InputRequired:
    return InputRequired(_l("Please fill this in."))


class SignInForm(FlaskForm):
    email = EmailField(_l("E-mail address"), [_required(), Length(max=254)])
    password = PasswordField(_l("Password"), [_required(), Length(max=PASSWORD_MAX)])


class AskLinkForm(FlaskForm):
    email = EmailField(_l("E-mail address"), [_required(), Length(max=254)])
    purpose = RadioField(
        _l("What for"),
        choices=_choices(
            {
                Purpose.SIGN_IN: _l("Sign in once, without a password"),
                Purpose.RESET: _l("Choose a new password"),
            }
        ),
        default=Purpose.SIGN_IN,
    )


class PlainForm(FlaskForm):
    """A button, and no question but whether it was meant."""


class WelcomeForm(FlaskForm):
    """What an invited person may say about themselves before the first sign-in."""

    name = StringField(_l("Name"), [_required(), Length(max=100)])
    password = PasswordField(_l("Password"), [Optional(), Length(max=PASSWORD_MAX)])


class ResetForm(FlaskForm):
    password = PasswordField(_l("New password"), [_required(), Length(max=PASSWORD_MAX)])


class PasswordForm(FlaskForm):
    old = PasswordField(_l("Present password"), [Optional(), Length(max=PASSWORD_MAX)])
    password = PasswordField(_l("New password"), [_required(), Length(max=PASSWORD_MAX)])


class ProfileForm(FlaskForm):
    name = StringField(_l("Name"), [_required(), Length(max=100)])
    language = SelectField(_l("Language"), choices=_choices({"ko": "한국어", "en": "English"}))
    theme = SelectField(
        _l("Theme"),
        choices=_choices({"auto": _l("As the device"), "light": _l("Light"), "dark": _l("Dark")}),
    )
    timezone = SelectField(_l("Time zone"))
    shortcuts = BooleanField(_l("Single-key shortcuts"))

    def offer_zones(self, present: str) -> None:
        """The zones with a city in their name, and whichever is set now."""
        regions = (
            "Africa",
            "America",
            "Asia",
            "Atlantic",
            "Australia",
            "Europe",
            "Indian",
            "Pacific",
        )
        known = {zone for zone in zones.known() if zone.split("/")[0] in regions}
        offered = sorted(known | {"UTC", present})
        self.timezone.choices = _choices({zone: zone.replace("_", " ") for zone in offered})


class TokenForm(FlaskForm):
    name = StringField(_l("Name"), [_required(), Length(max=100)])
    scopes = SelectMultipleField(
        _l("What it may do"),
        [_required()],
        choices=_choices(SCOPE_NAMES),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    expires_on = DateField(_l("Last day"), [Optional()])


class InviteForm(FlaskForm):
    email = EmailField(_l("E-mail address"), [_required(), Length(max=254)])
    name = StringField(_l("Name"), [_required(), Length(max=100)])
    role = SelectField(_l("Role"), choices=_choices(ROLE_NAMES), default=Role.AUTHOR)
