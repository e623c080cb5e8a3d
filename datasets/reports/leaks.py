"""Section of a report on leaks: what of one split could be known from another."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from ...manifests.store_paths import Place
from ...manifests.tables import records
from ..reading import read
from .axes import shown
from .fingerprints import SHORTEST_S, Prints, fingerprint, matches
from .page import Markup, Section, sentence, tag
from .tables import Column, long_table

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["artist_of", "leaks_section"]

TITLE = "Leaks between splits"

MOST_EXCERPTS = 1000
"""Dry stems that are compared, evenly spread over all samples: some 30 ms each."""


@dataclass(frozen=True)
class _Excerpt:
    """A dry stem of a sample."""

    key: str
    stem_class: str
    songs: tuple[str, ...]

    def __str__(self) -> str:
        return f"{' + '.join(self.songs)}, {self.stem_class}, {self.key}"


def leaks_section(dataset: Place, manifest: "DataFrame") -> Section:
    """Return which songs, artists and recordings stand in more than one split.

    Parameters
    ----------
    dataset : Path or StorePath
    manifest : DataFrame
    """
    heard: dict[str, set[str]] = defaultdict(set)
    for split, songs in zip(manifest["split"], manifest["songs"], strict=True):
        heard[str(split)] |= set(songs)
    if len(heard) < 2:
        return Section(TITLE, "", (sentence("There is one split, and nothing to leak into."),))
    songs = _shared((song, split, song) for split, own in heard.items() for song in own)
    artists = _shared(
        (f"{name} ({how})", split, song)
        for split, own in heard.items()
        for song in own
        for name, how in artist_of(song)
    )
    pairs, looked, there = _alike(dataset, manifest)
    parts = [
        *_listed("Same song", songs, "No song stands in two splits.", "song"),
        *_listed(
            "Same artist", artists,
            "No artist is known to stand in two splits. Manifests name no artist: it is read off "
            "names such as 'Artist - Title', 'Artist_Title', or off a common beginning.", "artist",
        ),
        *_recordings(pairs, looked, there),
    ]  # fmt: skip
    found = len(songs) + len(pairs)
    note = (
        "What is held out must not have been heard in training. "
        + ("Nothing leaks that could be seen here." if not found else f"{found} leaks were found.")
        + f"{f' {len(artists)} artists may stand in two splits.' * bool(artists)}"
    )
    return Section(TITLE, note, tuple(parts))


def artist_of(song: str) -> list[tuple[str, str]]:
    """Return who may have made a song, and how that is known; nothing if the name is one word.

    Examples
    --------
    >>> artist_of("A Classic Education - NightOwl"), artist_of("fd_bunny"), artist_of("alder")
    ([('A Classic Education', 'before the dash')], [('fd', 'common beginning')], [])
    """
    name = song.rpartition("/")[2]
    if dash := re.match(r"(.+?)\s+[-–]\s+\S", name):
        return [(dash[1], "before the dash")]
    if titled := re.match(r"([A-Z][A-Za-z0-9]+)_[A-Z]", name):  # as MedleyDB writes it
        return [(titled[1], "before the underscore")]
    if begun := re.match(r"([A-Za-z]{2,}\d*)[_-]\S", name):
        return [(begun[1], "common beginning")]
    return []


def _shared(found: Iterable[tuple[str, str, str]]) -> list[tuple[str, dict[str, list[str]]]]:
    """Return what stands in more than one split: its name, and its songs by split."""
    by_name: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for name, split, song in found:
        by_name[name][split].add(song)
    both = {name: own for name, own in by_name.items() if len(own) > 1}
    return [(n, {split: sorted(s) for split, s in own.items()}) for n, own in sorted(both.items())]


def _listed(
    title: str, found: list[tuple[str, dict[str, list[str]]]], none: str, what: str
) -> list[Markup]:
    """Return a table of what stands in several splits, or a sentence that nothing does."""
    if not found:
        return [sentence(none)]
    texts = ["; ".join(f"{s}: {', '.join(own[s])}" for s in own) for _, own in found]
    columns = [Column(what, [name for name, _ in found]), Column("where", texts)]
    return [tag("div", tag("h3", title), long_table(f"{what}s", columns), class_="card")]


def _alike(dataset: Place, manifest: "DataFrame") -> tuple[list[list[Any]], int, int]:
    """Return the pairs of songs of different splits that share a recording, the best of each."""
    prints, there = _fingerprints(dataset, manifest)
    best: dict[tuple[str, str], list[Any]] = {}
    for one, other in combinations(prints, 2):
        a, b = list(prints[one].items()), list(prints[other].items())
        for match in matches([p for _, p in a], [p for _, p in b]):
            left, right = a[match.one][0], b[match.other][0]
            if set(left.songs) & set(right.songs):
                continue  # told above
            names = (", ".join(left.songs), ", ".join(right.songs))
            row = [str(left), match.one_s, str(right), match.other_s, match.seconds,
                   100 * match.wrong]  # fmt: skip
            best.setdefault(names, row)
    return list(best.values()), sum(map(len, prints.values())), there


def _fingerprints(
    dataset: Place, manifest: "DataFrame"
) -> tuple[dict[str, dict[_Excerpt, Prints]], int]:
    """Return the fingerprints of dry stems by split, and how many stems there are in all."""
    excerpts = [
        (str(row["split"]), excerpt)
        for row in records(manifest[["key", "split", "classes", "tracks"]])
        for excerpt in _excerpts(row)
    ]
    apart = -(-len(excerpts) // MOST_EXCERPTS)
    readers: dict[str, Any] = {}
    found: dict[str, dict[_Excerpt, Prints]] = defaultdict(dict)
    for split, excerpt in excerpts[::apart]:
        field = f"{excerpt.stem_class.lower()}.dry"
        if field not in readers:
            readers[field] = read(dataset, fields=field)
        sample = readers[field][excerpt.key]
        found[split][excerpt] = fingerprint(np.asarray(sample[field]), sample["sample_rate"])
    return found, len(excerpts)


def _excerpts(row: dict[str, Any]) -> list[_Excerpt]:
    """Return the dry stems of a sample."""
    songs: dict[str, set[str]] = defaultdict(set)
    for track in row["tracks"]:
        songs[track["stem_class"]].add(track["song"])
    return [_Excerpt(row["key"], name, tuple(sorted(songs[name]))) for name in row["classes"]]


def _recordings(pairs: list[list[Any]], looked: int, there: int) -> list[Markup]:
    """Return what sounds the same under another name, and what could be found at all."""
    many = f"{looked} of {there}" if looked < there else f"all {there}"
    how = (
        f"Fingerprints of {many} dry stems (32 bits every 23 ms; Haitsma and Kalker 2002) were "
        f"compared between splits. A pair must share {shown(SHORTEST_S)} s, at one speed and "
        "pitch: it is found after another gain, pan, sample rate or codec, and in a longer file; "
        "not if the excerpts of the two songs never overlap, nor if it was stretched or transposed."
    )
    if not pairs:
        return [sentence(f"No recording was heard in two splits under two names. {how}")]
    titles = ("one", "from, s", "other", "from, s", "shared, s", "bits that differ, %")
    decimals = (None, 1, None, 1, 1, 1)
    columns = [
        Column(title, [pair[n] for pair in pairs], digits)
        for n, (title, digits) in enumerate(zip(titles, decimals, strict=True))
    ]
    table = long_table("pairs", columns)
    return [tag("div", tag("h3", "Same recording"), tag("p", how), table, class_="card")]
