"""MedleyDB: ``<song>/<song>_RAW/`` and ``<song>_STEMS/``, described by ``<song>_METADATA.yaml``.

``medleydb`` reads the raw recordings, which are what was played; ``medleydb-stems`` the stems,
which were mixed and processed.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .layout import Instruments, Layout, Source, Verdict
from .records import Verdicts, members, recorded, word
from .tree import folders

__all__ = ["MEDLEYDB", "MEDLEYDB_STEMS"]

INSTRUMENTS = Instruments(
    {
        "Vocals": "male singer | female singer | male rapper | female rapper | vocalists | choir"
        " | male screamer | female screamer",
        "Guitars": "acoustic guitar | clean electric guitar | distorted electric guitar"
        " | lap steel guitar | slide guitar",
        "Keyboards": "piano | tack piano | electric piano | electronic organ | pipe organ"
        " | harpsichord",
        "Synthesizers": "synthesizer",
        "Bass": "electric bass | double bass",
        "Drums": "drum set | drum machine | kick drum | snare drum | bass drum | toms | high hat"
        " | cymbal",
        "Percussions": "timpani | bongo | conga | darbuka | doumbek | tabla | tambourine"
        " | auxiliary percussion | gong | triangle | cowbell | sleigh bells | cabasa | guiro | gu"
        " | castanet | claps | snaps | rattle | shaker | maracas | xylophone | vibraphone"
        " | marimba | glockenspiel | chimes",
        "Orchestral": "violin | viola | cello | violin section | viola section | cello section"
        " | string section | harp | flute | flute section | piccolo | recorder | bamboo flute"
        " | dizi | panpipes | woodwind section | alto saxophone | tenor saxophone"
        " | soprano saxophone | baritone saxophone | clarinet | bass clarinet | clarinet section"
        " | oboe | english horn | bassoon | trumpet | trumpet section | cornet | trombone"
        " | trombone section | french horn | french horn section | euphonium | tuba"
        " | brass section | horn section",
    },
    {
        "which is no instrument; leave it": "Main System | Unlabeled | crowd | scratches | scratch"
        " | fx/processed sound | sampler | male speaker | female speaker",
        "which may be any of several classes; listen and move it to one": "erhu | dilruba | banjo"
        " | guzheng | liuqin | mandolin | oud | sitar | ukulele | zhongruan | dulcimer | yangqin"
        " | bagpipe | harmonica | concertina | accordion | bandoneon | harmonium | melodica"
        " | theremin | whistle | beatboxing",
    },
)
"""All names of MedleyDB's taxonomy, and those of its second part."""

BLEED = "belongs to a song with bleed between its tracks (has_bleed in METADATA.yaml); leave it"
SEVERAL = "is several instruments at once ({}); listen and move it to one class"


def _judge(raw: bool, song: str, record: Any) -> Verdicts:
    """Say what each recording, or each stem, is; the other kind is passed over."""
    verdicts: dict[str, Verdict | None] = {f"{song}_MIX.wav": None}
    bleeds = word(record, "has_bleed").casefold() in ("yes", "true")
    for _, stem in members(record, "stems"):
        own = f"{song}_STEMS/{word(stem, 'filename')}"
        verdicts[own] = None if raw else _judge_track(stem, bleeds)
        for _, track in members(stem, "raw"):
            verdict = _judge_track(track, bleeds) if raw else None
            verdicts[f"{song}_RAW/{word(track, 'filename')}"] = verdict
    return verdicts


def _judge_track(track: Any, bleeds: bool) -> Verdict:
    """Return the class of a track's instrument; of several, if all are of one class."""
    if bleeds:
        return Verdict("", BLEED)
    several = [name for _, name in members(track, "instrument") if isinstance(name, str)]
    names = several or [word(track, "instrument")]
    verdicts = [INSTRUMENTS.judge(name) for name in names]
    faulty = next((verdict for verdict in verdicts if verdict.fault), None)
    if faulty or len({verdict.stem_class for verdict in verdicts}) == 1:
        return faulty or verdicts[0]
    return Verdict("", SEVERAL.format(", ".join(names)))


def _find(raw: bool, root: Path) -> Iterator[Source]:
    return recorded(
        root,
        lambda song: f"{song}_METADATA.yaml",
        lambda song, record: _judge(raw, song, record),
        lambda folder: "",
    )


def _has(root: Path, kind: str) -> bool:
    """Tell whether songs stand here, or one or two folders below, with tracks of one kind."""
    above = [root, *folders(root)]
    above += [below for folder in folders(root) for below in folders(folder)]
    songs = (song for folder in dict.fromkeys(above) for song in folders(folder)[:20])
    return any(os.path.isdir(song / f"{song.name}_{kind}") for song in songs)


LICENCE = "CC BY-NC-SA 4.0 (MedleyDB)"
MEDLEYDB = Layout(
    "medleydb",
    "<song>/<song>_METADATA.yaml with <song>/<song>_RAW/<name>.wav",
    lambda root: _has(root, "RAW"),
    lambda root: _find(True, root),
    LICENCE,
)
MEDLEYDB_STEMS = Layout(
    "medleydb-stems",
    "<song>/<song>_METADATA.yaml with <song>/<song>_STEMS/<name>.wav",
    lambda root: _has(root, "STEMS") and not _has(root, "RAW"),
    lambda root: _find(False, root),
    LICENCE,
)
