"""Slakh2100: ``Track00001/stems/S00.flac``, and ``metadata.yaml`` with the MIDI program of each."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from .layout import Layout, Source, Verdict, spoken
from .records import ANY_SUFFIX, Verdicts, members, recorded, word
from .tree import Parts, folders

__all__ = ["SLAKH"]

PROGRAMS = {
    "Keyboards": [*range(9), *range(16, 21)],
    "Guitars": [*range(24, 32)],
    "Bass": [*range(32, 40)],
    "Synthesizers": [50, 51, 62, 63, *range(80, 96)],
    "Drums": [128],
    "Percussions": [*range(9, 15), 47, *range(112, 119)],
    "Orchestral": [*range(40, 47), 48, 49, *range(56, 62), *range(64, 76), 77, 110],
}
"""Numbers of General MIDI from 0 on; 128 is the drum kit. Slakh has no singing."""

ASIDE = {
    "which may be any of several classes; listen and move it to one": [
        15, 21, 22, 23, 52, 53, 54, 55, 76, 78, 79, *range(104, 110), 111,
    ],
    "which is no instrument; leave it": [*range(96, 104), *range(119, 128)],
}  # fmt: skip
"""Dulcimer, accordions, harmonica, sampled choirs, orchestra hit, whistles, ethnic; effects."""

CLASSES = {str(number): name for name, numbers in PROGRAMS.items() for number in numbers}
REASONS = {str(number): reason for reason, numbers in ASIDE.items() for number in numbers}

SPLITS = ("train", "validation", "test", "omitted")
OMITTED = "belongs to a song that Slakh2100-redux omits as a duplicate; leave it"


def _find(root: Path) -> Iterator[Source]:
    for found in recorded(root, lambda song: "metadata.yaml", _judge, _split):
        duplicate = found.split == "omitted" and found.fault is None
        yield replace(found, stem_class="", fault=OMITTED) if duplicate else found


def _judge(song: str, record: Any) -> Verdicts:
    """Say what each stem of ``metadata.yaml`` is; those that were never rendered are no loss."""
    folder = word(record, "audio_dir", "stems")
    verdicts: dict[str, Verdict | None] = {f"mix{ANY_SUFFIX}": None}
    for name, stem in members(record, "stems"):
        if word(stem, "audio_rendered", "True") == "True":
            verdicts[f"{folder}/{name}{ANY_SUFFIX}"] = _judge_stem(stem)
    return verdicts


def _judge_stem(stem: Any) -> Verdict:
    number = "128" if word(stem, "is_drum") == "True" else word(stem, "program_num")
    if number in CLASSES:
        return Verdict(CLASSES[number])
    label = spoken(word(stem, "midi_program_name") or word(stem, "inst_class") or "nothing")
    reason = REASONS.get(number, "a program that is not known; look at metadata.yaml")
    return Verdict("", f"is {label}, {reason}")


def _split(folder: Parts) -> str:
    return folder[-2] if len(folder) > 1 and folder[-2] in SPLITS else ""


def _is_slakh(root: Path) -> bool:
    songs = [song for above in (root, *folders(root)) for song in folders(above)[:20]]
    return any(os.path.isfile(s / "metadata.yaml") and os.path.isdir(s / "stems") for s in songs)


SLAKH = Layout(
    "slakh",
    "<split>/Track00001/metadata.yaml with <split>/Track00001/stems/S00.flac",
    _is_slakh,
    _find,
    "CC BY 4.0 (Slakh2100)",
)
