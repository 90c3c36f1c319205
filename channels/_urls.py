"""Where X sees addresses in a text: the rules of twitter-text 3.1.0 in one linear sweep.

The published rule is one regular expression that backtracks without bound on hostile text. Here a text is cut
into clusters of domain characters, each label is looked at once from the right, and every address is
found from the left in the same order. Positions are UTF-16 code units, as in the original, whose
"characters" include the halves of a surrogate pair.
"""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass

from channels._tlds import ASCII_TLDS, OTHER_TLDS

MAX_URL_LENGTH = 4096
SHORTEST = len("a.kr")
MAX_LABEL_LENGTH = 63
MAX_TCO_SLUG_LENGTH = 40

_PUNCTUATION_BUT_DOT_DASH_LINE = r"!'#%&()*+,\\/:;<=>?@\[\]^{|}~$"
_SPACES = "\x09-\x0d\x20\x85\xa0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_INVALID = "\ufffe\ufeff\uffff"
_DIRECTIONAL = "\u202a-\u202e\u061c\u200e\u200f\u2066-\u2069"
_STOP = f"{_PUNCTUATION_BUT_DOT_DASH_LINE}{_SPACES}{_INVALID}{_DIRECTIONAL}"

_CLUSTER = re.compile(f"[^{_STOP}]+")
_START = re.compile(f"(?<![A-Za-z0-9@\uff20$#\uff03{_INVALID}])[^{_STOP}._\\-]")
_MAY_FOLLOW = re.compile(f"(?<![A-Za-z0-9@\uff20$#\uff03{_INVALID}])")
_SCHEME = re.compile("https?://", re.IGNORECASE | re.ASCII)

_LATIN = (
    "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268"
    "\u026f\u0272\u0289\u028b\u02bb\u0300-\u036f\u1e00-\u1eff"
    # What equals one of these when case is ignored:
    "\u0260\u0269\u0275\u0280\u0283\u0288\u028a\u028c\u0292\u0399\u03b9\u1fbe\u2c65\u2c66\u2c7e"
    "\u2c7f\ua7dc"
)
_CYRILLIC = "\u0400-\u04ff\u1c80-\u1c87"
_PATH_END = rf"+\-A-Za-z0-9=_#/{_CYRILLIC}{_LATIN}"
_PATH_INNER = r"!*';:,.$%\[\]\u2013~@|&"
_PATH_ANY = _PATH_END + _PATH_INNER
_PARENS = rf"\((?:[{_PATH_ANY}]+\)|[{_PATH_ANY}]*\([{_PATH_ANY}]+\)[{_PATH_ANY}]*\))"
_QUERY_END = r"A-Za-z0-9\-_&=#/"
_QUERY_ANY = _QUERY_END + r"!?*'@():;+$%\[\].,~|"
_TAIL = re.compile(
    r"(?::[0-9]+)?"
    rf"(?P<path>/(?:[{_PATH_END}]+|(?:[{_PATH_INNER}]*{_PARENS})*[{_PATH_INNER}]*(?=[{_PATH_END}]))*"
    rf"(?:{_PARENS})*)?"
    rf"(?:\?[{_QUERY_ANY}]*[{_QUERY_END}])?"
)
_TCO = re.compile(
    rf"https?://t\.co/([a-z0-9]+)(?:\?[{_QUERY_ANY}]*[{_QUERY_END}])?", re.IGNORECASE | re.ASCII
)
_NO_SCHEME_AFTER = frozenset("-_./")

_ALNUM_RUN = re.compile("[0-9A-Za-z]+")
_PUNYCODE_TLD = re.compile(r"xn--[\-0-9a-z]+", re.IGNORECASE | re.ASCII)
_PLAIN_DOMAIN = re.compile(r"(?:[\-A-Za-z0-9]+\.)+[A-Za-z]+")
_LATIN_CHAIN = re.compile(rf"(?<![\-A-Za-z0-9{_LATIN}])(?:[\-A-Za-z0-9{_LATIN}]+\.)+")
_LABEL_SEPARATORS = re.compile("[\u3002\uff0e\uff61]")


def _same_case(char: str) -> str:
    """The form in which two characters are equal when case is ignored (ECMAScript, no `u` flag)."""
    upper = char.upper()
    if len(upper) != 1 or (upper.isascii() and not char.isascii()):
        return char
    return upper


