"""Matcher: finds stems of several songs that fit together in tempo and key, moved a little."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..audio import STEM_CLASSES
from ..errors import CatalogError
from ..seeds import Place, stream
from .excerpts import Address, Excerpt, Finder, shuffled
from .matching import MatchRecipe
from .pulses import Pulse, pulse_about
from .songs import Music, Song, Stem

__all__ = ["Matched", "Matcher"]

LEAST_STRENGTH = 0.1
"""Of pitch: a stem with less, or a drum kit, fits any key and is not transposed."""

IN_TUNE_CENTS = 10.0
"""Songs whose tuning differs by less are left alone: nobody hears it, and the meter errs by 5."""

IN_TIME_S = 0.0025
"""Where no beat of the excerpt is further off, a stem is not stretched."""


@dataclass(frozen=True)
class Matched:
    """What was found for one session: excerpts, and the classes that nothing reached."""

    excerpts: list[Excerpt]
    unreached: tuple[str, ...]


@dataclass(frozen=True)
class _Anchor:
    """What the others follow: where it lies, its beats about there, the key to be in."""

    song: Song
    offset_s: float
    pulse: Pulse | None
    music: Music


class Matcher:
    """Draws matched sessions.

    Parameters
    ----------
    finder : Finder
    match : MatchRecipe
    seconds : float
        Length of an excerpt.

    Raises
    ------
    CatalogError
        If the catalog does not tell tempo and key.
    """

    def __init__(self, finder: Finder, match: MatchRecipe, seconds: float) -> None:
        self.finder, self.match, self.seconds = finder, match, seconds
        self.music: dict[str, Music] = {}
        for song in finder.songs:
            if song.music is None:
                raise CatalogError(
                    f"{song.name}: wanted its tempo and key for 'songs.match' of the recipe, "
                    "found a catalog of a version that did not listen for them; scan again"
                )
            self.music[song.name] = song.music

    def draw(self, count: int, seed: int, address: Address) -> Matched | None:
        """Draw up to ``count`` stems of different classes that fit one of them.

        Every class has its turn to lead, until one finds ``count`` stems; if none does, the
        one with the most is taken.

        Parameters
        ----------
        count : int
        seed : int
        address : tuple of str or int
            Of the sample.

        Returns
        -------
        Matched or None
            None where the sample is none of the share that is matched, where no song is sure
            of its tempo and key, or where nothing reaches anything.
        """
        if Place(seed, *address).number("match") >= self.match.share:
            return None
        own = (*address, "match")
        present = [name for name in STEM_CLASSES if self.finder.by_class[name]]
        order = shuffled(present, seed, *own)
        leads = order
        if self.match.transpose_within_semitones is not None:  # drums cannot set a key
            leads = sorted(order, key=lambda name: name in ("Drums", "Percussions"))
        fullest: Matched | None = None
        for lead in leads:
            found = self._led(lead, order, count, seed, own)
            if found and len(found.excerpts) > len(fullest.excerpts if fullest else ()):
                fullest = found
            if fullest and len(fullest.excerpts) == min(count, len(order)):
                break
        alone = fullest and len(fullest.excerpts) == 1 < count
        return None if alone else fullest

    def _led(
        self, lead: str, order: Sequence[str], count: int, seed: int, own: Address
    ) -> Matched | None:
        """Draw a stem and others that fit it; where nothing reaches, the next class is tried."""
        led = self._anchor(lead, seed, (*own, lead))
        if led is None:
            return None
        anchor, excerpt = led
        found, unreached = {lead: excerpt}, []
        for name in order:
            if name == lead or len(found) == count:
                continue
            if follower := self._follower(name, anchor, seed, (*own, lead, name)):
                found[name] = follower
            else:
                unreached.append(name)
        return Matched([found[name] for name in STEM_CLASSES if name in found], tuple(unreached))

    def _anchor(self, lead: str, seed: int, own: Address) -> tuple[_Anchor, Excerpt] | None:
        """Draw the excerpt that the others follow, of a song that is sure of what is asked."""
        for song in self._songs(lead, seed, own):
            music = self.music[song.name]
            stem, second = self.finder.place(song, lead, seed, (*own, song.name))
            pulse = self._pulse(music, second)
            if (pulse or self.match.tempo_within is None) and self._has_key(music):
                said = self._said(stem, pulse)
                anchor = _Anchor(song, second, pulse, music)
                return anchor, Excerpt(stem, second * stem.sample_rate, said)
        return None

    def _follower(self, name: str, anchor: _Anchor, seed: int, own: Address) -> Excerpt | None:
        """Draw an excerpt of a class that reaches the anchor's tempo and key."""
        for song in self._songs(name, seed, own):
            if song is anchor.song:
                continue
            stem, second = self.finder.place(song, name, seed, (*own, song.name))
            semitones = self._transposition(stem, anchor.music)
            if semitones is None:
                continue
            if excerpt := self._in_time(stem, second, semitones, anchor):
                return excerpt
        return None

    def _songs(self, name: str, seed: int, own: Address) -> list[Song]:
        """Return the songs with a class, in random order."""
        songs = self.finder.by_class[name]
        order = stream(seed, *own, "songs").permutation(len(songs))
        return [songs[place] for place in order]

    def _has_key(self, music: Music) -> bool:
        """Return whether the key of a song can be believed, if it matters."""
        sure = music.tonic >= 0 and music.key_confidence >= self.match.confidence
        return sure or self.match.transpose_within_semitones is None

    def _needs_key(self, stem: Stem) -> bool:
        """Return whether a stem has a pitch that has to fit."""
        pitched = stem.stem_class != "Drums" and stem.pitch_strength >= LEAST_STRENGTH
        return pitched and self.match.transpose_within_semitones is not None

    def _pulse(self, music: Music, second: float) -> Pulse | None:
        """Return the beats about an excerpt, if they matter and can be believed."""
        if self.match.tempo_within is None or music.tempo_confidence < self.match.confidence:
            return None
        return pulse_about(music.beats_s, second, second + self.seconds)

    def _transposition(self, stem: Stem, anchor: Music) -> float | None:
        """Return by how many semitones a stem is to move into the anchor's key; None if too far."""
        music, limit = self.music[stem.song], self.match.transpose_within_semitones
        if limit is None or not self._needs_key(stem):
            return 0.0
        if not self._has_key(music):
            return None
        steps = (_relative_major(anchor) - _relative_major(music) + 6) % 12 - 6
        apart = (anchor.tuning_cents - music.tuning_cents) / 100
        fine = apart if abs(apart) > IN_TUNE_CENTS / 100 else 0.0
        semitones = min((steps + fine, steps + fine + 12, steps + fine - 12), key=abs)
        return round(semitones, 3) if abs(semitones) <= limit else None

    def _in_time(
        self, stem: Stem, second: int, semitones: float, anchor: _Anchor
    ) -> Excerpt | None:
        """Return the excerpt near a second whose beats fall on the anchor's; None if none does."""
        music = self.music[stem.song]
        ratio, offset_s, pulse = 1.0, float(second), self._pulse(music, second)
        if self.match.tempo_within is not None and anchor.pulse:
            reached = pulse and self._ratio(pulse, anchor.pulse)
            if not pulse or not reached:
                return None
            ratio = reached
            start = self._start(stem, second, ratio, pulse, anchor)
            if start is None:
                return None
            offset_s = start
        said = self._said(stem, pulse)
        moved = {"tempo_ratio": ratio, "transpose_semitones": semitones}
        return Excerpt(stem, round(offset_s * stem.sample_rate), {**said, **moved})

    def _ratio(self, pulse: Pulse, anchor: Pulse) -> float | None:
        """Return the speed at which beats are as far apart as the anchor's, or twice, or half."""
        limit = self.match.tempo_within or 0.0
        ratio = min((m * pulse.period_s / anchor.period_s for m in (0.5, 1, 2)), key=_octaves)
        if abs(ratio - 1) * self.seconds / 2 < IN_TIME_S:
            return 1.0
        return round(ratio, 6) if abs(ratio - 1) <= limit else None

    def _start(
        self, stem: Stem, second: int, ratio: float, pulse: Pulse, anchor: _Anchor
    ) -> float | None:
        """Return where to begin, near a second, so that beats meet in the excerpt's middle."""
        assert anchor.pulse is not None
        meeting_s = anchor.pulse.nearest(anchor.offset_s + self.seconds / 2) - anchor.offset_s
        last = stem.frames / stem.sample_rate - ratio * self.seconds
        beat = pulse.nearest(second + ratio * meeting_s)
        starts = [beat + n * pulse.period_s - ratio * meeting_s for n in (-1, 0, 1)]
        inside = [start for start in starts if 0 <= start <= last]
        return min(inside, key=lambda start: abs(start - second)) if inside else None

    def _said(self, stem: Stem, pulse: Pulse | None) -> dict[str, Any]:
        """Return what a track tells of its tempo and key."""
        said: dict[str, Any] = {"tempo_bpm": round(60 / pulse.period_s, 3)} if pulse else {}
        return {**said, "key": self.music[stem.song].key} if self._needs_key(stem) else said


def _octaves(ratio: float) -> float:
    return abs(float(np.log2(ratio)))


def _relative_major(music: Music) -> int:
    """Return the pitch class of the major key that has the same notes."""
    return music.tonic + (3 if music.mode == "minor" else 0)
