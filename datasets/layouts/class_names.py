"""What folders and files call the eight classes: plain words, and the codes of RawStems."""

import difflib

__all__ = ["class_of", "is_prefix", "is_subgroup", "unknown"]

NAMES = {
    "Vocals": "Vocals Vocal Voice Vox Voc Voc_LV Voc_BV Voc_GRP",
    "Guitars": "Guitars Guitar Gtr Gtr_AG Gtr_EG",
    "Keyboards": "Keyboards Keyboard Keys Piano Kbs Kbs_PN Kbs_EP Kbs_OR Kbs_MTR",
    "Synthesizers": "Synthesizers Synthesizer Synths Synth Kbs_SYNTH",
    "Bass": "Bass",
    "Drums": "Drums Drum Rhy_DK",
    "Percussions": "Percussions Percussion Rhy_PERC",
    "Orchestral": "Orchestral Orchestra Strings Brass Woodwinds Orch Orch_BR Orch_STR Orch_WW",
}
"""In any case; what has an underscore is a code of RawStems (arXiv 2505.21827)."""

CLASSES = {name.casefold(): known for known, names in NAMES.items() for name in names.split()}

CLASSLESS = ("misc", "miscroom")
"""RawStems keeps here what belongs to none of the classes."""


def class_of(name: str) -> str | None:
    """Return the class that a folder's or file's name stands for, if any.

    >>> class_of("percussion"), class_of("Kbs_SYNTH"), class_of("Misc")
    ('Percussions', 'Synthesizers', None)
    """
    return CLASSES.get(name.strip().replace(" ", "_").replace("-", "_").casefold())


def is_prefix(name: str) -> bool:
    """Tell whether a folder can hold subgroups that name a class, as ``Rhy`` holds ``DK``."""
    return any(code.startswith(f"{name.casefold()}_") for code in CLASSES)


def is_subgroup(name: str) -> bool:
    """Tell whether a name is a code of RawStems with both group and subgroup, as ``Rhy_DK``."""
    return "_" in name and name.casefold() in CLASSES


def unknown(name: str) -> str:
    """Say why a name stands for no class, and what to do: "reason; cure"."""
    if name.casefold() in CLASSLESS:
        return f"is {name}, which belongs to none of the eight classes; leave it or move it to one"
    plain = {word.casefold(): word for words in NAMES.values() for word in words.split()}
    close = difflib.get_close_matches(name.casefold(), plain, n=1)
    cure = f"did you mean {plain[close[0]]}?" if close else f"wanted one of {', '.join(NAMES)}"
    return f"is in no class that is known ({name}); {cure}"
