"""Report of a training run: one page with its curves, its scores and its sound."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...datasets.folder import read_record
from ...datasets.reports.axes import shown
from ...datasets.reports.page import Markup, Section, details, page, sentence, table, tag
from ...errors import CheckpointError
from ...manifests.files import write_atomically
from .dial import dial_section
from .excerpts import excerpts_section
from .groups import groups_section, tests_section
from .labels import labels_section
from .sections import frechet_section, learning_section, scores_section, system_name

if TYPE_CHECKING:
    import pandas

__all__ = ["write_run_report"]


def write_run_report(run: Path, out: Path, *, dataset: Path | None = None) -> Path:
    """Write what a training run learnt, scores and sounds like as one HTML page.

    The page needs no other file and no network. What the run does not have yet (a log, scores,
    Frechet distances, excerpts) is said to be absent.

    Parameters
    ----------
    run : Path
        A folder that ``wetdry train`` or ``wetdry evaluate`` wrote.
    out : Path
        The page; an older one is replaced.
    dataset : Path, optional
        What it was trained on, to name its recipe.

    Returns
    -------
    Path
        ``out``.

    Raises
    ------
    CheckpointError
        If the folder is not there, or a file in it cannot be read.
    ShardError
        If ``dataset`` is not one, or the page cannot be written.
    """
    if not run.is_dir():
        raise CheckpointError(f"{run}: wanted a run's folder, found none; train with wetdry train")
    about, log = _json(run / "run.json"), _log(run / "log.jsonl")
    scores, distances = _table(run / "scores.parquet"), _table(run / "frechet.parquet")
    sections = [
        excerpts_section(run / "excerpts"),
        scores_section(scores),
        tests_section(scores),
        frechet_section(distances),
        dial_section(scores, distances),
        groups_section(scores),
        *labels_section(run / "labels.csv"),
        learning_section(log),
        _origin_section(about, read_record(dataset) if dataset else None),
    ]
    kind = "Evaluation" if scores is not None and not about else "Training run"
    facts = _facts(about, scores, log)
    text = page(kind, _headline(scores, log), _lead(log), facts, sections)
    write_atomically(out, text.encode())
    return out


def _json(path: Path) -> dict[str, Any]:
    """Read a JSON object; an absent file is an empty one."""
    try:
        return dict(json.loads(path.read_bytes())) if path.exists() else {}
    except (OSError, ValueError, TypeError) as error:
        raise CheckpointError(f"{path}: wanted a JSON object ({error}); train again") from None


def _log(path: Path) -> list[dict[str, Any]]:
    """Read the lines of the log; a last line that a killed run left half is skipped."""
    lines = []
    for text in path.read_text("utf-8", errors="replace").splitlines() if path.exists() else []:
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and isinstance(line.get("step"), int):
            lines.append(line)
    return lines


def _table(path: Path) -> "pandas.DataFrame | None":
    """Read a table that may be absent."""
    import pandas as pd

    if not path.exists():
        return None
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        message = f"{path}: not a whole Parquet file ({str(error)[:80]}); judge the run again"
        raise CheckpointError(message) from None


def _headline(scores: "pandas.DataFrame | None", log: list[dict[str, Any]]) -> str:
    """Say the outcome in a sentence."""
    if scores is not None and "mmsnr_db" in scores:
        by_class = scores.groupby(["system", "stem_class"])["mmsnr_db"].mean()
        means = by_class.groupby("system").mean()
        if {"cascade", "mixture"} <= set(means.index):
            return (
                f"The cascade restores dry stems at {_db(means['cascade'])} MMSNR, "
                f"where the untouched mixture has {_db(means['mixture'])}."
            )
    if scores is not None:
        return f"{scores['system'].nunique()} systems judged on {scores['key'].nunique()} clips."
    steps = sum(_ends(log).values())
    return f"Trained for {steps} steps, and not judged yet." if steps else "Nothing trained yet."


def _db(value: float) -> str:
    """Return decibels with a true minus."""
    return f"{value:.2f} dB".replace("-", "−")


def _ends(log: list[dict[str, Any]]) -> dict[str, int]:
    """Return the last step of each stage."""
    return {str(line.get("stage", "?")): line["step"] for line in log}


def _seconds(log: list[dict[str, Any]]) -> float:
    """Return the time that all stages trained."""
    return sum({line.get("stage"): float(line.get("seconds", 0)) for line in log}.values())


def _lead(log: list[dict[str, Any]]) -> str:
    """Say how it was trained."""
    parts = [f"{system_name(stage)} for {step} steps" for stage, step in _ends(log).items()]
    return f"Trained {' and '.join(parts)}, in {shown(_seconds(log) / 60)} minutes." if log else ""


def _facts(
    about: dict[str, Any], scores: "pandas.DataFrame | None", log: list[dict[str, Any]]
) -> list[tuple[str, str]]:
    """Return the numbers at the head; scores alone know nothing of a training."""
    known = [("songs", "songs trained on"), ("held_out", "songs held out")]
    facts = [(str(len(about[name])), words) for name, words in known if name in about]
    facts += [(str(step), f"steps of {system_name(stage)}") for stage, step in _ends(log).items()]
    if log:
        facts.append((f"{shown(_seconds(log) / 60)}", "minutes of training"))
    judged = 0 if scores is None else int(scores["key"].nunique())
    return [*facts, (str(judged), "clips judged")]


def _origin_section(about: dict[str, Any], record: dict[str, Any] | None) -> Section:
    """Return the configuration, the songs and the dataset."""
    if not about:
        return Section("Origin", "", (sentence("No run.json: nothing is known of its origin."),))
    rows = [["dataset's digest", tag("td", str(about.get("dataset", "–")), class_="hash")]]
    if record is not None:
        name = f"{record.get('recipe_name')}, seed {record.get('seed')}"
        rows.append(["dataset's recipe", tag("td", name)])
    rows.append(["wetdry", tag("td", str(about.get("wetdry", "–")))])
    for name, words in (("songs", "songs trained on"), ("held_out", "songs held out")):
        chips = [tag("span", str(song), class_="chip") for song in about.get(name, [])]
        rows.append([words, tag("td", *(chips or [Markup("–")]))])
    settings = "\n".join(_settings(about.get("configuration", {}))) or "not recorded"
    shape = details("Configuration", tag("pre", settings), open_=True)
    return Section("Origin", "", (tag("div", table([], rows, "facts"), shape, class_="card"),))


def _settings(value: dict[str, Any], depth: int = 0) -> Iterator[str]:
    """Yield a configuration line by line, as YAML has it."""
    for name, below in value.items():
        if isinstance(below, dict):
            yield f"{'  ' * depth}{name}:"
            yield from _settings(below, depth + 1)
        else:
            yield f"{'  ' * depth}{name}: {json.dumps(below)}"
