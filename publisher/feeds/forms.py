"""The form that makes a feed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from publisher.calendar.forms import Choices
from publisher.feeds.rules import Detail

DETAIL_NAMES = {
    Detail.FULL: _l("Everything: title, status, author and the beginning of reviewed texts"),
    Detail.TITLES: _l("Titles and channels only"),
    Detail.BUSY: _l("Times only, without any title"),
}

LANGUAGES = [SelectChoice("ko", "한국어"), SelectChoice("en", "English")]


def _boxes(label: object, coerce: type = str) -> SelectMultipleField:
    return SelectMultipleField(
        label,
        coerce=coerce,
        validate_choice=True,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )


class FeedForm(FlaskForm):
    """What to subscribe to, and how much it tells."""

    name = StringField(
        _l("Name"), validators=[InputRequired(_l("Please fill this in.")), Length(max=100)]
    )
    detail = RadioField(
        _l("How much it tells"),
        choices=[SelectChoice(str(detail), name) for detail, name in DETAIL_NAMES.items()],
        default=str(Detail.FULL),
    )
    language = RadioField(_l("Language"), choices=LANGUAGES)
    mine = BooleanField(_l("Only my own stories"))
    account = _boxes(_l("Channels"))
    status = _boxes(_l("Status"))
    category = _boxes(_l("Category"))
    campaign = _boxes(_l("Campaign"))
    author = _boxes(_l("Author"), coerce=int)

    def offer(self, choices: Choices, campaigns: Iterable[str]) -> FeedForm:
        """The same form with the accounts, statuses, categories, campaigns and people that exist."""
        self.campaign.choices = [SelectChoice(name, name) for name in campaigns]
        for name in ("account", "status", "category", "author"):
            self[name].choices = [SelectChoice(*option) for option in choices[name]]
        return self

    @property
    def filters(self) -> dict[str, Any]:
        """What was chosen, as a feed keeps it."""
        names = ("account", "status", "category", "campaign", "author", "mine")
        return {name: self[name].data for name in names if self[name].data}
