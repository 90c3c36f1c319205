"""Reasons not to go out: those of a story's link plan, and the sentence for every one that exists."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flask_babel import gettext as _

from channels.base import Problem
from publisher.stories import links
from publisher.stories.links import Node
from publisher.stories.rules import Draft

HINT = "✎"
"""What a template's hints to the writer begin with: nobody shall read them outside."""


def of_plan(node: Node, story: Iterable[Node]) -> list[Problem]:
    """What is wrong with the references of `node` to the other posts of its story."""
    nodes = list(story)
    times = {other.post_id: other.at for other in nodes}
    found = []
    for reference, target in links.targets(node, nodes).items():
        if target is None:
            code = (
                "reference_ambiguous"
                if _candidates(reference, node, nodes)
                else "reference_unknown"
            )
            found.append(Problem(code, {"reference": "{" + reference + "}"}))
            continue
        earlier, later = node.at, times[target]
        if earlier is not None and later is not None and earlier < later:
            found.append(Problem("before_target", {"reference": "{" + reference + "}"}))
    if links.references(*node.texts) and links.cycle(_reachable(node, nodes)):
        found.append(Problem("cycle"))
    return found


def unfinished(draft: Draft) -> list[Problem]:
    """Whether a template's hint to the writer is still there."""
    left = HINT in draft.text or HINT in draft.title
    return [Problem("hint_left")] if left else []


def _candidates(reference: str, node: Node, nodes: list[Node]) -> int:
    slug = reference.removeprefix("link:")
    return sum(
        other.post_id != node.post_id
        and (other.kind == "blog" if reference == "blog" else other.account == slug)
        for other in nodes
    )


def _reachable(node: Node, nodes: list[Node]) -> list[Node]:
    """`node` and all it waits for, directly or not: a circle elsewhere is not its problem."""
    by_id = {other.post_id: other for other in nodes}
    seen: dict[int, Node] = {}
    ahead = [node]
    while ahead:
        current = ahead.pop()
        seen[current.post_id] = current
        wanted = links.targets(current, nodes).values()
        ahead += [by_id[target] for target in wanted if target is not None and target not in seen]
    return list(seen.values())


@dataclass(frozen=True, slots=True)
class Remark:
    """A problem as a person reads it."""

    message: str
    blocking: bool
    code: str
    href: str = ""
    """Where on the page it is put right, if somewhere."""


def remark(problem: Problem, draft: Draft | None = None, prefix: str = "") -> Remark:
    """`problem` with its sentence in the reader's language. `prefix` begins the ids of the fields in which
    `draft` is written; without it there are none to lead to."""
    field = _field(problem, draft) if draft and prefix else ""
    href = f"#{prefix}{field}" if field else ""
    return Remark(sentence(problem), problem.blocking, problem.code, href)


def _field(problem: Problem, draft: Draft) -> str:
    """The field in which the problem is put right: of one picture's words, those."""
    number = problem.values.get("image")
    if isinstance(number, int) and 0 < number <= len(draft.media):
        worded = problem.code.startswith("alt_text")
        return f"media-{draft.media[number - 1].id}{'-alt' if worded else ''}"
    if problem.code == "hint_left" and HINT in draft.title:
        return "title"
    return FIELDS.get(problem.code, "")


FIELDS = {
    **dict.fromkeys(("title_missing", "title_too_long"), "title"),
    **dict.fromkeys(("link_unsupported", "link_invalid"), "link"),
    **dict.fromkeys(("before_target", "planned_past"), "date"),
    **dict.fromkeys(
        (
            *(
                "text_empty",
                "text_too_long",
                "invalid_characters",
                "too_many_cashtags",
                "hint_left",
            ),
            *("reference_unknown", "reference_ambiguous", "cycle"),
        ),
        "text",
    ),
}
"""code → the field in which it is put right."""


def sentence(problem: Problem) -> str:
    """What is wrong and what to do about it, in the reader's language; names an unknown code."""
    wording, values = SENTENCES.get(problem.code), dict(problem.values)
    try:
        said = wording(values) if wording else ""
    except KeyError:
        said = ""
    if said and (values or "%(" not in said):
        return said
    return _("This post breaks a rule of the channel: %(code)s.", code=problem.code)


SENTENCES: dict[str, Callable[[dict[str, str | int]], str]] = {
    "reference_unknown": lambda v: _(
        "%(reference)s means no post of this story. Add that post or remove the link.", **v
    ),
    "reference_ambiguous": lambda v: _(
        "%(reference)s could mean more than one post of this story. Keep one of them.", **v
    ),
    "before_target": lambda v: _(
        "This post is planned before the one that %(reference)s links to. Plan it later.", **v
    ),
    "cycle": lambda _v: _(
        "These posts link to each other in a circle, so none could go out first. Remove one link."
    ),
    "hint_left": lambda _v: _(
        "A hint of the template (✎) is still there. Write in its place, or delete its line."
    ),
    "account_paused": lambda v: _("The account %(account)s is paused; the post would wait.", **v),
    "planned_past": lambda _v: _("The planned time has passed."),
    "media_missing": lambda _v: _("A picture of this post is gone. Remove it or choose another."),
    "link_unsupported": lambda _v: _(
        "This channel has no separate link. Write the address into the text."
    ),
    "text_empty": lambda _v: _("There is no text yet."),
    "text_too_long": lambda v: _(
        "The text counts %(length)s, %(over)s more than the limit of %(limit)s.", **v
    ),
    "title_missing": lambda _v: _("There is no title yet."),
    "title_too_long": lambda v: _(
        "The title has %(length)s characters; at most %(limit)s are shown.", **v
    ),
    "invalid_characters": lambda _v: _(
        "The text holds a character that the platform refuses. Type it again."
    ),
    "too_many_cashtags": lambda v: _(
        "X takes one cashtag such as $TSLA per post; this text has %(count)s.", **v
    ),
    "costs_more": lambda v: _(
        "X charges US$%(cost)s for a post with an address, 13 times one without.", **v
    ),
    "too_many_images": lambda v: _(
        "This channel takes %(limit)s pictures per post; this one has %(count)s.", **v
    ),
    "alt_text_missing": lambda v: (
        _("Picture %(image)s: say what it shows.", **v)
        if "image" in v
        else _("Say of every picture what it shows.")
    ),
    "alt_text_too_long": lambda v: _(
        "Picture %(image)s: its description has %(length)s characters, at most %(limit)s are kept.",
        **v,
    ),
    "image_type_unsupported": lambda v: _(
        "Picture %(image)s is of a kind that this channel does not take.", **v
    ),
    "image_ratio_unusual": lambda v: _(
        "The picture's edges will not be seen everywhere. Crop it to %(ratio)s to choose what is.",
        **v,
    ),
    "link_invalid": lambda _v: _("The link is no address. It begins with https://."),
    "image_too_large": lambda v: _("Picture %(image)s is too large for this channel.", **v),
}
"""code → the sentence, given the problem's values."""
