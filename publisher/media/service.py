"""Pictures: take them in, hand them out, describe and find them."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from flask_babel import gettext as _
from flask_sqlalchemy.pagination import Pagination
from sqlalchemy import delete as sql_delete
from sqlalchemy import or_, select

from channels.base import Image
from publisher import clock
from publisher.errors import Invalid, NotAllowed, NotFound
from publisher.extensions import db
from publisher.media import pictures, rules
from publisher.media.models import Media, Rendition
from publisher.people import audit
from publisher.people.models import User
from publisher.people.rules import Role, at_least
from publisher.storage import upsert, writing

PER_PAGE = 24


@dataclass(frozen=True, slots=True)
class Ready:
    """A picture that only has to be written down: what was sent, and its sizes unless they are kept."""

    filename: str
    alt: str
    digest: str
    data: bytes = field(repr=False)
    sizes: tuple[pictures.Size, ...]


def upload(actor: User | None, filename: str, data: bytes, alt: str = "") -> Media:
    """Keep the picture in `data` in three sizes, re-encoded; the same bytes by the same person
    only once.

    Raises NotAllowed below author, and Invalid with a sentence for what is too big or no picture.
    Decoding happens before the transaction begins, so that nobody waits for it.
    """
    return keep(actor, prepare(actor, filename, data, alt))


def prepare(actor: User | None, filename: str, data: bytes, alt: str = "") -> Ready:
    """The slow half of `upload`, which only reads: for outside of any `writing()`. Raises as that does."""
    owner = _author(actor)
    alt = _checked_alt(alt)
    digest = hashlib.sha256(data).hexdigest()
    sizes = () if _known(owner, digest) else tuple(_renditions(data))
    return Ready(rules.clean_filename(filename), alt, digest, data, sizes)


def keep(actor: User | None, ready: Ready) -> Media:
    """The quick half of `upload`, which writes."""
    owner = _author(actor)
    with writing() as session:
        if known := _known(owner, ready.digest):
            return describe(actor, known, ready.alt) if ready.alt and not known.alt else known
        sizes = ready.sizes or _renditions(ready.data)
        media = Media(
            owner_id=owner.id,
            filename=ready.filename,
            alt=ready.alt,
            width=sizes[0].width,
            height=sizes[0].height,
            sha256=ready.digest,
            token=secrets.token_urlsafe(16),
            created_at=clock.now(),
        )
        session.add(media)
        session.flush()
        session.add_all(_as_rendition(media, size) for size in sizes)
        audit.record(owner, "upload", "media", media.id, filename=media.filename)
    return media


def describe(actor: User | None, media: Media, alt: str) -> Media:
    """Say what the picture shows. Its owner and editors may; raises NotAllowed, Invalid."""
    person = _author(actor)
    alt = _checked_alt(alt)
    with writing():
        if not may_change(person, media):
            raise NotAllowed(_("Only its owner or an editor describes a picture."))
        if alt != media.alt:
            media.alt = alt
            audit.record(person, "describe", "media", media.id)
    return media


def may_change(person: User, media: Media) -> bool:
    """Whether they may describe the picture and delete it: its owner and editors."""
    return media.owner_id == person.id or at_least(person.role, Role.EDITOR)


def delete(actor: User | None, media: Media) -> None:
    """Delete the picture with all its sizes. Whether anything uses it is for the caller to know.

    Raises NotAllowed for everybody but its owner and editors.
    """
    person = _author(actor)
    with writing() as session:
        if not may_change(person, media):
            raise NotAllowed(_("Only its owner or an editor deletes a picture."))
        audit.record(person, "remove", "media", media.id, filename=media.filename)
        session.execute(sql_delete(Rendition).where(Rendition.media_id == media.id))
        session.delete(media)


def get(media_id: int) -> Media:
    """The picture with that id; raises NotFound."""
    media = db.session.get(Media, media_id)
    if media is None:
        raise NotFound(_("There is no such picture."))
    return media


def image(media: Media, alt: str = "", cut: str = "") -> Image:
    """The picture as platforms get it: the `send` rendition's bytes, or the part of it that `cut` names;
    `alt` wins over the picture's own."""
    sent = _cut(media, cut) if cut else _rendition(media.id, "send")
    stem = media.filename.rpartition(".")[0] or media.filename
    return Image(
        id=media.id,
        data=sent.data,
        mime=sent.mime,
        width=sent.width,
        height=sent.height,
        alt=alt or media.alt,
        filename=f"{stem}.{rules.EXTENSIONS[sent.mime]}",
        cut=cut,
    )


def outline(media: Media, alt: str = "", cut: str = "") -> Image:
    """As `image`, without its bytes: enough to check its size and its alternative text."""
    width, height = media.width, media.height
    if wanted := rules.cut_of(cut):
        left, top, right, bottom = rules.cut_box(width, height, *wanted)
        width, height = right - left, bottom - top
    return Image(media.id, b"", "image/jpeg", width, height, alt=alt or media.alt, cut=cut)


@dataclass(frozen=True, slots=True)
class Part:
    """A cut of a picture: its size, and its path once it is kept."""

    path: str
    width: int
    height: int


def part(media: Media, cut: str) -> Part:
    """The part of the picture that `cut` names, as `keep_cuts` would keep it; nothing is kept or decoded."""
    wanted = rules.cut_of(cut)
    if wanted is None:
        raise NotFound(_("There is no such picture."))
    sent = _rendition(media.id, "send")
    left, top, right, bottom = rules.cut_box(sent.width, sent.height, *wanted)
    return Part(path(media.token, cut, sent.mime), right - left, bottom - top)


