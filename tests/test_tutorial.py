"""docs/tutorial.md: what it says is typed, from the first command to the restored song."""

import re
import runpy
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from wetdry.audio import STEM_CLASSES
from wetdry.cli import main
from wetdry.datasets import read

PAGE = (Path(__file__).parents[1] / "docs" / "tutorial.md").read_text()
BLOCK = re.compile(r"^```(sh|yaml|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SHARED = {"scan", "generate", "evaluate"}  # they take workers, which change no result


def typed(line, patch):
    """Do what a shell does with a line, in this process."""
    program, *words = shlex.split(line)
    if program == "python":
        return runpy.run_path(words[0])
    assert program == "wetdry", line
    workers = ["--workers", "1"] if words[0] in SHARED else []
    patch.setattr(sys, "argv", ["wetdry", *words, *workers])
    with pytest.raises(SystemExit, match=r"^0$"):
        main()


def test_what_is_typed_leads_from_the_first_command_to_the_restored_song(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for language, text in BLOCK.findall(PAGE):
        if language == "sh":
            for line in text.replace("\\\n", "").splitlines():
                typed(line, monkeypatch)
        else:
            Path(text.partition("\n")[0].removeprefix("# ")).write_text(text)

    songs: dict[str, set[str]] = {"train": set(), "test": set()}
    for sample in read("pairs", fields="row"):
        songs[sample["row"]["split"]] |= set(sample["row"]["songs"])
    assert songs["test"] == {"03_quiet_harbour"} and songs["train"]
    assert not songs["train"] & songs["test"]

    song, _ = soundfile.read("song.wav")
    assert song.shape == (6 * 44_100, 2) and np.abs(song).max() > 0.1
    files = {path.name: soundfile.read(path)[0] for path in Path("restored/song").iterdir()}
    assert set(files) == {f"{name.lower()}.wav" for name in STEM_CLASSES}
    assert all(f"`{name}`" in PAGE and sound.shape == song.shape for name, sound in files.items())
    assert all(Path(f"{page}.html").stat().st_size > 50_000 for page in ("pairs", "run"))
    assert Path("wet.wav").is_file()
