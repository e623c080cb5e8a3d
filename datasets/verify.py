"""Verify: every sample is there, whole, aligned, and still what its manifest row says."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..audio import decode_pcm, suffix_of
from ..degradations.assets import digest_of
from ..errors import UsageError, WetdryError
from ..manifests.row_groups import StoredRows
from ..manifests.schema import LATER, manifest_schema, plan_schema
from ..manifests.store_paths import Place, place_of
from ..manifests.tables import read_columns
from .fields import PREVIEW, PlacesByTar, places_text
from .folder import locate, read_record
from .positions import fetched
from .provenance import check_origins
from .quick_verify import quick_faults
from .samples import make_sample, pcm_digest
from .shards import Tar, read_commit, tar_name
from .tars import Places, places_of, read_members

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Findings", "verify"]

LARGEST_LAG_SAMPLES = 1.0

QUICK_COLUMNS = ("key", "shard", "shard_sha256", "members")

COLUMNS = (
    *("key", "split", "shard", "seed", "index", "session", "source_sha256"),
    *("sample_rate", "seconds", "pcm_sha256", "members"),
)
"""What a sample is compared with: the plan's columns of the manifest, and a few of its own."""


@dataclass
class Findings:
    """What a check found.

    Parameters
    ----------
    samples, replayed : int
        How many were looked at, and rendered again.
    faults : list of str
        What is wrong; empty if nothing is.
    least_significant_bits : int
        Largest difference between a replayed sample and the stored one, in steps of the file.
    """

    samples: int = 0
    replayed: int = 0
    faults: list[str] = field(default_factory=list)
    least_significant_bits: int = 0


