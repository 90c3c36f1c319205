"""What a page holds ready to be sent again."""

from __future__ import annotations

import html
import re

from werkzeug.test import TestResponse


def hidden_in(page: TestResponse) -> dict[str, str]:
    """The hidden fields of the page's own part, as its button would send them."""
    main = page.text[page.text.index("<main") :]
    form = main[main.index("<form") : main.index("</form>")]
    found = re.findall(r'<textarea name="([^"]+)" hidden[^>]*>\n(.*?)</textarea>', form, re.DOTALL)
    found += re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in found}
