"""Formats of members: FLAC of 16 and 24 bits, WAV of floats, previews; the same bytes twice."""

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from typer.testing import CliRunner

from wetdry.audio import decode, encode_float, encode_preview
from wetdry.cli import app
from wetdry.datasets import (
    Order,
    export_msrbench,
    generate,
    pack,
    parse_splits,
    read,
    repair,
    replay_dataset,
    verify,
    write_report,
)
from wetdry.errors import ShardError, UsageError
from wetdry.mixing.recipes import parse_recipe
from wetdry.seeds import stream

RECIPE = """
sample_rate: 22050
seconds: 0.5
lead_in_s: 0.1
songs: {stems: [2, 3], active: {above_dbfs: -60, share: 0.1}}
stems: {all: [{compressor: {threshold_db: [-30, -10], ratio: 3}}]}
taps: [wet, premaster]
"""
FORMS = {
    "flac24": {"bits": 24},
    "floats": {"bits": 32},
    "opus": {"bits": 16, "previews": "opus"},
    "mp3": {"bits": 32, "previews": "mp3"},
}


@pytest.fixture(scope="module")
def order():
    recipe = parse_recipe(RECIPE, "small.yaml", Path(), {})
    return Order(recipe, 3, splits=parse_splits(["train=1"]), shard_samples=2)


@pytest.fixture(scope="module")
def made(order, catalog, stems, tmp_path_factory):
    """A dataset of each form, and the usual one, FLAC of 16 bits."""
    folder = tmp_path_factory.mktemp("forms")
    for name, form in {**FORMS, "flac16": {}}.items():
        generate(replace(order, **form), catalog, stems, folder / name)
    return folder


def tone(seconds=1.0, rate=44_100):
    """Return a stereo tone with noise."""
    time = np.arange(int(seconds * rate)) / rate
    noise = 0.05 * stream(0, "noise").standard_normal(len(time))
    return np.stack([0.4 * np.sin(2764 * time) + noise, 0.3 * np.sin(2073 * time)]).astype("f4")


@pytest.mark.parametrize("name", FORMS)
def test_two_runs_write_the_same_bytes(name, order, catalog, stems, made, tmp_path):
    generate(replace(order, **FORMS[name]), catalog, stems, tmp_path / "again")
    for tar in sorted((made / name / "data").glob("*.tar")):
        assert (tmp_path / "again" / "data" / tar.name).read_bytes() == tar.read_bytes()


@pytest.mark.parametrize("name", FORMS)
def test_verify_replays_every_form(name, made):
    findings = verify(made / name, replay=3)
    assert (findings.faults, findings.replayed, findings.least_significant_bits) == ([], 3, 0)
    assert verify(made / name, quick=True).faults == []


def test_a_usual_dataset_does_not_speak_of_previews(made):
    assert "previews" not in json.loads((made / "flac16" / "dataset.json").read_bytes())
    members = json.loads(pd.read_parquet(made / "flac16" / "manifest.parquet")["members"][0])
    assert {member.rpartition(".")[2] for member in members} == {"flac", "json"}


def test_every_form_is_read_to_the_width_of_its_samples(made):
    fields = ["mixture", "dry", "wet", "taps", "row"]
    floats = list(read(made / "floats", fields=fields))
    for name, step in (("flac16", 2**-16), ("flac24", 2**-24), ("opus", 2**-16), ("mp3", 0)):
        for one, exact in zip(read(made / name, fields=fields), floats, strict=True):
            assert list(one["taps"]) == ["premaster"]
            for field in ("mixture", "dry", "wet", "taps"):
                pairs = [(one[field], exact[field])]
                if field != "mixture":
                    pairs = [(one[field][part], exact[field][part]) for part in exact[field]]
                assert max(float(np.abs(a - b).max()) for a, b in pairs) <= step * 1.01


