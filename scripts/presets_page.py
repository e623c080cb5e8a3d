"""Write docs/presets.md: what each preset is for, and three samples of each to look at.

    python scripts/presets_page.py                  the text alone, from what was measured before
    python scripts/presets_page.py --stems FOLDER   pictures and numbers anew, from real songs

The pictures need matplotlib (``pip install matplotlib``), which nothing else here does.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wetdry.audio import Audio
from wetdry.datasets import DEFAULT_SPLITS, Order, draw_one, parse_splits, scan
from wetdry.datasets.render import render
from wetdry.datasets.reports.pictures import LOWEST_HZ, RANGE_DB, highest_hz, levels_db
from wetdry.degradations import Dynamics, Keyed
from wetdry.degradations.stages import Stage
from wetdry.errors import AssetError, RecipeError
from wetdry.mixing import (
    Mix,
    Session,
    integrated_lufs,
    load_recipe,
    preset_names,
    recipe_about,
    true_peak_dbtp,
)
from wetdry.mixing.observing import Recorder

if TYPE_CHECKING:
    from pandas import DataFrame

DOCS = Path(__file__).parents[1] / "docs"
MEASURED = DOCS / "presets" / "measured.json"
EXAMPLES = 3
BLOCK_S = 0.05
HEAD = """# Presets

What each preset is for, and three samples of each, drawn with seed 0 from real songs (train split;
indices 0 to 2). `python scripts/presets_page.py --stems FOLDER` writes this page and its pictures.

A column is a sample. From the top: the sum of its dry stems and the mixture that the preset made of
them (40 Hz to 18 kHz over {range:g} dB, each against its own loudest); the level of both (RMS over
{block:g} ms); the gain of the dynamics of the master (limiters included, multiband
compressors not) and of the track on which they did most.
`wetdry recipe show NAME` prints a preset, to read or to start from.
"""
COLUMNS = (
    ("stems", "stems", "{:d}"),
    ("steps", "steps", "{:d}"),
    ("dry_lufs", "dry LUFS", "{:.1f}"),
    ("mixture_lufs", "mixture LUFS", "{:.1f}"),
    ("mixture_dbtp", "dBTP", "{:.1f}"),
    ("dry_crest_db", "dry crest dB", "{:.1f}"),
    ("mixture_crest_db", "mixture crest dB", "{:.1f}"),
    ("most_reduced_db", "most gain reduction dB", "{:.1f}"),
)


@dataclass(frozen=True)
class Sample:
    """A sample, and the gain of the dynamics of each place in dB."""

    session: Session
    mix: Mix
    dry: Audio
    curves: Mapping[str, NDArray[np.floating[Any]]]
    steps: int


def page(measured: Mapping[str, Any]) -> str:
    """Return the page."""
    parts = [HEAD.format(range=RANGE_DB, block=BLOCK_S * 1000)]
    for name in preset_names():
        parts.append(f"## {name}\n\n{_about(name)}\n")
        if name in measured:
            parts += [f"![{name}: three samples](presets/{name}.png)\n", _table(measured[name])]
        else:
            parts.append("*No samples here: it needs files that do not come with wetdry.*\n")
    return "\n".join(parts)


def _about(name: str) -> str:
    """Return a preset's own sentence."""
    return " ".join(recipe_about(name).split())


