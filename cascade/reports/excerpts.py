"""The section of a run's report that one hears: restored stems beside mixture and target."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...audio import STEM_CLASSES, Audio, read
from ...datasets.reports.page import Markup, Section, sentence, tag
from ...datasets.reports.sound import Row, Take, listening
from ..judging.summary import in_order
from .sections import system_name

__all__ = ["excerpts_section"]

FIRST = ("target", "mixture", "stage_one", "cascade", "student")
MOST = 6
"""Pictures side by side that can still be told apart."""
CLIPS = 2
CLASSES = 3
EXCERPT_S = 5.0

Found = dict[str, dict[str, dict[str, Path]]]
"""Files by key, class and kind."""


def excerpts_section(folder: Path) -> Section:
    """Return spectrograms and players for a few stems of a few clips."""
    found = _found(folder)
    if not found:
        said = "No excerpts: 'wetdry evaluate' keeps some beside the scores."
        return Section("Listen", "", (sentence(said),))
    cards = [_card(key, found[key]) for key in sorted(found)[:CLIPS]]
    note = (
        "The dry target, the mixture that is heard, and what systems make of it; at "
        "one loudness and in step: press Play, then click on another picture to compare."
    )
    return Section("Listen", note, tuple(cards))


def _found(folder: Path) -> Found:
    """Return the excerpts by key and class; other files are left alone."""
    found: Found = {}
    for path in sorted(folder.glob("*.flac")):
        key, _, rest = path.name.partition(".")
        stem_class, _, kind = rest.removesuffix(".flac").partition(".")
        if kind:
            found.setdefault(key, {}).setdefault(stem_class, {})[kind] = path
    return found


def _card(key: str, classes: dict[str, dict[str, Path]]) -> Markup:
    """Return one clip: its classes with the loudest targets."""
    audios: dict[str, dict[str, Audio]] = {}
    rate, energy = 0, {}
    for stem_class, files in classes.items():
        pairs = {kind: read(files[kind]) for kind in in_order(files, FIRST)[:MOST]}
        audios[stem_class] = {kind: audio for kind, (audio, _) in pairs.items()}
        rate = max(rate, *(hz for _, hz in pairs.values()))
        leading = next(iter(audios[stem_class].values()))
        energy[stem_class] = np.square(leading, dtype=np.float64).sum(axis=0)
    chosen = sorted(energy, key=lambda name: -float(energy[name].sum()))[:CLASSES]
    window = _window([energy[name] for name in chosen], rate)
    known = [name for name in STEM_CLASSES if name.lower() in chosen]
    rows = [
        Row(name, "", tuple(Take(system_name(k), a[:, window]) for k, a in
                            audios[name.lower()].items()))
        for name in known
    ]  # fmt: skip
    if not rows:
        return sentence(f"{key}: no excerpt of a known class.")
    words = f"{len(classes)} classes sound in this clip; from {window.start / rate:.1f} s on"
    return tag("div", tag("h3", key), tag("p", words), listening(rows, rate), class_="card")


def _window(energies: list[NDArray[np.float64]], rate: int) -> slice:
    """Return the stretch in which the chosen targets are all most alive."""
    total = min(map(len, energies))
    frames = min(round(EXCERPT_S * rate), total)
    starts = np.arange(0, total - frames + 1, max(rate // 2, 1))
    alive = np.zeros(len(starts))
    for energy in energies:
        sums = np.concatenate([[0.0], np.cumsum(energy)])
        alive += np.log10(sums[starts + frames] - sums[starts] + 1e-9)
    start = int(starts[np.argmax(alive)])
    return slice(start, start + frames)
