"""Comparison: two datasets side by side on one page."""

import difflib
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import ShardError
from ...manifests.files import write_atomically
from ...manifests.schema import manifest_schema
from ...manifests.tables import read_table
from ..folder import read_record
from ..provenance import check_origins
from .axes import duration
from .differences import effects_section, numbers_section
from .page import Markup, Section, page, sentence, table, tag
from .tables import Column, long_table

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["write_comparison"]

TOLD_ELSEWHERE = ("recipe", "included", "splits", "versions", "effects")


def write_comparison(dataset: Path, other: Path, out: Path) -> Path:
    """Write how two datasets differ as one HTML page that needs nothing but itself.

    Parameters
    ----------
    dataset, other : Path
        Folders that ``wetdry generate`` wrote. The first is drawn as bars, the other as a line.
    out : Path
        The page; an older one is replaced.

    Returns
    -------
    Path
        ``out``.

    Raises
    ------
    ShardError
        If one of them is no finished dataset with at least one sample, or the page cannot be
        written.
    """
    (record, manifest), (their_record, theirs) = _read(dataset), _read(other)
    sections = [
        _order_section(record, their_record),
        _recipe_section(record, their_record),
        _songs_section(manifest, theirs),
        numbers_section(manifest, theirs),
        effects_section(manifest, theirs),
    ]
    names = [f"{path.resolve().name}" for path in (dataset, other)]
    headline = f"{names[0]} (bars) against {names[1]} (line): what differs, and by how much."
    facts = [
        fact for m, words in ((manifest, "bars"), (theirs, "line")) for fact in _facts(m, words)
    ]
    title = f"Recipe {record.get('recipe_name')} against {their_record.get('recipe_name')}"
    write_atomically(out, page(title, headline, "", facts, sections).encode())
    return out


def _read(dataset: Path) -> tuple[dict[str, Any], "DataFrame"]:
    """Read what a dataset says of itself, and its manifest."""
    record = read_record(dataset)
    manifest = read_table(dataset / "manifest.parquet", manifest_schema())
    if manifest.empty:
        raise ShardError(f"{dataset}: wanted samples, found none; see set_aside.json for why")
    check_origins(record, dataset, same=False)
    return record, manifest


def _facts(manifest: "DataFrame", words: str) -> list[tuple[str, str]]:
    """Return the numbers at the head, of one dataset."""
    length, unit = duration(float(manifest["seconds"].sum()))
    songs = {song for found in manifest["songs"] for song in found}
    return [
        (str(len(manifest)), f"samples, {words}"),
        (length, f"{unit}, {words}"),
        (str(len(songs)), f"songs, {words}"),
    ]


def _order_section(record: dict[str, Any], theirs: dict[str, Any]) -> Section:
    """Return what was asked for and what it was made with, where that differs."""
    one, other = _told(record), _told(theirs)
    rows = [
        [name, *(tag("td", str(r.get(name, "–")), class_="hash") for r in (one, other))]
        for name in sorted({*one, *other})
        if one.get(name) != other.get(name)
    ]
    same = len({*one, *other}) - len(rows)
    note = f"{len(rows)} entries of dataset.json differ, {same} are the same."
    title = "Order and versions"
    if not rows:
        return Section(title, "", (sentence("Asked for alike, and made with the same versions."),))
    return Section(title, note, (tag("div", table(["", "bars", "line"], rows), class_="card"),))


def _told(record: dict[str, Any]) -> dict[str, Any]:
    """Return the entries of a record, versions and effects each by itself."""
    told = {name: value for name, value in record.items() if name not in TOLD_ELSEWHERE}
    told |= {f"version of {k}": version for k, version in record.get("versions", {}).items()}
    effects: Mapping[str, Mapping[str, str]] = record.get("effects", {})
    return told | {f"effect {kind}": " ".join(o.values()) for kind, o in effects.items()}


def _recipe_section(record: dict[str, Any], theirs: dict[str, Any]) -> Section:
    """Return the lines in which the recipes differ, those that they include too."""
    lines = list(difflib.unified_diff(_lines(record), _lines(theirs), "bars", "line", lineterm=""))
    if not lines:
        same = sentence("The recipes are the same, letter for letter.")
        return Section("Recipe", "", (same,))
    taken = sum(line.startswith("-") for line in lines[2:])
    added = sum(line.startswith("+") for line in lines[2:])
    note = f"From the first to the other: {taken} lines go, {added} come."
    return Section("Recipe", note, (tag("pre", *map(_line, lines[2:]), class_="diff"),))


def _lines(record: dict[str, Any]) -> list[str]:
    """Return the lines of a recipe and of those that it includes, each under its name."""
    lines = str(record.get("recipe", "")).splitlines()
    for included in record.get("included", []):
        lines += [f"# included: {included['name']}", *str(included["text"]).splitlines()]
    return lines


def _line(line: str) -> Markup:
    """Return a line of a difference in its colour."""
    name = {"-": "del", "+": "ins", "@": "i"}.get(line[:1], "span")
    return Markup(f"<{name}>{escape(line, quote=False)}\n</{name}>")


def _songs_section(manifest: "DataFrame", theirs: "DataFrame") -> Section:
    """Return whose songs both have, and in which splits."""
    one, other = _splits_of(manifest), _splits_of(theirs)
    names = sorted({*one, *other})
    crossed = [n for n in names if n in one and n in other and one[n] != other[n]]
    shared = len({*one} & {*other})
    note = (
        f"{shared} songs stand in both, {len(one) - shared} only in the first, "
        f"{len(other) - shared} only in the other. "
        + (f"{len(crossed)} stand in other splits there: train on one, and do not judge on the "
           "other." if crossed else "None that both have changes its split.")
    )  # fmt: skip
    columns = [
        Column("song", names),
        Column("split, bars", [one.get(name, "–") for name in names]),
        Column("split, line", [other.get(name, "–") for name in names]),
    ]
    return Section("Songs", note, (tag("div", long_table("songs", columns), class_="card"),))


def _splits_of(manifest: "DataFrame") -> dict[str, str]:
    """Return the splits that each song is heard in."""
    found: dict[str, set[str]] = {}
    for split, songs in zip(manifest["split"], manifest["songs"], strict=True):
        for song in songs:
            found.setdefault(str(song), set()).add(str(split))
    return {song: ", ".join(sorted(splits)) for song, splits in found.items()}
