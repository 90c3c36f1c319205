"""Forms of the accounts' pages. Secrets are typed in, never shown again."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, FloatField, PasswordField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from publisher.accounts.rules import CREDENTIAL_FIELDS

KINDS = [
    SelectChoice("blog", _l("Hosted blog")),
    SelectChoice("twitter", "X"),
    SelectChoice("facebook", _l("Facebook Page")),
]
NAMES = {
    "consumer_key": _l("API key (consumer key)"),
    "consumer_secret": _l("API key secret (consumer secret)"),
    "access_token": _l("Access token"),
    "access_token_secret": _l("Access token secret"),
    "page_id": _l("Page id"),
    "page_token": _l("Page access token"),
    "app_secret": _l("App secret (optional)"),
}


class _Secrets(FlaskForm):
    """One field per credential of any kind; `given` keeps those of the chosen one."""

    consumer_key = StringField(NAMES["consumer_key"], [Optional(), Length(max=500)])
    consumer_secret = PasswordField(NAMES["consumer_secret"], [Optional(), Length(max=500)])
    access_token = StringField(NAMES["access_token"], [Optional(), Length(max=500)])
    access_token_secret = PasswordField(NAMES["access_token_secret"], [Optional(), Length(max=500)])
    page_id = StringField(NAMES["page_id"], [Optional(), Length(max=100)])
    page_token = PasswordField(NAMES["page_token"], [Optional(), Length(max=1000)])
    app_secret = PasswordField(NAMES["app_secret"], [Optional(), Length(max=500)])
    valid_until = DateField(_l("The day the credentials end, if they do"), [Optional()])

    def given(self, kind: str) -> dict[str, str]:
        """What was typed for an account of `kind`, without empty fields."""
        required, optional = CREDENTIAL_FIELDS[kind]
        values = {name: self[name].data or "" for name in (*required, *optional)}
        return {name: value for name, value in values.items() if value.strip()}


class ConnectForm(_Secrets):
    kind = SelectField(_l("Channel"), choices=KINDS)
    slug = StringField(_l("Short name"), [InputRequired(), Length(max=60)])
    label = StringField(_l("Name that people see"), [InputRequired(), Length(max=100)])
    spacing = FloatField(
        _l("Least seconds between two posts"), [Optional(), NumberRange(0, 86_400)]
    )
    api_url = StringField(
        _l("API address, if not the platform's own"), [Optional(), Length(max=300)]
    )


class ReconnectForm(_Secrets):
    """New credentials for an account that exists."""


class SecondsField(FloatField):
    """Seconds as one writes them: 15, not 15.0."""

    def _value(self) -> str:
        return str(super()._value()).removesuffix(".0")


class PaceForm(FlaskForm):
    spacing = SecondsField(
        _l("Least seconds between two posts"), [InputRequired(), NumberRange(0, 86_400)]
    )


class HoldForm(FlaskForm):
    reason = TextAreaField(_l("Why"), [InputRequired(_l("Say why.")), Length(max=500)])
