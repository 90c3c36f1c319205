"""Forms of the delivery pages."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional


class VerdictForm(FlaskForm):
    """What a person found when they looked at the platform themselves."""

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
