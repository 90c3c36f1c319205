"""Who may post: X users and Facebook Pages, known by their credentials."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from typing import Any

from sandbox.store import Store

X_STATES = ("ok", "revoked", "read_only", "locked")
PAGE_STATES = (
    "ok", "expired", "password_changed", "app_removed", "malformed",
    "user_token", "no_permission", "blocked",
)  # fmt: skip


@dataclass
class XAccount:
    user_id: str
    username: str
    access_token: str
    access_token_secret: str
    consumer_key: str = "demo-consumer"
    consumer_secret: str = "demo-consumer-secret"  # noqa: S105 - made for the sandbox only
    name: str = ""
    state: str = "ok"
    premium: bool = False

    def credentials(self) -> dict[str, str]:
        return {
            "consumer_key": self.consumer_key,
            "consumer_secret": self.consumer_secret,
            "access_token": self.access_token,
            "access_token_secret": self.access_token_secret,
        }


@dataclass
class Page:
    page_id: str
    name: str
    page_token: str
    app_secret: str
    app_id: str = "3001"
    state: str = "ok"

    def credentials(self) -> dict[str, str]:
        return {
            "page_id": self.page_id,
            "page_token": self.page_token,
            "app_secret": self.app_secret,
        }


class Accounts:
    """By token and by id. Registered accounts are kept with the ledger."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.x: dict[str, XAccount] = {}
        self.pages: dict[str, Page] = {}
        self.x_by_token: dict[str, XAccount] = {}
        self.pages_by_token: dict[str, Page] = {}
        self._keep_x(
            XAccount("1001", "hanbit", "1001-demo", "demo-access-secret", name="한빛 솔루션")
        )
        self._keep_page(Page("2001", "한빛 솔루션", "demo-page-token", "demo-app-secret"))
        for body in store.accounts():
            kind = body.pop("platform")
            if kind == "x":
                self._keep_x(XAccount(**body))
            else:
                self._keep_page(Page(**body))

    def add(self, body: dict[str, Any]) -> dict[str, str]:
        """Register or change the account in `body`; missing secrets are made up. Returns its credentials.

        Raises ValueError with a sentence when a field is unknown, missing or not a string.
        """
        fields = dict(body)
        platform = fields.pop("platform", "")
        if platform not in ("x", "facebook"):
            raise ValueError("platform must be 'x' or 'facebook'")
        key = "user_id" if platform == "x" else "page_id"
        if not str(fields.get(key, "")).isdigit():
            raise ValueError(f"{key} must be a string of digits")
        fields[key] = str(fields[key])
        if any(not isinstance(v, str) and k != "premium" for k, v in fields.items()):
            raise ValueError("every field but premium is a string")
        try:
            return self._add_x(fields) if platform == "x" else self._add_page(fields)
        except TypeError as error:
            raise ValueError(str(error).partition("() ")[2]) from error

    def _add_x(self, fields: dict[str, Any]) -> dict[str, str]:
        old = self.x.get(fields["user_id"])
        made = {
            "username": f"user{fields['user_id']}",
            "access_token": f"{fields['user_id']}-{secrets.token_hex(8)}",
            "access_token_secret": secrets.token_hex(16),
        }
        account = XAccount(**{**(asdict(old) if old else made), **fields})
        if not account.access_token.startswith(f"{account.user_id}-"):
            raise ValueError("access_token must begin with the user id and a hyphen")
        if account.state not in X_STATES:
            raise ValueError(f"state must be one of {', '.join(X_STATES)}")
        if old:
            self.x_by_token.pop(old.access_token, None)
        self._keep_x(account)
        self._store.put_account(f"x{account.user_id}", {"platform": "x", **asdict(account)})
        return account.credentials()

    def _add_page(self, fields: dict[str, Any]) -> dict[str, str]:
        old = self.pages.get(fields["page_id"])
        made = {
            "name": f"Page {fields['page_id']}",
            "page_token": secrets.token_hex(16),
            "app_secret": secrets.token_hex(16),
        }
        page = Page(**{**(asdict(old) if old else made), **fields})
        if page.state not in PAGE_STATES:
            raise ValueError(f"state must be one of {', '.join(PAGE_STATES)}")
        if old:
            self.pages_by_token.pop(old.page_token, None)
        self._keep_page(page)
        self._store.put_account(f"f{page.page_id}", {"platform": "facebook", **asdict(page)})
        return page.credentials()

    def _keep_x(self, account: XAccount) -> None:
        account.name = account.name or account.username
        self.x[account.user_id] = account
        self.x_by_token[account.access_token] = account

    def _keep_page(self, page: Page) -> None:
        self.pages[page.page_id] = page
        self.pages_by_token[page.page_token] = page
