"""Write docs/effects.md and README's table of effects from the registry.

    python scripts/effects_page.py                  the text alone, from what was measured before
    python scripts/effects_page.py --stems FOLDER   pictures, lags and costs anew, on a real song

What each effect is shown with stands in docs/effects/examples.yaml. The text follows from the
docstrings and bounds, so that the page cannot say anything else than the code.
"""

import argparse
import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import numpy as np
import soundfile

from wetdry import audio
from wetdry.audio import Audio
from wetdry.datasets.reports.pictures import RANGE_DB, levels_db, png
from wetdry.degradations import Chain, Effect, load_effect
from wetdry.degradations.assets import find
from wetdry.degradations.docstrings import described
from wetdry.degradations.effect import Label, is_house
from wetdry.degradations.language.slots import slots_of
from wetdry.degradations.language.yaml_tree import plain, read_yaml
from wetdry.mixing import lag_samples
from wetdry.seeds import stream

DOCS = Path(__file__).parents[1] / "docs"
EXAMPLES = DOCS / "effects" / "examples.yaml"
MEASURED = DOCS / "effects" / "measured.json"
SECONDS = 10
SHOWN_S = 4
TITLES = {
    "level": "Level",
    "equalizer": "Equalizers",
    "filter": "Filters",
    "dynamics": "Dynamics",
    "distortion": "Distortion",
    "space": "Space",
    "modulation": "Modulation",
    "pitch": "Pitch",
    "stereo": "Stereo",
    "codec": "Codecs",
    "medium": "Media",
    "noise": "Noise",
    "plugin": "Plugins",
}
CHAINS = {"branches": "chains", "mid": "a chain", "side": "a chain"}
HEAD = """# Effects

Every effect of wetdry, from its own declaration: `python scripts/effects_page.py` writes this page.
The pictures show {seconds} s of a real stem before (left) and after (right), from 40 Hz to 18 kHz
over {range:g} dB; beside each stand the numbers of the example. Lag is measured on that example
where the meter can tell (docs/alignment.md); cost is for 10 s of stereo at 44.1 kHz on one x86-64
core.

*Undoable* says what `effect.inverse()` gives back: the input to rounding (exactly), to the level
that the effect states (approximately), or nothing.
"""


def examples() -> dict[str, dict[str, Any]]:
    """Return for each kind its stem and numbers."""
    tree = plain(read_yaml(EXAMPLES.read_text("utf-8"), EXAMPLES.name))
    return {kind: dict(about) for kind, about in tree.items()}


def example(kind: str, about: Mapping[str, Any]) -> Effect:
    """Build the effect that stands for its kind."""
    return load_effect({"effect": kind, **(about.get("with") or {})})


def page(measured: Mapping[str, Any]) -> str:
    """Return the page."""
    parts = [HEAD.format(seconds=SHOWN_S, range=RANGE_DB)]
    shown = examples()
    links = (f"[{TITLES[x]}](#{TITLES[x].lower()})" for x in _labels())
    parts.append(" · ".join(links) + "\n")
    for label in _labels():
        parts.append(f"## {TITLES[label]}\n")
        kinds = sorted(k for k, e in _house().items() if e.label == label)
        parts += [_section(k, shown.get(k), measured.get(k, {})) for k in kinds]
    return "\n".join(parts)


def readme_with_table(readme: str) -> str:
    """Return the README with its table of effects brought up to date."""
    head = "| family | effects |\n|---|---|\n"
    before, _, rest = readme.partition(head)
    after = rest[rest.index("\n\n") :]
    rows = [f"| {TITLES[x].lower()} | {_kinds(x)} |" for x in _labels()]
    return before + head + "\n".join(rows) + after


def _house() -> dict[str, type[Effect]]:
    """Return wetdry's own effects, whatever else was made known."""
    return {kind: effect for kind, effect in Effect.kinds.items() if is_house(effect)}


def _kinds(label: str) -> str:
    """Return the effects of a label, as links to their sections."""
    kinds = sorted(k for k, e in _house().items() if e.label == label)
    return ", ".join(f"[`{kind}`](docs/effects.md#{kind})" for kind in kinds)


def _labels() -> list[str]:
    """Return the labels that are in use."""
    return [x for x in get_args(Label) if any(e.label == x for e in _house().values())]


def _section(kind: str, about: Mapping[str, Any] | None, facts: Mapping[str, Any]) -> str:
    """Return what is said of one effect."""
    effect = Effect.kinds[kind]
    text, parameters, notes = described(effect)
    heard, _, rest = text.partition("\n\n")
    lines = [f"### {kind}\n", f"{_flowing(heard)}\n"]
    lines += [f"{_flowing(rest)}\n"] if rest else []
    if effect.foreign:
        return "\n".join(lines)  # what it does and can be asked for is not in the registry
    lines.append(_table(effect, parameters))
    lines += [f"Source: {_flowing(notes)}\n"] if notes else []
    lines.append(_facts(effect, facts))
    if facts:
        lines.append(f"![{kind}, before and after](effects/{kind}.png)\n")
        lines.append(f"`{example(kind, about or {})}` on {facts['stem_class']}\n")
    return "\n".join(lines)


def _flowing(text: str) -> str:
    """Return paragraphs without the docstring's line ends and roles."""
    plain_text = re.sub(r":\w+:`([^`]*)`", r"`\1`", text).replace("*", r"\*")
    return "\n\n".join(" ".join(part.split()) for part in plain_text.split("\n\n"))