@pytest.mark.parametrize("kind", ["opus", "mp3"])
def test_a_preview_is_small_and_sounds_like_its_mixture(kind, made):
    for sample in read(made / kind, fields=["mixture", "preview"]):
        preview, rate = soundfile.read(io.BytesIO(sample["preview"]))
        assert len(preview) / rate == pytest.approx(0.5, abs=0.06)
        loud = np.square(preview).mean() / np.square(sample["mixture"]).mean()
        assert 0.5 < loud < 2
        assert len(sample["preview"]) < 20_000


@pytest.mark.parametrize("kind", ["opus", "mp3"])
def test_a_preview_is_the_same_bytes_twice_and_decodes_everywhere(kind):
    import av

    data = encode_preview(tone(), 44_100, kind)
    assert encode_preview(tone(), 44_100, kind) == data
    with av.open(io.BytesIO(data)) as container:  # checks the sums of Ogg's pages
        lengths: list[int] = [frame.samples for frame in container.decode(audio=0)]
        rate = container.streams.audio[0].rate
    assert sum(lengths) / rate == pytest.approx(1, abs=0.06)


def test_pages_of_ogg_are_renumbered_as_its_own_library_sums_them(monkeypatch):
    from wetdry.audio import previews

    buffer = io.BytesIO()
    soundfile.write(buffer, tone().T, 48_000, format="OGG", subtype="OPUS")
    data = buffer.getvalue()
    monkeypatch.setattr(previews, "SERIAL", int.from_bytes(data[14:18], "little"))
    assert previews._renumbered(data) == data
    monkeypatch.setattr(previews, "SERIAL", 1)
    assert previews._renumbered(data) != data


def test_floats_beyond_full_scale_survive():
    loud = 3 * tone(0.01)
    audio, rate = decode(encode_float(loud, 44_100), "loud")
    assert rate == 44_100 and np.array_equal(audio, loud)


def test_a_damaged_preview_is_found_and_mended(made, order, catalog, stems, tmp_path):
    out = tmp_path / "set"
    generate(replace(order, **FORMS["opus"]), catalog, stems, out)
    row = pd.read_parquet(out / "manifest.parquet").iloc[0]
    tar = out / "data" / f"{row['shard']}.tar"
    data = bytearray(tar.read_bytes())
    data[json.loads(row["members"])["mixture.preview.opus"][0] + 100] ^= 1
    tar.write_bytes(data)
    assert verify(out).faults
    assert repair(out).rendered == 2
    assert tar.read_bytes() == (made / "opus" / "data" / tar.name).read_bytes()


def test_packing_keeps_the_form(made, stems, tmp_path):
    pack(made / "mp3", tmp_path / "small")
    assert replay_dataset(tmp_path / "small", stems, tmp_path / "again").identical


def test_card_croissant_and_report_know_floats(made, tmp_path):
    assert "WAV, 32-bit floats" in (made / "floats" / "README.md").read_text()
    croissant = json.loads((made / "floats" / "croissant.json").read_text())
    mixtures = [part for part in croissant["distribution"] if part["@type"] == "cr:FileSet"]
    assert mixtures[0]["includes"] == "*.mixture.wav"
    page = write_report(made / "mp3", tmp_path / "report.html")
    assert "<audio" in page.read_text() or "data:audio" in page.read_text()


def test_what_is_made_in_one_form_is_not_gone_on_with_in_another(made, order, catalog, stems):
    with pytest.raises(UsageError, match='previews is "opus", wanted null'):
        generate(order, catalog, stems, made / "opus")
    with pytest.raises(UsageError, match="bits is 24, wanted 16"):
        generate(order, catalog, stems, made / "flac24")
    with pytest.raises(UsageError, match="found floats"):
        export_msrbench([made / "floats"], made / "bench")
    with pytest.raises(ShardError, match=r"no mixture\.preview"):
        read(made / "flac16", fields="preview")


@pytest.mark.parametrize("more", [("--bits", "8"), ("--previews", "ogg")])
def test_other_forms_are_refused(more, stems, tmp_path):
    line = ["generate", "clean", "--stems", str(stems), "--out", str(tmp_path / "set"), *more]
    done = CliRunner().invoke(app, line)
    assert isinstance(done.exception, UsageError) and more[0] in str(done.exception)
