"""What several tests share."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import settings

from wetdry.datasets import Order, generate, parse_splits, scan
from wetdry.degradations import Chain, Effect, Gain, Parallel, own_effects
from wetdry.degradations.assets import FETCHED
from wetdry.degradations.language.slots import slots_of
from wetdry.mixing import find_recipe
from wetdry.mixing.recipes import parse_recipe
from wetdry.mixing.trials import built, typical_values
from wetdry.seeds import stream

REPO = Path(__file__).parents[1]
RATE = 22_050
SONGS = {
    "alder": ("Vocals", "Bass", "Drums", "Guitars"),
    "birch": ("Keyboards", "Bass", "Drums", "Synthesizers"),
    "cedar": ("Vocals", "Orchestral", "Percussion", "Bass"),
}
HALF_SECONDS = """
sample_rate: 22050
seconds: 0.5
lead_in_s: 0.1
songs: {stems: [2, 3], active: {above_dbfs: -60, share: 0.1}}
stems: {all: [{compressor: {threshold_db: [-30, -10], ratio: 3}}]}
"""


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
def order():
    """Eight samples of half a second, in two splits, two to a shard; where no other is needed."""
    recipe = parse_recipe(HALF_SECONDS, "small.yaml", Path(), {})
    return Order(recipe, 8, splits=parse_splits(["train=0.6", "test=0.4"]), shard_samples=2)


@pytest.fixture(scope="session")
def folder(order, catalog, stems, tmp_path_factory):
    """Its dataset, made in a folder of this machine, undisturbed: to be read, not written to."""
    out = tmp_path_factory.mktemp("made") / "set"
    generate(order, catalog, stems, out)
    return out


@pytest.fixture(scope="session")
def object_store():
    """A server of the S3 protocol in this process; its address reaches workers, too."""
    fsspec = pytest.importorskip("fsspec")
    pytest.importorskip("s3fs")
    own = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    own.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", "http://{}:{}".format(*own.get_host_and_port()))
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        fsspec.filesystem("s3").mkdir("bucket")
        yield own
    own.stop()


@pytest.fixture
def own_temporary_folder(tmp_path, monkeypatch):
    """Keep locks and temporary files of a test apart."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))


@pytest.fixture(scope="session")
def impulse(tmp_path_factory):
    """An impulse response: a click that dies away, in stereo, at a rate of its own."""
    path = tmp_path_factory.mktemp("impulses") / "room.wav"
    noise = np.random.default_rng(0).standard_normal((2000, 2)) * 0.1
    taps = np.exp(-np.arange(2000) / 300)[:, np.newaxis] * noise
    taps[40] = 1.0
    soundfile.write(path, taps, 32_000, subtype="FLOAT")
    return str(path)


ROUNDING = """
<ir_version: 8, opset_import: ["" : 17]>
rounding (float[1, C, samples] audio, int64 codebooks) => (float[1, C, samples] decoded) {
  two = Constant <value_float = 2.0> ()
  bits = Cast <to = 1> (codebooks)
  steps = Pow(two, bits)
  scaled = Mul(audio, steps)
  whole = Round(scaled)
  decoded = Div(whole, steps)
}"""
"""A codec of which each codebook halves the steps that samples are rounded to: 1, 1/2, 1/4, ..."""


@pytest.fixture(scope="session")
def rounding_codec():
    """Return a function that writes the codec that rounds; skip where nothing could run it."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")

    def write(path: Path, **facts) -> Path:
        model = onnx.parser.parse_model(ROUNDING)
        usual = {"name": "rounding", "sample_rate": 24_000, "channels": 1, "codebooks": 16}
        usual |= {"kbps_per_codebook": 1.5, "hop_samples": 300, "least_samples": 600}
        usual |= {"window_samples": 24_000, "overlap_samples": 2400, "fade_samples": 240}
        onnx.helper.set_model_props(model, {"wetdry_codec": json.dumps(usual | facts)})
        path.write_bytes(model.SerializeToString())
        return path

    return write


@pytest.fixture(scope="session")
def codec(rounding_codec, tmp_path_factory):
    """A codec that rounds samples to 2**-16 at its best, at 24 kHz."""
    return str(rounding_codec(tmp_path_factory.mktemp("codecs") / "rounding.onnx"))


@pytest.fixture
def fetched(codec, tmp_path, monkeypatch):
    """A cache in which every codec has been fetched; each is the one that rounds."""
    for name in FETCHED:
        shutil.copy(codec, tmp_path / f"{name}.onnx")
    monkeypatch.setenv("WETDRY_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture
def weights(request):
    """Return a function: it brings the weights that a preset needs, if it needs any."""

    def bring(preset: str) -> None:
        if "neural_codec" in find_recipe(preset).text:
            request.getfixturevalue("fetched")

    return bring


@pytest.fixture(scope="session")
def files(impulse, request):
    """Return a function: from the name of an effect's slot to a file for it."""
    return lambda slot: request.getfixturevalue("codec") if slot == "model" else impulse


@pytest.fixture(scope="session")
def typical(files):
    """Return a function: from a kind to an effect of default numbers, the middle of the others."""

    def build(kind: str) -> Effect:
        if kind == "parallel":  # its branches are no slot of a recipe
            return Parallel(branches=(Chain(), Chain((Gain(gain_db=-6),))))
        effect = Effect.kinds[kind]
        named = [slot.name for slot in slots_of(effect).values() if slot.kind == "file"]
        file = Path(files(named[0])) if named else Path()
        return built(effect, typical_values(effect, file))

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


# Machines are shared: speed is no law. The same values every time, so that a change passes or
# fails by itself; `pytest --hypothesis-profile search` looks for new ones.
settings.register_profile("here", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=500)
settings.load_profile("here")
