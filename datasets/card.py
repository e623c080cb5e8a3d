"""Card: README.md and croissant.json of a dataset, from what stands in its folder."""

import json
import re
from collections import Counter
from typing import Any

from ..degradations.assets import digest_of
from ..errors import ShardError, UsageError
from ..manifests.card import Facts, card
from ..manifests.croissant import croissant
from ..manifests.files import write_atomically
from ..manifests.licences import UNKNOWN, licences_of
from ..manifests.store_paths import Place, place_of, sizes_of
from ..manifests.tables import read_columns
from .commits import read_commits
from .fields import read_places
from .folder import read_record
from .shards import WHOLE, tar_name
from .tars import places_of

__all__ = ["card_stands", "stated_licence", "write_card"]

CARD = "README.md"
CROISSANT = "croissant.json"


def write_card(dataset: Place | str, *, licence: str | None = None) -> tuple[Place, Place]:
    """Write the card of a dataset for people (README.md) and for machines (croissant.json).

    Parameters
    ----------
    dataset : Path or StorePath
    licence : str, optional
        As Hugging Face writes it, such as ``cc-by-4.0``; by default what the sources of the
        stems say, and "unknown" where they say nothing.

    Returns
    -------
    tuple of Path

    Raises
    ------
    ShardError
        If the folder holds no whole dataset, or cannot be written to.
    """
    if licence is not None and not (licence.isprintable() and licence.strip()):
        raise UsageError(f"licence: wanted a name such as cc-by-4.0, found {licence!r}")
    dataset = place_of(dataset)
    facts = _facts(dataset, licence)
    write_atomically(dataset / CARD, card(facts).encode())
    write_atomically(dataset / CROISSANT, croissant(facts).encode())
    return dataset / CARD, dataset / CROISSANT


def card_stands(dataset: Place) -> bool:
    """Tell whether both are there, and of this manifest; their words may be anyone's."""
    digest = digest_of(dataset / "manifest.parquet")
    return (dataset / CARD).exists() and any(
        isinstance(part, dict) and part.get("sha256") == digest
        for part in _croissant(dataset).get("distribution", ())
    )


def stated_licence(dataset: Place) -> str | None:
    """Return the licence that the card gives, unless it is what the sources say."""
    licence = _croissant(dataset).get("license")
    if licence is None and (dataset / CARD).is_file():
        text = (dataset / CARD).read_bytes().decode(errors="replace")
        said = re.search(r'^license: "([^"\\]+)"$', text, re.MULTILINE)
        licence = said[1] if said else None
    told = list(licences_of(read_record(dataset)))
    derived = told[0] if len(told) == 1 else told
    return None if licence in (None, UNKNOWN, derived) else str(licence)


def _croissant(dataset: Place) -> dict[str, Any]:
    """Read croissant.json; empty if it is none."""
    try:
        return dict(json.loads((dataset / CROISSANT).read_bytes()))
    except ShardError:  # a store that cannot be reached must not cost a licence
        raise
    except (OSError, TypeError, ValueError):
        return {}


def _facts(dataset: Place, licence: str | None) -> Facts:
    """Gather what there is to tell."""
    path = dataset / "manifest.parquet"
    record = read_record(dataset)
    table = read_columns(path, ("key", "split", "shard", "shard_sha256"), ("members",))
    rows = table.slice(0, 1).to_pylist()  # what a million samples say of themselves is gigabytes
    splits, shards, sums = (
        table.column(name).to_pylist() for name in ("split", "shard", "shard_sha256")
    )
    digests = dict(zip(shards, sums, strict=True))
    manifest = (digest_of(path), path.stat().st_size)
    members = _members(dataset, rows[0]) if rows else {}
    if WHOLE in members:
        sizes = sizes_of(dataset / "data")
        tars = {tar_name(s): (digest, sizes[tar_name(s)]) for s, digest in digests.items()}
    else:
        files = (one.files for one in read_commits(dataset, list(digests)))
        tars = {n: (tar.sha256, tar.size_bytes) for own in files for n, tar in own.items()}
    return Facts(
        record=record,
        licence=licence,
        samples=Counter(splits),
        members=members,
        tars=tars,
        manifest=manifest,
    )


def _members(dataset: Place, row: dict[str, Any]) -> dict[str, list[str]]:
    """Return the members of a sample, by the field of the tar that they stand in."""
    if said := row.get("members"):
        places = read_places(said, f"{dataset / 'manifest.parquet'}: {row['key']}")
    else:
        places = {WHOLE: places_of(dataset / "data" / tar_name(row["shard"]))[row["key"]]}
    return {field: sorted(own) for field, own in places.items()}
