"""Sessions: everything that was drawn for one sample, as a value.

A session and its stems are all that rendering needs: neither recipe nor seed. It prints, it
stores as JSON in a manifest row, and it reads back equal.
"""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from ..degradations import Chain
from ..degradations.chains import StoredChain
from ..degradations.effect import shown
from ..errors import ShardError

__all__ = ["Bus", "Session", "Track"]


class _Value(BaseModel):
    """A frozen record that refuses what it does not know."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, arbitrary_types_allowed=True
    )


class Track(_Value):
    """One stem on its way into the mix.

    Parameters
    ----------
    stem_class, song, file : str
        Which recording; ``file`` is relative to the folder of stems.
    offset_samples : int
        Where the excerpt begins, in samples of the file.
    loudness_lufs : float or None
        Loudness to which the dry excerpt is brought; None keeps the recorded level.
    gain_db : float
        Static gain on top of that.
    pan : float
        Place in the stereo image, from -1 (left) to 1 (right).
    input_peak_dbfs : float or None
        Peak at which the recording enters its chain, so that thresholds mean something;
        None lets it enter at its level in the mix.
    chains : tuple of Chain
        The chain, and those to take its place, one after the other, if it destroys the stem.
        Afterwards the loudness is restored: processing changes the sound, not the balance.
    destroyed_above_db : float or None
        Loss of loudness above which a chain has destroyed the stem.
    """

    stem_class: str
    song: str
    file: str
    offset_samples: int
    loudness_lufs: float | None = None
    gain_db: float = 0.0
    pan: float = 0.0
    input_peak_dbfs: float | None = None
    chains: tuple[StoredChain, ...] = (Chain(),)
    destroyed_above_db: float | None = None


class Bus(_Value):
    """A group of tracks with a chain of its own.

    Parameters
    ----------
    name : str
    of : tuple of str
        The classes whose tracks it sums.
    chain : Chain
    """

    name: str
    of: tuple[str, ...]
    chain: StoredChain = Chain()


class Session(_Value):
    """Tracks -> buses -> master -> medium, with every number drawn.

    Parameters
    ----------
    sample_rate : int
        In Hz.
    samples : int
        Length of what is written.
    lead_in_samples : int
        What is processed before it and cut off again, so that reverbs already ring and
        compressors have settled where the excerpt begins.
    coherent : bool
        Whether all tracks come from one place of one song.
    active_above_dbfs : float
        Level above which a second of a stem counts as active.
    target : {"placed", "recorded"}
        Whether the dry target carries its track's gain and place in the stereo image, or is
        the recording untouched.
    tracks : tuple of Track
    buses : tuple of Bus
    mix_loudness_lufs : float or None
        Loudness to which the mix is brought before its master chain.
    master, medium : Chain
    taps : tuple of str
        What is written beside mixture and dry targets: "wet" stems, the "premaster" mix.
    severity : float
        How much of the recipe was done, from 0 to 1; the numbers have it in them already.
    linked : mapping of str to value
        What was drawn once, for the numbers of many steps; these have it in them already.
    """

    sample_rate: int
    samples: int
    lead_in_samples: int
    coherent: bool
    active_above_dbfs: float
    target: Literal["placed", "recorded"] = "placed"
    tracks: tuple[Track, ...]
    buses: tuple[Bus, ...] = ()
    mix_loudness_lufs: float | None = None
    master: StoredChain = Chain()
    medium: StoredChain = Chain()
    taps: tuple[Literal["wet", "premaster"], ...] = ("wet",)
    severity: float = 1.0
    linked: Mapping[str, bool | int | float | str] = {}

    def json_row(self) -> str:
        """Return the session as a manifest stores it; the inverse of :meth:`from_row`."""
        return self.model_dump_json()

    @classmethod
    def from_row(cls, text: str) -> "Session":
        """Build the session that a manifest row holds.

        Raises
        ------
        ShardError
            If the text is not a session.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise ShardError(
                f"session.{place}: {first['msg']}; the row was altered, "
                "or written by another version of wetdry"
            ) from None

    def __str__(self) -> str:
        """Show it to a reader, from the tracks to the medium."""
        return "\n".join(_lines(self))


def _lines(session: Session) -> list[str]:
    """Return the lines of a session's description."""
    seconds = session.samples / session.sample_rate
    kind = "one song" if session.coherent else "several songs"
    lines = [f"{seconds:g} s at {session.sample_rate} Hz, {kind}, target {session.target}"]
    if session.severity < 1:
        lines.append(f"severity {session.severity:.3g}")
    if session.linked:
        lines.append("linked " + ", ".join(f"{k}: {shown(v)}" for k, v in session.linked.items()))
    for track in session.tracks:
        level = "as recorded" if track.loudness_lufs is None else f"{track.loudness_lufs:.1f} LUFS"
        lines.append(
            f"{track.stem_class}: {track.file} from sample {track.offset_samples}, {level}, "
            f"{track.gain_db:+.1f} dB, pan {track.pan:+.2f}"
        )
        lines += _steps(track.chains[0])
        if len(track.chains) > 1:
            lines.append(
                f"    ({len(track.chains) - 1} spare chains, should this one take "
                f"{track.destroyed_above_db:g} dB of loudness)"
            )
    for bus in session.buses:
        lines += [f"bus {bus.name} of {', '.join(bus.of)}", *_steps(bus.chain)]
    if session.mix_loudness_lufs is not None:
        lines.append(f"mix brought to {session.mix_loudness_lufs:.1f} LUFS")
    return [*lines, "master", *_steps(session.master), "medium", *_steps(session.medium)]


def _steps(chain: Chain) -> list[str]:
    """Return a line for each effect of a chain."""
    return [f"    {line}" for line in chain.lines()] or ["    (nothing)"]
