import sys

import numpy as np
import pytest
import torch
from transformers import ClapAudioConfig, ClapAudioModelWithProjection, ClapFeatureExtractor

from wetdry.cascade.metrics.clap import load_clap
from wetdry.errors import AssetError
from wetdry.seeds import stream


def test_without_transformers_the_cure_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)  # how Python marks what cannot be had
    with pytest.raises(AssetError, match="pip install transformers"):
        load_clap()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A CLAP as small as can be, with weights that it was born with."""
    torch.manual_seed(0)
    small = ClapAudioConfig(
        patch_embeds_hidden_size=8,
        hidden_size=64,
        depths=[1, 1, 1, 1],
        num_attention_heads=[1, 1, 1, 1],
        projection_dim=16,
        enable_fusion=False,
    )
    path = tmp_path_factory.mktemp("clap")
    ClapAudioModelWithProjection(small).save_pretrained(path)
    ClapFeatureExtractor(truncation="rand_trunc", padding="repeatpad").save_pretrained(path)
    return str(path)


def test_each_channel_and_each_ten_seconds_is_a_point(folder):
    clap = load_clap(folder)
    noise = stream(0).standard_normal((2, 12 * 16_000), np.float32) * np.float32(0.1)
    points = clap(noise, 16_000)
    assert points.shape == (4, 16) and np.isfinite(points).all()
    assert np.allclose(points, clap(noise, 16_000))
    assert np.allclose(points[0], clap(noise[:1, : 10 * 16_000], 16_000)[0], atol=1e-4)
    assert not np.allclose(points[0], points[1], atol=1e-5)


def test_without_weights_the_cure_is_named(tmp_path):
    with pytest.raises(AssetError, match="hf download"):
        load_clap(str(tmp_path))
