"""What MSRKit's loader does for one example, written anew, to be timed beside wetdry.

Nothing here is MSRKit's own code. It is its way of working: librosa reads and resamples each stem,
equalizers run channel by channel in double precision, one band after the other, pedalboard does
the rest, every effect comes half of the time, and the level (RMS) is put back after each chain.
MSRKit degrades one target and leaves the other stems dry; ``every`` degrades them all, as wetdry
does.

librosa is no dependency of wetdry: ``pip install librosa``, or ``--target FOLDER`` and
``PYTHONPATH``.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pedalboard
from numpy.typing import NDArray
from scipy import signal

__all__ = ["example", "needs_librosa"]

Audio = NDArray[np.float32]
RATE = 48_000
GRAPHIC_HZ = (
    25, 40, 63, 100, 160, 250, 400, 630, 1000, 1600, 2500, 4000, 6300, 10_000, 16_000, 20_000,
)  # fmt: skip
FAMILIES: tuple[Callable[[Any, int], dict[str, Any]], ...] = (
    lambda rng, order: {"ftype": "butter"},
    lambda rng, order: {"ftype": "cheby1", "rp": rng.uniform(0.1, 3)},
    lambda rng, order: {"ftype": "cheby2", "rs": rng.uniform(20, 60)},
    lambda rng, order: {"ftype": "ellip", "rp": rng.uniform(0.1, 3), "rs": rng.uniform(20, 60)},
    lambda rng, order: {"ftype": "bessel"},
)
PASSES = {"lowpass": (200, 8000), "highpass": (20, 2000), "band": (100, 8000), "stop": (100, 8000)}


def needs_librosa() -> Any:
    """Return librosa, or end with what to do."""
    try:
        import librosa
    except ImportError as error:
        sys.exit(
            f"msrkit: wanted librosa, which MSRKit's loader reads with, found none ({error}); "
            "install it (pip install librosa), or leave this part out with --skip msrkit"
        )
    return librosa


def example(
    librosa: Any,
    seed: int,
    stems: Sequence[tuple[Path, float]],
    seconds: float,
    *,
    every: bool,
) -> tuple[Audio, Audio]:
    """Return mixture and target of some files, each from its second on."""
    rng = np.random.default_rng(seed)
    loaded = [_loaded(librosa, path, start_s, seconds) for path, start_s in stems]
    degraded = [_chain(rng, x) if every or i == 0 else x for i, x in enumerate(loaded)]
    others = np.sum(degraded[1:], axis=0, dtype=np.float32)
    wanted_db = rng.uniform(0, 10)
    gain = _rms(degraded[0]) / max(_rms(others), 1e-9) * 10 ** (-wanted_db / 20)
    mixture = degraded[0] + others * np.float32(gain)
    return _master(rng, mixture), loaded[0]


def _loaded(librosa: Any, path: Path, start_s: float, seconds: float) -> Audio:
    """Read one stem as the loader does: from its second on, at its rate, in stereo."""
    audio, _ = librosa.load(path, sr=RATE, mono=False, offset=start_s, duration=seconds)
    audio = np.broadcast_to(audio, (2, audio.shape[-1])) if audio.ndim == 1 else audio
    wanted = round(seconds * RATE)
    audio = np.pad(audio, ((0, 0), (0, max(0, wanted - audio.shape[1]))))[:, :wanted]
    blocks = audio[:, : wanted // RATE * RATE].reshape(2, -1, RATE)
    np.sqrt(np.square(blocks).mean(axis=(0, 2)))  # whether its seconds are active
    return np.ascontiguousarray(audio, np.float32)


def _chain(rng: np.random.Generator, audio: Audio) -> Audio:
    """Degrade one stem: every effect comes half of the time, in this order."""
    level = _rms(audio)
    out = audio / max(float(np.abs(audio).max()), 1e-9)
    if rng.random() < 0.5:
        out = _equalized(rng, out)
    if rng.random() < 0.5:
        out = _plugin(out, pedalboard.Resample(int(rng.integers(8000, 32_000))))
    if rng.random() < 0.5:
        numbers = rng.uniform([-20, 1.5, 1, 50], [0, 10, 10, 200])
        out = _plugin(out, pedalboard.Compressor(*map(float, numbers)))
    if rng.random() < 0.5:
        out = _plugin(out, pedalboard.Distortion(float(rng.uniform(0, 5))))
    if rng.random() < 0.5:
        room, damping, wet, width = map(float, rng.uniform([0.1] * 4, [1, 1, 0.5, 1]))
        reverb = pedalboard.Reverb(room, damping, wet_level=wet, dry_level=0.4, width=width)
        out = _plugin(out, reverb)
    return out * np.float32(level / max(_rms(out), 1e-9))


def _master(rng: np.random.Generator, audio: Audio) -> Audio:
    """Degrade the mixture."""
    level, out = _rms(audio), audio
    if rng.random() < 0.5:
        numbers = rng.uniform([-10, 50], [0, 200])
        out = _plugin(out, pedalboard.Limiter(*map(float, numbers)))
    if rng.random() < 0.5:
        out = _plugin(out, pedalboard.Resample(int(rng.integers(8000, 32_000))))
    if rng.random() < 0.5:
        out = _plugin(out, pedalboard.MP3Compressor(float(rng.integers(1, 10))))
    return out * np.float32(level / max(_rms(out), 1e-9))


def _plugin(audio: Audio, plugin: Any) -> Audio:
    """Send audio through a plugin of pedalboard."""
    made: Audio = plugin(audio, RATE)
    return made


def _equalized(rng: np.random.Generator, audio: Audio) -> Audio:
    """Equalize band after band, channel after channel, in double precision."""
    graphic = rng.random() < 0.5
    if graphic:
        bands = [_bell(hz, 1.4, rng.uniform(-6, 6)) for hz in GRAPHIC_HZ]
    else:
        bands = [_band(rng) for _ in range(rng.integers(1, 6))]
    out = audio.astype(np.float64)
    for band in bands:
        out = np.stack([signal.sosfilt(band, channel) for channel in out])
    return out.astype(np.float32)


def _band(rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw a band of the parametric equalizer, one of seven sorts alike."""
    sort = rng.choice(["lowpass", "highpass", "band", "stop", "bell", "bell", "bell"])
    if sort == "bell":  # and shelves, which cost the same
        return _bell(rng.uniform(100, 8000), rng.uniform(0.5, 3), rng.uniform(-6, 6))
    hz, order = rng.uniform(*PASSES[sort]), int(rng.choice([2, 4, 6, 8]))
    said = FAMILIES[rng.integers(len(FAMILIES))](rng, order)
    if sort in ("lowpass", "highpass"):
        edges: Any = hz
    else:
        width = hz / rng.uniform(0.5, 3)
        edges = [max(hz - width / 2, 20.0), min(hz + width / 2, 0.49 * RATE)]
    kind = {"band": "bandpass", "stop": "bandstop"}.get(sort, sort)
    made: NDArray[np.float64] = signal.iirfilter(
        order, edges, btype=kind, fs=RATE, output="sos", **said
    )
    return made


def _bell(centre_hz: float, q: float, gain_db: float) -> NDArray[np.float64]:
    """Return a peaking filter (Bristow-Johnson's cookbook)."""
    a = 10 ** (gain_db / 40)
    w = 2 * np.pi * centre_hz / RATE
    alpha = np.sin(w) / (2 * q)
    b = [1 + alpha * a, -2 * np.cos(w), 1 - alpha * a]
    below = [1 + alpha / a, -2 * np.cos(w), 1 - alpha / a]
    return np.array([[*b, *below]]) / below[0]


def _rms(audio: Audio) -> float:
    """Return the level."""
    return float(np.sqrt(np.mean(np.square(audio, dtype=np.float64))))
