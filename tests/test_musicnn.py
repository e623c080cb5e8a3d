import struct
from typing import Any

import numpy as np
import pytest
import torch

from wetdry.cascade.metrics import musicnn
from wetdry.cascade.metrics.musicnn_network import MusicnnNetwork
from wetdry.cascade.metrics.tf_checkpoint import TABLE_MAGIC, read_tensors
from wetdry.degradations.assets import cache_folder
from wetdry.errors import AssetError, AudioError

RATE = 16_000


@pytest.fixture(scope="module")
def trained() -> musicnn.Musicnn:
    try:
        return musicnn.load()
    except AssetError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def untrained() -> musicnn.Musicnn:
    torch.manual_seed(0)
    return musicnn.Musicnn(MusicnnNetwork())


def tones(seconds: float, rate: int = RATE, channels: int = 1) -> np.ndarray:
    time_s = np.arange(round(seconds * rate)) / rate
    chirp = np.sin(2 * np.pi * (220 + 40 * time_s) * time_s) * (1 + np.sin(7 * time_s)) / 4
    return np.repeat(chirp[None].astype("f4"), channels, axis=0)


def varint(value: int) -> bytes:
    low = bytes([value & 127 | (128 if value > 127 else 0)])
    return low + (varint(value >> 7) if value > 127 else b"")


def message(*fields: tuple[int, int | bytes]) -> bytes:
    return b"".join(
        varint(8 * number) + varint(value)
        if isinstance(value, int)
        else varint(8 * number + 2) + varint(len(value)) + value
        for number, value in fields
    )


def block(entries: dict[bytes, bytes], last: bytes = b"") -> bytes:
    body = b""
    for key, value in sorted(entries.items()):
        shared = next((i for i, (a, b) in enumerate(zip(key, last, strict=False)) if a != b), 0)
        body += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:]
        body, last = body + value, key
    return body + struct.pack("<II", 0, 1)


def bundle(tensors: dict[str, np.ndarray]) -> tuple[bytes, bytes]:
    """Write a tensor bundle as TensorFlow lays it out."""
    data, entries = b"", {b"": message((1, 1))}
    for name, tensor in tensors.items():
        shape = message(*((2, message((1, length))) for length in tensor.shape))
        place = ((4, len(data)), (5, tensor.nbytes))
        entries[name.encode()] = message((1, 1), (2, shape), *place)
        data += tensor.tobytes()
    entries[b"steps"] = message((1, 9), (4, 0), (5, 8))
    leaf = block(entries)
    handle = varint(0) + varint(len(leaf))
    root = block({b"z": handle})
    footer = varint(0) + varint(0) + varint(len(leaf) + 5) + varint(len(root))
    index = leaf + bytes(5) + root + bytes(5) + footer.ljust(40, b"\0")
    return index + struct.pack("<Q", TABLE_MAGIC), data


def tensorflow_tensors(seed: int = 0) -> dict[str, np.ndarray]:
    """Return random tensors under the names and in the shapes of musicnn's checkpoint."""
    rng = np.random.default_rng(seed)
    kernels = [(7, 38, 1, 204), (7, 67, 1, 204), (128, 1, 1, 51), (64, 1, 1, 51), (32, 1, 1, 51)]
    kernels += [(7, 561, 1, 64), (7, 64, 1, 64), (7, 64, 1, 64)]
    norms = [1, *(kernel[-1] for kernel in kernels), 1506, 200]
    tensors = {"dense/kernel": rng.standard_normal((1506, 200)) / 40, "dense/bias": np.zeros(200)}
    for i, shape in enumerate(kernels):
        name = f"conv2d_{i}" if i else "conv2d"
        tensors[f"{name}/kernel"] = rng.standard_normal(shape) / np.sqrt(np.prod(shape[:3]))
        tensors[f"{name}/bias"] = rng.standard_normal(shape[-1]) / 10
    for i, width in enumerate(norms):
        name = f"batch_normalization_{i}" if i else "batch_normalization"
        for part in ("gamma", "beta", "moving_mean", "moving_variance"):
            tensors[f"{name}/{part}"] = rng.uniform(0.5, 1.5, width)
    return {name: tensor.astype("<f4") for name, tensor in tensors.items()}


