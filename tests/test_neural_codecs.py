"""Neural codecs: ONNX says what torch says, nothing moves, and what is missing is said clearly."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from wetdry.audio import resample
from wetdry.degradations import NeuralCodec
from wetdry.degradations.assets import digest_of
from wetdry.degradations.dsp.codec_networks import CodecNetwork, codec_file
from wetdry.errors import AssetError, RecipeError, UsageError
from wetdry.mixing import load_recipe
from wetdry.mixing.alignment import lag_samples

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from wetdry.cascade import fetch_weights  # noqa: E402
from wetdry.cascade.neural_codecs import export_codec, fetch_codec  # noqa: E402

SMALL = {"num_filters": 4, "hidden_size": 16, "codebook_size": 64, "codebook_dim": 16}
STEREO = {
    "sampling_rate": 48_000, "audio_channels": 2, "normalize": True, "chunk_length_s": 1.0,
    "overlap": 0.01, "norm_type": "time_group_norm", "use_causal_conv": False,
    "use_conv_shortcut": False,
}  # fmt: skip
SMALL_DAC = {
    "encoder_hidden_size": 4, "decoder_hidden_size": 32, "n_codebooks": 6, "codebook_size": 64,
}  # fmt: skip


def lively(model, gain):
    """Raise the gains of random weights, which would else code all sound alike."""
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, torch.nn.Conv1d | torch.nn.ConvTranspose1d):
                normed = getattr(layer, "parametrizations", None)
                (normed.weight.original0 if normed else layer.weight).mul_(gain)
                layer.bias.normal_(std=0.02)
    return model


def encodec(**more):
    """EnCodec with random weights; one codebook costs 0.45 kbps at 24 kHz, 0.9 at 48 kHz."""
    torch.manual_seed(0)
    config = transformers.EncodecConfig(**SMALL, target_bandwidths=[0.9, 2.7], **more)
    model = lively(transformers.EncodecModel(config).eval(), 3)
    for layer in model.quantizer.layers:
        layer.codebook.embed.normal_(std=0.5)
    return model


def dac(**more):
    """DAC with random weights."""
    torch.manual_seed(0)
    return lively(transformers.DacModel(transformers.DacConfig(**SMALL_DAC, **more)).eval(), 6)


MAKERS = {
    "encodec_24khz": encodec,
    "encodec_48khz": lambda: encodec(**STEREO),
    "dac_24khz": lambda: dac(sampling_rate=24_000, downsampling_ratios=[2, 4, 5, 8]),
    "dac_44khz": lambda: dac(sampling_rate=44_100),
}


@pytest.fixture(scope="module")
def models():
    return {name: make() for name, make in MAKERS.items()}


@pytest.fixture(scope="module")
def exported(models, tmp_path_factory):
    """Their files."""
    folder = tmp_path_factory.mktemp("exported")
    for name, model in models.items():
        (folder / f"{name}.onnx").write_bytes(export_codec(model, name))
    return folder


def music(sample_rate, seconds, channels=2):
    """Chords and bursts of noise."""
    rng, t = np.random.default_rng(4), np.arange(round(seconds * sample_rate)) / sample_rate
    chord = sum(np.sin(2 * np.pi * hz * t) for hz in (220, 277.2, 329.6, 1760, 5274))
    audio = np.exp(-(t % 0.25) * 15) * (chord + rng.standard_normal((channels, t.size)))
    return (0.5 * audio / np.abs(audio).max()).astype(np.float32)


def through_torch(model, audio, codebooks):
    """What transformers makes of it."""
    batch = torch.from_numpy(audio)[None]
    with torch.no_grad():
        if model.config.model_type == "dac":
            return model(batch, n_quantizers=codebooks).audio_values[0].numpy()
        bandwidth = next(
            b for b in model.config.target_bandwidths
            if model.quantizer.get_num_quantizers_for_bandwidth(b) == codebooks
        )  # fmt: skip
        return model(batch, bandwidth=bandwidth).audio_values[0].numpy()


@pytest.mark.parametrize("name", MAKERS)
def test_onnxruntime_says_what_torch_says_at_every_bandwidth(name, models, exported):
    model, network = models[name], codec_file(exported / f"{name}.onnx", None)
    facts = network.facts
    whole = 48_000 + 2 * 47_520 if name == "encodec_48khz" else 100 * facts.hop_samples
    heard = whole - 20_000
    audio = music(facts.sample_rate, heard / facts.sample_rate, facts.channels)
    audio = np.pad(audio, ((0, 0), (0, whole - heard)))
    counts = [1, 3] if name == "encodec_48khz" else [2, 6]
    answers = []
    for codebooks in counts:
        wanted = np.atleast_2d(through_torch(model, audio, codebooks))[:, :heard]
        found = network(audio, codebooks)[:, :heard]
        answers.append(found)
        assert np.abs(found - wanted).max() < 1e-4 * np.abs(wanted).max()
    assert np.abs(answers[0] - answers[1]).max() > 1e-2 * np.abs(answers[0]).max()


@pytest.mark.parametrize("name", MAKERS)
def test_the_same_weights_make_the_same_file(name, models, exported):
    assert export_codec(models[name], name) == (exported / f"{name}.onnx").read_bytes()


@pytest.mark.parametrize(
    "name, kbps, codebooks",
    [
        ("encodec_24khz", 0.5, 1),
        ("encodec_24khz", 0.9, 2),
        ("encodec_24khz", 1.3, 2),
        ("encodec_48khz", 2.7, 3),
        ("dac_44khz", 24, 6),
    ],
)
def test_as_many_codebooks_are_used_as_fit(name, kbps, codebooks, exported):
    assert codec_file(exported / f"{name}.onnx", None).facts.codebooks_for(kbps) == codebooks


@pytest.mark.parametrize("name", ["encodec_24khz", "dac_24khz", "dac_44khz"])
def test_windows_change_next_to_nothing(name, models, exported):
    network = codec_file(exported / f"{name}.onnx", None)
    second = round(network.facts.sample_rate / network.facts.hop_samples) * 2
    shorter = network.facts.model_copy(
        update={
            "window_samples": second * network.facts.hop_samples,
            "overlap_samples": second // 2 * network.facts.hop_samples,
        }
    )
    audio = music(network.facts.sample_rate, 5, 1)
    whole = network(audio, 6)
    windowed = CodecNetwork(shorter, network._run)(audio, 6)
    assert (windowed - whole).std() < (1e-3 if "encodec" in name else 1e-5) * whole.std()


@pytest.mark.parametrize("name", ["encodec_24khz", "dac_24khz", "dac_44khz"])
def test_encodec_hears_no_further_ahead_than_its_code_and_dac_a_quarter_of_a_second(name, exported):
    network = codec_file(exported / f"{name}.onnx", None)
    before = music(network.facts.sample_rate, 1, 1)
    at = before.shape[1] // 2
    after = before.copy()
    after[:, at] += 1
    changed = np.flatnonzero(network(before, 6) != network(after, 6)) - at
    quarter = network.facts.sample_rate / 4  # half of how far DAC's windows overlap
    assert changed[0] > (-quarter if "dac" in name else -network.facts.hop_samples)
    assert "encodec" in name or changed[-1] < quarter


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("sample_rate", [24_000, 44_100, 48_000])
def test_nothing_is_late_and_more_codebooks_leave_less_error(channels, sample_rate, codec):
    audio = music(sample_rate, 2.5, channels)  # three windows
    coarse, fine = (NeuralCodec(model=codec, bandwidth_kbps=b)(audio, sample_rate) for b in (6, 24))
    below_12_khz = resample(resample(audio, sample_rate, 24_000), 24_000, sample_rate)
    errors = [(coded - below_12_khz)[:, 100:-100].std() for coded in (coarse, fine)]
    assert errors[0] == pytest.approx(2**-4 / np.sqrt(12), rel=0.35)
    assert errors[1] < 3e-5
    assert abs(lag_samples(audio, fine, sample_rate)) < 0.1


@pytest.mark.parametrize("channels_of_codec", [1, 2])
@pytest.mark.parametrize("sample_rate", [16_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_no_length_is_lost(channels_of_codec, sample_rate, channels, rounding_codec, tmp_path):
    path = rounding_codec(tmp_path / "c.onnx", channels=channels_of_codec)
    for samples in (0, 1, 2, 3, 299, 300, 301, 24_001, 60_000):
        audio = music(sample_rate, samples / sample_rate, channels) if samples else None
        audio = np.zeros((channels, 0), np.float32) if audio is None else audio
        assert NeuralCodec(model=str(path))(audio, sample_rate).shape == (channels, samples)


@pytest.mark.parametrize("name", MAKERS)
def test_every_real_graph_takes_any_length_at_any_rate_the_same_twice(name, exported):
    effect = NeuralCodec(model=str(exported / f"{name}.onnx"), bandwidth_kbps=3)
    for sample_rate, samples in ((44_100, 1), (48_000, 700), (96_000, 30_001), (16_000, 20_000)):
        audio = music(sample_rate, samples / sample_rate)
        once, twice = effect(audio, sample_rate), effect(audio, sample_rate)
        assert once.shape == audio.shape and once.tobytes() == twice.tobytes()


def test_a_codec_of_one_channel_codes_each_by_itself_and_one_of_two_takes_mono_as_equal(exported):
    audio = music(24_000, 0.5)
    alone = NeuralCodec(model=str(exported / "encodec_24khz.onnx"))
    for channel, coded in zip(audio, alone(audio, 24_000), strict=True):
        assert np.array_equal(alone(channel[np.newaxis], 24_000)[0], coded)
    together = NeuralCodec(model=str(exported / "encodec_48khz.onnx"))
    mono = audio[:1]
    both = together(np.repeat(mono, 2, axis=0), 48_000)
    assert np.allclose(together(mono, 48_000), both.mean(axis=0, keepdims=True), atol=1e-6)


WORKER = """
import sys, hashlib
import numpy as np
from wetdry.degradations import NeuralCodec
audio = np.random.default_rng(0).standard_normal((2, 30000)).astype(np.float32) * np.float32(0.1)
print(hashlib.sha256(NeuralCodec(model=sys.argv[1])(audio, 44_100).tobytes()).hexdigest())
"""


def test_two_workers_say_the_same_to_the_bit(exported):
    command = [sys.executable, "-c", WORKER, str(exported / "dac_44khz.onnx")]
    said = [subprocess.run(command, capture_output=True, check=True).stdout for _ in range(2)]
    assert said[0] == said[1]


def saved(model, folder):
    model.save_pretrained(folder)
    return str(folder)


@pytest.mark.parametrize("name", ["encodec_48khz", "dac_44khz"])
def test_weights_in_a_folder_become_the_same_file_where_recipes_look(
    name, models, exported, tmp_path, monkeypatch
):
    monkeypatch.setenv("WETDRY_CACHE", str(tmp_path / "cache"))
    path = fetch_weights(name, source=saved(models[name], tmp_path / "model"))
    assert path == tmp_path / "cache" / f"{name}.onnx"
    assert path.read_bytes() == (exported / f"{name}.onnx").read_bytes()
    assert fetch_codec(name) == path  # what is there is left alone
    effect = NeuralCodec(model=path.name, model_sha256=digest_of(path)).located(tmp_path)
    assert effect(music(44_100, 0.1), 44_100).any()


def test_weights_that_cannot_be_had_leave_nothing_behind(tmp_path):
    with pytest.raises(AssetError, match=r"dac_24khz: cannot be had from .*--source"):
        fetch_weights("dac_24khz", tmp_path / "out.onnx", str(tmp_path / "nowhere"))
    assert not list(tmp_path.iterdir())
    for words in (("dac_9khz",), ("musicnn", tmp_path / "x")):
        with pytest.raises(UsageError, match="fetch"):
            fetch_weights(*words)


def test_a_preset_without_its_weights_says_what_brings_them(tmp_path, monkeypatch):
    monkeypatch.setenv("WETDRY_CACHE", str(tmp_path))
    with pytest.raises(RecipeError, match=r"dt9\.yaml:15: .*wetdry fetch dac_24khz"):
        load_recipe("dt9")
    with pytest.raises(AssetError, match=r"pip install 'wetdry\[neural\]'.*fetch encodec_24khz"):
        NeuralCodec(model="encodec_24khz.onnx")(music(44_100, 0.1), 44_100)


def test_without_onnxruntime_recipe_and_effect_say_what_to_install(fetched, monkeypatch):
    monkeypatch.setattr("wetdry.degradations.language.parsing.find_spec", lambda name: None)
    with pytest.raises(RecipeError, match=r"package onnxruntime, found none; run `pip install"):
        load_recipe("dt12")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(AssetError, match=r"pip install 'wetdry\[neural\]'"):
        NeuralCodec(model="encodec_48khz.onnx")(music(44_100, 0.1), 44_100)


def test_a_file_that_is_another_or_no_codec_is_refused(codec, rounding_codec, tmp_path):
    audio = music(44_100, 0.1)
    with pytest.raises(AssetError, match="wanted SHA-256 000000"):
        NeuralCodec(model=codec, model_sha256="0" * 64)(audio, 44_100)
    text = tmp_path / "text.onnx"
    text.write_text("no network")
    with pytest.raises(AssetError, match="wanted an ONNX file"):
        NeuralCodec(model=str(text))(audio, 44_100)
    other = rounding_codec(tmp_path / "other.onnx", codebooks=0)
    with pytest.raises(AssetError, match=r"wanted a codec.*codebooks"):
        NeuralCodec(model=str(other))(audio, 44_100)
    half = tmp_path / "half.onnx"
    half.write_bytes(Path(codec).read_bytes()[:200])
    with pytest.raises(AssetError, match="wanted an ONNX file"):
        NeuralCodec(model=str(half))(audio, 44_100)
