"""MoisesDB: a folder for each song, ``data.json``, and ``<stem>/<uuid>.wav`` for each track."""

import os
from pathlib import Path
from typing import Any

from .layout import Instruments, Layout, Verdict
from .records import Verdicts, members, recorded, word
from .tree import folders

__all__ = ["MOISESDB"]

TRACKS = Instruments(
    {
        "Vocals": "lead male singer | lead female singer | human choir | background vocals",
        "Guitars": "clean electric guitar | distorted electric guitar | acoustic guitar"
        " | lap steel guitar or slide guitar",
        "Keyboards": "grand piano | electric piano (rhodes, wurlitzer, piano sound alike)"
        " | organ, electric organ",
        "Synthesizers": "synth pad | synth lead",
        "Bass": "bass guitar | bass synthesizer (moog etc)"
        " | contrabass/double bass (bass of instrings)",
        "Drums": "snare drum | toms | kick drum | cymbals | overheads | full acoustic drumkit"
        " | drum machine | hi-hat",
        "Percussions": "a-tonal percussion (claps, shakers, congas, cowbell etc)"
        " | pitched percussion (mallets, glockenspiel, ...)",
        "Orchestral": "tuba (bass of brass) | bassoon (bass of woodwind) | violin (solo)"
        " | viola (solo) | cello (solo) | violin section | viola section | cello section"
        " | string section | other strings | brass (trumpet, trombone, french horn, brass etc)"
        " | flutes (piccolo, bamboo flute, panpipes, flutes etc)"
        " | reeds (saxophone, clarinets, oboe, english horn, bagpipe) | other wind",
    },
    {
        "which is no instrument; leave it": "click track"
        " | fx/processed sound, scratches, gun shots, explosions etc",
        "which may be any of several classes; listen and move it to one":
        "banjo, mandolin, ukulele, harp etc | other (vocoder, beatboxing etc)"
        " | other sounds (hapischord, melotron etc)",
    },
)  # fmt: skip
"""The ``trackType`` of ``data.json``; the spelling is the dataset's own."""

STEMS = Instruments(
    {
        "Vocals": "vocals",
        "Guitars": "guitar",
        "Keyboards": "piano",
        "Drums": "drums",
        "Percussions": "percussion",
        "Orchestral": "bowed strings | wind",
    },
    {},
)
"""The ``stemName``, where it alone decides: for a ``trackType`` that is not known."""

BLEED = "holds bleed of other instruments (has_bleed in data.json); leave it"


def _judge(song: str, record: Any) -> Verdicts:
    """Say what each track of ``data.json`` is."""
    verdicts: dict[str, Verdict | None] = {}
    for _, stem in members(record, "stems"):
        name = word(stem, "stemName")
        for _, track in members(stem, "tracks"):
            path = f"{name}/{word(track, 'id')}.{word(track, 'extension', 'wav')}"
            verdicts[path] = _judge_track(name, track)
    return verdicts


def _judge_track(stem: str, track: Any) -> Verdict:
    if word(track, "has_bleed").casefold() in ("true", "yes"):
        return Verdict("", BLEED)
    kind = word(track, "trackType")
    return TRACKS.find(kind) or STEMS.find(stem) or TRACKS.judge(kind)


def _is_moisesdb(root: Path) -> bool:
    songs = [root, *folders(root)]
    return any(
        os.path.isfile(song / "data.json") for above in songs for song in folders(above)[:20]
    )


MOISESDB = Layout(
    "moisesdb",
    "<song>/data.json with <song>/<stem>/<uuid>.wav",
    _is_moisesdb,
    lambda root: recorded(root, lambda song: "data.json", _judge, lambda folder: ""),
    "CC BY-NC-SA 4.0 (MoisesDB)",
)
