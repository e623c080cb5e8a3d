"""Splits: which songs are for training and which are held out; by song, never by excerpt."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...errors import CatalogError
from ...seeds import stream

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["DEFAULT_SPLITS", "Split", "own_splits", "parse_splits", "split_songs"]

DEFAULT_SPLITS = ("train=0.8", "test=0.2")

SHARE = re.compile(r"1|[+-]?(\d+\.\d*|\.\d+)")
"""What is a share and no song; whatever else has only digits may be the name of one."""


@dataclass(frozen=True)
class Split:
    """A part of the dataset.

    Parameters
    ----------
    name : str
    share : float
        Of the songs and of the samples; 0 where songs are named.
    songs : tuple of str
        Named songs; empty where a share is given. ``@name`` stands for all songs that the
        dataset they come from has in its own split of that name.
    """

    name: str
    share: float
    songs: tuple[str, ...] = ()


def parse_splits(texts: Iterable[str]) -> tuple[Split, ...]:
    """Read splits as the command line writes them.

    Parameters
    ----------
    texts : iterable of str
        ``name=share``, ``name=song,song`` or ``name=@own``. A share has a point or is 1:
        ``test=03`` names a song. A comma makes names of all: ``test=1,`` is the song "1".

    Raises
    ------
    CatalogError
        If one cannot be read or a name comes twice.

    Examples
    --------
    >>> parse_splits(["train=0.8", "test=03"])[1]
    Split(name='test', share=0.0, songs=('03',))
    """
    splits = tuple(_parse(text) for text in texts)
    names = [split.name for split in splits]
    if not splits or len(set(names)) < len(names):
        raise CatalogError(f"--split: wanted each name once, found {', '.join(names) or 'none'}")
    return splits


def _parse(text: str) -> Split:
    """Read one split."""
    name, _, value = text.partition("=")
    if not (name.isascii() and name.replace("_", "").isalnum() and value):
        raise CatalogError(
            f"--split: wanted NAME=SHARE, NAME=SONG,SONG or NAME=@OWN, found {text!r}"
        )
    if not SHARE.fullmatch(value):
        return Split(name, 0.0, tuple(value.removesuffix(",").split(",")))
    if not 0 < float(value) <= 1:
        raise CatalogError(f"--split {text}: wanted a share above 0, up to 1, found {value}")
    return Split(name, float(value))


def own_splits(catalog: "DataFrame") -> dict[str, str]:
    """Return the split that the dataset itself puts each good song in, if it says so."""
    good = catalog[catalog["fault"].isna()]
    own = good["split"] if "split" in good else good["song"].map(lambda song: "")
    return {str(song): str(split) for song, split in zip(good["song"], own, strict=True) if split}


def split_songs(
    splits: tuple[Split, ...],
    songs: Iterable[str],
    seed: int,
    own: Mapping[str, str] | None = None,
) -> dict[str, tuple[str, ...]]:
    """Give every song to one split.

    Songs are put in a random order that another song does not change; each split that asks
    for a share gets at least one song.

    Raises
    ------
    CatalogError
        If a named song or own split is not there, or there are fewer songs than splits.
    """
    names = sorted(songs)
    splits = tuple(replace(split, songs=_spelled(split, names, own or {})) for split in splits)
    named = [song for split in splits for song in split.songs]
    if unknown := [song for song in named if song not in names]:
        raise CatalogError(
            f"--split: no song is named {unknown[0]!r}; see 'wetdry scan'{_share_hint(unknown[0])}"
        )
    if len(set(named)) < len(named):
        raise CatalogError("--split: wanted every song in one split, found one in two")
    free = [song for song in names if song not in named]
    free.sort(key=lambda song: stream(seed, "split", song).random())
    shared = [split for split in splits if split.share]
    if len(free) < len(shared):
        raise CatalogError(
            f"wanted at least one song for each split, found {len(names)} songs for "
            f"{', '.join(split.name for split in splits)}; add songs or write --split train=1"
        )
    return _deal(splits, shared, free)


def _share_hint(word: str) -> str:
    """Say how a share is written to whoever seems to have meant one."""
    try:
        float(word.rstrip("%"))
    except ValueError:
        return ""
    return "; a share is written with a point (0.2), or 1"


def _spelled(split: Split, names: list[str], own: Mapping[str, str]) -> tuple[str, ...]:
    """Put the songs of a dataset's own splits in the place of ``@name``."""
    spelled: list[str] = []
    for word in split.songs:
        if word in names or not word.startswith("@"):
            spelled.append(word)
            continue
        members = [song for song in names if own.get(song) == word[1:]]
        if not members:
            there = ", ".join(f"@{name}" for name in sorted(set(own.values()))) or "none"
            raise CatalogError(
                f"--split {split.name}: no song is in {word}; the catalog has {there}"
            )
        spelled.extend(members)
    return tuple(spelled)


def _deal(
    splits: tuple[Split, ...], shared: list[Split], free: list[str]
) -> dict[str, tuple[str, ...]]:
    """Deal out the free songs by share, the smaller splits first."""
    total = sum(split.share for split in shared)
    dealt = {split.name: tuple(sorted(split.songs)) for split in splits}
    left = list(free)
    order = sorted(shared, key=lambda split: split.share)
    for place, split in enumerate(order):
        others = len(order) - place - 1
        count = max(1, min(round(len(free) * split.share / total), len(left) - others))
        count = len(left) if not others else count
        dealt[split.name] = tuple(sorted(left[:count]))
        left = left[count:]
    return dealt


def sample_counts(
    splits: tuple[Split, ...], songs: Mapping[str, tuple[str, ...]], samples: int
) -> dict[str, int]:
    """Return how many of ``samples`` each split gets: its share, or its part of the songs.

    Examples
    --------
    >>> sample_counts(parse_splits(["train=0.8", "test=0.2"]), {}, 11)
    {'train': 9, 'test': 2}
    """
    total = sum(map(len, songs.values()))
    weights = [split.share or len(songs[split.name]) / total for split in splits]
    ends = [round(samples * sum(weights[: i + 1]) / sum(weights)) for i in range(len(weights))]
    starts = [0, *ends[:-1]]
    return {s.name: b - a for s, a, b in zip(splits, starts, ends, strict=True)}
