"""Words a report may not use: it states what was measured, and accuses nobody."""

from __future__ import annotations

import re

#: What accuses, or claims that something is proven, in each language.
ACCUSING = {
    "en": r"violat|false[- ]flag|decept|deceiv|cheat|breach|conceal|guilt|hostil|illegal|aggress"
    r"|threat|suspici|provoc|liar|\blie[sd]?\b|enemy|adversar|proof of|prove[sn]?\b",
    "ru": r"наруш|обман|\bлож[ьи]\b|\bлгать|фальш|провокац|агресс|враг|вражд|угроз|подозр|виновн"
    r"|\bвин[аыу]\b|незакон|скрыва|сокрыт|улик|доказ|преступ",
    "ar": r"انتهاك|خرق|خداع|تضليل|كاذب|كذب|عدو(?!ة)|عدوان|تهديد|استفزاز|مشبوه|مذنب|جريمة|إثبات"
    r"|برهان|دليل|إخفاء|غير قانوني",
}
#: A sentence of ours that uses such a word to deny it.
_DENIED = ("A measurement proves no intent.",)
_ANY = re.compile("|".join(ACCUSING.values()), re.IGNORECASE)


def accusing_words(text: str) -> tuple[str, ...]:
    """Return the accusing words in a text of any of our languages, in order, each once."""
    for sentence in _DENIED:
        text = re.sub(r"\s+".join(map(re.escape, sentence.split())), "", text)
    return tuple(dict.fromkeys(found.group().lower() for found in _ANY.finditer(text)))
