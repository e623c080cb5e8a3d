"""Report: a dataset as one page that needs nothing but itself."""

import json
import re
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...degradations.language.yaml_tree import plain, read_yaml
from ...errors import RecipeError, ShardError
from ...manifests.files import write_atomically
from ...manifests.schema import manifest_schema
from ...manifests.store_paths import Place, place_of
from ...manifests.tables import read_table
from ..folder import read_record
from ..provenance import check_origins
from .asked import asked_section
from .axes import duration
from .effects import effect_section, usage_section
from .examples import examples_section
from .leaks import leaks_section
from .measures import exactness_section, loudness_section, songs_section
from .page import Markup, Section, page, table, tag
from .rows import samples_section, set_aside_section
from .steps import steps_section

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["write_report"]


def write_report(
    dataset: Place | str, out: Path, *, progress: Callable[[int, int], None] | None = None
) -> Path:
    """Write what a dataset looks and sounds like as one HTML page.

    The page holds its charts, spectrograms and excerpts itself, and asks no other file or
    address for anything. The same dataset gives the same bytes.

    Parameters
    ----------
    dataset : Path, StorePath or str
        A folder that ``wetdry generate`` wrote, or its URL.
    out : Path
        The page; an older one is replaced.
    progress : callable, optional
        Called with the number of sections done and in all.

    Returns
    -------
    Path
        ``out``.

    Raises
    ------
    ShardError
        If the folder holds no finished dataset with at least one sample, or the page cannot
        be written.
    """
    dataset = place_of(dataset)
    record = read_record(dataset)
    manifest = read_table(dataset / "manifest.parquet", manifest_schema())
    if manifest.empty:
        raise ShardError(f"{dataset}: wanted samples, found none; see set_aside.json for why")
    check_origins(record, dataset, same=False)
    left_out = _left_out(dataset)
    makers: list[Callable[[], Section | None]] = [
        lambda: examples_section(dataset, manifest),
        lambda: songs_section(manifest, record.get("splits", {})),
        lambda: loudness_section(manifest),
        lambda: usage_section(manifest),
        lambda: effect_section(manifest),
        lambda: asked_section(dataset, manifest, record),
        lambda: steps_section(manifest),
        lambda: exactness_section(manifest),
        lambda: leaks_section(dataset, manifest),
        lambda: samples_section(manifest),
        lambda: set_aside_section(left_out),
        lambda: _provenance_section(record),
    ]
    sections = []
    for done, make in enumerate(makers, 1):
        sections.append(make())
        if progress:
            progress(done, len(makers))
    text = _document(record, manifest, left_out, [s for s in sections if s is not None])
    write_atomically(out, text.encode())
    return out


def _left_out(dataset: Place) -> list[dict[str, str]]:
    """Read what was set aside; a dataset without the list left nothing out."""
    path = dataset / "set_aside.json"
    if not path.exists():
        return []
    try:
        return [dict(entry) for entry in json.loads(path.read_bytes())]
    except ShardError:  # a store that cannot be reached
        raise
    except (OSError, ValueError, TypeError) as error:
        raise ShardError(f"{path}: not a list of what was set aside ({error})") from None


def _document(
    record: dict[str, Any],
    manifest: "DataFrame",
    left_out: list[dict[str, str]],
    sections: list[Section],
) -> str:
    """Put the head above the sections."""
    name = str(record.get("recipe_name", "dataset"))
    length, unit = duration(float(manifest["seconds"].sum()))
    songs = {song for found in manifest["songs"] for song in found}
    classes = {stem_class for found in manifest["classes"] for stem_class in found}
    splits = manifest["split"].value_counts(sort=False)
    deal = " and ".join(f"{number} for {split}" for split, number in splits.items())
    headline = (
        f"{len(manifest)} mixtures with their dry stems, {length} {unit} of "
        f"{len(songs)} songs: {deal}."
    )
    facts = [
        (str(len(manifest)), "samples"),
        (length, unit),
        (str(len(songs)), "songs"),
        (str(len(classes)), "of 8 classes"),
        (str(sum(map(len, manifest["tracks"]))), "tracks"),
        (f"{manifest['sample_rate'].iloc[0] / 1000:g} kHz", f"{record.get('bits', '?')} bit"),
        (str(len(left_out)), "set aside"),
    ]
    return page(f"Recipe {name}", headline, _about(record), facts, sections)


def _about(record: dict[str, Any]) -> str:
    """Return what the recipe says that it is for."""
    try:
        recipe = plain(read_yaml(str(record.get("recipe", "")), "recipe"))
    except RecipeError:
        return ""
    return " ".join(str(recipe.get("about", "")).split()) if isinstance(recipe, dict) else ""


def _provenance_section(record: dict[str, Any]) -> Section:
    """Return all that the bytes depend on."""
    own = record.get("effects", {}).items()
    known = [
        ("recipe", record.get("recipe_name")),
        ("seed", record.get("seed")),
        ("samples asked for", record.get("samples")),
        ("length of a sample", f"{record.get('seconds')} s"),
        ("taps", ", ".join(record.get("taps", [])) or "none"),
        ("samples in a shard", record.get("shard_samples")),
        ("format version", record.get("format_version")),
        ("sha256 of the stems' digests", record.get("stems_sha256")),
        *((f"effect {kind}", " ".join(origin.values())) for kind, origin in own),
    ]
    rows = [[name, tag("td", str(value), class_="hash")] for name, value in known]
    versions = sorted(record.get("versions", {}).items())
    libraries = [[name, tag("td", str(value), class_="hash")] for name, value in versions]
    tables = tag(
        "div",
        tag("div", table(["asked for", ""], rows, "facts"), class_="card"),
        tag("div", table(["made with", "version"], libraries), class_="card"),
        class_="two",
    )
    note = "The same recipe, seed, stems and versions give the same bytes."
    recipe = tag("pre", _coloured(str(record.get("recipe", ""))))
    return Section("Provenance", note, (tables, recipe))


def _coloured(yaml: str) -> Markup:
    """Return YAML with its keys and comments set apart."""
    keys = r"(?m)(^\s*(?:- )*(?:\[?\{)?|[{,]\s*|\[\{)(\w+)(?=:(?:\s|$))"
    text = re.sub(keys, r"\1<b>\2</b>", escape(yaml, quote=False))
    return Markup(re.sub(r"(?m)((?:^|\s)#.*)$", r"<i>\1</i>", text))
