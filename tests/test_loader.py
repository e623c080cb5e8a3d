import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from pyarrow import parquet

from wetdry.audio import STEM_CLASSES, Audio, encode_flac
from wetdry.cascade.sizes import VarietyConfiguration
from wetdry.cascade.training.loader import AS_IT_IS, draw_batch, draw_pairs, prepare
from wetdry.cascade.training.samples import read_samples
from wetdry.cascade.training.variety import vary
from wetdry.errors import ShardError
from wetdry.seeds import stream

RATE = 16_000
FRAMES = 8_000
COUNT = 5


def stems(index: int) -> dict[str, Audio]:
    """Return a bass tone that tells the sample's number, and noisy drums."""
    tone = 0.1 * (index + 1) * np.sin(np.arange(FRAMES) * 0.05)
    drums = 0.1 * stream(0, index).standard_normal((2, FRAMES))
    out = {name: np.zeros((2, FRAMES), np.float32) for name in STEM_CLASSES}
    out["Bass"] = np.stack([tone, tone]).astype(np.float32)
    out["Drums"] = drums.astype(np.float32)
    return out


def members(index: int) -> dict[str, bytes]:
    dry = stems(index)
    files = {f"{n.lower()}.dry.flac": encode_flac(a, RATE) for n, a in dry.items()}
    mixture = np.clip(sum(dry.values()), -1, 1).astype(np.float32)
    return {**files, "mixture.flac": encode_flac(mixture, RATE), "json": b"{}"}


def write(folder: Path, samples: dict[str, dict[str, bytes]]) -> Path:
    """Write a dataset of one shard the way `wetdry generate` does."""
    (folder / "data").mkdir(parents=True)
    with tarfile.open(folder / "data" / "train-000000.tar", "w") as tar:
        for key, files in samples.items():
            for name in sorted(files):
                about = tarfile.TarInfo(f"{key}.{name}")
                about.size = len(files[name])
                tar.addfile(about, io.BytesIO(files[name]))
    row: dict[str, object] = {"split": "train", "shard": "train-000000", "songs": ["one"]}
    rows = [{"key": k, **row, "sample_rate": RATE, "seconds": FRAMES / RATE} for k in samples]
    parquet.write_table(pa.Table.from_pylist(rows), folder / "manifest.parquet")
    (folder / "dataset.json").write_text(json.dumps({"sample_rate": RATE}))
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    samples = {f"train-{i:08d}": members(i) for i in range(COUNT)}
    return write(tmp_path_factory.mktemp("data") / "set", samples)


@pytest.fixture(scope="module")
def cache(data, tmp_path_factory):
    return prepare(data, "train", RATE, tmp_path_factory.mktemp("run") / "train")


def test_samples_come_back_as_they_were_written(data):
    samples = list(read_samples(data, "train"))
    assert [s.key for s in samples] == [f"train-{i:08d}" for i in range(COUNT)]
    assert samples[2].sample_rate == RATE
    assert np.allclose(samples[2].dry["Bass"], stems(2)["Bass"], atol=1 / 32768)
    assert not samples[2].dry["Vocals"].any()


def test_the_cache_holds_the_samples_to_the_last_bit(data, cache):
    for item, sample in enumerate(read_samples(data, "train")):
        right = cache.mono(item, "mixture", 0, FRAMES, np.array([0, 1]))
        assert np.array_equal(right, sample.mixture[1])


def test_silent_stems_take_no_room(cache):
    assert cache.pcm.size == COUNT * 3 * 2 * FRAMES


def test_a_batch_follows_from_its_address_alone(cache):
    one, other = (draw_batch(cache, 7, "stage_one", 3, 4, 2_000) for _ in range(2))
    draw_batch(cache, 7, "stage_one", 4, 4, 2_000)
    assert torch.equal(one.mixture, other.mixture)
    assert torch.equal(one.dry, other.dry)
    assert one.dry.shape == (4, 8, 2_000)


def test_an_epoch_hears_every_sample_once(cache):
    batches = [draw_batch(cache, 7, "stage_one", step, 1, 2_000) for step in range(COUNT)]
    levels = sorted(float(b.dry[0, 4].abs().max()) for b in batches)
    assert levels == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5], abs=1e-3)


