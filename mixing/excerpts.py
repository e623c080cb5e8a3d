"""Excerpts: where in which songs a sample's stems come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from ..audio import STEM_CLASSES
from ..errors import CatalogError
from ..seeds import Place
from .recipes import Recipe
from .songs import Song, Stem

__all__ = ["Address", "Excerpt", "Finder", "pick", "shuffled"]

Address = tuple[str | int, ...]
T = TypeVar("T")


@dataclass(frozen=True)
class Excerpt:
    """A stem and where its excerpt begins.

    Parameters
    ----------
    stem : Stem
    offset_samples : int
        In samples of its file.
    music : mapping of str to float or str
        What a matched track knows of its tempo and key, and how it is moved: fields of Track.
    """

    stem: Stem
    offset_samples: int
    music: Mapping[str, Any] = field(default_factory=dict)


class Finder:
    """Finds excerpts in which something sounds.

    Parameters
    ----------
    songs : sequence of Song
        Of one split.
    recipe : Recipe
        Says how long an excerpt is and what counts as active.

    Raises
    ------
    CatalogError
        If no stem has an active excerpt of that length.
    """

    def __init__(self, songs: Sequence[Song], recipe: Recipe) -> None:
        stems = [stem for song in songs for stem in song.stems]
        starts = {stem.file: _active_starts(stem, recipe) for stem in stems}
        self.starts = {file: seconds for file, seconds in starts.items() if seconds}
        self.songs = tuple(s for s in songs if any(x.file in self.starts for x in s.stems))
        if not self.songs:
            raise CatalogError(
                f"{len(songs)} songs: wanted a stem with {recipe.seconds:g} s of which a share of "
                f"{recipe.active_share:g} lies above {recipe.above_dbfs:g} dBFS, found none; "
                "shorten 'seconds' or lower 'songs.active' in the recipe"
            )
        self.absent = recipe.absent
        self.by_class = {
            name: [s for s in self.songs if self.stems_of(s, name)] for name in STEM_CLASSES
        }

    def coherent(self, count: int, seed: int, address: Address) -> list[Excerpt]:
        """Draw up to ``count`` stems that sound at one place of one song."""
        song = pick(self.songs, seed, *address, "song")
        lead = pick([s for s in song.stems if s.file in self.starts], seed, *address, "lead")
        second = pick(self.starts[lead.file], seed, *address, "second")
        others = [
            stem
            for stem in song.stems
            if stem is not lead and second in self.starts.get(stem.file, ())
        ]
        kept = {lead.file} | {
            stem.file
            for stem in shuffled(others, seed, *address)[: count - 1]
            if Place(seed, *address, "absent").number(stem.file) >= self.absent
        }
        rate = song.sample_rate
        return [Excerpt(stem, second * rate) for stem in song.stems if stem.file in kept]

    def crossed(self, count: int, seed: int, address: Address) -> list[Excerpt]:
        """Draw up to ``count`` stems of different classes, each from a song of its own."""
        present = [name for name in STEM_CLASSES if self.by_class[name]]
        kept = set(shuffled(present, seed, *address)[:count])
        return [self._one(name, seed, (*address, name)) for name in STEM_CLASSES if name in kept]

    def _one(self, stem_class: str, seed: int, address: Address) -> Excerpt:
        """Draw one excerpt of a class."""
        song = pick(self.by_class[stem_class], seed, *address, "song")
        stem, second = self.place(song, stem_class, seed, address)
        return Excerpt(stem, second * stem.sample_rate)

    def place(self, song: Song, stem_class: str, seed: int, address: Address) -> tuple[Stem, int]:
        """Draw a stem of a class of a song, and the second at which its excerpt begins."""
        stem = pick(self.stems_of(song, stem_class), seed, *address, "stem")
        return stem, pick(self.starts[stem.file], seed, *address, "second")

    def stems_of(self, song: Song, stem_class: str) -> list[Stem]:
        """Return the stems of a class that sound somewhere in a song."""
        return [s for s in song.stems if s.stem_class == stem_class and s.file in self.starts]


def _active_starts(stem: Stem, recipe: Recipe) -> tuple[int, ...]:
    """Return the seconds at which an active excerpt of a stem can begin."""
    active = np.asarray(stem.activity_dbfs) > recipe.above_dbfs
    length = max(int(np.ceil(recipe.seconds)), 1)
    last = int(stem.frames / stem.sample_rate - recipe.seconds)
    if len(active) < length or last < 0:
        return ()
    counts = np.convolve(active, np.ones(length), "valid")[: last + 1]
    return tuple(map(int, np.flatnonzero(counts >= max(recipe.active_share * length, 1e-9))))


def pick(options: Sequence[T], seed: int, *address: str | int) -> T:
    """Draw one of several options, all alike."""
    return options[int(len(options) * Place(seed, *address[:-1]).number(address[-1]))]


def shuffled(options: Sequence[T], seed: int, *address: str | int) -> list[T]:
    """Return the options in random order; an option more leaves the others' order alone."""
    place = Place(seed, *address, "order")
    keys = [place.number(_text(option)) for option in options]
    return [options[i] for i in sorted(range(len(options)), key=keys.__getitem__)]


def _text(option: Any) -> str:
    """Return an option as its draw is addressed; a stem's text is long, and made once."""
    return option.text if isinstance(option, Stem) else repr(option)
