"""Emoji sequences that X counts as one character: those of Emoji 11, as in twemoji-parser 11 (npm).

A single emoji weighs 2 like any other character beyond the light ranges, so only sequences of two and more
code points matter. Younger sequences count part by part, which can only make X's own count the smaller one.
"""

from __future__ import annotations

import re

_TONE = "[\U0001f3fb-\U0001f3ff]"
_SECOND = "[\ufe0f\u200d\u20e3\U0001f3fb-\U0001f3ff\U0001f1e6-\U0001f1ff\U000e0067]"
"""What the second code point of every sequence is: a cheap test before the expensive one."""

_JOBS = (
    "(?:[\u2695\u2696\u2708]\ufe0f|[\U0001f33e\U0001f373\U0001f393\U0001f3a4\U0001f3a8\U0001f3eb"
    "\U0001f3ed\U0001f4bb\U0001f4bc\U0001f527\U0001f52c\U0001f680\U0001f692\U0001f9b0-\U0001f9b3])"
)
_WORKERS = f"[\U0001f468\U0001f469]{_TONE}?\u200d{_JOBS}"

_ATHLETES = (
    f"[\U0001f3cb\U0001f3cc\U0001f574\U0001f575\u26f9](?:{_TONE}|\ufe0f)\u200d[\u2640\u2642]\ufe0f"
)
_GENDERED = (
    "[\U0001f3c3\U0001f3c4\U0001f3ca\U0001f46e\U0001f471\U0001f473\U0001f477\U0001f481\U0001f482"
    "\U0001f486\U0001f487\U0001f645-\U0001f647\U0001f64b\U0001f64d\U0001f64e\U0001f6a3"
    "\U0001f6b4-\U0001f6b6\U0001f926\U0001f935\U0001f937-\U0001f939\U0001f93d\U0001f93e\U0001f9b8"
    f"\U0001f9b9\U0001f9d6-\U0001f9dd]{_TONE}?\u200d[\u2640\u2642]\ufe0f"
)
_PAIRS = "[\U0001f46f\U0001f93c\U0001f9de\U0001f9df]\u200d[\u2640\u2642]\ufe0f"

_CHILDREN = (
    "(?:\U0001f466\u200d\U0001f466|\U0001f467\u200d[\U0001f466\U0001f467]|[\U0001f466\U0001f467])"
)
_HEART = "\u2764\ufe0f\u200d"
_KISS = "(?:\U0001f48b\u200d)?"
_FAMILIES = (
    f"\U0001f468\u200d(?:{_HEART}{_KISS}\U0001f468|(?:[\U0001f468\U0001f469]\u200d)?{_CHILDREN})"
    f"|\U0001f469\u200d(?:{_HEART}{_KISS}[\U0001f468\U0001f469]|(?:\U0001f469\u200d)?{_CHILDREN})"
)

_FLAGS_AND_EYE = (
    "\U0001f3f3\ufe0f\u200d\U0001f308|\U0001f3f4\u200d\u2620\ufe0f|\U0001f441\u200d\U0001f5e8"
)
_KEYCAPS = "[#*0-9]\ufe0f?\u20e3"
_MARKS = "[\u00a9\u00ae\u2122\u265f]\ufe0f"

