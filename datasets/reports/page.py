"""The page of a report: HTML that escapes what it is given, and the frame around the sections."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from importlib import resources

__all__ = ["Markup", "Section", "details", "page", "sentence", "table", "tag", "tiles"]

VOID = ("img", "input", "meta", "br")

POLICY = (
    "default-src 'none'; img-src data:; media-src data:; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'"
)
"""The browser itself is told that the page needs nothing from anywhere."""


class Markup(str):
    """Text that is HTML already; every other text is escaped."""

    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: str | bool) -> Markup:
    """Return an element; children and attributes are escaped unless they are :class:`Markup`.

    A trailing underscore of an attribute's name falls off; True gives a bare attribute and
    False none.

    Examples
    --------
    >>> tag("p", "a < b", class_="note")
    '<p class="note">a &lt; b</p>'
    """
    opened = name
    for key, value in attributes.items():
        label = key.rstrip("_").replace("_", "-")
        if value is True:
            opened += f" {label}"
        elif value is not False:
            opened += f' {label}="{escape(value)}"'
    if name in VOID:
        return Markup(f"<{opened}>")
    inside = "".join(c if isinstance(c, Markup) else escape(c) for c in children)
    return Markup(f"<{opened}>{inside}</{name}>")


@dataclass(frozen=True)
class Section:
    """A part of the page with a heading.

    Parameters
    ----------
    title : str
        Also its place in the navigation.
    note : str
        A sentence below the heading; may be empty.
    body : tuple of str
        Escaped unless they are :class:`Markup`.
    """

    title: str
    note: str
    body: tuple[str, ...]

    @property
    def anchor(self) -> str:
        """The place that the navigation jumps to."""
        return "".join(c if c.isalnum() else "-" for c in self.title.lower())

    def markup(self) -> Markup:
        """Return it as HTML."""
        head = tag("h2", self.title)
        note = tag("p", self.note, class_="note") if self.note else Markup()
        return tag("section", head, note, *self.body, id=self.anchor)


def sentence(text: str) -> Markup:
    """Return a paragraph that says that something is absent, or all in order."""
    return tag("p", text, class_="said")


def tiles(facts: Sequence[tuple[str, str]]) -> Markup:
    """Return large numbers with small words below: (number, words)."""
    boxes = [tag("div", tag("b", number), tag("span", words)) for number, words in facts]
    return tag("div", *boxes, class_="tiles")


def details(summary: str, *body: str, open_: bool = False) -> Markup:
    """Return something that unfolds."""
    return tag("details", tag("summary", summary), *body, open=open_)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], class_: str = "") -> Markup:
    """Return a table; cells that are whole ``<td>`` elements stay as they are.

    Parameters
    ----------
    head : sequence of str
        Headings of the columns; none leaves them out.
    rows : iterable of sequences of str
    class_ : str
        "numbers" sets all columns but the first flush right; "facts" keeps the first narrow.
    """
    top = tag("tr", *(tag("th", cell, scope="col") for cell in head)) if head else Markup()
    body = [tag("tr", *(_cell(cell, n) for n, cell in enumerate(row))) for row in rows]
    whole = tag("table", tag("thead", top), tag("tbody", *body), class_=class_)
    return tag("div", whole, class_="wide")


def _cell(cell: str, column: int) -> Markup:
    """Return a cell; the first one of a row is its heading."""
    if isinstance(cell, Markup) and cell.startswith("<td"):
        return cell
    return tag("td", cell) if column else tag("th", cell, scope="row")


def page(
    title: str, headline: str, lead: str, facts: Sequence[tuple[str, str]], parts: list[Section]
) -> str:
    """Return a whole document that needs nothing but itself.

    Parameters
    ----------
    title : str
        Of the browser's window, and above the headline.
    headline, lead : str
        The report in one sentence, and what more there is to say in two.
    facts : sequence of (number, words)
    parts : list of Section
    """
    links = [tag("a", part.title, href=f"#{part.anchor}") for part in parts]
    mark = Markup('<span class="mark"><b>wet</b><i>dry</i></span>')
    header = tag(
        "header",
        tag("p", title, class_="over"),
        tag("h1", headline),
        tag("p", lead, class_="lead") if lead else Markup(),
        tiles(facts),
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("title", f"{title} – wetdry"),
        tag("style", _resource("report.css")),
    )
    nav = tag("nav", tag("div", mark, *links))
    main = tag("main", header, *(part.markup() for part in parts))
    script = Markup(_resource("report.js") + _resource("report_tables.js"))
    body = tag("body", nav, main, tag("script", script))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _resource(name: str) -> Markup:
    """Return a style sheet or script that lies beside this module."""
    return Markup((resources.files(__package__) / name).read_text("utf-8"))
