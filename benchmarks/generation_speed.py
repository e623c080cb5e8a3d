"""How fast samples are made, and where the time goes.

    python benchmarks/generation_speed.py --stems FOLDER [--recipe realistic] [--samples 24]

Prints seconds of mixture per second of one core, and the share of the time spent in decoding,
each family of effects, codecs, loudness and alignment measures, FLAC encoding and digests, and
the rest (Python, sums, tar). The timers sit on public functions, in this script alone.
"""

import argparse
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from wetdry import audio
from wetdry.datasets import Order, generate, scan
from wetdry.degradations import Effect
from wetdry.mixing import load_recipe

sampling = import_module("wetdry.datasets.samples")
facts = import_module("wetdry.mixing.facts")
metering = import_module("wetdry.mixing.meter")
tracks = import_module("wetdry.mixing.tracks")

CODECS = {"mp3", "mp3_vbr", "opus", "vorbis"}
spent: dict[str, float] = defaultdict(float)


def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function so that its time counts under ``name``."""

    def wrapper(*values: Any, **named: Any) -> Any:
        start = time.perf_counter()
        try:
            return function(*values, **named)
        finally:
            spent[name] += time.perf_counter() - start

    return wrapper


@contextmanager
def timers() -> Iterator[None]:
    """Put timers on what takes the time."""
    places = [
        (audio, "read_padded", "decode"),
        (audio, "resample", "decode"),
        (sampling, "encode_pcm", "encode"),
        (sampling, "quantise", "encode"),
        (sampling, "pcm_digest", "digests"),
        (sampling, "integrated_lufs", "measures"),
        (sampling, "true_peak_dbtp", "measures"),
        (sampling, "lag_samples", "measures"),
        (metering, "integrated_lufs", "measures"),
        (tracks, "lag_samples", "measures"),
        (facts.Facts, "_taken", "facts of steps"),
    ]
    call = Effect.__call__

    def effect_call(self: Effect, samples: audio.Audio, sample_rate: int) -> audio.Audio:
        name = f"codec {self.kind}" if self.kind in CODECS else f"effect {self.kind}"
        return timed(name, call)(self, samples, sample_rate)

    before = [(place, name, getattr(place, name)) for place, name, _ in places]
    for place, name, label in places:
        setattr(place, name, timed(label, getattr(place, name)))
    Effect.__call__ = effect_call  # type: ignore[method-assign]
    yield
    Effect.__call__ = call  # type: ignore[method-assign]
    for place, name, function in before:
        setattr(place, name, function)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stems", type=Path, required=True)
    parser.add_argument("--recipe", default="realistic")
    parser.add_argument("--samples", type=int, default=24)
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    options = parser.parse_args()
    recipe = load_recipe(options.recipe)
    catalog = scan(options.stems)
    with tempfile.TemporaryDirectory() as folder:
        generate(Order(recipe, 2, seed=99), catalog, options.stems, Path(folder, "warm"))
        spent.clear()
        start = time.perf_counter()
        with timers():
            order = Order(recipe, options.samples)
            generate(order, catalog, options.stems, Path(folder, "set"))
        total = time.perf_counter() - start
    seconds = options.samples * recipe.seconds
    spent["rest"] = total - sum(spent.values())
    print(f"{options.recipe}: {seconds / total:.1f} s of mixture per second of one core")
    for name, value in sorted(spent.items(), key=lambda item: -item[1]):
        print(f"  {name:<26} {100 * value / total:5.1f} %")
    if options.out:
        figures = {"times_real_time": seconds / total, "shares": dict(spent), "total_s": total}
        options.out.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