def verify(
    dataset: Place | str,
    *,
    quick: bool = False,
    replay: int = 0,
    stems: Path | None = None,
    assets: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Findings:
    """Check a dataset against its plan, its commit records and its manifest.

    Checked are: a commit record and a whole shard (size, sha256) for each shard of the plan;
    keys, members, lengths and rates; the digest of every member's samples; that the mixture
    is aligned with the sum before master; and, with ``replay``, that samples rendered again
    from their rows are those that are stored.

    Parameters
    ----------
    dataset : Path, StorePath or str
        A folder or a URL; of a store, one shard after the other is brought here and read.
    quick : bool
        Read no shard: compare names and sizes, commit records and manifest.
    replay : int
        How many samples to render again, evenly spread.
    stems, assets : Path, optional
        Where the inputs stand; by default where they were when the dataset was made.

    Raises
    ------
    ShardError
        If the folder is no dataset at all, or what it was made with is not at hand.
    """
    dataset = place_of(dataset)
    if quick and replay:
        raise UsageError("verify: wanted quick or replay, found both; leave one out")
    record = read_record(dataset)
    plan = StoredRows(dataset / "plan.parquet", plan_schema().names)
    shards = list(dict.fromkeys(plan.column("shard")))
    findings, rows = Findings(), _Rows(dataset / "manifest.parquet")
    _check_rows(record, plan.column("key"), rows, dataset, findings)
    if quick:
        findings.faults += quick_faults(dataset, shards, rows.table(QUICK_COLUMNS))
        findings.samples = len(rows.keys_in_order)
        return findings
    chosen = _spread(list(rows), replay)
    places = locate(dataset, stems, assets) if chosen else None
    if chosen:
        check_origins(record, dataset)
    for shard in shards:
        members = _check_shard(dataset, shard, rows, findings)
        for key, files in members:
            row = rows[key]
            _check_sample(row, files, record, findings)
            if key in chosen and places is not None:
                _replay(row, files, record, places, findings)
            findings.samples += 1
            if progress:
                progress(findings.samples, len(rows))
    return findings


class _Rows(Mapping[str, dict[str, Any]]):
    """The rows of a manifest by key, read when they are asked for; keys and places are held.

    Parameters
    ----------
    path : Path or StorePath

    Raises
    ------
    ShardError
        If it is not there, torn, or lacks a column.
    """

    def __init__(self, path: Place) -> None:
        needed = [field.name for field in manifest_schema() if field.metadata != LATER]
        there = StoredRows(path, needed).names
        self._path = path
        self._stored = StoredRows(path, [name for name in COLUMNS if name in there])
        self.keys_in_order: list[str] = self._stored.column("key")
        self._places = {key: place for place, key in enumerate(self.keys_in_order)}

    def __getitem__(self, key: str) -> dict[str, Any]:
        return self._stored[self._places[key]]

    def __contains__(self, key: object) -> bool:
        return key in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def table(self, columns: Sequence[str]) -> "DataFrame":
        """Return some columns, whole."""
        table: DataFrame = read_columns(self._path, columns).to_pandas()
        return table


def _check_rows(
    record: dict[str, Any], planned: list[str], rows: _Rows, dataset: Place, findings: Findings
) -> None:
    """Compare the manifest with the plan and with what was set aside."""
    if len(planned) != record["samples"]:
        findings.faults.append(f"plan: wanted {record['samples']} rows, found {len(planned)}")
    set_aside = {entry["what"] for entry in json.loads((dataset / "set_aside.json").read_bytes())}
    wanted, found = [key for key in planned if key not in set_aside], rows.keys_in_order
    if wanted != found:
        twice = {key for key, count in Counter(found).items() if count > 1}
        odd = sorted(set(wanted) ^ set(found) | twice) or wanted
        findings.faults.append(
            f"manifest: its keys are not the plan's, first {', '.join(odd[:3])}; "
            "delete manifest.parquet and generate again"
        )
    late = rows.table(("key", "lag_samples"))
    late = late[late["lag_samples"].abs() > LARGEST_LAG_SAMPLES]
    findings.faults += [
        f"{row.key}: the mixture lags its stems by {row.lag_samples:.1f} samples"
        for row in late.itertuples()
    ]


def _check_shard(
    dataset: Place, shard: str, rows: _Rows, findings: Findings
) -> list[tuple[str, dict[str, bytes]]]:
    """Compare a shard with its commit record; return the samples that can be looked into."""
    data = dataset / "data"
    members: dict[str, dict[str, bytes]] = {}
    places: dict[str, PlacesByTar] = {}
    try:
        commit = read_commit(dataset / "commits" / f"{shard}.json")
    except (WetdryError, OSError) as error:
        findings.faults.append(str(error))
        return []
    torn = False
    for part, tar in commit.tars.items():
        path = data / tar_name(shard, part)
        held = _held(path, tar, findings)
        torn |= held is None
        if held is not None and list(held) != commit.keys:
            findings.faults.append(f"{path}: keys differ from those committed")
        for key, (files, own) in (held or {}).items():
            members.setdefault(key, {}).update(files)
            places.setdefault(key, {})[part] = own
    if unknown := [key for key in members if key not in rows]:
        findings.faults.append(f"{data / shard}: {unknown[0]} is not in the manifest")
    known = {} if torn else {key: files for key, files in members.items() if key in rows}
    for key in known:
        said = rows[key].get("members")
        if isinstance(said, str) and said != places_text(places[key]):
            findings.faults.append(f"{data / shard}: {key} stands elsewhere than the manifest says")
    return list(known.items())


def _held(
    path: Place, tar: Tar, findings: Findings
) -> dict[str, tuple[dict[str, bytes], Places]] | None:
    """Compare a tar with what was committed; return its samples, or None if it is torn."""
    copy = None
    try:
        with fetched(path) as copy:
            if (digest_of(copy), copy.stat().st_size) != (tar.sha256, tar.size_bytes):
                findings.faults.append(
                    f"{path}: not the bytes that were committed; run 'wetdry repair'"
                )
            places = places_of(copy)
            return {key: (files, places[key]) for key, files in read_members(copy)}
    except (WetdryError, OSError) as error:
        findings.faults.append(str(error).replace(str(copy), str(path)))
        return None


def _check_sample(
    row: dict[str, Any], files: dict[str, bytes], record: dict[str, Any], findings: Findings
) -> None:
    """Check members, lengths, rates and digests of one sample."""
    digests = json.loads(row["pcm_sha256"])
    suffix, kind = suffix_of(record["bits"]), record.get("previews")
    others = {"json", *([f"mixture.preview.{kind}"] if kind else [])}
    if {f"{name}.{suffix}" for name in digests} | others != set(files):
        findings.faults.append(f"{row['key']}: members differ from the manifest's")
        return
    wanted = (round(row["seconds"] * row["sample_rate"]), 2), row["sample_rate"]
    for name, digest in digests.items():
        where = f"{row['key']}.{name}.{suffix}"
        try:
            pcm, rate = decode_pcm(files[f"{name}.{suffix}"], where)
        except WetdryError as error:
            findings.faults.append(str(error))
            continue
        if (pcm.shape, rate) != wanted:
            findings.faults.append(f"{where}: wanted {wanted}, found {(pcm.shape, rate)}")
        elif pcm_digest(pcm) != digest:
            findings.faults.append(f"{where}: samples differ from the manifest's digest")


def _spread(keys: list[str], count: int) -> set[str]:
    """Return ``count`` keys, evenly spread."""
    if not count or not keys:
        return set()
    places = np.linspace(0, len(keys) - 1, min(count, len(keys)))
    return {keys[round(place)] for place in places}


def _replay(
    row: dict[str, Any],
    files: dict[str, bytes],
    record: dict[str, Any],
    places: tuple[Path, Path],
    findings: Findings,
) -> None:
    """Render a sample from its row and compare: equal, or within one step of the file."""
    plan = {name: row[name] for name in plan_schema().names}
    findings.faults += [
        f"{row['key']}: {file} is not the file that it was made with; bring that one back"
        for file, digest in json.loads(row.get("source_sha256") or "{}").items()
        if (places[0] / file).is_file() and digest_of(places[0] / file) != digest
    ]
    try:
        form = {"bits": record["bits"], "previews": record.get("previews", "")}
        again, _ = make_sample(plan, *places, **form)
    except WetdryError as error:
        findings.faults.append(f"{row['key']}: cannot be rendered again: {error}")
        return
    findings.replayed += 1
    for name in sorted(set(again) - {"json"}):
        if again[name] == files.get(name) or name.endswith(PREVIEW):
            continue
        steps = _difference(again[name], files[name])
        findings.least_significant_bits = max(findings.least_significant_bits, steps)
        if steps > 1:
            findings.faults.append(
                f"{row['key']}.{name}: rendered again it differs by {steps} steps; "
                "the stems or the libraries are not those it was made with"
            )


def _difference(one: bytes, other: bytes) -> int:
    """Return the largest difference between two files, in steps of the file."""
    (a, _), (b, _) = decode_pcm(one, "replay"), decode_pcm(other, "stored")
    if a.shape != b.shape or a.dtype != b.dtype:
        return 2**31
    if a.dtype == np.float32:  # in steps of 24 bits
        return round(float(np.abs(a.astype(np.float64) - b).max(initial=0)) * 2**23)
    step = 1 if a.dtype == np.int16 else 256  # 24 bits stand in the upper three bytes
    return int(np.abs(a.astype(np.int64) - b.astype(np.int64)).max() // step)
