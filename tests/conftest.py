"""What several tests share."""

import os
from pathlib import Path

import pytest

REPO = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def real_stems() -> Path:
    """Return a folder of real multitrack songs, or skip."""
    folder = Path(os.environ.get("WETDRY_STEMS", REPO.parent / "shared" / "stems"))
    if not folder.is_dir():
        pytest.skip("no real stems: set WETDRY_STEMS to a folder of <song>/<Class>/*.flac")
    return folder
