"""The command line: exit statuses, one clear line for a mistake, and nothing half-written."""

import json
import resource
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import soundfile

from wetdry.audio import read

RECIPE = """
sample_rate: 22050
seconds: 1
songs: {stems: 3, active: {above_dbfs: -60, share: 0.1}}
stems: {all: [{compressor: {threshold_db: [-30, -10], ratio: 3}}]}
"""


def wetdry(*words, before="pass", **options):
    """Run the command, after some Python; return status, standard output, standard error."""
    code = f"{before}\nfrom wetdry.cli import main; main()"
    command = [sys.executable, "-c", code, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(RECIPE)
    return path


def test_the_way_from_stems_to_a_verified_dataset_and_its_page(stems, recipe, tmp_path):
    table, out = tmp_path / "catalog.parquet", tmp_path / "set"
    status, said, _ = wetdry("scan", stems, "--out", table, "--workers", 1)
    assert status == 0 and "3 songs, 12 stems" in said
    status, said, _ = wetdry("explain", recipe, "--stems", stems, "--catalog", table, "--index", 1)
    assert status == 0 and "compressor" in said
    wanted = ("--samples", 6, "--workers", 1, "--catalog", table)
    status, said, _ = wetdry("generate", recipe, "--stems", stems, "--out", out, *wanted)
    assert status == 0 and "6 samples" in said
    status, said, _ = wetdry("verify", out, "--replay", 2)
    assert status == 0 and "clean" in said
    assert len(pd.read_parquet(out / "manifest.parquet")) == 6
    status, said, _ = wetdry("report", out, "--out", tmp_path / "page.html")
    assert status == 0 and (tmp_path / "page.html").stat().st_size > 10_000
    status, said, _ = wetdry("card", out, "--license", "cc0-1.0")
    assert status == 0 and 'license: "cc0-1.0"' in (out / "README.md").read_text()
    layout = ("--layout", "msrbench", "--out", tmp_path / "bench")
    status, said, _ = wetdry("export", out, *layout)
    assert status == 0 and "targets" in said and list((tmp_path / "bench").glob("Bass/*_DT0.flac"))


def test_degrade_prints_what_was_drawn_and_keeps_length_and_place(stems, tmp_path):
    source, out = stems / "alder" / "Vocals" / "take.flac", tmp_path / "wet.wav"
    status, said, _ = wetdry("degrade", "realistic", source, out, "--stem", "Vocals", "--seed", 7)
    assert status == 0 and "written to" in said
    wet, rate = read(out)
    assert (rate, wet.shape[1]) == (44_100, 4 * 44_100)


def test_recipes_are_listed_shown_checked_and_have_a_schema(recipe):
    for name in ("clean", "msrkit", "realistic"):
        assert name in wetdry("recipe", "list")[1]
    assert "compressor" in wetdry("recipe", "show", "realistic")[1]
    assert wetdry("recipe", "check", recipe)[0] == 0
    assert "$defs" in json.loads(wetdry("recipe", "schema")[1])


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("recipe", "check", "bad.yaml"), 2, "did you mean 'compressor'"),
        (("recipe", "check", "realstic"), 2, "found neither"),
        (("generate", "clean", "--stems", "empty", "--out", "o"), 2, "empty"),
        (("generate", "clean", "--stems", "nowhere", "--out", "o"), 2, "nowhere"),
        (("degrade", "realistic", "text.wav", "o.wav", "--stem", "Bass"), 1, "text.wav"),
        (("degrade", "realistic", "short.wav", "o.txt", "--stem", "Bass"), 1, "rename"),
        (("degrade", "realistic", "short.wav", "o.wav", "--stem", "Kazoo"), 2, "Kazoo"),
        (("verify", "empty"), 1, "dataset.json"),
        (("report", "empty"), 1, "dataset.json"),
        (("fetch", "the-moon"), 2, "musicnn"),
        (("generate", "clean"), 2, "Missing option"),
        (("frobnicate",), 2, "No such command"),
    ],
)
def test_a_mistake_is_told_in_one_line_with_the_right_status(tmp_path, words, status, message):
    (tmp_path / "bad.yaml").write_text("stems: {all: [{compresor: {threshold_db: -20, ratio: 2}}]}")
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.wav").write_text("<html>")
    soundfile.write(tmp_path / "short.wav", np.zeros(4000) + 0.1, 8000)
    found, _, said = wetdry(*words, cwd=tmp_path)
    assert (found, message in said) == (status, True), said
    assert not (tmp_path / "o").exists() and not (tmp_path / "o.wav").exists()


