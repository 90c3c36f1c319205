"""Story templates: what a new story begins with. Four are built in, administrators keep others of stories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from publisher import clock
from publisher.accounts.models import Account
from publisher.errors import Invalid, NotAllowed, NotFound
from publisher.extensions import db
from publisher.people import audit
from publisher.people.models import User
from publisher.people.rules import Role, at_least
from publisher.storage import writing
from publisher.stories import links, rules
from publisher.stories.access import sees
from publisher.stories.models import Outline, Story
from publisher.stories.rules import ARCHIVED, Draft

OWN = "own-"
"""The keys of templates that somebody here made begin with it; their number follows."""


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """One template that comes along. Lines that begin with a pencil are hints to the writer."""

    name: Any
    about: Any
    brief: Any
    article: Any
    short: Any
    news: Any


BUILT_IN: Mapping[str, BuiltIn] = {
    "announcement": BuiltIn(
        name=_l("Announcement"),
        about=_l("Something new: what it is, for whom, how to begin."),
        brief=_l("What is new? For whom? What should they do now?"),
        article=_l(
            "✎ One sentence: what is new, and for whom.\n\n"
            "## What is new\n\n✎ What could nobody do before?\n\n"
            "## Why it matters\n\n✎ One example, one figure.\n\n"
            "## How to begin\n\n✎ The first step, and whom to ask."
        ),
        short=_l("✎ What is new, in one sentence.\n\n{blog}"),
        news=_l("✎ What is new, and whom it helps.\n\n✎ One example or one figure.\n\n{blog}"),
    ),
    "interview": BuiltIn(
        name=_l("Interview"),
        about=_l("A person's story in questions and answers."),
        brief=_l("Who is it, and what do they know that readers want to know?"),
        article=_l(
            "✎ Who is it, what do they do here, and since when?\n\n"
            "## How did it begin?\n\n✎ The answer, in their own words.\n\n"
            "## What was hardest?\n\n✎ The answer, in their own words.\n\n"
            "> ✎ The sentence that readers should remember.\n\n"
            "## What comes next?\n\n✎ The answer, in their own words."
        ),
        short=_l("✎ Their best sentence, in quotation marks.\n\n{blog}"),
        news=_l("✎ Who is it, and why should one read this?\n\n✎ Their best sentence.\n\n{blog}"),
    ),
    "photo-essay": BuiltIn(
        name=_l("Photo essay"),
        about=_l("Pictures tell it; each has a few sentences."),
        brief=_l("What do the pictures show together? Who took them, and who agreed?"),
        article=_l(
            "✎ Where and when is it, and what happens?\n\n"
            "## First picture\n\n✎ Put the picture here. What does it show?\n\n"
            "## Second picture\n\n✎ Put the picture here. What does it show?\n\n"
            "## Third picture\n\n✎ Put the picture here. What does it show?\n\n"
            "✎ Who took the pictures?"
        ),
        short=_l("✎ One sentence to the best picture. Attach it below.\n\n{blog}"),
        news=_l("✎ What the pictures tell together. Attach two to four of them.\n\n{blog}"),
    ),
    "report": BuiltIn(
        name=_l("Report"),
        about=_l("What was done, what came of it, what others can learn."),
        brief=_l("What was the question? What came out? What can others learn from it?"),
        article=_l(
            "✎ The result, in two sentences.\n\n"
            "## Where we began\n\n✎ The question, and why it mattered.\n\n"
            "## What we did\n\n✎ The steps, so that others could repeat them.\n\n"
            "## What came out\n\n✎ Figures, and what they say.\n\n"
            "## What we learned\n\n✎ Three points at most."
        ),
        short=_l("✎ The most surprising figure, and what it means.\n\n{blog}"),
        news=_l("✎ The question.\n\n✎ The result, with one figure.\n\n{blog}"),
    ),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A template as it is offered."""

    key: str
    name: str
    about: str


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a story begins with: its brief, its category and a draft for each account by id."""

    brief: str = ""
    category_id: int | None = None
    drafts: Mapping[int, Draft] | None = None

    def draft(self, account: Account) -> Draft:
        return (self.drafts or {}).get(account.id, Draft())


def choices() -> list[Choice]:
    """All templates, those of this newsroom first, in the reader's language."""
    own = [Choice(f"{OWN}{each.id}", each.name, each.brief) for each in kept()]
    return own + [Choice(key, str(each.name), str(each.about)) for key, each in BUILT_IN.items()]


