"""How late wet sound is: every effect, every preset's medium, and random chains, on real stems.

    python benchmarks/alignment.py --stems FOLDER [--chains 1000] [--out FILE.json] [--page FILE.md]

Stems of all classes, bass too. Numbers are drawn over the whole range that each effect allows
(noise from 10 dB below the stem on). What bends or smears time by nature (`moves_time`) is listed
but not judged, and is not drawn into chains. Where the meter says that it cannot know, a draw
counts as unknown. That it could have seen a delay is tried too: each wet sound is measured again
with a delay put in on purpose.

Exits with 1 if anything that claims to keep time is late by a sample or more, if a delay put in is
misread by a sample or more, or if more than a quarter of the chains cannot be known.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from wetdry import audio
from wetdry.audio import STEM_CLASSES, Audio
from wetdry.degradations import Chain, Effect, load_effect
from wetdry.degradations.language.slots import Slot, slots_of
from wetdry.errors import RecipeError
from wetdry.mixing import lag_samples, load_recipe, preset_names
from wetdry.seeds import stream

RATE = 44_100
SECONDS = 6
LONGEST = 6
DRAWS = 1
LEAST_SNR_DB = 10.0
PUT_IN = (-100, -7, -2, -1, 1, 2, 7, 100)
LEAST_KNOWN = 0.75

LEFT_OUT = tuple(
    kind
    for kind, effect in Effect.kinds.items()
    if effect.foreign
    or effect.needs
    or any("Chain" in str(field.annotation) for field in effect.model_fields.values())
)
"""Effects that hold chains of others, and those that need what does not come with wetdry."""


@dataclass(frozen=True)
class Lags:
    """What was measured of one effect, medium, or length of chain.

    Parameters
    ----------
    draws, known, exact, seen : int
        How many were drawn, could be measured, were late by less than half a sample, and of how
        many a delay put in could be measured.
    worst : float
        Largest lag in samples.
    misread : float
        Largest error of a delay that was put in.
    judged : bool
    """

    draws: int
    known: int
    exact: int
    seen: int
    worst: float
    misread: float
    judged: bool = True

    @classmethod
    def of(cls, measured: list[tuple[float, float]], judged: bool = True) -> "Lags":
        """Sum up lags, and errors of delays put in; NaN where unknown."""
        lags = [lag for lag, _ in measured if np.isfinite(lag)]
        errors = [error for _, error in measured if np.isfinite(error)]
        exact = sum(abs(lag) < 0.5 for lag in lags)
        worst, misread = max(lags, key=abs, default=0.0), max(errors, key=abs, default=0.0)
        seen = len(errors)
        return cls(len(measured), len(lags), exact, seen, float(worst), float(misread), judged)

    @property
    def late(self) -> bool:
        """Whether something was late, or a delay misread."""
        return self.judged and (abs(self.worst) >= 1 or abs(self.misread) >= 1)

    def cells(self, name: str) -> tuple[str, ...]:
        """Return a row of the table."""
        name = name if self.judged else f"({name})"
        counts = (str(n) for n in (self.draws, self.known, self.exact))
        return (name, *counts, f"{self.worst:.2f}", str(self.seen), f"{self.misread:.2f}")


def drawn(kind: str, rng: np.random.Generator, files: Path) -> Effect:
    """Draw an effect over its bounds."""
    numbers = {s.name: _number(s, rng, files) for s in slots_of(Effect.kinds[kind]).values()}
    return load_effect({"effect": kind, **numbers})


def _number(slot: Slot, rng: np.random.Generator, files: Path) -> Any:
    """Draw a value for a slot: frequencies and ratios evenly in the logarithm."""
    if slot.kind == "word":
        return slot.words[rng.integers(len(slot.words))]
    if slot.kind == "flag":
        return bool(rng.integers(2))
    if slot.kind == "file":
        return str(files / "impulse.wav")
    low = max(slot.low, LEAST_SNR_DB) if slot.name == "snr_db" else slot.low
    high = min(slot.high, 0.45 * RATE) if slot.name.endswith("_hz") else slot.high
    if slot.kind == "list":
        return tuple(rng.uniform(low, high, slot.count))
    if slot.kind == "integer":
        return int(rng.integers(int(low), int(high) + 1))
    if low > 0 and high / low > 20:
        return float(min(max(np.exp(rng.uniform(np.log(low), np.log(high))), low), high))
    return float(rng.uniform(low, high))


def excerpts(folder: Path, count: int) -> list[Audio]:
    """Return the loudest seconds of stems of all classes in turn, at 44.1 kHz."""
    names = {name: sorted(folder.glob(f"*/{name}/*.*")) for name in (*STEM_CLASSES, "Percussion")}
    ranks = ((at / len(paths), name, path) for name, paths in names.items()
             for at, path in enumerate(paths))  # fmt: skip
    spread = sorted(ranks, key=lambda rank: (rank[0] * 7 % 1, rank[1]))
    return [_loudest(path) for _, _, path in spread[:: max(1, len(spread) // count)][:count]]


def _loudest(path: Path) -> Audio:
    """Return the loudest seconds of a stem."""
    sound, rate = audio.read(path)
    sound = audio.resample(sound, rate, RATE)
    length = min(SECONDS * RATE, sound.shape[1])
    power = np.cumsum(np.pad(np.square(sound, dtype=np.float64).sum(axis=0), (1, 0)))
    start = int(np.argmax(power[length:] - power[:-length]))
    part = sound[:, start : start + length]
    return np.ascontiguousarray(part / np.abs(part).max() * np.float32(0.7))


def write_impulse(folder: Path) -> None:
    """Make the file that effects with files are given."""
    taps = stream(0, "alignment").standard_normal(8_000) * np.exp(-np.arange(8_000) / 1_000)
    soundfile.write(folder / "impulse.wav", np.concatenate([[8.0], taps]) / 10, RATE)


def measured(chain: Chain, dry: Audio, rng: np.random.Generator) -> tuple[float, float]:
    """Return the lag of a chain, and the error with which a delay put in is read; NaN: unknown."""
    wet = chain(dry, RATE)
    shift = int(rng.choice(PUT_IN))
    late = np.zeros_like(wet)
    if shift > 0:
        late[:, shift:] = wet[:, :-shift]
    else:
        late[:, :shift] = wet[:, -shift:]
    lag = lag_samples(dry, wet, RATE)
    return lag, lag_samples(dry, late, RATE) - shift - (lag if np.isfinite(lag) else 0.0)


def of_effects(stems: list[Audio], files: Path, seed: int) -> Iterator[tuple[str, Lags]]:
    """Measure each effect on every stem."""
    for kind in sorted(set(Effect.kinds) - set(LEFT_OUT)):
        rng = stream(seed, "effect", kind)
        draws = [measured(Chain((drawn(kind, rng, files),)), dry, rng)
                 for dry in stems for _ in range(DRAWS)]  # fmt: skip
        yield kind, Lags.of(draws, not Effect.kinds[kind].moves_time)


def of_media(stems: list[Audio], seed: int) -> Iterator[tuple[str, Lags]]:
    """Measure the medium of each preset on every stem, at 44.1 kHz whatever the preset's rate."""
    for name in preset_names():
        try:
            medium = load_recipe(name).medium
        except RecipeError as error:
            if "wetdry fetch" not in str(error):
                raise
            print(f"medium of {name}: left out, its weights are not here", flush=True)
            continue
        draws, judged = [], True
        for number, dry in enumerate(stems):
            chain = medium.draw(seed, "medium", name, number)
            if chain:
                judged &= not any(effect.moves_time for effect in chain)
                draws.append(measured(chain, dry, stream(seed, "shift", name, number)))
        if draws:
            yield f"medium of {name}", Lags.of(draws, judged)


