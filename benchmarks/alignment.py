"""How late wet sound is: every effect, every medium, and random chains, on real stems.

    python benchmarks/alignment.py --stems FOLDER [--chains 1000] [--out alignment.json]

Numbers are drawn over the whole range that each effect allows. What bends or smears time by
nature (`moves_time`) is listed but not judged. Exits with 1 if anything that claims to keep time
is late by a sample or more. The measure is generalised cross-correlation: it needs sound with
attacks or a wide band, so bass stems are left out, and so are draws after which too little of the
stem is left to tell (a correlation below a tenth; noise is drawn from 10 dB below the stem on).
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from wetdry import audio
from wetdry.audio import Audio
from wetdry.degradations import Chain, Effect, load_effect
from wetdry.degradations.slots import Slot, slots_of
from wetdry.mixing import lag_samples
from wetdry.seeds import stream

RATE = 44_100
SECONDS = 6
LONGEST = 6
DRAWS = 4
LEAST_SNR_DB = 10.0
CLASSES = ("Drums", "Vocals", "Guitars", "Keyboards", "Percussions", "Percussion")


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
    """Return the loudest seconds of some stems, in stereo at 44.1 kHz."""
    paths = sorted(p for name in CLASSES for p in folder.glob(f"*/{name}/*.*"))
    step = max(1, len(paths) // count)
    found = []
    for path in paths[::step][:count]:
        sound, rate = audio.read(path)
        sound = audio.resample(sound, rate, RATE)
        length = SECONDS * RATE
        power = np.cumsum(np.pad(np.square(sound, dtype=np.float64).sum(axis=0), (1, 0)))
        start = int(np.argmax(power[length:] - power[:-length]))
        part = np.repeat(sound, 3 - len(sound), axis=0)[:2, start : start + length]
        found.append(np.ascontiguousarray(part / np.abs(part).max() * np.float32(0.7)))
    return found


def write_impulse(folder: Path) -> None:
    """Make the file that effects with files are given."""
    taps = stream(0, "alignment").standard_normal(8_000) * np.exp(-np.arange(8_000) / 1_000)
    soundfile.write(folder / "impulse.wav", np.concatenate([[8.0], taps]) / 10, RATE)


def measure_effects(stems: list[Audio], files: Path, seed: int) -> dict[str, dict[str, Any]]:
    """Return the worst lag of each effect, over draws and stems."""
    table = {}
    ours = {kind: effect for kind, effect in Effect.kinds.items() if not effect.foreign}
    for kind, effect in sorted(ours.items()):
        rng = stream(seed, "effect", kind)
        lags = []
        for dry in stems:
            for _ in range(DRAWS):
                lags.append(_lag(Chain((drawn(kind, rng, files),)), dry))
        heard = [lag for lag in lags if lag is not None]
        worst = max(heard, key=abs, default=0.0)
        table[kind] = {"worst": worst, "draws": len(heard), "judged": not effect.moves_time}
        print(f"{kind:<26}{worst:9.2f}  of {len(heard):3d} {'' if not effect.moves_time else '*'}")
    return table


def measure_chains(
    stems: list[Audio], count: int, files: Path, seed: int
) -> tuple[list[float], list[str]]:
    """Return the lags of random chains of what keeps time, and the chains that are late."""
    kinds = sorted(k for k, effect in Effect.kinds.items() if not effect.moves_time)
    lags, late = [], []
    for number in range(count):
        rng = stream(seed, "chain", number)
        chosen = rng.choice(kinds, size=int(rng.integers(1, LONGEST + 1)), replace=False)
        chain = Chain(tuple(drawn(kind, rng, files) for kind in chosen))
        lag = _lag(chain, stems[number % len(stems)])
        if lag is not None:
            lags.append(lag)
            if abs(lag) >= 1:
                late.append(f"{lag:.2f}: " + " | ".join(map(str, chain)))
    return lags, late


def _lag(chain: Chain, dry: Audio) -> float | None:
    """Return the lag of a chain; None where too little of the stem is left to tell."""
    wet = chain(dry, RATE)
    if wet.shape != dry.shape or not wet.any():
        return None
    lag = lag_samples(dry, wet, RATE)
    whole = round(lag)
    near = [np.roll(dry, shift, axis=1) for shift in (whole - 1, whole, whole + 1)]
    common = max(abs(np.corrcoef(x.ravel(), wet.ravel())[0, 1]) for x in near)
    return float(lag) if common > 0.1 else None


def main() -> None:
    """Measure, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stems", type=Path, required=True)
    parser.add_argument("--chains", type=int, default=1000)
    parser.add_argument("--count", type=int, default=6, help="stems")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    options = parser.parse_args()
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder)
        write_impulse(files)
        stems = excerpts(options.stems, options.count)
        effects = measure_effects(stems, files, options.seed)
        lags, late = measure_chains(stems, options.chains, files, options.seed)
    exact = sum(abs(lag) < 0.5 for lag in lags)
    worst = max(map(abs, lags), default=0.0)
    print("* bends or smears time by nature: not judged")
    print(f"{len(lags)} of {options.chains} chains could be measured: {exact} late by 0 samples,")
    print(f"{len(lags) - exact - len(late)} by 1, {len(late)} by more; at most {worst:.2f}")
    print("\n".join(late))
    failed = [k for k, row in effects.items() if row["judged"] and abs(row["worst"]) >= 1]
    if options.out:
        figures = {"effects": effects, "chains": len(lags), "late": late, "worst": worst}
        options.out.write_text(json.dumps(figures, indent=1))
    sys.exit(bool(failed or late))


if __name__ == "__main__":
    main()