def _table(rows: list[Mapping[str, Any]]) -> str:
    """Return the numbers of the samples."""
    lines = ["| sample | " + " | ".join(head for _, head, _ in COLUMNS) + " |"]
    lines.append("|---" * (len(COLUMNS) + 1) + "|")
    for number, row in enumerate(rows):
        cells = (form.format(row[name]) for name, _, form in COLUMNS)
        lines.append(f"| {number} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def measure(stems: Path) -> dict[str, Any]:
    """Draw the pictures and return the numbers of every preset that can be rendered."""
    catalog, measured = scan(stems, workers=2), {}
    for name in preset_names():
        try:
            measured[name] = _measure(name, catalog, stems)
        except (AssetError, RecipeError) as error:
            print(f"{name}: left out: {error}")
        else:
            print(name, measured[name], flush=True)
    return measured


def _measure(name: str, catalog: "DataFrame", stems: Path) -> list[dict[str, Any]]:
    """Draw the picture of one preset, and return what was measured of its samples."""
    recipe = load_recipe(name)
    order = Order(recipe, 0, 0, parse_splits(DEFAULT_SPLITS))
    samples = []
    for number in range(EXAMPLES):
        session, seen = draw_one(order, catalog, "train", number), Recorder()
        mix = render(session, stems, recipe.folder, seen)
        dry = np.sum(list(mix.dry.values()), axis=0, dtype=np.float32)
        curves = _curves(session, seen.stages)
        samples.append(Sample(session, mix, dry, curves, sum(map(len, seen.stages.values()))))
    _picture(samples, DOCS / "presets" / f"{name}.png")
    return [_numbers(sample) for sample in samples]


def _picture(samples: Sequence[Sample], path: Path) -> None:
    """Draw samples side by side; without dynamics there is no row for them."""
    from matplotlib.figure import Figure

    heights = (3, 3, 2, 2) if any(sample.curves for sample in samples) else (3, 3, 2)
    figure = Figure(figsize=(12, 0.64 * sum(heights)), dpi=72, layout="constrained")
    axes = figure.subplots(
        len(heights), len(samples), sharex="col", height_ratios=heights, squeeze=False
    )
    for number, sample in enumerate(samples):
        _draw(axes[:, number], sample)
        axes[0, number].set_title(f"sample {number}: {', '.join(sample.mix.dry)}", fontsize=8)
    _save(figure, path)


def _save(figure: Any, path: Path) -> None:
    """Write a picture with few colours: a third of the bytes, and nobody sees it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    whole = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
    whole.quantize(96, dither=Image.Dither.NONE).save(path, optimize=True)


def _curves(
    session: Session, stages: Mapping[str, list[Stage]]
) -> dict[str, NDArray[np.floating[Any]]]:
    """Return the summed gain of the dynamics of each place that has any, in dB."""
    window = slice(session.lead_in_samples, session.lead_in_samples + session.samples)
    curves = {}
    for place, seen in stages.items():
        gains = []
        for stage in seen:
            effect = stage.effect.effect if isinstance(stage.effect, Keyed) else stage.effect
            if isinstance(effect, Dynamics):
                curve = effect.gain_curve_db(stage.heard, session.sample_rate)
                gains.append(np.atleast_2d(curve).min(axis=0)[window])
        if gains:
            curves[_named(session, place)] = np.sum(gains, axis=0)
    return curves


def _named(session: Session, place: str) -> str:
    """Return a place in words: a track by its class."""
    kind, _, number = place.partition(".")
    return session.tracks[int(number)].stem_class if kind == "track" else place


def _draw(axes: Any, sample: Sample) -> None:
    """Draw one sample from top to bottom."""
    session, mix, dry = sample.session, sample.mix, sample.dry
    rate, seconds = session.sample_rate, session.samples / session.sample_rate
    axes[-1].set_xlim(0, seconds)
    for axis, sound, said in ((axes[0], dry, "dry"), (axes[1], mix.mixture, "mixture")):
        levels = levels_db(sound, rate)
        ends = (0, seconds, np.log10(LOWEST_HZ), np.log10(highest_hz(rate)))
        axis.imshow(
            levels, cmap="magma", aspect="auto", extent=ends,
            vmin=levels.max() - RANGE_DB, vmax=levels.max(),
        )  # fmt: skip
        axis.set_yticks(np.log10([100, 1000, 10_000]), ["100", "1k", "10k"], fontsize=7)
        axis.set_ylabel(f"{said}, Hz", fontsize=7)
    for sound, said in ((dry, "dry"), (mix.mixture, "mixture")):
        axes[2].plot(*_level(sound, rate), lw=0.8, label=said)
    axes[2].set(ylim=(-60, 0))
    axes[2].set_ylabel("dBFS", fontsize=7)
    if len(axes) > 3:
        _draw_gain(axes[3], sample)
    for axis in axes[2:]:
        axis.tick_params(labelsize=7)
        axis.grid(alpha=0.3)
        if axis.lines:
            axis.legend(fontsize=6, loc="lower right", ncols=3)


def _draw_gain(axis: Any, sample: Sample) -> None:
    """Draw the gain of the dynamics."""
    for place, curve in _shown(sample.curves).items():
        step = max(1, len(curve) // 2000)
        times = np.arange(0, len(curve), step) / sample.session.sample_rate
        axis.plot(times, curve[::step], lw=0.8, label=place)
    low, high = axis.get_ylim()
    axis.set_ylim(min(low, -12), max(high, 3))
    axis.set_ylabel("gain, dB", fontsize=7)


def _level(sound: Audio, sample_rate: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the times of blocks and their RMS in dBFS."""
    block = round(BLOCK_S * sample_rate)
    whole = sound[:, : sound.shape[1] // block * block].reshape(len(sound), -1, block)
    power = np.square(whole, dtype=np.float64).mean(axis=(0, 2))
    return np.arange(len(power)) * BLOCK_S, 10 * np.log10(np.maximum(power, 1e-12))


def _shown(curves: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the master's curve, and that of the place on which most was done."""
    others = {place: curve for place, curve in curves.items() if place != "master"}
    most = sorted(others, key=lambda place: float(others[place].mean()))[:1]
    return {place: curves[place] for place in ["master", *most] if place in curves}


def _numbers(sample: Sample) -> dict[str, Any]:
    """Return what the table shows."""
    reduced = [float(np.ptp(curve)) for curve in sample.curves.values()]
    mix, dry, rate = sample.mix, sample.dry, sample.session.sample_rate
    return {
        "stems": len(mix.dry),
        "steps": sample.steps,
        "dry_lufs": round(integrated_lufs(dry, rate), 1),
        "mixture_lufs": round(integrated_lufs(mix.mixture, rate), 1),
        "mixture_dbtp": round(true_peak_dbtp(mix.mixture, rate), 1),
        "dry_crest_db": round(_crest_db(dry), 1),
        "mixture_crest_db": round(_crest_db(mix.mixture), 1),
        "most_reduced_db": round(max(reduced, default=0.0), 1),
    }


def _crest_db(sound: Audio) -> float:
    """Return peak over RMS."""
    rms = np.sqrt(np.square(sound, dtype=np.float64).mean())
    return float(20 * np.log10(np.abs(sound).max() / rms)) if rms > 0 else 0.0


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stems", type=Path)
    options = parser.parse_args()
    (DOCS / "presets").mkdir(exist_ok=True)
    if options.stems:
        MEASURED.write_text(json.dumps(measure(options.stems), indent=1, sort_keys=True) + "\n")
    (DOCS / "presets.md").write_text(page(json.loads(MEASURED.read_text("utf-8"))), "utf-8")


if __name__ == "__main__":
    main()