def _table(effect: type[Effect], parameters: Mapping[str, str]) -> str:
    """Return the numbers with their ranges."""
    rows = ["| number | range | default | |", "|---|---|---|---|"]
    for slot in slots_of(effect).values():
        default = "" if slot.required else _shown(effect.model_fields[slot.name].default)
        meaning = _flowing(parameters.get(slot.name, "")).replace("|", "\\|")
        bounds = CHAINS.get(slot.name) or slot.bounds()
        rows.append(f"| `{slot.name}` | {bounds} | {default} | {meaning} |")
    return "\n".join(rows) + "\n"


def _shown(value: Any) -> str:
    """Show a default."""
    if isinstance(value, tuple) and len(set(value)) == 1:
        return f"{len(value)} times {_shown(value[0])}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _facts(effect: type[Effect], facts: Mapping[str, Any]) -> str:
    """Return what is so whatever the numbers are, and what was measured."""
    said = [f"undoable: {effect.undoable}"]
    said.append("moves time by nature" if effect.moves_time else "keeps time to the sample")
    said += ["moves the stereo image"] if effect.moves_image else []
    said += ["makes mono stereo"] if effect.widens else []
    said += ["sounds where its input is silent"] if effect.adds_noise else []
    if facts.get("latency_samples"):
        said.append(f"raw latency {facts['latency_samples']} samples, compensated")
    if facts.get("tail_s"):
        said.append(f"rings on for {facts['tail_s']:g} s")
    said += [f"needs {effect.needs} and weights"] if effect.needs else []
    if facts:
        said += [f"lag here {facts['lag_samples']:.2f} samples"] if facts["lag_samples"] else []
        said.append(f"{facts['times_real_time']:.0f} times real time")
    return f"*{'; '.join(said)}*\n"


def measure(stems: Path) -> dict[str, Any]:
    """Draw the pictures and return lag and cost of every effect whose files are there."""
    with TemporaryDirectory() as folder:
        _write_files(Path(folder))
        return {
            kind: _measure(stems, kind, about, Path(folder))
            for kind, about in examples().items()
            if not Effect.kinds[kind].needs or find(Path(folder), about["with"]["model"]).is_file()
        }


def _write_files(folder: Path) -> None:
    """Make the files that examples name: a hall, and a noisy place."""
    rng, time_s = stream(0, "effects page"), np.arange(88_200) / 44_100
    hall = rng.standard_normal((88_200, 2)) * np.exp(-time_s * 5)[:, np.newaxis] * 0.05
    hall[0] = 1.0
    soundfile.write(folder / "hall.wav", hall, 44_100, subtype="FLOAT")
    place = np.cumsum(rng.standard_normal((88_200, 2)), axis=0)
    soundfile.write(folder / "place.wav", place / np.abs(place).max(), 44_100, subtype="FLOAT")


def _measure(stems: Path, kind: str, about: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Draw one effect's picture, and return its lag and cost."""
    dry = _stem(stems, about["stem"])
    effect = example(kind, about).located(folder)
    wet, seconds = _timed(Chain((effect,)), dry)
    lag = lag_samples(dry, wet, 44_100)
    cut = slice(0, SHOWN_S * 44_100)
    (DOCS / "effects" / f"{kind}.png").write_bytes(_picture(dry[:, cut], wet[:, cut]))
    facts = {
        "stem_class": about["stem"],
        "latency_samples": effect.latency_samples(44_100),
        "tail_s": round(effect.tail_s(), 2),
        "lag_samples": round(lag, 2) if np.isfinite(lag) else None,
        "times_real_time": float(f"{SECONDS / seconds:.2g}"),
    }
    print(kind, facts)
    return facts


def _stem(stems: Path, stem_class: str) -> Audio:
    """Return the loudest ten seconds of the first stem of a class, in stereo."""
    path = sorted(stems.glob(f"*/{stem_class}/*.flac"))[0]
    sound, rate = audio.read(path)
    sound = audio.resample(sound, rate, 44_100)
    length = SECONDS * 44_100
    power = np.cumsum(np.pad(np.square(sound, dtype=np.float64).sum(axis=0), (1, 0)))
    start = int(np.argmax(power[length:] - power[:-length]))
    part = np.repeat(sound, 3 - len(sound), axis=0)[:2, start : start + length]
    return np.ascontiguousarray(part / np.abs(part).max() * np.float32(0.5))


def _timed(chain: Chain, dry: Audio) -> tuple[Audio, float]:
    """Return the outcome and the shortest of three times; the first call compiles."""
    wet, times = chain(dry, 44_100), []
    for _ in range(3):
        start = time.perf_counter()
        chain(dry, 44_100)
        times.append(time.perf_counter() - start)
    return wet, min(times)


def _picture(dry: Audio, wet: Audio) -> bytes:
    """Return both spectrograms side by side, on one scale."""
    before, after = (levels_db(x, 44_100)[:, ::2] for x in (dry, wet))
    top = max(before.max(), after.max())
    gap = np.full((before.shape[0], 6), top - RANGE_DB)
    levels = np.concatenate([before, gap, after], axis=1)
    return png((levels - top) / RANGE_DB + 1)


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stems", type=Path)
    options = parser.parse_args()
    if options.stems:
        MEASURED.write_text(json.dumps(measure(options.stems), indent=1, sort_keys=True) + "\n")
    (DOCS / "effects.md").write_text(page(json.loads(MEASURED.read_text("utf-8"))), "utf-8")
    readme = DOCS.parent / "README.md"
    readme.write_text(readme_with_table(readme.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
