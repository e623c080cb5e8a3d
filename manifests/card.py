"""Dataset card: what a dataset says of itself to people, and to Hugging Face's loader."""

import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .licences import UNKNOWN, identifier, licences_of, terms_of

__all__ = ["Facts", "card"]

SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"))
NAMED_SONGS = 30

BODY = """\
# {name}

{about}

| | |
|---|---|
{rows}

## What a sample holds

{members}

`mixture` is what is heard, `dry` what was recorded, at its level in the mix and in its place of the
stereo image; a class that does not play is silent. `json` is the sample's row of the manifest:
songs, excerpts, effects with all their numbers, loudness.

## How to load it

```python
from wetdry.datasets import read

for sample in read("PATH", split="{split}"):
    mixture, dry = sample["mixture"], sample["dry"]  # float32, (channels, samples)
```
Plain webdataset and Hugging Face's `load_dataset` read the shards as they are.

{licences}## How it was made

Stems were drawn, processed and mixed by this recipe; each row of the manifest renders its sample
again.

{fence}yaml
{recipe}
{fence}"""


LICENCES = """\
## Licences of the stems

As their folders and datasets say; what they ask for is read off their names and is no legal advice.
A mixture of several stands under all of them.

| licence | asks for | songs |
|---|---|---|
{rows}

"""


@dataclass(frozen=True)
class Facts:
    """What a card and a Croissant file tell of a dataset; nothing of when and where it was made.

    Parameters
    ----------
    record : dict
        Of ``dataset.json``.
    licence : str or None
        As Hugging Face writes it, such as ``cc-by-4.0``; None is what the stems' sources say.
    samples : dict
        How many each split has.
    members : dict of str to sequence of str
        Of a sample, by the field of the tar that they stand in, which is empty for the only one.
    tars : dict
        Digest and size in bytes of each, by file name.
    manifest : tuple of (str, int)
        Digest and size in bytes of ``manifest.parquet``.
    """

    record: Mapping[str, Any]
    licence: str | None
    samples: Mapping[str, int]
    members: Mapping[str, Sequence[str]]
    tars: Mapping[str, tuple[str, int]]
    manifest: tuple[str, int]

    @property
    def name(self) -> str:
        """The recipe's name, of plain characters."""
        recipe = str(self.record["recipe_name"]).removesuffix(".yaml")
        return "wetdry-" + (re.sub(r"[^A-Za-z0-9_-]+", "-", recipe).strip("-") or "recipe")

    @property
    def about(self) -> str:
        """One sentence."""
        hours = sum(self.samples.values()) * self.record["seconds"] / 3600
        return (
            f"{sum(self.samples.values())} mixtures of {self.record['seconds']:g} s "
            f"({hours:.2f} h) at {self.record['sample_rate']} Hz, each with the dry stems behind "
            "it, and every number of the effects between them."
        )

    @property
    def licences(self) -> list[str]:
        """What it stands under: as stated, else as the sources of its stems say; "unknown"."""
        return [self.licence] if self.licence else list(licences_of(self.record)) or [UNKNOWN]


def card(facts: Facts) -> str:
    """Return the text of README.md; the same facts give the same bytes.

    The header is what ``datasets.load_dataset(FOLDER)`` reads: splits, files, features.

    Parameters
    ----------
    facts : Facts
    """
    return "\n".join([*_header(facts), *_body(facts)]) + "\n"


def _header(facts: Facts) -> list[str]:
    """Return the YAML header; JSON strings are YAML strings."""
    total = sum(facts.samples.values())
    size = next((name for most, name in SIZES if total < most), "n>1M")
    names = list(dict.fromkeys(map(identifier, facts.licences)))
    stated = facts.licence or (names[0] if len(names) == 1 else names)
    lines = [
        "---",
        f"license: {json.dumps(stated)}",
        f"pretty_name: {json.dumps(facts.name)}",
        "task_categories: [audio-to-audio]",
        "tags: [music, audio, webdataset, music-source-restoration, wetdry]",
        f"size_categories: [{size}]",
        "configs:",
    ]
    fields = facts.members or {"": []}
    for field in fields:
        lines += [f"- config_name: {field or 'default'}"]
        lines += ["  default: true"] if field == "mixture" else []
        lines.append("  data_files:")
        for split in facts.samples:
            lines += [f"  - split: {split}", f'    path: "data/{split}-*{_ending(field)}"']
    lines.append("dataset_info:")
    for field, members in fields.items():
        lines += [f"- config_name: {field}"] if field else []
        lines += _features(facts, field, members)
    return [*lines, "---"]


