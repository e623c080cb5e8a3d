"""docs/own_effects.md and CONTRIBUTING.md: their code runs, and prints what they say."""

import re
import sys
import tomllib
from pathlib import Path

import pytest
import soundfile

from wetdry.cli import main
from wetdry.degradations import use_effects
from wetdry.mixing import check_effect

REPO = Path(__file__).parents[1]
PAGE = (REPO / "docs" / "own_effects.md").read_text()
SPEED = re.compile(r"[\d.e+]+ times real time")


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def folder(stems, tmp_path_factory):
    """A folder as the page takes it for given, with its files written from it."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "stems").symlink_to(stems)
    soundfile.write(folder / "vocals.wav", *soundfile.read(stems / "alder/Vocals/take.flac"))
    for block in (*blocks(PAGE, "python"), *blocks(PAGE, "yaml")):
        name = block.partition("\n")[0].removeprefix("# ")
        (folder / name).write_text(block)
    return folder


def test_every_command_of_the_page_prints_what_stands_there(folder, registry, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    for block in blocks(PAGE, "console"):
        for session in re.split(r"^\$ wetdry ", block, flags=re.MULTILINE)[1:]:
            line, _, wanted = session.partition("\n")
            monkeypatch.setattr(sys, "argv", ["wetdry", *line.split()])
            with pytest.raises(SystemExit, match="0"):
                main()
            assert SPEED.sub("", capsys.readouterr().out) == SPEED.sub("", wanted), line


def test_a_frame_that_is_forgotten_reads_as_the_page_says(folder, registry):
    text = (folder / "my_effects.py").read_text()
    (folder / "late.py").write_text(text.replace("out[:, 2048 : 2048 +", "out[:, :"))
    (late,) = use_effects(folder / "late.py")
    broken = [verdict for verdict in check_effect(late) if verdict.law == "keeps time"]
    assert [f"        {x}" for v in broken for x in (v.fault, v.example)] == (
        blocks(PAGE, "text")[0].splitlines()[1:]
    )


def test_its_entry_point_is_of_the_group_that_is_looked_for():
    table = tomllib.loads(blocks(PAGE, "toml")[0])
    assert list(table["project"]["entry-points"]) == ["wetdry.effects"]


def test_the_effect_that_contributors_start_from_keeps_every_law(tmp_path, registry):
    (code,) = blocks((REPO / "CONTRIBUTING.md").read_text(), "python")
    here = code.replace("from ..", "from wetdry.").replace("from .", "from wetdry.degradations.")
    (tmp_path / "new.py").write_text(here)
    (effect,) = use_effects(tmp_path / "new.py")
    assert {verdict.fault for verdict in check_effect(effect)} == {""}