def test_a_checkpoint_gives_back_the_tensors_that_were_written():
    tensors = {"a/b": np.arange(6, dtype="<f4").reshape(2, 3), "a/bc": np.ones((300, 1), "<f4")}
    found = read_tensors(*bundle(tensors))
    assert sorted(found) == ["a/b", "a/bc"]
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(found[name], tensor)


@pytest.mark.parametrize("kept", [0, 20, 47, 60])
def test_a_torn_checkpoint_is_refused(kept):
    index, data = bundle({"a": np.ones(4, "<f4")})
    with pytest.raises(AssetError, match="fetch it again"):
        read_tensors(index[:kept] if kept != 60 else index, data[:10])


def test_weights_find_their_places_in_the_network():
    tensors = tensorflow_tensors()
    network = MusicnnNetwork.from_tensors(read_tensors(*bundle(tensors)))
    patches = torch.rand(1, 187, 96, generator=torch.Generator().manual_seed(0))
    norm = {p: tensors[f"batch_normalization/{p}"][0] for p in ("gamma", "beta")}
    mean, variance = (tensors[f"batch_normalization/moving_{p}"][0] for p in ("mean", "variance"))
    image = (patches[0].numpy() - mean) / np.sqrt(variance + 1e-3) * norm["gamma"] + norm["beta"]
    kernel, frame, band = tensors["conv2d_3/kernel"][:, 0, 0, 7], 100, 40
    by_hand = image[frame - 31 : frame + 33, band] @ kernel + tensors["conv2d_3/bias"][7]
    layer: Any = network.front[3]
    answer = layer.convolution(layer.padding(network.input_norm(patches[:, None])))
    assert answer[0, 7, frame, band].item() == pytest.approx(by_hand, rel=1e-4)
    assert network(patches).shape == (1, 200)


def test_weights_of_another_network_are_refused():
    tensors = tensorflow_tensors()
    with pytest.raises(AssetError, match="conv2d_5/bias"):
        MusicnnNetwork.from_tensors({k: v for k, v in tensors.items() if k != "conv2d_5/bias"})
    with pytest.raises(AssetError, match="another network"):
        MusicnnNetwork.from_tensors({**tensors, "dense/bias": np.zeros(10, "f4")})


def test_a_clip_has_one_item_for_every_three_seconds(untrained):
    assert untrained(tones(10), RATE).shape == (3, 200)
    assert untrained(tones(0.5), RATE).shape == (1, 200)
    assert untrained(tones(4, 44_100, 2), 44_100).shape == (1, 200)
    with pytest.raises(AudioError, match="no samples"):
        musicnn.log_mel_patches(np.zeros(0, "f4"))


def test_loudness_and_a_second_equal_channel_move_no_point(untrained):
    mono = untrained(tones(3), RATE)
    np.testing.assert_allclose(untrained(tones(3) / 8, RATE), mono, atol=1e-3)
    np.testing.assert_allclose(untrained(tones(3, channels=2) / 8, RATE), mono, atol=1e-3)


def test_without_weights_the_cure_is_named(tmp_path):
    with pytest.raises(AssetError, match="wetdry fetch musicnn"):
        musicnn.load(tmp_path)


def test_a_changed_wheel_is_refused(tmp_path):
    (tmp_path / musicnn.WHEEL).write_bytes(b"not the known one")
    with pytest.raises(AssetError, match="sha256"):
        musicnn.load(tmp_path)


def test_what_pip_cannot_fetch_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(AssetError, match="pip could not fetch"):
        musicnn.fetch(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_cache_lies_where_the_environment_says(tmp_path, monkeypatch):
    monkeypatch.setenv("WETDRY_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("WETDRY_CACHE")
    assert cache_folder().parts[-2:] == (".cache", "wetdry")


def test_damage_moves_trained_points_further_than_level_does(trained):
    clean = tones(6)
    crushed = np.sign(clean) * np.float32(0.2)
    points = trained(clean, RATE)
    louder = np.abs(trained(clean * np.float32(2), RATE) - points).max()
    damaged = np.abs(trained(crushed, RATE) - points).max()
    assert damaged > 100 * louder
