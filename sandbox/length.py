"""How X counts a text, in our own words: a second opinion on the adapter's counter.

Facts: twitter-text's v3 configuration: limit 280, Hangul and most else 2, Latin 1, an address 23, an emoji 2.
Addresses with a scheme count for any plausible top-level domain, those without only for well-known ones.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

LIMIT = 280
PREMIUM_LIMIT = 25_000
URL_WEIGHT = 23
MAX_URL = 4_096

_GENERIC_NAMES = (
    "com net org edu gov mil int info biz name pro aero coop museum jobs mobi travel tel cat asia xxx post "
    "app dev page blog shop store online site website tech cloud digital agency studio design media news "
    "live tv fm io ai co me xyz top club vip work works world zone today life space fun art film music "
    "games game codes code software systems solutions services support company business consulting "
    "engineering energy finance financial capital fund bank insurance legal law health care clinic "
    "education academy school university training events group global international network foundation "
    "community social chat email link click help wiki guide tools host hosting domains zip mov new "
    "google youtube amazon apple microsoft samsung hyundai kia seoul tokyo london paris berlin nyc"
)
_COUNTRY_NAMES = (
    "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by "
    "bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi "
    "fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im "
    "in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc "
    "md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa "
    "pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr "
    "ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi "
    "vn vu wf ws ye yt za zm zw"
)
_GENERIC, _COUNTRY = frozenset(_GENERIC_NAMES.split()), frozenset(_COUNTRY_NAMES.split())
_HANGUL_TLD = ("한국", "삼성", "닷컴", "닷넷")
_NEVER = frozenset(
    {"test", "example", "invalid", "local", "localhost", "internal", "lan", "invalidtld"}
)

# Each pattern starts only at the edge of a run and never gives back what it took: linear on any text.
_BARE = re.compile(
    r"(?<![A-Za-z0-9\u00c0-\u024f_@＠$#＃/-])(?<![A-Za-z0-9\u00c0-\u024f]\.)"
    r"(?P<host>[A-Za-z0-9\u00c0-\u024f][A-Za-z0-9\u00c0-\u024f-]*+(?:\.[A-Za-z0-9\u00c0-\u024f-]++)++)"
)
_SCHEME = re.compile(r"https?://(?P<host>[\w-]++(?:\.[\w-]++)++)", re.IGNORECASE)
_LOOPBACK = re.compile(r"https?://(?P<host>127\.0\.0\.1|localhost)(?![\w.-])", re.IGNORECASE)
_TLD = re.compile(r"[A-Za-z]{2,24}(?![A-Za-z0-9@+-])")
_PORT = re.compile(r":\d{1,5}+")
_PATH = re.compile(r"/[A-Za-z0-9!*';:=+,.$/%#\[\]\-\u2013_~@|&()\u00c0-\u024f\u0400-\u04ff]*+")
_QUERY = re.compile(r"\?[A-Za-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*+")
_CASHTAG = re.compile(r"(?<!\S)\$[A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?(?=$|[\s!-/:-@\[-`{-~])")

_PICTO = (
    "\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u25fe\u2600-\u27bf\u2934\u2935"
    "\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001faff"
)
_ONE = f"[{_PICTO}]\ufe0f?[\U0001f3fb-\U0001f3ff]?"
_EMOJI = re.compile(
    f"[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3|[\u00a9\u00ae]\ufe0f"
    f"|{_ONE}(?:[\U000e0020-\U000e007f]++|(?:\u200d{_ONE})++)?"
)


@dataclass(frozen=True, slots=True)
class Url:
    """An address in a text, by code points."""

    start: int
    end: int
    text: str

    @property
    def expanded(self) -> str:
        """As X stores it: with a scheme."""
        return self.text if "://" in self.text[:8] else f"http://{self.text}"


def weigh(text: str) -> int:
    """The weighted length of `text`, which is normalised first."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    total, at = 0, 0
    for url in urls(text):
        total += _plain(text[at : url.start]) + URL_WEIGHT
        at = url.end
    return total + _plain(text[at:])


def urls(text: str) -> list[Url]:
    """The addresses that X would wrap, in order.

    One thing is unlike X: an address of this computer stands for the public one that the blog will have, so
    that a rehearsal counts and links as the real thing does.
    """
    found: list[Url] = []
    for pattern, scheme in ((_SCHEME, True), (_BARE, False)):
        for match in pattern.finditer(text):
            before = text[match.start() - 1] if match.start() else ""
            if scheme and re.match(r"[A-Za-z0-9@＠$#＃]", before):
                continue
            end = _host_end(text, match.start("host"), match.group("host"), scheme)
            if end:
                stop = _tail_end(text, end)
                if stop - match.start() <= MAX_URL:
                    found.append(Url(match.start(), stop, text[match.start() : stop]))
    for match in _LOOPBACK.finditer(text):
        stop = _tail_end(text, match.end())
        found.append(Url(match.start(), stop, text[match.start() : stop]))
    found.sort(key=lambda url: url.start)
    kept: list[Url] = []
    for url in found:
        if not kept or url.start >= kept[-1].end:
            kept.append(url)
    return kept


def cashtags(text: str) -> int:
    return len(_CASHTAG.findall(text))


def _host_end(text: str, start: int, host: str, scheme: bool) -> int:
    """Where the host ends after its last top-level domain; 0 when it has none."""
    end, at = 0, start
    for number, label in enumerate(host.split(".")):
        match = _TLD.match(text, at) if number else None
        if match and _is_tld(match.group().lower(), scheme):
            end = match.end()
        elif number and scheme:
            hangul = next((t for t in _HANGUL_TLD if label.startswith(t)), "")
            end = at + len(hangul) if hangul else end
        at += len(label) + 1
    return end


def _is_tld(label: str, scheme: bool) -> bool:
    if label in _COUNTRY or label in _GENERIC:
        return True
    return scheme and len(label) > 2 and label not in _NEVER


def _tail_end(text: str, at: int) -> int:
    port = _PORT.match(text, at)
    at = port.end() if port else at
    path = _PATH.match(text, at)
    if path:
        at += len(_trimmed(path.group()))
    query = _QUERY.match(text, at)
    if query:
        at += len(query.group().rstrip("!?*'@();:+$%.,~|[]"))
    return at


def _trimmed(path: str) -> str:
    """Without closing punctuation that belongs to the sentence; balanced brackets stay."""
    path = path.rstrip("!*';:,.$%[]~@|&(\u2013")
    while path.endswith(")") and path.count("(") < path.count(")"):
        path = path[:-1].rstrip("!*';:,.")
    return path


def _plain(text: str) -> int:
    total, at = 0, 0
    for emoji in _EMOJI.finditer(text):
        total += sum(map(_weight, text[at : emoji.start()])) + 2
        at = emoji.end()
    return total + sum(map(_weight, text[at:]))


def _weight(character: str) -> int:
    code = ord(character)
    light = code <= 4351 or 8192 <= code <= 8205 or 8208 <= code <= 8223 or 8242 <= code <= 8247
    return 1 if light else 2
