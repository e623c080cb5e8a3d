"""Licences of the stems behind a dataset: what they are called, and what they ask for."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["UNKNOWN", "identifier", "licences_of", "terms_of"]

UNKNOWN = "unknown"

WORDS = {
    "attribution": "BY",
    "non-?commercial": "NC",
    "share-?alike": "SA",
    "no-?derivatives|no-?derivs": "ND",
}
"""How the parts of a Creative Commons licence are written out."""

TERMS = {
    r"\bNC\b|non-?commercial|research|academic|teaching|education": "no commercial use",
    r"\bSA\b|share-?alike|\bA?GPL\b": "share alike",
    r"\bND\b|no-?deriv": "no derivatives: a mixture is one",
    r"\bBY\b|attribution": "name the authors",
}
"""What a licence asks for that mentions such words."""


def licences_of(record: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    """Return the songs of a dataset by licence, from its ``dataset.json``; "unknown" comes last.

    Empty where no source told of one.
    """
    told: Mapping[str, Sequence[str]] = record.get("licences", {})
    ordered = sorted(told, key=lambda licence: (not licence, licence))
    return {licence or UNKNOWN: told[licence] for licence in ordered}


def identifier(licence: str) -> str:
    """Return a licence as Hugging Face writes it; "other" for those that it has no name for.

    >>> identifier("CC BY-NC-SA 4.0"), identifier("Free for my friends")
    ('cc-by-nc-sa-4.0', 'other')
    """
    short = licence
    for words, letters in WORDS.items():
        short = re.sub(words, letters, short, flags=re.IGNORECASE)
    short = re.sub("creative commons", "CC", short, flags=re.IGNORECASE)
    if found := re.search(r"\bCC[ -]+BY((?:-(?:NC|SA|ND))*)[ -]+v?(\d\.\d)", short, re.IGNORECASE):
        return f"cc-by{found[1]}-{found[2]}".lower()
    if re.search(r"\bCC[ -]?0\b|CC zero", short, re.IGNORECASE):
        return "cc0-1.0"
    return UNKNOWN if licence == UNKNOWN else "other"


def terms_of(licence: str) -> str:
    """Return what a licence asks for, as far as its name tells; a help, no legal advice.

    >>> terms_of("CC BY-NC-SA 4.0")
    'no commercial use; share alike; name the authors'
    """
    if licence == UNKNOWN:
        return "nothing tells: ask before you publish"
    asked = [what for words, what in TERMS.items() if re.search(words, licence, re.IGNORECASE)]
    return "; ".join(asked) or "see its text"