def _ending(field: str) -> str:
    """Return how the names of a field's tars end."""
    return f".{field}.tar" if field else ".tar"


def _features(facts: Facts, field: str, members: Sequence[str]) -> list[str]:
    """Return what the tars of a field hold, and how much of it."""
    lines = ["  features:"]
    for name in ("__key__", "__url__"):
        lines += [f"  - name: {name}", "    dtype: string"]
    for name in members:
        kind = "json" if name == "json" else "binary"  # "audio" would ask for torchcodec
        lines += [f"  - name: {json.dumps(name)}", f"    dtype: {kind}"]
    lines.append("  splits:")
    for split, count in facts.samples.items():
        own = [n for name, (_, n) in facts.tars.items() if _belongs(name, split, field)]
        lines += [f"  - name: {split}", f"    num_examples: {count}", f"    num_bytes: {sum(own)}"]
    return lines


def _belongs(name: str, split: str, field: str) -> bool:
    """Tell whether a tar is one of a split and a field."""
    return name.rpartition("-")[0] == split and name.endswith(_ending(field))


def _body(facts: Facts) -> list[str]:
    """Return what people read."""
    record = facts.record
    sizes = sum(size for _, size in facts.tars.values())
    shards = len({name.partition(".")[0] for name in facts.tars})
    parted = f" of {len(facts.tars)} tars" if len(facts.tars) > shards else ""
    fence = "`" * (max(map(len, re.findall("`+", record["recipe"])), default=2) + 1)
    rows = [
        ("recipe", f"`{facts.name.removeprefix('wetdry-')}`, seed {record['seed']}"),
        ("severity", record["severity"]),
        ("audio", f"{_format(record['bits'])}, {record['sample_rate']} Hz, stereo"),
        ("size", f"{shards} shards{parted}, {sizes / 1e6:.1f} MB"),
        ("licence", "; ".join(map(_plain, facts.licences))),
        ("made with", f"wetdry {record['versions']['wetdry']}"),
    ]
    for split, count in facts.samples.items():
        songs = record["splits"].get(split, [])
        rows.append((split, f"{count} samples of {len(songs)} songs: {_names(songs)}"))
    text = BODY.format(
        name=facts.name,
        about=facts.about,
        rows="\n".join(f"| {name} | {what} |" for name, what in rows),
        members="\n".join(_members(facts)),
        split=next(iter(facts.samples), "train"),
        recipe=record["recipe"].rstrip(),
        fence=fence,
        licences=_licences(facts),
    )
    return text.split("\n")


def _members(facts: Facts) -> list[str]:
    """Return a line for each member, and which tar to fetch for it where there are several."""
    return [
        f"- `{name}`" + (f" in `*{_ending(field)}`" if field else "")
        for field, members in facts.members.items()
        for name in members
    ]


def _format(bits: int) -> str:
    """Return the format of the lossless files."""
    return "WAV, 32-bit floats" if bits == 32 else f"FLAC, {bits} bits"


def _licences(facts: Facts) -> str:
    """Return what the sources of the stems ask for, or nothing where none tells."""
    told = licences_of(facts.record)
    if not told:
        return ""
    rows = [
        f"| {_plain(licence)} | {_plain(terms_of(licence))} | {len(songs)}: {_names(songs)} |"
        for licence, songs in told.items()
    ]
    return LICENCES.format(rows="\n".join(rows))


def _plain(text: str) -> str:
    """Return a text that is no markup, for a cell of a table."""
    return re.sub(r"([|`*_\[\]])", r"\\\1", html.escape(text))


def _names(songs: Sequence[str]) -> str:
    """Return the names of songs as code, so that none of them is taken for markup."""
    shown = ["`" + re.sub(r"[|`\s]", " ", song) + "`" for song in songs[:NAMED_SONGS]]
    return ", ".join(shown) + (" and others" if len(songs) > NAMED_SONGS else "")