def of_chains(stems: list[Audio], count: int, files: Path, seed: int) -> list[list[Any]]:
    """Measure random chains of what keeps time; return length, lag, error and chain of each."""
    kinds = sorted(k for k, e in Effect.kinds.items() if not e.moves_time and k not in LEFT_OUT)
    rows = []
    for number in range(count):
        rng = stream(seed, "chain", number)
        chosen = rng.choice(kinds, size=int(rng.integers(1, LONGEST + 1)), replace=False)
        chain = Chain(tuple(drawn(kind, rng, files) for kind in chosen))
        rows.append([len(chain), *measured(chain, stems[number % len(stems)], rng), str(chain)])
    return rows


HEAD = """# Alignment

By how many samples wet sound is late against the dry, measured by `lag_samples` on {stems} real
stems of all classes, {seconds} s each: effects with numbers drawn over their whole range, the media
of the presets, and {chains} random chains of one to {longest} effects. Made by

    {command}

*known*: the meter could tell. *exact*: late by less than half a sample. A delay of 1 to 100
samples, early or late, is then put in on purpose: *seen* says how often it could be measured,
*misread* the largest error. The meter names half a sample or more only where it is surer than it
need be to name none, so that *seen* is less than *known*. In brackets: what bends or smears time by
nature; it is not judged.

**Chains: {known} of {chains} known, {exact} of these ({share:.1%}) exactly 0, the worst {worst:.2f}
samples; of delays put in, {seen} seen, the worst misread by {misread:.2f}.**

"""


