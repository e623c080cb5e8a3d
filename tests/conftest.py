"""What several tests share."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import settings

from wetdry.datasets import scan
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


settings.register_profile("here", deadline=None)  # machines are shared; speed is not a law
settings.load_profile("here")
