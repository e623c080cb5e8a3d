"""Sessions: everything that was drawn for one sample, as a value.

A session and its stems are all that rendering needs: neither recipe nor seed. It prints, it
stores as JSON in a manifest row, and it reads back equal.
"""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    ValidationError,
    model_serializer,
)

from ..degradations import Chain
from ..degradations.chains import StoredChain
from ..errors import ShardError

__all__ = ["TAP", "Bleed", "Bus", "Send", "SendLevel", "Session", "Spares", "Track"]

TAP = r"wet|premaster|master|wet_master|(bus|send)\.[a-z0-9_]+"
"""What can be written beside mixture and dry targets; readers of shards lower all letters."""


class _Value(BaseModel):
    """A frozen record that refuses what it does not know."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, arbitrary_types_allowed=True
    )


class _Growing(_Value):
    """A record that has fields of which rows of before know nothing."""

    unsaid: ClassVar[frozenset[str]] = frozenset()
    """Fields that came later: at their defaults they are not written, so that the rows of
    recipes that do not use them stay the same bytes."""

    @model_serializer(mode="wrap")
    def _said(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Return the fields, but for those that go without saying."""
        row: dict[str, Any] = write(self)
        values = self.__dict__
        for name, default in _defaults(type(self)):
            if values[name] == default:
                del row[name]
        return row


@cache
def _defaults(kind: type[_Growing]) -> tuple[tuple[str, Any], ...]:
    """Return the fields that go without saying, and their defaults."""
    return tuple((name, kind.model_fields[name].default) for name in kind.unsaid)


class SendLevel(_Value):
    """How much of a track goes to a send.

    Parameters
    ----------
    send : str
        Its name.
    level_db : float
        Gain on the way there.
    """

    send: str
    level_db: float


class Bleed(_Value):
    """What a track's microphone catches of another track.

    Parameters
    ----------
    file : str
        The other track's recording.
    level_db : float
        Its loudness against the track's own, both as recorded.
    delay_samples : int
        How much later it arrives.
    cutoff_hz : float
        Above this it is dull: a Butterworth low-pass of second order.
    """

    file: str
    level_db: float
    delay_samples: Annotated[int, Field(ge=0)]
    cutoff_hz: float


class Track(_Growing):
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
        The chain, and those to take its place, one after the other, if it is refused.
        Afterwards the loudness is restored: processing changes the sound, not the balance.
    destroyed_above_db : float or None
        Loss of loudness above which a chain has destroyed the stem.
    inaudible_below : float or None
        STFT distance, at equal loudness, below which nobody hears what a chain does.
    sends : tuple of SendLevel
        Where else it goes, beside the mix.
    bleeds : tuple of Bleed
        What enters its chain beside the recording. The dry target stays without.
    delay_samples : int
        How late the recording is played: a double.
    detune_cents : float
        How much faster, and higher, it is played around the middle of the excerpt.
    tempo_bpm : float or None
        Of the recording about the excerpt; None where nobody asked.
    key : str
        Of its song, such as ``"A minor"``; empty where nobody asked or none is heard.
    tempo_ratio : float
        How many times as fast the recording is played, at the same pitch.
    transpose_semitones : float
        How much higher it is played, at the same speed.
    """

    unsaid: ClassVar[frozenset[str]] = frozenset(
        {"sends", "bleeds", "delay_samples", "detune_cents", "inaudible_below"}
        | {"tempo_bpm", "key", "tempo_ratio", "transpose_semitones"}
    )

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
    sends: tuple[SendLevel, ...] = ()
    bleeds: tuple[Bleed, ...] = ()
    delay_samples: int = 0
    detune_cents: float = 0.0
    inaudible_below: float | None = None
    tempo_bpm: float | None = None
    key: str = ""
    tempo_ratio: Annotated[float, Field(ge=0.5, le=2)] = 1.0
    transpose_semitones: Annotated[float, Field(ge=-12, le=12)] = 0.0


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


class Send(_Value):
    """A shared reverb or delay: tracks go there at levels of their own, the sum comes back.

    Parameters
    ----------
    name : str
    chain : Chain
        What the return went through; it should hold nothing of the direct sound.
    pre_fader : bool
        Whether tracks go there as they leave their chains, before the gain and the place that
        they have in the mix.
    """

    name: str
    chain: StoredChain = Chain()
    pre_fader: bool = False


class Spares(_Value):
    """Spare chains that a session leaves to its recipe; see :mod:`.spare_chains`.

    Parameters
    ----------
    count : int
        Of each track.
    recipe_sha256 : str
        Of the recipe and of the files that it names.
    """

    count: Annotated[int, Field(ge=1)]
    recipe_sha256: str


class Session(_Growing):
    """Tracks -> buses and sends -> master -> medium, with every number drawn.

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
        What is written beside mixture and dry targets: the "wet" stems before buses and
        master, "bus.NAME", "send.NAME" (its return), the "premaster" and the "master" mix,
        the "wet_master" stems: after the gain curves and filters of buses and master.
    sends : tuple of Send
    severity : float
        How much of the recipe was done, from 0 to 1; the numbers have it in them already.
    linked : mapping of str to value
        What was drawn once, for the numbers of many steps; these have it in them already.
    matched : bool or None
        Whether stems of several songs were chosen and moved to fit each other in tempo and
        key; None where the recipe does not ask.
    unreached : tuple of str
        Classes that were left out of a matched session, because nothing reached its tempo
        and key.
    spares : Spares or None
        Chains of the tracks that are not here: they are drawn when it is rendered. None where
        all of them are.
    """

    unsaid: ClassVar[frozenset[str]] = frozenset(
        {"sends", "severity", "linked", "matched", "unreached", "spares"}
    )

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
    taps: tuple[Annotated[str, StringConstraints(pattern=rf"^({TAP})$")], ...] = ("wet",)
    sends: tuple[Send, ...] = ()
    severity: float = 1.0
    linked: Mapping[str, bool | int | float | str] = {}
    matched: bool | None = None
    unreached: tuple[str, ...] = ()
    spares: Spares | None = None

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
        from .wording import lines

        return "\n".join(lines(self))