def keep_cuts(wanted: Collection[tuple[int, str]]) -> None:
    """Keep those parts, by picture and name of the cut: they have an address from now on.

    Call inside `writing()`. Two who keep the same at once keep it once, and with several they go in the same
    order, so that neither waits for the other. Pictures that are gone are left out.
    """
    there = {media.id: media for media in by_ids([media_id for media_id, _cut_name in wanted])}
    for media_id, cut in sorted(set(wanted)):
        found = _cut(there[media_id], cut) if media_id in there else None
        if isinstance(found, pictures.Size):
            row = {"media_id": media_id, "name": cut, "mime": found.mime, "data": found.data}
            row |= {"width": found.width, "height": found.height}
            db.session.execute(upsert(Rendition).values(row).on_conflict_do_nothing())


def look_at(media: Media, cut: str) -> pictures.Size:
    """A small picture of that part, for a preview; raises NotFound where `cut` names none."""
    if rules.cut_of(cut) is None:
        raise NotFound(_("There is no such picture."))
    return pictures.cut_to_look_at(_rendition(media.id, "web").data, cut)


def look_path(media: Media, cut: str) -> str:
    """Where the people of this site see what `look_at` answers, whether the part is kept or not."""
    return f"/media/{media.id}/cut/{cut}"


def url(media: Media, name: str = "web") -> str:
    """The path of a rendition (`web`, `thumb` or `send`) on this site; not guessable, never
    changing."""
    mime = "image/webp" if name in {"web", "thumb"} else _rendition(media.id, name).mime
    return path(media.token, name, mime)


def path(token: str, name: str = "web", mime: str = "image/webp") -> str:
    """The path of the picture with that token; `url` for those who have no Media at hand."""
    return f"/media/{token}/{name}.{rules.EXTENSIONS[mime]}"


def served(token: str, name: str) -> Rendition:
    """The rendition behind an address; raises NotFound. Whoever knows the token may see the
    picture."""
    found = db.session.scalar(
        select(Rendition)
        .join(Media, Media.id == Rendition.media_id)
        .where(Media.token == token, Rendition.name == name)
    )
    if found is None:
        raise NotFound(_("There is no such picture."))
    return found


def by_tokens(tokens: Collection[str]) -> Sequence[Media]:
    """The pictures with those tokens, in the order of `tokens`; unknown ones are left out."""
    if not tokens:
        return []
    query = select(Media).where(Media.token.in_(tokens))
    found = {media.token: media for media in db.session.scalars(query)}
    return [found[token] for token in tokens if token in found]


def by_ids(ids: Collection[int]) -> Sequence[Media]:
    """The pictures with those ids, in the order of `ids`; unknown ones are left out."""
    if not ids:
        return []
    found = {
        media.id: media for media in db.session.scalars(select(Media).where(Media.id.in_(ids)))
    }
    return [found[key] for key in ids if key in found]


def newest(count: int) -> Sequence[Media]:
    """The last pictures that anybody kept, the newest first."""
    return db.session.scalars(select(Media).order_by(Media.id.desc()).limit(count)).all()


def library(words: str = "", page: int = 1) -> Pagination:
    """One page of everybody's pictures, newest first, whose file name or alternative text holds
    `words`."""
    query = select(Media).order_by(Media.id.desc())
    for word in rules.clean_alt(words).split()[:8]:
        query = query.where(
            or_(
                Media.filename.icontains(word, autoescape=True),
                Media.alt.icontains(word, autoescape=True),
            )
        )
    return db.paginate(query, page=max(1, page), per_page=PER_PAGE, error_out=False)


def _author(actor: User | None) -> User:
    if actor is None or not at_least(actor.role, Role.AUTHOR):
        raise NotAllowed(_("Only authors and editors keep pictures here."))
    return actor


def _known(owner: User, digest: str) -> Media | None:
    return db.session.scalar(
        select(Media).where(Media.sha256 == digest, Media.owner_id == owner.id).limit(1)
    )


def _as_rendition(media: Media, size: pictures.Size) -> Rendition:
    return Rendition(
        media_id=media.id,
        name=size.name,
        mime=size.mime,
        width=size.width,
        height=size.height,
        data=size.data,
    )


def _cut(media: Media, name: str) -> Rendition | pictures.Size:
    """The part as it is kept, or else made: it is always cut from the same bytes, and so the same."""
    kept = db.session.scalar(
        select(Rendition).where(Rendition.media_id == media.id, Rendition.name == name)
    )
    return kept or pictures.cut(_rendition(media.id, "send").data, name)


def _rendition(media_id: int, name: str) -> Rendition:
    return db.session.scalars(
        select(Rendition).where(Rendition.media_id == media_id, Rendition.name == name)
    ).one()


def _checked_alt(alt: str) -> str:
    alt = rules.clean_alt(alt)
    if len(alt) > rules.MAX_ALT:
        sentence = _("Describe the picture in at most %(max)s characters.", max=rules.MAX_ALT)
        raise Invalid(sentence, fields={"alt": sentence})
    return alt


def _renditions(data: bytes) -> list[pictures.Size]:
    try:
        if not data:
            raise pictures.Unreadable
        if len(data) > rules.MAX_BYTES:
            sentence = _("The file is larger than 10 MB. Save the picture smaller and try again.")
            raise Invalid(sentence, code="too_big", fields={"file": sentence})
        return pictures.renditions(data)
    except pictures.TooLarge:
        sentence = _("The picture has more than 40 million pixels. Scale it down and try again.")
        raise Invalid(sentence, code="too_many_pixels", fields={"file": sentence}) from None
    except pictures.Unreadable:
        sentence = _(
            "This is not a picture we can read. Use a JPEG, PNG, WebP or GIF file;"
            " save photos in other formats, such as HEIC, as JPEG first."
        )
        raise Invalid(sentence, code="not_a_picture", fields={"file": sentence}) from None
