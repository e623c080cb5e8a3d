"""The command line under the hands of people: homes, full disks, locales, Ctrl-C, odd numbers."""

import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Annotated

import pytest
import typer

from wetdry.cli.commands import app, at_home
from wetdry.cli.groups import spread

from .test_cli import recipe, wetdry

__all__ = ["recipe"]  # the fixture

INTERRUPTED = """
import signal, sys
class Words(list):
    def __getitem__(self, which):
        signal.raise_signal(signal.SIGINT)
sys.argv = Words(sys.argv)
"""

INTERRUPTED_IMPORT = """
import signal, sys
class Finder:
    def find_spec(self, name, *_):
        if name == "wetdry.cli.commands":
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Finder())
"""


def commands(group, name="wetdry"):
    for word, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{name} {word}")
        else:
            yield f"{name} {word}", command


@dataclass(frozen=True, kw_only=True)
class Pair:
    left: Annotated[int, typer.Option()]
    right: Annotated[int, typer.Option()] = 2


def test_a_group_of_options_is_spread_where_it_stands_and_gathered_again():
    heard = []

    @spread
    def command(first: int, pair: Pair, last: int = 3) -> None:
        heard.append((first, pair, last))

    assert list(signature(command).parameters) == ["first", "left", "right", "last"]
    command(first=1, left=5, right=6, last=7)
    assert heard == [(1, Pair(left=5, right=6), 7)]


def test_every_option_of_every_command_is_explained_and_there_once():
    for name, command in commands(typer.main.get_command(app)):
        words = Counter(word for option in command.params for word in option.opts)
        assert max(words.values(), default=1) == 1, f"{name}: {words.most_common(1)}"
        assert all(option.help for option in command.params), name
        assert command.help, name


def test_a_sample_of_any_split_is_explained(stems, recipe):
    words = ("explain", recipe, "--stems", stems, "--split", "a=0.5", "--split", "b=0.5")
    said = {of: wetdry(*words, *of)[1] for of in [(), ("--of", "a"), ("--of", "b")]}
    assert said[()] == said["--of", "a"] != said["--of", "b"] != ""
    status, _, told = wetdry(*words, "--of", "c")
    assert status == 2 and "wanted one of a, b, found 'c'" in told


def test_a_home_is_found_where_the_shell_has_left_it_standing(stems, recipe, tmp_path):
    home = {**os.environ, "HOME": str(tmp_path)}
    words = ("--catalog=~/c.parquet", "--samples", 6, "--workers", 1, "--out", "~/new/set")
    assert wetdry("scan", stems, "--out=~/c.parquet", env=home, cwd=tmp_path)[0] == 0
    done = wetdry("generate", recipe, "--stems", stems, *words, env=home, cwd=tmp_path)
    assert done[0] == 0 and (tmp_path / "new" / "set" / "manifest.parquet").exists()
    assert not (tmp_path / "~").exists()


@pytest.mark.parametrize("word", ["~me/x", "a/~/b", "x~", "--of=a~", "{song}/~.wav", ""])
def test_a_tilde_elsewhere_is_a_tilde(word):
    assert at_home(word) == word


def test_the_version_is_told():
    from wetdry import __version__

    assert wetdry("--version") == (0, f"wetdry {__version__}\n", "")


def test_ctrl_c_before_anything_has_begun_is_one_line():
    assert wetdry("recipe", "list", before=INTERRUPTED)[::2] == (
        130,
        "stopped; the same command goes on from here\n",
    )


def test_ctrl_c_while_python_imports_is_one_line():
    stopped = (130, "", "stopped; nothing had begun\n")
    assert wetdry("recipe", "list", before=INTERRUPTED_IMPORT) == stopped


def test_a_command_under_nohup_hears_no_ctrl_c():
    ignored = f"{INTERRUPTED_IMPORT}\nsignal.signal(signal.SIGINT, signal.SIG_IGN)"
    assert wetdry("--version", before=ignored)[0] == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_under_the_output_is_one_line():
    code = "from wetdry.cli import main; main()"
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", code, "recipe", "list"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "failed: No space left on device\n")


def test_a_reader_who_leaves_is_no_failure():
    code = "from wetdry.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, "recipe", "list"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": ""},
    ) as running:  # fmt: skip
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 0


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("songs", "file/songs", "--count", 1), 1, "Not a directory"),
        (
            ("explain", "clean", "--stems", ".", "--catalog", "no"),
            2,
            "write one with 'wetdry scan'",
        ),
        (("generate", "clean", "--stems", ".", "--out", "o", "--samples", 10**9), 2, "100000000"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(tmp_path, words, status, message):
    (tmp_path / "file").write_text("a file")
    found, _, said = wetdry(*words, cwd=tmp_path)
    assert (found, message in said) == (status, True), said


def test_a_locale_that_spoils_the_names_of_files_is_refused():
    spoilt = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    status, _, said = wetdry("recipe", "list", env=spoilt)
    assert status == 2 and "set PYTHONUTF8=1" in said
    assert wetdry("recipe", "list", env={**os.environ, "LC_ALL": "C"})[0] == 0