def test_faulty_stems_are_set_aside_and_the_rest_goes_on(stems, recipe, tmp_path):
    mixed = tmp_path / "stems"
    for path in stems.rglob("*.flac"):
        target = mixed / path.relative_to(stems)
        target.parent.mkdir(parents=True)
        target.write_bytes(path.read_bytes())
    whole = (mixed / "alder" / "Drums" / "take.flac").read_bytes()
    (mixed / "alder" / "Drums" / "cut.flac").write_bytes(whole[: len(whole) // 2])
    (mixed / "birch" / "Bass" / "nothing.wav").write_bytes(b"")
    (mixed / "birch" / "Bass" / "text.wav").write_text("<html>hello</html>")
    samples = np.zeros((88_200, 8), np.float32)
    soundfile.write(mixed / "cedar" / "Bass" / "eight.wav", samples, 22_050)
    soundfile.write(mixed / "cedar" / "Bass" / "silent.wav", samples[:, :1], 22_050)
    soundfile.write(mixed / "cedar" / "Bass" / "one.wav", samples[:1, 0] + 0.5, 22_050)
    bad = np.full(88_200, np.nan, np.float32)
    soundfile.write(mixed / "cedar" / "Vocals" / "nan.wav", bad, 22_050, subtype="FLOAT")
    (mixed / "cedar" / "Kazoo").mkdir()
    (mixed / "cedar" / "Kazoo" / "solo.flac").write_bytes(whole)
    out = tmp_path / "set"
    status, said, told = wetdry(
        "generate", recipe, "--stems", mixed, "--out", out, "--samples", 6, "--workers", 1
    )
    assert status == 3 and "6 samples" in said
    for name in ("cut", "nothing", "text", "eight", "silent", "one", "nan", "Kazoo"):
        assert name in told, name
    assert wetdry("verify", out)[0] == 0
    used = {t["file"] for row in pd.read_parquet(out / "manifest.parquet").tracks for t in row}
    assert all(name.endswith("take.flac") for name in used)


def test_an_output_folder_of_another_dataset_is_refused(stems, recipe, tmp_path):
    words = ("generate", recipe, "--stems", stems, "--out", tmp_path / "set", "--samples", 6)
    assert wetdry(*words, "--workers", 1)[0] == 0
    status, _, said = wetdry(*words, "--workers", 1, "--seed", 5)
    assert status == 2 and "seed is 0, wanted 5" in said


def test_a_full_disk_is_told_in_one_line_and_leaves_nothing_half_written(stems, recipe, tmp_path):
    out = tmp_path / "set"
    words = ("generate", recipe, "--stems", stems, "--out", out, "--samples", 6, "--workers", 1)
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000)); "
    limit += "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)"
    status, _, said = wetdry(*words, before=limit)
    assert status == 1
    assert "File too large; free the disk or write to another folder" in said
    assert not [p for p in out.rglob("*") if p.suffix in (".tmp", ".tar")]
    assert wetdry(*words)[0] == 0 and wetdry("verify", out)[0] == 0


def test_help_comes_at_once():
    spent = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert wetdry("--help")[0] == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(spent) < 0.3  # seconds of processor time, which a busy machine does not stretch much
