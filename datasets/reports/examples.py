"""The section of a report that one hears: wet beside dry, and the chain between them."""

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from ...audio import STEM_CLASSES, Audio, decode
from ...manifests.store_paths import Place
from ...mixing.sessions import Session
from ..reading import read
from .page import Markup, Section, details, sentence, tag
from .sound import Row, Take, listening

if TYPE_CHECKING:
    from pandas import DataFrame, Series

__all__ = ["examples_section"]

SAMPLES = 2
EXCERPT_S = 5.0


def examples_section(dataset: Place, manifest: "DataFrame") -> Section:
    """Return two samples as spectrograms and players, those with the most to hear."""
    chosen = _chosen(manifest)
    cards = [_card(dataset, manifest.loc[place]) for place in chosen]
    note = (
        "Excerpts at one loudness, all in step, as MP3 of some 110 kbit/s: press Play, then a "
        "picture, or mixture, wet and dry of the class that you hear (keys 1, 2, 3; space plays)."
    )
    return Section("Listen", note, tuple(cards))


def _chosen(manifest: "DataFrame") -> list[Any]:
    """Choose samples that are rich in effects and classes, the second of another song."""
    riches = manifest["tracks"].map(
        lambda tracks: sum(len(t["effects"]) for t in tracks) + 2 * len(tracks)
    )
    order = riches.sort_values(ascending=False, kind="stable").index
    chosen: list[Any] = []
    for place in order:
        songs = set(manifest.loc[place, "songs"])
        if all(songs.isdisjoint(manifest.loc[other, "songs"]) for other in chosen):
            chosen.append(place)
        if len(chosen) == SAMPLES:
            return chosen
    return chosen + [place for place in order if place not in chosen][: SAMPLES - len(chosen)]


def _card(dataset: Place, row: "Series[Any]") -> Markup:
    """Return one sample."""
    members = _members(dataset, row)
    rate = int(row["sample_rate"])
    audios = {
        name.rpartition(".")[0]: decode(data, f"{row['key']}.{name}")[0]
        for name, data in members.items()
        if name.endswith((".flac", ".wav"))
    }
    window = _liveliest(audios["mixture"], rate)
    rows = [Row("Mixture", "", (Take("mixture", audios["mixture"][:, window]),), _after(row))]
    rows += [_stem(row, stem_class, audios, window) for stem_class in row["classes"]]
    songs = ", ".join(row["songs"])
    words = f"{row['split']}, {songs}, from {window.start / rate:.1f} s on"
    tap = [] if f"{STEM_CLASSES[0].lower()}.wet" in audios else [_no_wet()]
    drawn = details("What was drawn, in words", tag("pre", str(Session.from_row(row["session"]))))
    return tag("div", tag("h3", row["key"]), tag("p", words), *tap, listening(rows, rate), drawn,
               class_="card")  # fmt: skip


def _no_wet() -> Markup:
    """Say why there is nothing to compare."""
    return sentence("This dataset has no wet stems: its recipe's taps leave them out.")


def _members(dataset: Place, row: "Series[Any]") -> dict[str, bytes]:
    """Return the members of one sample."""
    return read(dataset, fields=()).files(row["key"])


def _liveliest(mixture: Audio, rate: int) -> slice:
    """Return the stretch with the most energy, in steps of half a second."""
    frames = min(round(EXCERPT_S * rate), mixture.shape[1])
    sums = np.concatenate([[0.0], np.cumsum(np.square(mixture, dtype=np.float64).sum(axis=0))])
    starts = np.arange(0, mixture.shape[1] - frames + 1, max(rate // 2, 1))
    start = int(starts[np.argmax(sums[starts + frames] - sums[starts])])
    return slice(start, start + frames)


def _stem(row: "Series[Any]", stem_class: str, audios: dict[str, Audio], window: slice) -> Row:
    """Return one class of a sample: wet beside dry."""
    tracks = [track for track in row["tracks"] if track["stem_class"] == stem_class]
    kinds = Counter(effect["effect"].replace("_", " ") for t in tracks for effect in t["effects"])
    chips = tuple(kind if n == 1 else f"{kind} × {n}" for kind, n in kinds.items())
    takes = tuple(
        Take(kind, audios[name][:, window])
        for kind in ("dry", "wet")
        if (name := f"{stem_class.lower()}.{kind}") in audios
    )
    files = ", ".join(track["file"] for track in tracks)
    return Row(stem_class, files, takes, chips or ("no effects",), change=bool(kinds))


def _after(row: "Series[Any]") -> tuple[str, ...]:
    """Return the effects of master and medium."""
    found = [("master", effect) for effect in row["master"]]
    found += [("medium", effect) for effect in row["medium"]]
    return tuple(f"{place}: {effect['effect'].replace('_', ' ')}" for place, effect in found)
