"""A session in words, for who reads what was drawn."""

from ..degradations import Chain
from ..degradations.effect import shown
from .sessions import Session, Track

__all__ = ["lines"]


def lines(session: Session) -> list[str]:
    """Return the lines of a session's description."""
    seconds = session.samples / session.sample_rate
    kind = "one song" if session.coherent else "several songs"
    kind += {None: "", True: " that match", False: " that do not match"}[session.matched]
    written = [f"{seconds:g} s at {session.sample_rate} Hz, {kind}, target {session.target}"]
    if session.severity < 1:
        written.append(f"severity {session.severity:.3g}")
    if session.linked:
        drawn = ", ".join(f"{name}: {shown(value)}" for name, value in session.linked.items())
        written.append(f"linked {drawn}")
    if session.unreached:
        written.append(f"nothing reached its tempo and key: {', '.join(session.unreached)}")
    for track in session.tracks:
        written += _track(session, track)
    for send in session.sends:
        where = "before" if send.pre_fader else "after"
        written += [f"send {send.name}, {where} the faders", *_steps(send.chain)]
    for bus in session.buses:
        written += [f"bus {bus.name} of {', '.join(bus.of)}", *_steps(bus.chain)]
    if session.mix_loudness_lufs is not None:
        written.append(f"mix brought to {session.mix_loudness_lufs:.1f} LUFS")
    return [*written, "master", *_steps(session.master), "medium", *_steps(session.medium)]


def _track(session: Session, track: Track) -> list[str]:
    """Return the lines of one track."""
    level = "as recorded" if track.loudness_lufs is None else f"{track.loudness_lufs:.1f} LUFS"
    written = [
        f"{track.stem_class}: {track.file} from sample {track.offset_samples}, {level}, "
        f"{track.gain_db:+.1f} dB, pan {track.pan:+.2f}"
    ]
    if track.delay_samples or track.detune_cents:
        late_ms = track.delay_samples / session.sample_rate * 1000
        written.append(f"    (a double, {late_ms:.1f} ms late, {track.detune_cents:+.1f} cents)")
    if music := _music(track):
        written.append(f"    ({music})")
    written += [
        f"    (bleed of {bleed.file} at {bleed.level_db:.1f} dB, "
        f"{bleed.delay_samples / session.sample_rate * 1000:.1f} ms late, "
        f"below {bleed.cutoff_hz:.0f} Hz)"
        for bleed in track.bleeds
    ]
    written += _steps(track.chains[0])
    if spares := session.spares.count if session.spares else len(track.chains) - 1:
        written.append(f"    ({spares} spare chains, should this one {_refused(track)})")
    return written + [f"    -> send {s.send} at {s.level_db:.1f} dB" for s in track.sends]


def _refused(track: Track) -> str:
    """Say what makes a chain give way to the next one."""
    rules = []
    if track.destroyed_above_db is not None:
        rules.append(f"take {track.destroyed_above_db:g} dB of loudness")
    if track.inaudible_below is not None:
        rules.append(f"move the sound by less than {track.inaudible_below:.3g}")
    return " or ".join(rules)


def _music(track: Track) -> str:
    """Return tempo and key of a track's recording, and how it is moved; empty if unknown."""
    parts = []
    if track.tempo_bpm is not None:
        parts.append(f"{track.tempo_bpm:.2f} BPM")
        if track.tempo_ratio != 1:
            heard = track.tempo_bpm * track.tempo_ratio
            parts[0] += f" played {track.tempo_ratio:.4f} times as fast: {heard:.2f} BPM"
    if track.key:
        parts.append(track.key)
        if track.transpose_semitones:
            parts[-1] += f" moved by {track.transpose_semitones:+g} semitones"
    return ", ".join(parts)


def _steps(chain: Chain) -> list[str]:
    """Return a line for each effect of a chain."""
    return [f"    {line}" for line in chain.lines()] or ["    (nothing)"]
