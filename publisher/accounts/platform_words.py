"""What platforms say no with, so that it can be translated: adapters know no languages.

`tests/channels/test_words.py` holds this list against the sentences in `channels/`.
"""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

SENTENCES = (
    _l("Facebook already has a post with this text."),
    _l("Facebook asks for a person to look at this Page's account."),
    _l("Facebook asks us to wait."),
    _l("Facebook cannot use an image."),
    _l("Facebook could not be reached."),
    _l("Facebook did not accept the image."),
    _l("Facebook did not change the post."),
    _l("Facebook did not confirm the post."),
    _l("Facebook did not say whose Page this is."),
    _l("Facebook does not accept the link."),
    _l("Facebook does not accept this post."),
    _l("Facebook does not find what this refers to."),
    _l("Facebook did not take the post down."),
    _l("Facebook finds that this post breaks its community standards."),
    _l("Facebook has restricted posting for this Page."),
    _l("Facebook is not available at the moment."),
    _l("Facebook no longer accepts this Page's token. Connect it again."),
    _l("Facebook's answer could not be read."),
    _l("Facebook's timeline could not be read."),
    _l("Facebook's timeline is too long to read."),
    _l("The X account has no credits left."),
    _l("The X app does not belong to a project."),
    _l("The X app has used up its month."),
    _l("The X app may only read. Allow it to write."),
    _l("The token may not publish to this Page. Connect it again."),
    _l("This token is not the Page's own. Connect it with the Page's access token."),
    _l("X allows one cashtag in a post."),
    _l("X already has a post with this text."),
    _l("X asks us to wait."),
    _l("X cannot use this image."),
    _l("X could not be reached."),
    _l("X did not accept the image."),
    _l("X did not confirm the post."),
    _l("X did not say whose account this is."),
    _l("X did not take the post down."),
    _l("X does not accept a link in this post."),
    _l("X does not accept this post."),
    _l("X does not allow a reply to this post."),
    _l("X does not allow this post; it may be too long."),
    _l("X does not find what this post refers to."),
    _l("X finds an image too large."),
    _l("X has locked this account for now."),
    _l("X has suspended this account."),
    _l("X is not available at the moment."),
    _l("X is still working on the image."),
    _l("X no longer accepts this account's keys. Connect the account again."),
    _l("X no longer knows an uploaded image."),
    _l("X's answer could not be read."),
    _l("X's timeline could not be read."),
    _l("X's timeline is too long to read."),
)


def said(sentence: str) -> str:
    """A platform's sentence, as an adapter gave it, in the reader's language."""
    return gettext(sentence) if sentence else ""
