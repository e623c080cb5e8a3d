"""What several tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import settings

from wetdry.datasets import scan
from wetdry.degradations import Chain, Effect, Gain, Parallel, own_effects
from wetdry.mixing.trials import built, typical_values
from wetdry.seeds import stream

REPO = Path(__file__).parents[1]
RATE = 22_050
SONGS = {
    "alder": ("Vocals", "Bass", "Drums", "Guitars"),
    "birch": ("Keyboards", "Bass", "Drums", "Synthesizers"),
    "cedar": ("Vocals", "Orchestral", "Percussion", "Bass"),
}


@pytest.fixture(scope="session")
def real_stems() -> Path:
    """Return a folder of real multitrack songs, or skip."""
    folder = Path(os.environ.get("WETDRY_STEMS", REPO.parent / "shared" / "stems"))
    if not folder.is_dir():
        pytest.skip("no real stems: set WETDRY_STEMS to a folder of <song>/<Class>/*.flac")
    return folder


def notes(song: str, stem_class: str, seconds: float) -> np.ndarray:
    """Return decaying notes with overtones and noisy attacks, shape (samples,)."""
    rng = stream(0, song, stem_class)
    time = np.arange(int(seconds * RATE)) / RATE
    sound = np.zeros(len(time))
    for onset in np.arange(0, seconds - 0.2, 0.25):
        since = np.clip(time - onset, 0, None)
        pitch_hz = 110 * 2 ** (rng.integers(0, 36) / 12)
        tone = sum(np.sin(2 * np.pi * k * pitch_hz * since) / k for k in (1, 2, 3))
        hit = rng.standard_normal(len(time)) * np.exp(-since * 80)
        sound += (time >= onset) * (tone * np.exp(-since * 6) + hit) * rng.uniform(0.3, 1)
    return np.asarray(0.25 * sound / np.abs(sound).max(), np.float32)


@pytest.fixture(scope="session")
def stems(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of three small songs that the tests made."""
    folder = tmp_path_factory.mktemp("stems")
    for song, classes in SONGS.items():
        for stem_class in classes:
            path = folder / song / stem_class / "take.flac"
            path.parent.mkdir(parents=True)
            soundfile.write(path, notes(song, stem_class, 4.0), RATE)
    return folder


@pytest.fixture(scope="session")
def catalog(stems: Path) -> pd.DataFrame:
    """Return the catalog of the small songs."""
    return scan(stems)


@pytest.fixture(scope="session")
def impulse(tmp_path_factory):
    """An impulse response: a click that dies away, in stereo, at a rate of its own."""
    path = tmp_path_factory.mktemp("impulses") / "room.wav"
    noise = np.random.default_rng(0).standard_normal((2000, 2)) * 0.1
    taps = np.exp(-np.arange(2000) / 300)[:, np.newaxis] * noise
    taps[40] = 1.0
    soundfile.write(path, taps, 32_000, subtype="FLOAT")
    return str(path)


@pytest.fixture(scope="session")
def typical(impulse):
    """Return a function: from a kind to an effect of default numbers, the middle of the others."""

    def build(kind: str) -> Effect:
        if kind == "parallel":  # its branches are no slot of a recipe
            return Parallel(branches=(Chain(), Chain((Gain(gain_db=-6),))))
        return built(Effect.kinds[kind], typical_values(Effect.kinds[kind], Path(impulse)))

    return build


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget afterwards whatever effects are made known."""
    kinds = dict(Effect.kinds)
    for name in ("USED", "BROKEN", "CONTESTED"):
        monkeypatch.setattr(own_effects, name, {})
    own_effects._import_packages.cache_clear()
    yield
    own_effects._import_packages.cache_clear()
    Effect.kinds.clear()
    Effect.kinds.update(kinds)


settings.register_profile("here", deadline=None)  # machines are shared; speed is not a law
settings.load_profile("here")
