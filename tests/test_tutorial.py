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


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where somebody did all that the page says, in its order."""
    folder = tmp_path_factory.mktemp("tutorial")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for language, text in BLOCK.findall(PAGE):
            if language == "sh":
                for line in text.replace("\\\n", "").splitlines():
                    typed(line, patch)
            else:
                Path(text.partition("\n")[0].removeprefix("# ")).write_text(text)
    return folder


def test_the_restored_song_has_every_class_and_the_length_of_the_song(folder):
    song, _ = soundfile.read(folder / "song.wav")
    assert song.shape == (6 * 44_100, 2) and np.abs(song).max() > 0.1
    files = {path.name: soundfile.read(path)[0] for path in folder.glob("restored/song/*.wav")}
    assert set(files) == {f"{name.lower()}.wav" for name in STEM_CLASSES}
    assert all(f"`{name}`" in PAGE and sound.shape == song.shape for name, sound in files.items())


def test_the_song_that_was_kept_is_in_no_pair_that_was_learnt_from(folder):
    songs = {"train": set(), "test": set()}
    for sample in read(folder / "pairs", fields="row"):
        songs[sample["row"]["split"]] |= set(sample["row"]["songs"])
    assert songs["test"] == {"03_quiet_harbour"} and not songs["train"] & songs["test"]
    assert songs["train"]


def test_its_pages_to_look_at_are_there(folder):
    assert all((folder / f"{name}.html").stat().st_size > 50_000 for name in ("pairs", "run"))
    assert (folder / "wet.wav").is_file()
