"""Ask every effect for numbers, measure what is had, and print both side by side.

    python benchmarks/conformance.py [--stems FOLDER] [--out FILE.json] [--page FILE.md]
    python benchmarks/conformance.py compressor opus      only these

Music is a real song's mixture with --stems, else bursts of chords and noise. What is allowed is
what the docstring or the tests of an effect state, or, where they state nothing, a bound that
stands in the probe. Exit status 1 if any error exceeds it.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import probes_codecs  # noqa: F401  each enters its probes
import probes_distortion  # noqa: F401
import probes_dynamics  # noqa: F401
import probes_linear  # noqa: F401
import probes_meters
import probes_motion  # noqa: F401
import probes_noise  # noqa: F401
import probes_space  # noqa: F401
import probes_stereo  # noqa: F401
from probing import METERS, PROBES, RATE, Reading

from wetdry import audio
from wetdry.audio import Audio
from wetdry.degradations import Effect
from wetdry.degradations.language.slots import slots_of

SECONDS = 10
Readings = Mapping[str, list[Reading]]

UNMEASURED: dict[str, str] = {
    "plugin": "other people's code: wetdry plugins check NAME",
    "mp3_vbr.quality": "LAME's own scale, in no unit",
    "neural_codec": "its weights do not come with wetdry; tests/test_neural_codecs.py compares it",
    "vorbis.quality": "Vorbis' own scale, in no unit",
    "reverb.damping": "Freeverb's own scale, in no unit",
    "amplifier.drive_db": "drives a curve that is compared in tests/test_distortion.py",
    "simulated_room.max_order": "says which reflections are followed, not how they sound",
    "simulated_room.rays": "says how finely the decay is computed, not how it sounds",
}
"""An effect, or a number of one (after a dot), of which nothing can be measured, and why."""

HEAD = """# Conformance

What was asked of each effect, and what was had, measured from outside: tones, clicks, constants,
noise and {music} go in, and what comes out is measured. *Allowed* is the largest error that the
effect's docstring or its tests state or, where they state nothing, a bound set by the probe.
`python benchmarks/conformance.py --page docs/conformance.md` writes this page and fails if
anything is beyond it. {count} readings, {bad} beyond what is allowed.

