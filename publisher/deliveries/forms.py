"""Forms of the delivery pages."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from publisher.stories.forms import WhenForm


class VerdictForm(FlaskForm):
    """What a person found when they looked at the platform themselves. Where it was refused, `about` names
    the delivery and `refusal` says why, so that what was typed is shown again beside it."""

    about: int | None = None
    refusal = ""

    verdict = RadioField(
        _l("What do you see on the platform?"),
        [InputRequired(_l("Choose one."))],
        choices=[
            SelectChoice("there", _l("It is there")),
            SelectChoice("absent", _l("It is not there: send it again")),
            SelectChoice("drop", _l("Drop it: it shall not go out")),
        ],
    )
    url = StringField(_l("Its address, if it is there"), [Optional(), Length(max=500)])


class TakeDownForm(FlaskForm):
    """Why a post that is out is taken down."""

    reason = TextAreaField(
        _l("Why?"),
        [InputRequired(_l("Say why it is taken down. It stays with the post.")), Length(max=1000)],
        description=_l("Its authors read this. It stays with the post."),
    )


class AgainForm(WhenForm):
    """When a post goes out once more; without date and time it goes now."""
