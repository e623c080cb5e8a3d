"""Demo songs as values: notes in parts, drawn from a style by (seed, index)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ...seeds import stream
from .composition_harmony import SCALES, Chord, parse_chord

__all__ = ["Bar", "Note", "Part", "Plan", "Song", "Style", "compose"]


@dataclass(frozen=True)
class Note:
    """One note, or one stroke of a drum.

    Parameters
    ----------
    start_s, length_s : float
    pitch : float
        MIDI pitch; 60 is middle C. Without meaning for most drums.
    velocity : float
        Strength in (0, 1].
    word : str
        What is sung, struck or how it is played: "la", "snare", "mute".
    """

    start_s: float
    length_s: float
    pitch: float
    velocity: float
    word: str = ""


@dataclass(frozen=True)
class Bar:
    """One bar as a player sees it.

    Parameters
    ----------
    number : int
        0 for the song's first bar.
    start_s, length_s : float
    chord, coming : Chord
        This bar's and the next one's.
    scale : tuple of int
        Pitch classes of the key.
    energy : float
        In (0, 1]: verses are softer than choruses.
    swing : float
        How late, as a share of a step, every second step comes.
    section_end, last : bool
        Before a new section; the song's last bar, in which a chord is left to ring.
    """

    number: int
    start_s: float
    length_s: float
    chord: Chord
    coming: Chord
    scale: tuple[int, ...]
    energy: float
    swing: float
    section_end: bool
    last: bool


Player = Callable[[Sequence[Bar], str, np.random.Generator], list[Note]]
"""Plays bars in a rhythm, written as a string of steps."""


@dataclass(frozen=True)
class Plan:
    """What one instrument does in a style.

    Parameters
    ----------
    stem_class, instrument : str
    player : callable
    rhythms : tuple of str
        One is drawn a song; see `composition_players.hits`.
    entries : str
        Eight marks for the eighths of the song: ``x`` plays, ``-`` rests. The third and
        the seventh must play, so that a song of two bars has everybody in it.
    level_db : float
        Loudness against the song's other parts.
    """

    stem_class: str
    instrument: str
    player: Player
    rhythms: tuple[str, ...]
    entries: str
    level_db: float


@dataclass(frozen=True)
class Style:
    """A kind of song: tempo, metre, harmony and who plays what."""

    name: str
    tempo_bpm: tuple[float, float]
    beats: int
    swing: float
    scale: str
    progressions: tuple[str, ...]
    plans: tuple[Plan, ...]


@dataclass(frozen=True)
class Part:
    """The notes of one instrument."""

    stem_class: str
    instrument: str
    notes: tuple[Note, ...]
    level_db: float


@dataclass(frozen=True)
class Song:
    """A song before anything sounds."""

    name: str
    style: str
    tempo_bpm: float
    bars: tuple[Bar, ...]
    parts: tuple[Part, ...]


_FIRST = "copper silver amber velvet paper hollow distant crooked salt winter quiet burning".split()
_SECOND = "lantern harbour orchard engine meadow signal compass feather mirror river kite".split()


def compose(styles: Sequence[Style], seconds: float, seed: int, index: int) -> Song:
    """Write song ``index``: the same for the same arguments, whoever asks and in any order.

    Parameters
    ----------
    styles : sequence of Style
        Song ``index`` is in style ``index`` modulo their number.
    seconds : float
        Its length; the tempo is bent a little so that whole bars fill it.
    seed, index : int
    """
    style = styles[index % len(styles)]
    rng = stream(seed, "song", index, "form")
    name = f"{index + 1:02d}_{rng.choice(_FIRST)}_{rng.choice(_SECOND)}"
    bars = _bars(style, seconds, rng)
    parts = []
    for plan in style.plans:
        rng = stream(seed, "song", index, plan.stem_class, plan.instrument)
        playing = [b for b in bars if plan.entries[_eighth(b.number, len(bars))] == "x"]
        rhythm = str(rng.choice(list(plan.rhythms)))
        notes = plan.player(playing, rhythm, rng)
        ordered = tuple(sorted(notes, key=lambda note: (note.start_s, note.pitch)))
        parts.append(Part(plan.stem_class, plan.instrument, ordered, plan.level_db))
    tempo_bpm = 60 * style.beats / bars[0].length_s
    return Song(name, style.name, tempo_bpm, tuple(bars), tuple(parts))


def _eighth(number: int, bars: int) -> int:
    """Tell in which eighth of the song a bar lies."""
    return int((number + 0.5) * 8 / bars)


def _bars(style: Style, seconds: float, rng: np.random.Generator) -> list[Bar]:
    """Lay out the bars: key, tempo, chords, sections."""
    tempo = rng.uniform(*style.tempo_bpm)
    count = max(round(seconds * tempo / 60 / style.beats), 2)
    length_s = seconds / count
    tonic = int(rng.integers(12))
    numerals = str(rng.choice(list(style.progressions))).split()
    chords = [parse_chord(n, tonic) for n in numerals]
    around = [chords[n % len(chords)] for n in range(count + 1)]
    ending = count >= 6
    if ending:  # the last bar comes home
        around[-2] = parse_chord("i" if style.scale in ("minor", "dorian") else "I", tonic)
    scale = tuple((tonic + step) % 12 for step in SCALES[style.scale])
    eighths = [_eighth(n, count) for n in range(count)] + [8]
    return [
        Bar(
            number=n,
            start_s=n * length_s,
            length_s=length_s,
            chord=around[n],
            coming=around[n + 1],
            scale=scale,
            energy=(0.65, 0.7, 0.78, 0.85, 0.72, 0.95, 1.0, 0.85)[eighths[n]],
            swing=style.swing,
            section_end=eighths[n] // 2 != eighths[n + 1] // 2,
            last=ending and n == count - 1,
        )
        for n in range(count)
    ]
