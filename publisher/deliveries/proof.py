"""What a person gives as proof that a post is out: its address, and the platform's id in it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from flask_babel import gettext as _

from channels import channel_class
from publisher.deliveries.models import Delivery
from publisher.errors import Invalid


def address(url: str) -> str:
    """The address without white space around it. Raises Invalid when it is none."""
    parts = urlsplit(url.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Invalid(_("Give the address where it can be seen, beginning with https://."))
    return url.strip()


def remote_id(delivery: Delivery, address: str) -> str:
    """The platform's own id out of the address: it proves no other delivery, and the next part answers it."""
    form = channel_class(delivery.account.kind).address_form
    if form and (found := re.search(form, urlsplit(address).path)):
        return "_".join(found.groups())
    if delivery.part < delivery.parts:
        raise Invalid(_("Give the address of this very post, so that the next part can answer it."))
    return f"by-hand-{delivery.id}"
