"""Miniature trees of the datasets whose layouts are known."""

import json


def plant(root, *files, text=""):
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text)
    return root


def rawstems(root):
    """MSRKit's loader: <Artist|Title>/<group>/[<subgroup>/]..., a table of levels beside."""
    plant(root, "rms_analysis.jsonl", text='{"filepath": "x", "rms_db_per_second": [-20.0]}\n')
    song = root / "Actions|Devil's_Words"
    plant(song, "Voc/LV/lead.flac", "Voc/BV/oohs.flac", "Gtr/EG/left.flac", "Gtr/EG/right.flac")
    plant(song, "Kbs/SYNTH/pad.flac", "Kbs/PN/piano.flac", "Kbs/MTR/mellotron.flac")
    plant(song, "Rhy/DK/Kick/in.flac", "Rhy/PERC/shaker.flac", "Orch/STR/violin.flac")
    plant(song, "Bass/DI.flac", "Misc/laugh.flac", "MiscRoom/room.flac", "Rhy/loop.flac")
    return root


def musdb18hq(root):
    """sigsep/musdb: two subsets, five files a song."""
    for song in ("train/Actions - One Minute Smile", "test/Al James - Schoolboy Facination"):
        names = ("mixture", "vocals", "drums", "bass", "other")
        plant(root, *(f"{song}/{name}.wav" for name in names))
    return root


def musdb18(root):
    return plant(root, "train/A Classic Education - NightOwl.stem.mp4")


def moisesdb(root):
    """moises-db: <provider>/<uuid>/data.json; one stem name may come twice."""
    tracks = {
        ("vocals", "v1", "lead female singer", False),
        ("vocals", "v2", "background_vocals", False),
        ("bass", "b1", "bass guitar", False),
        ("bass", "b2", "tuba (bass of brass)", False),
        ("drums", "d1", "snare drum", True),
        ("drums", "d2", "some new microphone", False),
        ("other_keys", "k1", "synth pad", None),
        ("other_keys", "k2", "organ, electric organ", None),
        ("other_plucked", "p1", "banjo, mandolin, ukulele, harp etc", False),
        ("other", "o1", "click track", False),
        ("percussion", "gone", "a-tonal percussion (claps, shakers, congas, cowbell etc)", False),
    }
    song = root / "moisesdb_v0.1" / "0a5a9dd1-0b61-4c2b-9d3e-0f7b2f4c4a11"
    stems = [
        {
            "id": f"stem-{place}",
            "stemName": stem,
            "tracks": [
                {"id": i, "trackType": kind, "extension": "wav", "has_bleed": bleed}
            ],
        }
        for place, (stem, i, kind, bleed) in enumerate(sorted(tracks, key=str))
    ]  # fmt: skip
    record = {"artist": "Sun", "song": "Moon", "genre": "rock", "stems": stems}
    plant(song, "data.json", text=json.dumps(record))
    plant(song, *(f"{track[0]}/{track[1]}.wav" for track in tracks if track[1] != "gone"))
    other = [{"stemName": "vocals", "tracks": [{"id": "only", "trackType": "human choir"}]}]
    plant(song.parent / "ffff", "data.json", text=json.dumps({"stems": other}))
    plant(song.parent / "ffff", "vocals/only.wav")
    return root


MEDLEY = """\
album: ''
artist: Clara Berry and Wooldog
excerpt: 'no'
has_bleed: '{bleed}'
instrumental: 'no'
mix_filename: {song}_MIX.wav
raw_dir: {song}_RAW
stem_dir: {song}_STEMS
stems:
  S01:
    component: ''
    filename: {song}_STEM_01.wav
    instrument: drum set
    raw:
      R01: {{filename: {song}_RAW_01_01.wav, instrument: kick drum}}
      R02: {{filename: {song}_RAW_01_02.wav, instrument: tambourine}}
      R03: {{filename: {song}_RAW_01_03.wav, instrument: fx/processed sound}}
  S02:
    component: melody
    filename: {song}_STEM_02.wav
    instrument: [violin, viola]
    raw:
      R01: {{filename: {song}_RAW_02_01.wav, instrument: [violin, piano]}}
      R02: {{filename: {song}_RAW_02_02.wav, instrument: Main System}}
title: Boys
version: 1.2
"""