def test_mixture_and_stems_are_cut_at_the_same_place(cache):
    batch = draw_batch(cache, 7, "stage_one", 0, 4, 2_000)
    inside = (batch.mixture.abs() < 0.49).expand_as(batch.dry)
    total = batch.dry.sum(1, keepdim=True).expand_as(batch.dry)
    assert torch.allclose(total[inside], batch.mixture.expand_as(batch.dry)[inside], atol=1e-3)
    assert batch.active[:, [4, 5]].all()
    assert not batch.active[:, :4].any()


def test_a_sample_shorter_than_the_excerpt_ends_in_silence(cache):
    batch = draw_batch(cache, 7, "stage_one", 0, 1, FRAMES + 500)
    assert not batch.mixture[..., FRAMES:].any()
    assert batch.mixture[..., :FRAMES].any()


def test_variety_changes_mixture_and_stems_alike(cache):
    variety = VarietyConfiguration(speed=0.2, tone_db=3)
    batch, plain = (draw_batch(cache, 7, "x", 0, 2, 4_000, v) for v in (variety, AS_IT_IS))
    assert batch.dry.shape == plain.dry.shape
    assert not torch.allclose(batch.dry, plain.dry, atol=0.05)
    assert torch.allclose(batch.dry.sum(1), batch.mixture[:, 0], atol=0.02)


def test_a_faster_tone_is_higher_by_as_much():
    tone = np.sin(2 * np.pi * 100 * np.arange(4_800) / 4_800, dtype=np.float32)[None]
    out = vary(tone, 4_000, AS_IT_IS, stream(0))
    wanted = np.sin(2 * np.pi * 100 * np.arange(4_000) / 4_000)
    assert np.allclose(out, wanted, atol=1e-3)


def test_active_pairs_are_drawn_first():
    active = torch.zeros(4, 8, dtype=torch.bool)
    active[:, :3] = True
    pairs = draw_pairs(active, 8, stream(0), 0.25)
    assert pairs.shape == (2, 8)
    heard = active[pairs[0], pairs[1]].tolist()
    assert heard == [True] * 6 + [False] * 2
    assert draw_pairs(active, 100, stream(0), 0.25).shape == (2, 32)
    assert draw_pairs(~torch.zeros(1, 8, dtype=torch.bool), 8, stream(0), 0.25).shape == (2, 8)


def test_an_interrupted_cache_is_not_taken_for_a_whole_one(data, tmp_path):
    (tmp_path / "train.partial").mkdir()
    (tmp_path / "train.partial" / "pcm.i16").write_bytes(b"half")
    assert len(prepare(data, "train", RATE, tmp_path / "train").items) == COUNT
    assert [p.name for p in tmp_path.iterdir()] == ["train"]


def test_another_sample_rate_is_refused(data, tmp_path):
    with pytest.raises(ShardError, match="wanted 44100 Hz, found 16000 Hz"):
        prepare(data, "train", 44_100, tmp_path / "train")


def test_an_absent_split_is_refused(data):
    with pytest.raises(ShardError, match="generate the split 'test'"):
        list(read_samples(data, "test"))


def test_a_missing_stem_is_refused(tmp_path):
    files = members(0)
    del files["drums.dry.flac"]
    with pytest.raises(ShardError, match=r"train-00000000 has no drums\.dry\.flac"):
        list(read_samples(write(tmp_path / "set", {"train-00000000": files}), "train"))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7])
def test_a_torn_shard_is_refused(tmp_path, share):
    data = write(tmp_path / "set", {f"train-{i:08d}": members(i) for i in range(2)})
    shard = data / "data" / "train-000000.tar"
    shard.write_bytes(shard.read_bytes()[: int(share * shard.stat().st_size)])
    with pytest.raises(ShardError):
        list(read_samples(data, "train"))


def test_a_folder_without_a_manifest_is_refused(tmp_path):
    with pytest.raises(ShardError, match="manifest"):
        list(read_samples(tmp_path, "train"))