def page(tables: dict[str, Lags], rows: list[list[Any]], stems: int) -> str:
    """Return the page."""
    whole = Lags.of([(lag, error) for _, lag, error, _ in rows])
    head = HEAD.format(
        stems=stems, seconds=SECONDS, longest=LONGEST, chains=len(rows), known=whole.known,
        exact=whole.exact, share=whole.exact / max(whole.known, 1), worst=whole.worst,
        seen=whole.seen, misread=whole.misread,
        command=f"python benchmarks/alignment.py --stems FOLDER --chains {len(rows)}",
    )  # fmt: skip
    heads = ("what", "draws", "known", "exact", "worst", "seen", "misread")
    lines = [heads, ("---",) * len(heads), *(row.cells(name) for name, row in tables.items())]
    return head + "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def main() -> None:
    """Measure, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stems", type=Path, required=True)
    parser.add_argument("--chains", type=int, default=1000)
    parser.add_argument("--count", type=int, default=24, help="stems")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    parser.add_argument("--page", type=Path, help="write the table as Markdown")
    options = parser.parse_args()
    stems = excerpts(options.stems, options.count)
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder)
        write_impulse(files)
        start = time.process_time()
        rows = of_chains(stems, options.chains, files, options.seed)
        each_ms = (time.process_time() - start) / max(len(rows), 1) * 1000
        tables = {}
        for size in range(1, LONGEST + 1):
            of_size = [(lag, error) for length, lag, error, _ in rows if length == size]
            tables[f"chains of {size}"] = Lags.of(of_size)
        tables |= dict(of_media(stems, options.seed))
        tables |= dict(of_effects(stems, files, options.seed))
    text = page(tables, rows, len(stems))
    print(text, f"\n{each_ms:.0f} ms of processor time a chain", sep="")
    late = [f"{lag:.2f}, misread by {error:.2f}: {chain}" for _, lag, error, chain in rows
            if abs(lag) >= 1 or abs(error) >= 1]  # fmt: skip
    failed = [name for name, row in tables.items() if row.late]
    print("late or misread:", *(late or ["none"]), *failed, sep="\n  ")
    if options.out:
        tables_out = {name: asdict(row) for name, row in tables.items()}
        options.out.write_text(json.dumps({"tables": tables_out, "late": late}, indent=1))
    if options.page:
        options.page.write_text(text)
    known = np.mean([np.isfinite(lag) for _, lag, _, _ in rows]) if rows else 1.0
    sys.exit(int(bool(failed) or bool(known < LEAST_KNOWN)))


if __name__ == "__main__":
    main()
