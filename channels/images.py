"""What every platform asks of images: how many, how large, and alt text."""

from __future__ import annotations

from channels.base import Content, Limits, Problem

MIME_TYPES = frozenset({"image/jpeg", "image/png"})
"""What every platform here takes; `media` re-encodes everything else."""


def check_images(content: Content, limits: Limits) -> list[Problem]:
    """What is wrong with the images of `content`, on any platform that takes them."""
    problems = _cut_by_others(content, limits)
    if limits.images and len(content.media) > limits.images:
        values = {"count": len(content.media), "limit": limits.images}
        problems.append(Problem("too_many_images", values))
    for number, image in enumerate(content.media, 1):
        if not image.alt.strip():
            problems.append(Problem("alt_text_missing", {"image": number}))
        if image.mime not in MIME_TYPES:
            problems.append(
                Problem("image_type_unsupported", {"image": number, "type": image.mime})
            )
        if limits.alt_text and len(image.alt) > limits.alt_text:
            values = {"image": number, "length": len(image.alt), "limit": limits.alt_text}
            problems.append(Problem("alt_text_too_long", values))
        if limits.image_bytes and len(image.data) > limits.image_bytes:
            values = {"image": number, "size": len(image.data), "limit": limits.image_bytes}
            problems.append(Problem("image_too_large", values))
    return problems


def _cut_by_others(content: Content, limits: Limits) -> list[Problem]:
    """A picture that stands alone and whose edges the platform would hide: only a remark."""
    if len(content.media) != 1 or not limits.cuts:
        return []
    (image,) = content.media
    narrowest, widest = limits.shows
    if narrowest <= image.width / max(image.height, 1) <= widest:
        return []
    return [Problem("image_ratio_unusual", {"ratio": limits.cuts[0]}, blocking=False)]
