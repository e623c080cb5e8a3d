"""Inputs: whether samples that are rendered again have what they were rendered from."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from ..degradations.assets import digest_of
from ..degradations.effect import find_effect
from ..degradations.own_effects import Origin, origin_of
from ..degradations.plugins.plugin import are_allowed
from ..errors import CatalogError, RecipeError, ShardError
from ..manifests.store_paths import Place
from ..manifests.versions import FORMAT_VERSION, library_versions
from ..mixing.recipes import Recipe, parse_recipe
from ..mixing.sessions import Session
from .jobs import Means
from .plans.spares import packed
from .provenance import check_origins
from .shards import KEY

__all__ = [
    "check_rows",
    "check_stems",
    "means_of",
    "other_versions",
    "recipe_of",
    "with_spares",
]


def means_of(record: Mapping[str, Any], dataset: Place, stems: Path, assets: Path) -> Means:
    """Return with what a dataset's samples are rendered.

    Raises
    ------
    ShardError
        If it is of another format, or effects that it names are not at hand.
    """
    if record["format_version"] != FORMAT_VERSION:
        raise ShardError(
            f"{dataset}: wanted format {FORMAT_VERSION}, found {record['format_version']}; "
            "install the wetdry that it was made with"
        )
    check_origins(record, dataset)
    effects: list[Origin] = []
    for kind in record.get("effects", {}):
        effect = find_effect(kind)
        origin = origin_of(effect) if effect else None
        effects += [origin] if origin else []
    parted = record.get("one_tar_per_field", False)
    form = record["bits"], are_allowed(), tuple(effects), record.get("previews", ""), parted
    return Means(stems, assets, *form)


def recipe_of(record: Mapping[str, Any], dataset: Place, folder: Path) -> Recipe:
    """Read the recipe that a dataset was made with, from what it says of itself.

    Parameters
    ----------
    record : mapping
    dataset : Path or StorePath
    folder : Path
        Where the files begin that the recipe names.

    Raises
    ------
    RecipeError
        If it cannot be read here, because a file that it names is not at hand.
    ShardError
        If what it includes is no longer what it was.
    """
    known = ("sample_rate", "seconds")
    settings: dict[str, Any] = {name: record[name] for name in known if name in record}
    if record.get("severity") not in ("drawn", None):
        settings["severity"] = record["severity"]
    label = f"{record.get('recipe_name', 'recipe')}.yaml"
    recipe = parse_recipe(str(record.get("recipe", "")), label, folder, settings)
    included = [{"name": name, "text": text} for name, text in recipe.included]
    if included != record.get("included", []):
        raise ShardError(f"{dataset}: what its recipe includes is no longer what it was")
    return recipe


def with_spares(means: Means, record: Mapping[str, Any], dataset: Place) -> Means:
    """Return the means with the recipe, from which rows of the plan have spare chains drawn.

    Raises
    ------
    ShardError
        If it cannot be read here.
    """
    try:
        recipe = recipe_of(record, dataset, means.assets)
    except RecipeError as error:
        raise ShardError(
            f"{dataset}: its plan leaves spare chains to its recipe, and that cannot be read here: "
            f"{error}; say where its files are with --assets FOLDER"
        ) from None
    return replace(means, spares=packed(recipe))


def other_versions(record: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return the libraries whose versions differ: those of the dataset, and those here."""
    there, here = record["versions"], library_versions()
    return {
        name: (there.get(name, "none"), here.get(name, "none"))
        for name in sorted({*there, *here})
        if there.get(name) != here.get(name)
    }


def check_rows(rows: Iterable[Mapping[str, Any]], dataset: Place) -> None:
    """Refuse a plan, perhaps a stranger's, that names files elsewhere.

    Raises
    ------
    ShardError
        If a key or shard cannot name a file, or a session's file is not below the stems or not
        among those whose digests the row gives.
    """
    for row in rows:
        for name in ("key", "shard"):
            if not KEY.fullmatch(str(row[name])):
                raise ShardError(
                    f"{dataset}: wanted a {name} of A-Z a-z 0-9 _ -, found {row[name]!r}; "
                    "the plan was altered: get it again"
                )
        tracks = Session.from_row(row["session"]).tracks
        used = {track.file for track in tracks} | {b.file for t in tracks for b in t.bleeds}
        for file in used:
            path = PurePosixPath(file)
            if path.is_absolute() or ".." in path.parts or file not in _digests(row):
                raise ShardError(
                    f"{dataset}: {row['key']}: wanted a file below the stems with its digest, "
                    f"found {file!r}; the plan was altered: get it again"
                )


def check_stems(rows: Iterable[Mapping[str, Any]], stems: Path) -> None:
    """Refuse stems that are not those that rows were drawn from; each is read once.

    Raises
    ------
    CatalogError
        If one is gone or has changed.
    """
    wanted = {file: digest for row in rows for file, digest in _digests(row).items()}
    for file, digest in sorted(wanted.items()):
        try:
            found = digest_of(stems / file)
        except OSError as error:
            raise CatalogError(
                f"{stems / file}: wanted a stem of the dataset, found none that can be read "
                f"({error.strerror}); say where the stems are with --stems FOLDER"
            ) from None
        if found != digest:
            raise CatalogError(
                f"{stems / file}: wanted sha256 {digest[:16]}, found {found[:16]}; these are "
                "not the stems that the dataset was made from"
            )


def _digests(row: Mapping[str, Any]) -> dict[str, str]:
    """Return the digests of a row's files."""
    return dict(json.loads(row["source_sha256"]))