## Worst reading of each effect
"""
COLUMNS = ("effect", "number", "unit", "asked", "had", "error", "allowed")


def gaps() -> list[str]:
    """Return effects without probe or reason, and reasons for what does not exist."""
    kinds = set(Effect.kinds)
    missing = kinds - set(PROBES) - set(UNMEASURED)
    known = kinds | {f"{kind}.{slot}" for kind in kinds for slot in slots_of(Effect.kinds[kind])}
    strangers = (set(PROBES) - kinds) | (set(UNMEASURED) - known)
    return sorted(missing | strangers)


def bursts() -> Audio:
    """Return chords and noise that die away again and again."""
    rng, t = np.random.default_rng(4), np.arange(SECONDS * RATE) / RATE
    chord = sum(np.sin(2 * np.pi * hz * t) for hz in (220, 277.2, 329.6, 1760, 5274))
    sound = np.exp(-(t % 0.25) * 15) * (chord + rng.standard_normal((2, t.size)))
    return np.asarray(0.7 * sound / np.abs(sound).max(), np.float32)


def mixture(folder: Path) -> Audio:
    """Return ten seconds from the first song that has bass, drums and vocals."""
    songs = [p.parent for p in sorted(folder.glob("*/Drums"))]
    song = next(s for s in songs if (s / "Bass").is_dir() and (s / "Vocals").is_dir())
    total = np.zeros((2, SECONDS * RATE), np.float32)
    for path in sorted(song.glob("*/*.*")):
        sound, rate = audio.read(path)
        sound = audio.resample(sound, rate, RATE)[:, 20 * RATE : (20 + SECONDS) * RATE]
        total[:, : sound.shape[1]] += sound
    return np.asarray(0.7 * total / max(float(np.abs(total).max()), 1e-3), np.float32)


def measured(kinds: Iterable[str], music: Audio) -> dict[str, list[Reading]]:
    """Run the probes."""
    return {
        kind: [reading for probe in PROBES[kind] for reading in probe(music)]
        for kind in sorted(kinds)
    }


def cells(effect: str, r: Reading) -> tuple[str, ...]:
    """Return a reading as a row of text."""
    asked = ("at most " if r.at_most else "") + shown(r.asked)
    return (effect, r.number, r.unit, asked, shown(r.had), f"{r.error:.2g}", f"{r.allowed:.2g}")


def shown(value: float) -> str:
    """Return a number with digits enough to see an error."""
    return f"{value:.4f}".rstrip("0").rstrip(".") if abs(value) >= 0.01 else f"{value:.2g}"


def worst(readings: Readings) -> dict[str, Reading]:
    """Return of each effect the reading that takes the largest share of what is allowed."""
    return {
        kind: max(rows, key=lambda r: (r.share, r.allowed))
        for kind, rows in readings.items()
        if rows
    }


def unnamed(readings: Readings) -> dict[str, list[str]]:
    """Return which numbers of each effect no reading names."""
    left = {}
    for kind, effect in sorted(Effect.kinds.items()):
        text = " ".join(r.number for r in readings.get(kind, ()))
        left[kind] = [
            name for name in slots_of(effect)
            if name not in text and name != "seed" and f"{kind}.{name}" not in UNMEASURED
        ]  # fmt: skip
    return {kind: names for kind, names in left.items() if names}


def table(rows: Iterable[tuple[str, ...]], heads: tuple[str, ...]) -> str:
    """Return a table in Markdown."""
    lines = ["| " + " | ".join(row) + " |" for row in (heads, ("---",) * len(heads), *rows)]
    return "\n".join(lines) + "\n"


def page(readings: Readings, meters: Readings, music: str) -> str:
    """Return the page."""
    every = [r for rows in (*readings.values(), *meters.values()) for r in rows]
    bad = sum(r.share > 1 for r in every)
    parts = [HEAD.format(count=len(every), bad=bad or "none", music=music)]
    heads = (*COLUMNS, "error / allowed")
    top = {**worst(readings), **worst(meters)}
    parts.append(table(((*cells(k, r), f"{r.share:.2f}") for k, r in top.items()), heads))
    parts.append("## Meters\n\n" + str(probes_meters.__doc__).split("\n", 1)[1].strip() + "\n")
    parts.append(table((cells(k, r) for k in meters for r in meters[k]), COLUMNS))
    parts.append("## Effects\n")
    parts.append(table((cells(k, r) for k in readings for r in readings[k]), COLUMNS))
    parts.append("## Not measured here\n")
    parts.extend(f"- `{name}`: {reason}" for name, reason in sorted(UNMEASURED.items()))
    names = (f"`{kind}` " + ", ".join(slots) for kind, slots in unnamed(readings).items())
    parts.append("\nNo reading names, beside seeds: " + "; ".join(names) + ".\n")
    return "\n".join(parts)


def report(readings: Readings) -> list[str]:
    """Print all readings, then the worst of each effect; return what is beyond the allowed."""
    rows = [(cells(kind, r), r) for kind, found in readings.items() for r in found]
    layout = "{:<24}{:<54}{:<10}{:>17}{:>12}{:>10}{:>9}"
    print(layout.format(*COLUMNS))
    for texts, reading in rows:
        print(layout.format(*texts), "  BEYOND" if reading.share > 1 else "")
    print("\nworst error of each effect, as a share of what is allowed")
    for kind, reading in sorted(worst(readings).items(), key=lambda item: -item[1].share):
        print(f"{kind:<24}{reading.share:6.2f}   {reading.number}")
    return [" ".join(texts[:5]) for texts, reading in rows if reading.share > 1]


def figures(readings: Readings) -> dict[str, list[dict[str, Any]]]:
    """Return readings for JSON."""
    names = ("number", "unit", "asked", "had", "error", "allowed", "at_most")

    def plain(value: Any) -> Any:
        return value if isinstance(value, str | bool) else float(value)

    return {
        kind: [{n: plain(getattr(r, n)) for n in names} for r in rows]
        for kind, rows in readings.items()
    }


def main() -> None:
    """Measure, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kinds", nargs="*", help="only these effects")
    parser.add_argument("--stems", type=Path, help="a folder of songs: <song>/<class>/<file>")
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    parser.add_argument("--page", type=Path, help="write the table as Markdown")
    options = parser.parse_args()
    if gaps():
        sys.exit(f"conformance: neither probe nor reason, or not there: {', '.join(gaps())}")
    music = mixture(options.stems) if options.stems else bursts()
    readings = measured(options.kinds or PROBES, music)
    meters = {name: list(probe(music)) for name, probe in METERS.items()}
    beyond = report({**readings, **meters})
    if options.out:
        options.out.write_text(json.dumps(figures({**readings, **meters}), indent=1))
    if options.page:
        name = "a real song" if options.stems else "bursts of chords"
        options.page.write_text(page(readings, meters, name))
    print(f"beyond what is allowed: {len(beyond)}", *beyond, sep="\n  ")
    sys.exit(bool(beyond))


if __name__ == "__main__":
    main()