def medleydb(root, raw=True):
    """marl/medleydb: Audio/<song>/, the metadata there or in Metadata/; and macOS's leftovers."""
    songs = {"ClaraBerry_Boys": "no", "Zoo_Song": "no", "MusicDelta_Room": "yes"}
    for song, bleed in songs.items():
        folder = root / "Audio" / song
        meta = folder if bleed == "no" else root / "Metadata"
        plant(meta, f"{song}_METADATA.yaml", text=MEDLEY.format(song=song, bleed=bleed))
        names = ("01_01", "01_02", "01_03", "02_01", "02_02") if raw else ()
        plant(folder, *(f"{song}_RAW/{song}_RAW_{name}.wav" for name in names))
        plant(folder, *(f"{song}_STEMS/{song}_STEM_0{n}.wav" for n in (1, 2)), f"{song}_MIX.wav")
        plant(folder, f"{song}_STEMS/._{song}_STEM_01.wav")
    return root


def medleydb_stems(root):
    return medleydb(root, raw=False)


SLAKH_STEM = """\
  S{number:02d}:
    audio_rendered: {rendered}
    inst_class: {kind}
    integrated_loudness: -12.8
    is_drum: {drum}
    midi_program_name: {name}
    midi_saved: true
    plugin_name: elektrik_guitar.nkm
    program_num: {program}
"""


def slakh(root):
    """slakh-utils: some sources were never rendered; redux keeps duplicates in `omitted`."""
    rows = [
        ("true", "Guitar", "false", "Distortion Guitar", 30),
        ("true", "Drums", "true", "Drums", 128),
        ("true", "Strings (continued)", "false", "Synth Strings 1", 50),
        ("true", "Strings (continued)", "false", "Choir Aahs", 52),
        ("false", "Sound effects", "false", "Helicopter", 125),
        ("true", "Piano", "false", "Acoustic Grand Piano", 0),
    ]
    keys = ("rendered", "kind", "drum", "name", "program")
    stems = "".join(
        SLAKH_STEM.format(number=n, **dict(zip(keys, row, strict=True)))
        for n, row in enumerate(rows)
    )
    head = "UUID: 1a81\naudio_dir: stems\nmidi_dir: MIDI\noverall_gain: 0.18\nstems:\n"
    for song in ("train/Track00001", "test/Track01876", "omitted/Track00700"):
        plant(root / song, "metadata.yaml", text=head + stems)
        plant(root / song, "mix.flac", "all_src.mid", "MIDI/S00.mid")
        plant(root / song, *(f"stems/S0{n}.flac" for n in range(4)), "stems/band/piano.wav")
    return root


def msrbench(root):
    clips = (f"Bass/mixture/0007_DT{k}.flac" for k in range(13))
    plant(root, *clips, "Bass/target/0007.flac", "Synthesizers/target/0007.flac")
    return plant(root, "Drums/0009_DT0.flac", "Drums/0009_DT12.flac", "Drums/0009.flac")


def zfturbo(root):
    stems = ("mixture", "vocals", "guitar", "other", "instrumental")
    return plant(root, *(f"Song 1/{stem}.wav" for stem in stems))


def a_plain_one(root):
    return plant(root, "a/Bass/x.wav", "a/Vocals.flac")


TREES = {
    "plain": a_plain_one,
    "rawstems": rawstems,
    "musdb18hq": musdb18hq,
    "musdb18": musdb18,
    "moisesdb": moisesdb,
    "medleydb": medleydb,
    "medleydb-stems": medleydb_stems,
    "slakh": slakh,
    "msrbench": msrbench,
    "zfturbo": zfturbo,
}