def kept() -> Sequence[Outline]:
    """The templates that were made here, by name."""
    return db.session.scalars(select(Outline).order_by(Outline.name)).all()


def get(outline_id: int) -> Outline:
    """The template of that number; raises NotFound."""
    found = db.session.get(Outline, outline_id)
    if found is None:
        raise NotFound(_("There is no such template."))
    return found


def beginning(key: str, accounts: Iterable[Account], *, title: str, language: str) -> Beginning:
    """What a story with that title begins with on these accounts, in the story's language.

    Links to posts that the story will not have are left out. No key: empty. Raises NotFound.
    """
    chosen = list(accounts)
    if not key:
        return Beginning()
    if key.startswith(OWN):
        number = key.removeprefix(OWN)
        return _of_kept(get(int(number) if number.isdecimal() else 0), chosen, title)
    if key not in BUILT_IN:
        raise NotFound(_("There is no such template."))
    with force_locale(language):
        pattern = BUILT_IN[key]
        drafts = {account.id: _draft_for(account, pattern, title) for account in chosen}
        return Beginning(str(pattern.brief), None, _linked(drafts, chosen))


def keep(actor: User | None, story: Story, name: str) -> Outline:
    """Keep the story's brief and texts as a template, without pictures and times. Administrators only.

    A template of that name is replaced. Raises Invalid for an empty name.
    """
    with writing() as session:
        _require_admin(actor)
        if not sees(actor, story):
            raise NotFound(_("There is no such story, or it is not shared with you."))
        name = " ".join(rules.clean(name).split())
        if not 0 < len(name) <= 80:
            wrong = _("Give the template a name of at most 80 characters.")
            raise Invalid(wrong, fields={"name": wrong})
        found = session.scalar(select(Outline).where(Outline.name == name))
        if found is None:
            found = Outline(name=name)
            session.add(found)
        found.brief, found.category_id = story.brief, story.category_id
        found.created_at = clock.now()
        found.texts = [
            {
                "slug": post.account.slug,
                "kind": post.account.kind,
                "title": post.head.title,
                "text": post.head.text,
                "link": post.head.link,
                "thread": post.head.thread,
            }
            for post in story.posts
            if post.status != ARCHIVED
        ]
        session.flush()
        audit.record(actor, "create", "template", found.id, story_id=story.id, name=name)
    return found


def drop(actor: User | None, outline: Outline) -> None:
    """Take a template away; stories that began with it stay as they are. Administrators only."""
    with writing() as session:
        _require_admin(actor)
        audit.record(actor, "remove", "template", outline.id, name=outline.name)
        session.delete(outline)


def _require_admin(actor: User | None) -> None:
    if actor and not at_least(actor.role, Role.ADMIN):
        raise NotAllowed(_("Only administrators change templates."))


def _draft_for(account: Account, pattern: BuiltIn, title: str) -> Draft:
    if account.kind in {"blog", "wordpress"}:
        return Draft(title=title, text=str(pattern.article))
    return Draft(text=str(pattern.short if account.kind == "twitter" else pattern.news))


def _of_kept(outline: Outline, chosen: Sequence[Account], title: str) -> Beginning:
    """For each account its own text, or else that of another account of its kind."""
    drafts = {}
    for account in chosen:
        alike = [each for each in outline.texts if each["kind"] == account.kind]
        same = [each for each in alike if each["slug"] == account.slug] or alike
        if same:
            drafts[account.id] = Draft(
                title=title if same[0]["title"] else "",
                text=same[0]["text"],
                link=same[0]["link"],
                thread=same[0]["thread"],
            )
    return Beginning(outline.brief, outline.category_id, _linked(drafts, chosen))


def _linked(drafts: Mapping[int, Draft], chosen: Sequence[Account]) -> Mapping[int, Draft]:
    """`drafts` without links to accounts that the story is not written for."""
    slugs = {f"link:{account.slug}" for account in chosen}
    if sum(account.kind == "blog" for account in chosen) == 1:
        slugs.add("blog")

    def kept_link(reference: str) -> str | None:
        return "{" + reference + "}" if reference in slugs else None

    return {
        number: Draft(
            title=draft.title,
            text=links.render(draft.text, kept_link).rstrip(),
            link=links.render(draft.link, kept_link),
            thread=draft.thread,
        )
        for number, draft in drafts.items()
    }
