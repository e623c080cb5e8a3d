"""Verify, the quick way: what is there by name and size, without reading a shard."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..errors import ShardError
from ..manifests.store_paths import Place, StorePath, sizes_of
from .fields import read_places
from .shards import Commit, parse_commit, read_commit, shard_of

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["quick_faults"]


def quick_faults(dataset: Place, shards: Sequence[str], manifest: "DataFrame") -> list[str]:
    """Compare shards with their commit records by size, and these with the manifest.

    Parameters
    ----------
    dataset : Path or StorePath
        Asked for one listing of its shards and for its commit records.
    shards : sequence of str
        Those of the plan.
    manifest : DataFrame

    Returns
    -------
    list of str
        What is wrong; empty if nothing is.
    """
    faults: list[str] = []
    try:
        sizes = sizes_of(dataset / "data")
    except FileNotFoundError:
        sizes = {}
    commits = _commits(dataset, shards, faults)
    known = {name: tar for commit in commits.values() for name, tar in commit.files.items()}
    faults += [
        f"{dataset / 'data' / name}: wanted {tar.size_bytes} bytes, found {sizes.get(name, 'none')}"
        for name, tar in known.items()
        if sizes.get(name) != tar.size_bytes
    ]
    rows = manifest[["key", "shard", "shard_sha256", "members"]]
    for name, group in rows.groupby("shard", sort=False):
        shard = str(name)
        own = commits.get(shard)
        if own is not None and list(group["key"]) != own.keys:
            faults.append(f"{shard}: its keys in the manifest differ from those committed")
        if own is not None and set(group["shard_sha256"]) != {own.sha256}:
            faults.append(f"{shard}: the manifest is of another version of it")
        faults += [
            f"{row.key}: {wrong}" for row in group.itertuples() if (wrong := _outside(row, own))
        ]
    lost = set(shards) - set(commits)
    strangers = sorted(
        name
        for name in set(sizes) - set(known)
        if name.endswith(".tar") and shard_of(name) not in lost
    )
    return faults + [f"{dataset / 'data' / name}: is not in the plan" for name in strangers]


def _commits(dataset: Place, shards: Sequence[str], faults: list[str]) -> dict[str, Commit]:
    """Read the commit records; note those that are lost or torn."""
    folder, found = dataset / "commits", {}
    contents: dict[str, bytes] = {}
    if isinstance(folder, StorePath):  # all at once
        there = folder.sizes()
        contents = folder.read_many([f"{s}.json" for s in shards if f"{s}.json" in there])
    for shard in shards:
        path = folder / f"{shard}.json"
        try:
            data = contents.get(path.name)
            found[shard] = read_commit(path) if data is None else parse_commit(data, path)
        except ShardError as error:
            faults.append(str(error))
    return found


def _outside(row: Any, commit: Commit | None) -> str:
    """Return what is wrong with where a row says that its members stand."""
    text = row.members
    if commit is None or not isinstance(text, str):
        return ""
    try:
        places = read_places(text, row.key)
    except ShardError:
        return "the manifest does not say where its members stand"
    if set(places) != set(commit.tars):
        return "stands in other tars than were committed"
    last = {tar: max(sum(place) for place in own.values()) for tar, own in places.items()}
    inside = all(end <= commit.tars[tar].size_bytes for tar, end in last.items())
    return "" if inside else "stands beyond its shard's end"
