"""The forms of the picture library."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import SearchField, TextAreaField
from wtforms.validators import Length

from publisher.media.rules import MAX_ALT


class UploadForm(FlaskForm):
    file = FileField(
        _l("Picture"),
        [FileRequired(_l("Choose a picture first."))],
        description=_l(
            "JPEG, PNG, WebP or GIF, at most 10 MB. Camera and location data are removed."
        ),
        render_kw={"accept": "image/jpeg,image/png,image/webp,image/gif"},
    )
    alt = TextAreaField(
        _l("Alternative text"),
        [Length(max=MAX_ALT)],
        description=_l("What the picture shows, for people who cannot see it."),
        render_kw={"rows": 2},
    )


class AltForm(FlaskForm):
    alt = TextAreaField(_l("Alternative text"), [Length(max=MAX_ALT)], render_kw={"rows": 2})


class SearchForm(FlaskForm):
    class Meta:
        csrf = False

    q = SearchField(_l("File name or alternative text"), [Length(max=200)])