_STYLED = (
    "\u203c\u2049\u2139\u2194-\u2199\u21a9\u21aa\u231a\u231b\u2328\u23cf\u23ed-\u23ef"
    "\u23f1\u23f2\u23f8-\u23fa\u24c2\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe\u2600-\u2604\u260e"
    "\u2611\u2614\u2615\u2618\u2620\u2622\u2623\u2626\u262a\u262e\u262f\u2638-\u263a\u2640"
    "\u2642\u2648-\u2653\u2660\u2663\u2665\u2666\u2668\u267b\u267f\u2692-\u2697\u2699"
    "\u269b\u269c\u26a0\u26a1\u26aa\u26ab\u26b0\u26b1\u26bd\u26be\u26c4\u26c5\u26c8\u26cf"
    "\u26d1\u26d3\u26d4\u26e9\u26ea\u26f0-\u26f5\u26f8\u26fa\u26fd\u2702\u2708\u2709\u270f"
    "\u2712\u2714\u2716\u271d\u2721\u2733\u2734\u2744\u2747\u2757\u2763\u2764\u27a1"
    "\u2934\u2935\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d\u3297\u3299\U0001f004"
    "\U0001f170\U0001f171\U0001f17e\U0001f17f\U0001f202\U0001f21a\U0001f22f\U0001f237"
    "\U0001f321\U0001f324-\U0001f32c\U0001f336\U0001f37d\U0001f396\U0001f397"
    "\U0001f399-\U0001f39b\U0001f39e\U0001f39f\U0001f3cd\U0001f3ce\U0001f3d4-\U0001f3df"
    "\U0001f3f3\U0001f3f5\U0001f3f7\U0001f43f\U0001f441\U0001f4fd\U0001f549\U0001f54a"
    "\U0001f56f\U0001f570\U0001f573\U0001f576-\U0001f579\U0001f587\U0001f58a-\U0001f58d"
    "\U0001f5a5\U0001f5a8\U0001f5b1\U0001f5b2\U0001f5bc\U0001f5c2-\U0001f5c4"
    "\U0001f5d1-\U0001f5d3\U0001f5dc-\U0001f5de\U0001f5e1\U0001f5e3\U0001f5e8\U0001f5ef"
    "\U0001f5f3\U0001f5fa\U0001f6cb\U0001f6cd-\U0001f6cf\U0001f6e0-\U0001f6e5\U0001f6e9"
    "\U0001f6f0\U0001f6f3"
)
_STYLED_OR_TONED = (
    "\u261d\u26f7\u26f9\u270c\u270d\U0001f3cb\U0001f3cc\U0001f574\U0001f575\U0001f590"
)
_TONED = (
    "\u270a\u270b\U0001f385\U0001f3c2-\U0001f3c4\U0001f3c7\U0001f3ca\U0001f442\U0001f443"
    "\U0001f446-\U0001f450\U0001f466-\U0001f469\U0001f46e\U0001f470-\U0001f478\U0001f47c"
    "\U0001f481-\U0001f483\U0001f485-\U0001f487\U0001f4aa\U0001f57a\U0001f595\U0001f596"
    "\U0001f645-\U0001f647\U0001f64b-\U0001f64f\U0001f6a3\U0001f6b4-\U0001f6b6\U0001f6c0"
    "\U0001f6cc\U0001f918-\U0001f91c\U0001f91e\U0001f91f\U0001f926\U0001f930-\U0001f939"
    "\U0001f93d\U0001f93e\U0001f9b5\U0001f9b6\U0001f9b8\U0001f9b9\U0001f9d1-\U0001f9dd"
)
_COUNTRIES = """
AC AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS
BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CP CR CU CV CW CX CY CZ DE DG DJ DK DM DO DZ EA
EC EE EG EH ER ES ET EU FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY
HK HM HN HR HT HU IC ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA
LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ
NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW
SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TF TG TH TJ TK TL TM TN TO
TR TT TV TW TZ UA UG UM UN US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
"""
_NATIONS = (
    "\U0001f3f4\U000e0067\U000e0062(?:\U000e0065\U000e006e\U000e0067"
    "|\U000e0073\U000e0063\U000e0074|\U000e0077\U000e006c\U000e0073)\U000e007f"
)


def _indicator(letter: str) -> str:
    return chr(ord(letter) - ord("A") + 0x1F1E6)


def _flags() -> str:
    """One alternative per first letter: two regional indicators that name a country."""
    seconds: dict[str, str] = {}
    for country in _COUNTRIES.split():
        seconds[country[0]] = seconds.get(country[0], "") + _indicator(country[1])
    return "|".join(f"{_indicator(first)}[{letters}]" for first, letters in seconds.items())


SECOND = re.compile(_SECOND)

SEQUENCE = re.compile(
    f"(?=.{_SECOND})(?:"
    + "|".join(
        (
            _WORKERS,
            _ATHLETES,
            _GENDERED,
            _FAMILIES,
            _PAIRS,
            _FLAGS_AND_EYE,
            _KEYCAPS,
            _MARKS,
            f"[{_STYLED}]\ufe0f",
            f"[{_STYLED_OR_TONED}](?:\ufe0f{_TONE}?|{_TONE})",
            f"[{_TONED}]{_TONE}",
            _NATIONS,
            _flags(),
        )
    )
    + ")"
)
"""Every emoji of two and more code points; the order decides, longer ones stand first."""
