"""People who post to the sandbox as the platforms' clients do."""

from __future__ import annotations

from typing import Any

import requests
from requests_oauthlib import OAuth1

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64


class XUser:
    """Signs as one X account."""

    def __init__(self, base: str, credentials: dict[str, str]) -> None:
        self.base, self.credentials = base, credentials

    def auth(self, **changed: str) -> OAuth1:
        c = self.credentials | changed
        return OAuth1(
            c["consumer_key"], c["consumer_secret"], c["access_token"], c["access_token_secret"]
        )

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        more.setdefault("auth", self.auth())
        return requests.request(method, self.base + path, timeout=more.pop("timeout", 5), **more)

    def tweet(self, text: str, **more: Any) -> requests.Response:
        return self.call("POST", "/2/tweets", json={"text": text, **more})

    def timeline(self, **query: str) -> dict[str, Any]:
        user = self.credentials["access_token"].partition("-")[0]
        body: dict[str, Any] = self.call("GET", f"/2/users/{user}/tweets", params=query).json()
        return body

    def upload(self, alt: str = "") -> str:
        form = {"media_category": "tweet_image"}
        answer = self.call("POST", "/2/media/upload", data=form, files={"media": ("a.png", PNG)})
        media: str = answer.json()["data"]["id"]
        described = {"id": media, "metadata": {"alt_text": {"text": alt}}}
        assert self.call("POST", "/2/media/metadata", json=described).status_code == 200
        return media


class PageOwner:
    """Calls the Graph with one Page's token."""

    def __init__(self, base: str, token: str = "demo-page-token") -> None:
        self.base, self.token = base, token

    def call(self, method: str, path: str, **data: Any) -> requests.Response:
        data.setdefault("access_token", self.token)
        files = data.pop("files", None)
        url = f"{self.base}/v26.0/{path}"
        if method == "GET":
            return requests.get(url, params=data, timeout=5)
        return requests.request(method, url, data=data, files=files, timeout=5)

    def post(self, message: str, **data: Any) -> requests.Response:
        return self.call("POST", "2001/feed", message=message, **data)

    def photo(self, alt: str = "") -> str:
        form = {"published": "false", "alt_text_custom": alt, "files": {"source": ("a.png", PNG)}}
        photo: str = self.call("POST", "2001/photos", **form).json()["id"]
        return photo
