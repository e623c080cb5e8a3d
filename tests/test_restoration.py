from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from wetdry.audio import STEM_CLASSES, Audio
from wetdry.cascade.configuration import TrainConfiguration
from wetdry.cascade.networks.generator import Generator
from wetdry.cascade.networks.regressor import Regressor
from wetdry.cascade.networks.windows import windowed
from wetdry.cascade.restoring.files import restore_file
from wetdry.cascade.restoring.restoration import Restorer
from wetdry.cascade.training.checkpoints import save_checkpoint
from wetdry.errors import AudioError, CheckpointError
from wetdry.manifests import write_atomically

RATE = 16_000


def configuration(window_s: float = 1.0) -> TrainConfiguration:
    regressor = {"layers": 3, "channels": 8, "spectral_channels": 4}
    network = {"fold": 8, "channels": 4, "levels": 2, "hidden": 4, "heads": 2, "head_width": 4}
    budget = {"steps": 1, "batch": 1, "seconds": 1}
    return TrainConfiguration.model_validate(
        {
            "sample_rate": RATE,
            "stage_one": {**budget, "network": network},
            "stage_two": {
                **budget,
                "network": regressor,
            },
            "restoration": {"window_s": window_s, "overlap_s": 0.25},
        }
    )


def restorer(window_s: float = 1.0) -> Restorer:
    """Return networks with opinions: fresh ones would pass the mixture on."""
    torch.manual_seed(3)
    size = configuration(window_s)
    generator = Generator(size.stage_one.network)
    regressor = Regressor(size.stage_two.network)
    torch.nn.init.normal_(generator.heads, std=0.1)
    torch.nn.init.normal_(regressor.final.weight, std=0.1)
    assert regressor.spectral is not None
    torch.nn.init.normal_(regressor.spectral.leave.weight, std=0.1)
    return Restorer(size, generator, regressor, torch.device("cpu"))


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    folder: Path = tmp_path_factory.mktemp("run")
    whole = restorer()
    text = configuration().model_dump_json()
    write_atomically(folder / "run.json", f'{{"version": 1, "configuration": {text}}}'.encode())
    save_checkpoint(folder / "stage_one.safetensors", whole.generator.state_dict(), {})
    save_checkpoint(folder / "stage_two.safetensors", whole.regressor.state_dict(), {})
    return folder


def noise(channels: int, frames: int, seed: int = 0) -> Audio:
    return 0.1 * np.random.default_rng(seed).standard_normal((channels, frames), np.float32)


@pytest.mark.parametrize("rate", [RATE, 22_050, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_class_has_the_shape_of_the_mixture(rate, channels):
    audio = noise(channels, 20_001)
    restored = restorer().restore(audio, rate)
    assert list(restored) == ["stage_one", "cascade"]
    for stems in restored.values():
        assert list(stems) == list(STEM_CLASSES)
        assert all(stem.shape == audio.shape for stem in stems.values())


def test_stereo_is_two_monos():
    audio = noise(2, 40_000)
    both = restorer().restore(audio, RATE)["cascade"]["Drums"]
    for channel in (0, 1):
        one = restorer().restore(audio[channel : channel + 1], RATE)["cascade"]["Drums"]
        assert np.allclose(one[0], both[channel], atol=1e-6)


def test_silence_stays_silent_and_finite():
    for stems in restorer().restore(np.zeros((2, 30_000), np.float32), RATE).values():
        assert max(np.abs(stem).max() for stem in stems.values()) < 1e-4


def test_twice_as_loud_is_restored_twice_as_loud():
    audio = noise(1, 20_000)
    soft, loud = (restorer().restore(gain * audio, RATE)["cascade"]["Bass"] for gain in (1, 2))
    assert np.allclose(2 * soft, loud, atol=1e-3 * np.abs(loud).max())


@pytest.mark.parametrize("grid", [1, 8])
@pytest.mark.parametrize("frames", [1, 99, 100, 101, 175, 1_000, 1_237])
def test_windows_of_a_local_estimate_are_the_whole(frames, grid):
    audio = noise(2, frames)
    parts = windowed(
        lambda start, length: audio[:, start : start + length],
        lambda part: np.stack([part, 2 * part]),
        frames,
        window=100,
        overlap=25,
        grid=grid,
    )
    whole = np.concatenate(list(parts), axis=-1)
    assert np.allclose(whole, np.stack([audio, 2 * audio]), atol=1e-6)


def test_windowed_is_whole_to_twenty_db():
    audio = noise(1, 4 * RATE)
    whole, windows = (restorer(w).restore(audio, RATE)["cascade"] for w in (5.0, 1.5))
    for name in STEM_CLASSES:
        error = np.square(whole[name] - windows[name]).sum() / np.square(whole[name]).sum()
        assert 10 * np.log10(error) < -20


@pytest.mark.parametrize("rate", [RATE, 44_100])
def test_a_file_is_restored_as_the_array_is(run, tmp_path, rate):
    audio = noise(2, 3 * rate + 17)
    soundfile.write(tmp_path / "song.wav", audio.T, rate, subtype="FLOAT")
    folder = restore_file(run, tmp_path / "song.wav", tmp_path / "out")
    assert sorted(p.name for p in folder.iterdir()) == sorted(
        f"{name.lower()}.wav" for name in STEM_CLASSES
    )
    wanted = Restorer.load(run).restore(audio, rate)["cascade"]
    for name in STEM_CLASSES:
        found, found_rate = soundfile.read(folder / f"{name.lower()}.wav", dtype="float32")
        assert found_rate == rate
        assert found.T.shape == audio.shape
        assert np.allclose(found.T, wanted[name], atol=1e-4)


def test_progress_ends_at_the_last_frame(run, tmp_path):
    soundfile.write(tmp_path / "song.wav", noise(1, 40_000).T, RATE)
    seen: list[tuple[int, int]] = []
    restore_file(
        run,
        tmp_path / "song.wav",
        tmp_path,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == sorted(seen)
    assert seen[-1] == (40_000, 40_000)


def test_a_truncated_song_leaves_no_file_under_a_final_name(run, tmp_path):
    path = tmp_path / "song.flac"
    soundfile.write(path, noise(1, 60_000).T, RATE)
    path.write_bytes(path.read_bytes()[:40_000])
    with pytest.raises(AudioError, match=r"song\.flac"):
        restore_file(run, path, tmp_path / "out")
    assert not list((tmp_path / "out").rglob("*.wav"))


def test_no_samples_are_refused():
    with pytest.raises(AudioError, match="no samples"):
        restorer().restore(np.zeros((1, 0), np.float32), RATE)


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="wanted the record of a run"):
        Restorer.load(tmp_path)


def test_the_cascade_keeps_its_share_of_the_mixture():
    plain = restorer()
    size = plain.configuration.restoration.model_copy(update={"mixture_share": 0.02})
    keeps = Restorer(
        plain.configuration.model_copy(update={"restoration": size}),
        plain.generator,
        plain.regressor,
        torch.device("cpu"),
    )
    audio = 0.1 * np.random.default_rng(0).standard_normal((2, 20_000)).astype(np.float32)
    without, restored = plain.restore(audio, RATE), keeps.restore(audio, RATE)
    for name in STEM_CLASSES:
        assert np.array_equal(restored["stage_one"][name], without["stage_one"][name])
        added = restored["cascade"][name] - without["cascade"][name]
        assert np.allclose(added, 0.02 * audio, atol=1e-5)