def _fold(text: str) -> str:
    return "".join(map(_same_case, text))


_OTHER_BY_FIRST: dict[str, list[str]] = {}
for _name in OTHER_TLDS:
    _OTHER_BY_FIRST.setdefault(_fold(_name[0]), []).append(_fold(_name))


@dataclass(frozen=True, slots=True)
class _Label:
    """What matters of the text between two dots: `tld` is the length of the TLD it begins with, or 0."""

    whole: bool
    ends_well: bool
    after_line: int
    tld: int


def utf16_units(text: str) -> str:
    """`text` with each character beyond the BMP as its two surrogates."""
    if text.isascii() or max(text) <= "\uffff":
        return text
    return "".join(map(chr, array("H", text.encode("utf-16-le", "surrogatepass"))))


def _tld_length(label: str, after: str) -> int:
    """How much of `label`, which `after` follows, is a TLD; 0 when nothing is."""
    run = _ALNUM_RUN.match(label)
    if run and run[0].lower() in ASCII_TLDS:
        rest = label[run.end() : run.end() + 1] or after
        if rest not in ("@", "+", "-"):
            return run.end()
    for name in _OTHER_BY_FIRST.get(_same_case(label[:1]), ()):
        size = len(name)
        if _fold(label[:size]) == name:
            rest = label[size : size + 1] or after
            if not (rest and rest.isascii() and (rest.isalnum() or rest in "@+-")):
                return size
    punycode = _PUNYCODE_TLD.match(label)
    return punycode.end() if punycode else 0


def _look_at(label: str, after: str) -> _Label:
    if not label:
        return _Label(False, False, 0, 0)
    ends_well = label[-1] not in "_-"
    return _Label(
        whole=ends_well and label[0] not in "_-",
        ends_well=ends_well,
        after_line=label.rfind("_") + 1,
        tld=_tld_length(label, after),
    )


class _Cluster:
    """Labels with dots between them; knows for each label where the longest domain from there ends."""

    def __init__(self, text: str, start: int, end: int, known: dict[str, _Label]) -> None:
        self.text = text
        labels = text[start:end].split(".")
        self.seen: list[_Label] = []
        self.starts: list[int] = []
        at = start
        for label in labels[:-1]:
            seen = known.get(label)
            if seen is None:
                seen = known[label] = _look_at(label, ".")
            self.seen.append(seen)
            self.starts.append(at)
            at += len(label) + 1
        self.seen.append(_look_at(labels[-1], text[end : end + 1]))
        self.starts.append(at)
        self.ends = self._domain_ends()

    def _domain_ends(self) -> list[int]:
        """For each label, the end of the longest domain that begins with all of it or a part; 0 for none.

        Negative: only a beginning after the label's last underscore will do.
        """
        seen, starts = self.seen, self.starts
        last = len(seen) - 1
        ends = [0] * len(seen)
        for here in range(last - 1, -1, -1):
            if not seen[here].ends_well:
                continue
            longer = here + 1 < last and seen[here + 1].whole and ends[here + 1]
            if longer and (longer > 0 or not seen[here + 1].after_line):
                ends[here] = abs(longer)
            elif seen[here + 1].tld:
                ends[here] = -(starts[here + 1] + seen[here + 1].tld)
        return ends

    def domain_from(self, label: int, least: int) -> tuple[int, int] | None:
        """The leftmost domain that begins inside `label` at or after `least`: its start and end."""
        end = self.ends[label]
        if not end:
            return None
        begin = self.starts[label]
        if end < 0:
            begin, end = begin + self.seen[label].after_line, -end
        stop = self.starts[label + 1] - 1
        begin = max(begin, least)
        if begin == 0 and self.text[0] != "." and _START.match(self.text, 1, max(stop, 1)):
            return 1, end
        found = _START.search(self.text, begin, stop) if begin < stop else None
        return (found.start(), end) if found else None


def _scheme_before(text: str, start: int, resume: int) -> int | None:
    """Where the `http://` that ends at `start` begins, if an address may begin there."""
    for size in (7, 8):
        at = start - size
        if at >= 0 and _SCHEME.fullmatch(text, at, start):
            free = at == 0 or (at > resume and _MAY_FOLLOW.match(text, at))
            return at if free or at == resume == 0 else None
    return None


