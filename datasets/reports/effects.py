"""Sections of a report on effects: who has which, and how their numbers are distributed."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from ...audio import STEM_CLASSES
from ...degradations.docstrings import heard
from ...degradations.effect import find_effect
from ...manifests.rows import effect_rows, flat_effects
from .axes import UNITS, axis_label, shown
from .charts import counts, histogram
from .page import Markup, Section, sentence, table, tag

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["chain_effects", "effect_section", "is_choice", "usage_section"]

MOST_WORDS = 12
"""Bars of a number that is a word or a file; the others are counted together."""


@dataclass(frozen=True)
class _Chain:
    """One drawn chain: where it stands, and its effects with their numbers."""

    place: str
    effects: list[tuple[str, dict[str, Any]]]


def chain_effects(manifest: "DataFrame") -> Iterator[_Chain]:
    """Go through the chains of all tracks, buses, masters and media."""
    for sample in manifest.to_dict("records"):
        for track in sample["tracks"]:
            yield _Chain(track["stem_class"], flat_effects(track["effects"]))
        for bus in json.loads(sample["session"]).get("buses", []):
            yield _Chain(f"bus {bus['name']}", flat_effects(effect_rows(bus["chain"])))
        yield _Chain("master", flat_effects(sample["master"]))
        yield _Chain("medium", flat_effects(sample["medium"]))


def usage_section(manifest: "DataFrame") -> Section:
    """Return the table of effects by places: in what share of the chains each one stands."""
    totals: Counter[str] = Counter()
    used: Counter[tuple[str, str]] = Counter()
    for chain in chain_effects(manifest):
        totals[chain.place] += 1
        used.update((kind, chain.place) for kind in {name for name, _ in chain.effects})
    title, note = "Effects", "In what share of the chains an effect stands at least once."
    if not used:
        nothing = "No effect was drawn: every track is what was recorded, levelled and placed."
        return Section(title, "", (sentence(nothing),))
    places = _ordered(totals)
    by_kind: Counter[str] = Counter()
    for (kind, _), number in used.items():
        by_kind[kind] += number
    head = ["", *(f"{place}\n{totals[place]}" for place in places)]
    rows = [
        [_words(kind), *(_share(used[kind, place], totals[place]) for place in places)]
        for kind, _ in sorted(by_kind.items(), key=lambda item: (-item[1], item[0]))
    ]
    body = table([_heading(cell) for cell in head], rows, "usage")
    return Section(title, note, (tag("div", body, class_="card"),))


def _ordered(totals: Counter[str]) -> list[str]:
    """Return the places from track to medium."""
    known = [name for name in STEM_CLASSES if name in totals]
    buses = sorted(name for name in totals if name.startswith("bus "))
    others = sorted(set(totals) - {*known, *buses, "master", "medium"})
    return [*known, *others, *buses, "master", "medium"]


def _heading(cell: str) -> str:
    """Return a place with the number of its chains below."""
    name, _, number = cell.partition("\n")
    return Markup(f"{escape(name)}<small>{number and f'{number} chains'}</small>")


def _share(number: int, total: int) -> Markup:
    """Return a cell as dark as the share is large."""
    if not number:
        return tag("td", "·", class_="none")
    title = f"{number} of {total}"
    return tag(
        "td", f"{100 * number / total:.0f} %", style=f"--s:{number / total:.3f}", title=title
    )


def effect_section(manifest: "DataFrame") -> Section | None:
    """Return a card for each effect: what is heard, and how its numbers are distributed."""
    found: dict[str, dict[str, list[Any]]] = {}
    tally: Counter[str] = Counter()
    for chain in chain_effects(manifest):
        for kind, numbers in chain.effects:
            tally[kind] += 1
            values = found.setdefault(kind, defaultdict(list))
            for name, value in numbers.items():
                if name == "seed" or name.endswith("_sha256"):
                    continue  # every one is another one, and says nothing
                values[name].extend(value if isinstance(value, list) else [value])
    if not found:
        return None
    cards = [_card(kind, found[kind], number) for kind, number in tally.most_common()]
    note = "What was drawn, over all tracks, buses, masters and media; a dashed line is a median."
    return Section("Numbers", note, (tag("div", *cards, class_="effects"),))


def _card(kind: str, numbers: dict[str, list[Any]], tally: int) -> Markup:
    """Return what is known of one effect."""
    known = find_effect(kind)
    words = heard(known) if known else ""
    fixed = {name: v[0] for name, v in numbers.items() if len(set(map(str, v))) == 1}
    charts = [Markup(_chart(name, v)) for name, v in numbers.items() if name not in fixed]
    same = "".join(f"{axis_label(name)}: {_plain(value)}; " for name, value in fixed.items())
    always = tag("p", f"Always the same: {same[:-2]}.", class_="note") if same else Markup()
    head = tag("h3", _words(kind), Markup(f' <span class="chip">{tally} ×</span>'))
    wide = f"--n:{min(max(len(charts), 1), 4)}"
    grid = tag("div", *charts, class_="charts")
    return tag("div", head, tag("p", words), grid, always,
               class_="card", style=wide, data_effect=kind)  # fmt: skip


def _words(kind: str) -> str:
    """Return the name of an effect as words."""
    return kind.replace("_", " ")


def _plain(value: Any) -> str:
    """Return a value as text."""
    return shown(value) if isinstance(value, float) else str(value)


def _chart(name: str, values: list[Any]) -> str:
    """Return the distribution of one number, word or file."""
    numeric = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    if numeric and not is_choice(values):
        return histogram(values, axis_label(name), "draws", log=_is_log(name, values))
    if numeric:
        low_first = Counter(sorted(values))
        return counts({shown(v): n for v, n in low_first.items()}, f"draws, by {axis_label(name)}")
    common = Counter(str(v) for v in values).most_common()
    kept = dict(sorted(common[:MOST_WORDS]) if len(common) <= MOST_WORDS else common[:MOST_WORDS])
    rest = sum(number for _, number in common[MOST_WORDS:])
    if rest:
        kept[f"{len(common) - MOST_WORDS} others"] = rest
    return counts(kept, f"draws, by {axis_label(name)}")


def is_choice(values: list[Any]) -> bool:
    """Tell whether numbers were chosen from a few rather than drawn from a range."""
    different = set(values)
    return len(different) <= 10 and (
        all(v == int(v) for v in different) or len(different) * 4 <= len(values)
    )


def _is_log(name: str, values: list[Any]) -> bool:
    """Tell whether ratios matter: frequencies, times, and whatever spans a decade."""
    unit = name.rpartition("_")[2]
    if min(values) <= 0 or (unit in UNITS and UNITS[unit].startswith(("dB", "LUFS"))):
        return False
    return unit == "hz" or bool(max(values) / min(values) >= 10)
