"""Texts that are hard to count: hand-made ones, and an endless supply of seeded ones."""

from __future__ import annotations

import random
import unicodedata

DOMAINS = (
    "example.com", "a.dev", "foo.zip", "blog.example.co.kr", "EXAMPLE.COM", "한글.kr",
    "삼성.닷컴", "도메인.한국", "xn--3e0b707e.xn--3e0b707e", "münchen.de", "пример.рф",
    "例え.jp", "sub_domain.example.com", "bad_name.com", "-dash.com", "dash-.com",
    "a..com", ".com", "example.notatld", "example.c", "1.2.3.4", "user@example.com",
    "@example.com", "#example.com", "$example.com", "a.co한글", "example.com한글.kr",
    "t.co", "foo.com.", "중국.中国", "a" * 63 + ".com", "a" * 64 + ".com",
    "가" * 30 + ".com", ".".join("a" * 40), "x.vermögensberater", "bücher.com",
    "a.b.c.d.e.f.com", "a_b.c_d.com", "com.com", "co.co.co", "xn--한.com", "XN--a.com",
    "ＡＢ．com", "ＡＢ。com", "foo.com_x.kr", "foo.com+", "foo.com@bar", "foo.com-bar",
    "a\"b.com", "a`b.com",
)  # fmt: skip
TAILS = (
    "", "/", "/path", "/path.", "/path,next", "/a_(b)", "/a_(b)_c", "/a_((b)c)", "/(",
    "/)", "/a(b", "/..(a)", "/..(a)b", "/@user", "/@user/x", "/?q", "?q=1", "?q=1.",
    "?", "?!", ":80", ":80/x", ":x", "/한글", "/русский", "/é", "/ι", "/–", "/x#frag",
    "#frag", "/a?b=c&d=e", "/a?b=(c)", "/a|b", "/a~b!", "/%ED%95%9C", "//", "/x//y",
    "/\u2066x", "/😀", "?😀", "/(a)(b)", "/.(a)(b)c.", "/a'b", "/a\"b",
)  # fmt: skip
FRONTS = (
    "", "http://", "https://", "HTTP://", "ftp://", "https:/", "://", "//", "www.",
    "한글", "x", "@", "#", "$", "＠", "＃", "_", "-", "/", ".", "(", "\u200e", "\u202a",
    "\u2066", "\ufeff", "\uffff", "😀", "。", "\u200b", "1",
)  # fmt: skip
EMOJI = (
    "😀", "❤️", "❤", "☀︎", "☀️", "©", "©️", "™️", "1️⃣", "#️⃣", "9⃣", "👍🏽", "👩‍💻",
    "👩🏽‍💻", "👨‍👩‍👧‍👦", "👩‍❤️‍💋‍👨", "👨‍❤️‍👨", "🏳️‍🌈", "🏴‍☠️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "🏴󠁧󠁢󠁵󠁳󠁣󠁡󠁿", "🇰🇷", "🇰🇷🇺🇸", "🇰", "🇽🇽", "🇰🇷🇰", "🏋️‍♀️", "🏋🏽‍♂️", "🏋️🏽", "🤷🏻‍♂️",
    "🤷‍♀️", "👯‍♀️", "🧞‍♂️", "🧟‍♀️", "👁‍🗨", "👁️‍🗨️", "🫠", "🧑‍🚀", "🏳️‍⚧️",
    "🫱🏻‍🫲🏿", "👩‍", "‍👩", "️", "‍", "⃣", "🏽", "✌🏽", "✌️🏽", "☝️", "🅰️", "㊗️",
    "👨‍👨‍👦‍👦", "👩‍👩‍👧", "👨‍👧‍👧", "🧑‍🤝‍🧑", "🐻‍❄️", "👩‍🦰", "🕵️‍♀️",
    "⛹🏿‍♀️",
)  # fmt: skip
WORDS = (
    "한글", "English", "日本語", "ไทย", "עברית", "العربية", "Ünïcödé", "𝕏", "𐐷", "ᄒ",
    "\u1112\u1161\u11ab", "e\u0301", "\u2126", "\u212b", "…", "—", "–", "‘q’", "“q”",
    "′", "‰", "Ⅷ", "\u10ff", "\u1100", "\u1fff", "\u2000", "\u200d", "\u200e", "\u2010",
    "\u201f", "\u2020", "\u2032", "\u2037", "\u2038", "\u0344", "\u0f73",
    "\u0315\u0300", "\r\n", "\n", "\t", "\x00", "\x7f", "\x85", "\u2028", "\u3000",
    "\xa0", "\ufffe", "\ufffd", "$AB", "$ABCDEFG", "$A.B", "$ $A", "#tag", "@user", " ",
    "  ", "ſ", "K", "ɠ", "ⱥ", "İ", "ß",
)  # fmt: skip
HOSTILE = tuple(
    (piece * 4000)[:6000]
    for piece in (
        "a.", "한글.", "日本.", "http://", "https://a.co ", "co.", "(a)", "a.co/(", "a.co/.(a)",
        "a.co?", "xn--a.", "-.", "_.", "@a.co", "$A ",
        "👩‍", "👨‍👩‍👧‍👦", "1️⃣", "🇰", "\u0315\u0300", "é.", "😀a.co ", "a.co한.kr ",
    )
)  # fmt: skip


def handmade() -> list[str]:
    """Every front with every domain, every domain with every tail, and the rest alone and side by side."""
    texts = [f"{front}{domain}" for front in FRONTS for domain in DOMAINS]
    texts += [f"글 https://{domain}{tail} x" for domain in DOMAINS for tail in TAILS]
    texts += [f"({domain}{tail})" for domain in DOMAINS[:12] for tail in TAILS]
    texts += [f"{left}{right}" for left in EMOJI for right in EMOJI]
    texts += [*WORDS, *(f"{word}{emoji}" for word in WORDS for emoji in EMOJI[:12])]
    texts += [
        f"https://t.co/{slug}" for slug in ("abc", "abc/d", "abc?x=1", "a" * 40, "a" * 41, "한")
    ]
    texts += [f"https://a.co/{'x' * size}" for size in (4068, 4075, 4076, 4077, 4080, 4096)]
    texts += ["", "가" * 140, "가" * 141, "a" * 280, "a" * 281, *HOSTILE]
    return texts + [unicodedata.normalize("NFD", text) for text in texts[:200]]


def seeded(count: int, seed: int) -> list[str]:
    """`count` texts put together from the same pieces and from crumbs of addresses."""
    dice = random.Random(seed)
    crumbs = (
        "a",
        "b",
        ".",
        "/",
        ":",
        "?",
        "_",
        "-",
        "(",
        ")",
        "한",
        "com",
        "kr",
        ".co",
        "=",
        "&",
        "@",
        " ",
        "é",
    )
    pools = (
        FRONTS + DOMAINS + TAILS,
        EMOJI + WORDS,
        FRONTS + DOMAINS + TAILS + EMOJI + WORDS,
        crumbs,
    )
    return [
        "".join(dice.choice(pools[number % 4]) for _ in range(dice.randint(1, 24)))
        for number in range(count)
    ]