def _fits_dns(domain: str) -> bool:
    """Whether every label has 1 to 63 letters once it is written in Punycode."""
    return all(_dns_length(label) <= MAX_LABEL_LENGTH for label in domain.split("."))


def _dns_length(label: str) -> int:
    if label.isascii() and label.isprintable():
        return len(label)
    total = -1
    for part in _LABEL_SEPARATORS.split(label):
        whole = part.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        if len(whole) > MAX_LABEL_LENGTH:
            return len(whole)
        plain = whole.isascii() and whole.isprintable()
        total += 1 + (len(whole) if plain else 4 + len(whole.encode("punycode")))
    return total


def _latin_domains(domain: str) -> list[tuple[int, int]]:
    """The parts of `domain` that are domains in Latin letters; without a scheme only they count."""
    if _PLAIN_DOMAIN.fullmatch(domain):
        return [(0, len(domain))]
    found: list[tuple[int, int]] = []
    for chain in _LATIN_CHAIN.finditer(domain):
        dot = chain.end() - 1
        while dot > chain.start():
            stop = domain.find(".", dot + 1)
            label = domain[dot + 1 :] if stop < 0 else domain[dot + 1 : stop]
            tld = _tld_length(label, "" if stop < 0 else ".")
            if tld:
                name = domain[chain.start() : dot + 1 + tld]
                # Where the same letters stand first, as the published library looks for them.
                at = domain.find(name, found[-1][1] if found else 0)
                found.append((at, at + len(name)))
                break
            dot = domain.rfind(".", chain.start(), dot)
    return found


def _address(
    text: str, scheme_at: int | None, start: int, end: int
) -> tuple[int, list[tuple[int, int]]]:
    """The domain text[start:end] with what follows it: where to read on, and what of it counts."""
    tail = _TAIL.match(text, end)
    finish = tail.end() if tail else end
    begin = start if scheme_at is None else scheme_at
    scheme = 8 if scheme_at is None else start - scheme_at
    if scheme + finish - begin > MAX_URL_LENGTH:
        return finish, []
    domain = text[start:end]
    if scheme_at is None:
        if start and text[start - 1] in _NO_SCHEME_AFTER:
            return finish, []
        spans = _latin_domains(domain)
        if not spans or not _fits_dns(domain):
            return finish, []
        spans = [(start + a, start + b) for a, b in spans]
        if tail and tail["path"]:
            last = spans[-1]
            spans[-1] = (last[0], last[1] + finish - end)
        return finish, spans
    if not _fits_dns(domain) or (domain.startswith("xn--") and not _latin_domains(domain)):
        return finish, []
    short = _TCO.match(text, begin, finish)
    if short:
        return finish, [short.span()] if len(short[1]) <= MAX_TCO_SLUG_LENGTH else []
    return finish, [(begin, finish)]


def find_urls(text: str) -> list[tuple[int, int]]:
    """The addresses in `text` (UTF-16 units of NFC text), left to right, as (start, end). Linear."""
    urls: list[tuple[int, int]] = []
    if "." not in text:
        return urls
    known: dict[str, _Label] = {}
    resume = 0
    for match in _CLUSTER.finditer(text):
        start, end = match.span()
        if end > resume and end - start >= SHORTEST and "." in match[0]:
            cluster = _Cluster(text, start, end, known)
            resume = _read_cluster(cluster, start, end, resume, urls)
    return urls


def _read_cluster(
    cluster: _Cluster, start: int, end: int, resume: int, urls: list[tuple[int, int]]
) -> int:
    """Append the addresses that begin in this cluster; returns where reading goes on."""
    scheme_at = _scheme_before(cluster.text, start, resume)
    if scheme_at is not None:
        found = cluster.domain_from(0, start)
        if found and found[0] == start:
            resume, spans = _address(cluster.text, scheme_at, *found)
            urls += spans
    label, last = 0, len(cluster.starts) - 1
    while label < last and resume < end:
        found = cluster.domain_from(label, resume + 1 if resume else 0)
        if found is None:
            label += 1
            continue
        resume, spans = _address(cluster.text, None, *found)
        urls += spans
    return resume
