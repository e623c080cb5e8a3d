"""A stream says what whole files say in the same windows, on time, and keeps only what it needs."""

import numpy as np
import pytest

from wetdry.cascade import Stream
from wetdry.cascade.networks.windows import windowed
from wetdry.errors import AudioError, UsageError

from .test_restoration import RATE, noise, restorer

GRID = 2048
WINDOW, OVERLAP, CONTEXT = 3 * GRID, GRID, 2 * GRID
TIMES = {"window_s": WINDOW / RATE, "overlap_s": OVERLAP / RATE, "context_s": CONTEXT / RATE}


@pytest.fixture(scope="module")
def networks():
    return restorer()


def streamed(networks, audio, block, **times):
    """Return the whole output, and after each block how much went in and came out."""
    stream = Stream(networks, len(audio), **TIMES | times)
    parts, counts = [], []
    for start in range(0, audio.shape[1], block):
        parts.append(stream.push(audio[:, start : start + block]))
        counts.append((min(start + block, audio.shape[1]), sum(p.shape[-1] for p in parts)))
    return np.concatenate([*parts, stream.finish()], axis=-1), counts


def whole_file(networks, audio, context=CONTEXT):
    """Return what `windowed` makes of it, each window heard with its context."""

    def read(start, frames):
        return audio[:, max(start - context, 0) : start + frames], min(start, context)

    def estimate(heard):
        sound, before = heard
        parts = networks.parts(lambda start, n: sound[:, start : start + n], sound.shape[1])
        return np.concatenate(list(parts), axis=-1)[..., before:]

    return np.concatenate(list(windowed(read, estimate, audio.shape[1], WINDOW, OVERLAP)), axis=-1)


@pytest.mark.parametrize("block", [1_000, GRID, 17_777, 10**6])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_stream_is_the_whole_file_in_the_same_windows(networks, block, channels):
    audio = noise(channels, WINDOW + 4 * (WINDOW - OVERLAP))
    found, _ = streamed(networks, audio, block)
    wanted = whole_file(networks, audio)
    assert found.shape == wanted.shape == (2, 8, *audio.shape)
    assert np.abs(found - wanted).max() < 1e-5 * np.abs(wanted).max()


def test_without_context_it_is_what_windows_of_a_file_are(networks):
    audio = noise(1, WINDOW + 3 * (WINDOW - OVERLAP))
    found, _ = streamed(networks, audio, 3_000, context_s=0)
    wanted = whole_file(networks, audio, context=0)
    assert np.abs(found - wanted).max() < 1e-5 * np.abs(wanted).max()


@pytest.mark.parametrize("frames", [1, 100, WINDOW - 1, WINDOW + 1, 20_001])
def test_the_parts_are_as_long_as_the_stream_and_blocks_do_not_matter(networks, frames):
    audio = noise(2, frames)
    whole, _ = streamed(networks, audio, frames)
    blocks, _ = streamed(networks, audio, 999)
    assert whole.shape == (2, 8, 2, frames)
    assert np.array_equal(whole, blocks)


@pytest.mark.parametrize("block", [1, 500])
def test_nothing_comes_later_than_the_stated_latency(networks, block):
    audio = noise(1, WINDOW + 2 * GRID + 50)
    stream = Stream(networks, 1, **TIMES)
    assert stream.latency_samples == WINDOW
    pushed = came = 0
    for start in range(0, audio.shape[1], block):
        part = audio[:, start : start + block]
        pushed, came = pushed + part.shape[1], came + stream.push(part).shape[-1]
        assert pushed - stream.latency_samples < max(came, 1)
        assert came <= pushed


def test_memory_does_not_grow(networks):
    stream = Stream(networks, 1, **TIMES)
    most = 0
    for n in range(60):
        stream.push(noise(1, 1_000, seed=n))
        most = max(most, stream._heard.shape[1])
    assert most <= CONTEXT + WINDOW + 1_000


def test_lengths_are_rounded_up_to_where_strides_repeat(networks):
    assert Stream(networks, 1, window_s=0.01, overlap_s=0.005).latency_samples == 2 * GRID


def test_what_is_no_stream_is_refused(networks):
    stream = Stream(networks, 1)
    with pytest.raises(AudioError, match="wanted 1 channels, found 2"):
        stream.push(noise(2, 10))
    with pytest.raises(AudioError, match="stream"):
        stream.push(np.full((1, 10), np.nan, np.float32))
    with pytest.raises(AudioError, match="1 or 2 channels"):
        Stream(networks, 3)
    for times in ({"overlap_s": 0.5}, {"overlap_s": 0}, {"context_s": -1}, {"window_s": np.inf}):
        with pytest.raises(UsageError, match="wanted 0 < overlap_s < window_s"):
            Stream(networks, 1, **times)
    assert stream.finish().shape == (2, 8, 1, 0)
    with pytest.raises(UsageError, match="no more after finish"):
        stream.push(noise(1, 10))
