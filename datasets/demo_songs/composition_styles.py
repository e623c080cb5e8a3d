"""The styles of the demo songs: eight bands, with their tempos, grooves and harmony."""

from functools import partial

from .composition import Plan, Style
from .composition_drums import drums
from .composition_players import arpeggio, bass, chords, strum, tune

__all__ = ["STYLES"]

_ALL = "xxxxxxxx"
_VERSE = "la mo see no ta re lo ma hey do wa lu"
_SOUL = "ooh ma lay no hey ya to see la do"

_FOLK = Style(
    "folk ballad", (78, 90), 4, 0.0, "major",
    ("I V vi IV", "I iii IV V", "vi IV I V", "I vi ii7 V7"),
    (
        Plan("Vocals", "lead_vocal",
             partial(tune, centre=65, words=_VERSE),
             ("--xxX-xxX-xx|X-x-X-----", "X-xxX---x-xxX-x-|X-xxX-------", "--xxX-xx|X-x-X---"),
             "-xxxxxx-", -3.0),
        Plan("Guitars", "acoustic_guitar", partial(strum, low=50),
             ("X---x-xo-ox-x-xo", "X-x-xoxoX-xoxoxo"), _ALL, -6.0),
        Plan("Keyboards", "piano", partial(chords, low=57, left_hand=True),
             ("X---o---x---o---", "X-----o-x---o-o-"), "--xxxxxx", -8.0),
        Plan("Bass", "upright_bass", bass, ("R-----F-R---F-A-", "R-------F-----A-"),
             "-xxxxxxx", -6.0),
        Plan("Percussions", "percussion", drums,
             ("shaker x.o.x.o.x.o.x.o. ; clap ------------x---",), "--xxxxxx", -15.0),
        Plan("Orchestral", "string_section", partial(chords, low=60, hold=1.02),
             ("X---------------", "X-------x-------"), "--x-xxxx", -9.0),
    ),
)  # fmt: skip

_ROCK = Style(
    "rock", (118, 134), 4, 0.0, "mixolydian",
    ("I bVII IV I", "I IV bVII IV", "vi IV I V"),
    (
        Plan("Vocals", "lead_vocal_low", partial(tune, centre=57, words=_VERSE),
             ("X-xxX-x-|X-x-----|x-xxX-x-|X-------",), "-xxxxx-x", -3.0),
        Plan("Guitars", "amplified_guitar", partial(strum, low=50, hold=0.95),
             ("X-x-mmX-X-x-m-x-", "X--X--X-X--X-mx-"), _ALL, -4.0),
        Plan("Keyboards", "organ", partial(chords, low=58),
             ("X-------x-------", "X-----x---x-----"), "--xxxxxx", -9.0),
        Plan("Bass", "picked_bass", bass, ("R-R-R-R-R-R-R-A-", "R-RR-RR-R-R-F-A-"), _ALL, -4.0),
        Plan("Drums", "drum_kit", partial(drums, fill="snare tom_high tom_low"),
             ("kick X-----x-X-x----- ; snare ----X-------X--. ; hat x-o-x-o-x-o-x-o-",
              "kick X--x--x-x-x----- ; snare ----X-------X--- ; hat x-x-x-x-x-x-x-x-"),
             _ALL, -1.0),
        Plan("Percussions", "percussion", drums, ("tambourine ----X-------X-.-",),
             "--xxxxxx", -14.0),
    ),
)  # fmt: skip

_FUNK = Style(
    "funk", (98, 108), 4, 0.14, "dorian",
    ("i7 i7 IV7 IV7", "i9 IV9", "i7 bVII IV7 i7"),
    (
        Plan("Guitars", "electric_guitar", partial(strum, low=57, hold=0.7),
             ("mmX.mmx-mmX.mxm.", "--X-m-x.m-Xmm.x-"), "-xxxxxxx", -7.0),
        Plan("Keyboards", "clavinet", partial(chords, low=52, voices=3, hold=0.6),
             ("X--xo-x--xo-x-x-", "X-ox--x-ox-x--o-"), "--xxxxxx", -8.0),
        Plan("Bass", "slap_bass", partial(bass, hold=0.7),
             ("R--gR-O--gRF-gOA", "R-gO--R-gR-FgO-A"), _ALL, -3.0),
        Plan("Drums", "drum_kit", partial(drums, fill="snare snare tom_high tom_low"),
             ("kick X--x------x--x-- ; snare ----X--.-.--X--. ; hat x.x.x.x.x.x.x.o-"
              " ; open_hat --------------x-",),
             _ALL, -1.0),
        Plan("Percussions", "percussion", drums,
             ("conga_high x-.x--x-.-xx--x- ; conga_low ---o--.--o----oo",), "-xxxxxxx", -11.0),
        Plan("Synthesizers", "synth_lead", partial(tune, centre=72, hold=0.8),
             ("--X-x-xxX--xx---|X---------------",), "--x-xxx-", -7.0),
        Plan("Orchestral", "brass_section", partial(chords, low=60, hold=0.55),
             ("----------X--x--|X---------------", "X--x------------|--------X-x--X--"),
             "--xxx-xx", -6.0),
    ),
)  # fmt: skip

_AMBIENT = Style(
    "ambient", (66, 76), 4, 0.0, "major",
    ("Imaj9 vi9 IVmaj7 IVadd9", "IVmaj9 I6 vi7 Vsus", "Iadd9 iii7 IVmaj7 vi7"),
    (
        Plan("Synthesizers", "synth_pad", partial(chords, low=54, voices=5, hold=1.1),
             ("X-------",), _ALL, -4.0),
        Plan("Synthesizers", "synth_pluck", partial(arpeggio, low=60, hold=2.0),
             ("0-2-4-3-5-2-4-1-", "0-47--3--5--6-2-"), "--xxxxxx", -12.0),
        Plan("Keyboards", "electric_piano", partial(chords, low=60, hold=1.0),
             ("X-----o---o-----", "----X-------o---"), "-xxxxxx-", -8.0),
        Plan("Vocals", "choir", partial(chords, low=60, voices=3, hold=1.02, word="oo"),
             ("X-------",), "--xxxxx-", -7.0),
        Plan("Orchestral", "string_section", partial(tune, centre=76, hold=1.02),
             ("X-----x-|X-------|X---x---|X-------",), "-xx-xxxx", -8.0),
        Plan("Bass", "sub_bass", partial(bass, hold=0.97), ("R-------", "R-----F-"),
             "--xxxxxx", -5.0),
    ),
)  # fmt: skip

_WALTZ = Style(
    "waltz", (140, 164), 3, 0.0, "minor",
    ("i iv V7 i VI bVII bIII V7", "i V7 i iv i V7 i i", "i bVII bVI V7"),
    (
        Plan("Orchestral", "violin", partial(tune, centre=74, hold=1.0),
             ("X---x-|X-----|X-x-x-|X-----", "X-x-x-|X---x-|X-x-x-|X-----"), "-xxx-xxx", -3.0),
        Plan("Orchestral", "pizzicato", partial(chords, low=55, voices=3, hold=0.5),
             ("--x-x-",), "--xxxxxx", -9.0),
        Plan("Guitars", "nylon_guitar", partial(arpeggio, low=52),
             ("021323", "0-2-3-", "0-3232"), _ALL, -5.0),
        Plan("Keyboards", "piano", partial(chords, low=60, voices=3, hold=0.5),
             ("--x-o-", "--o-o-"), "--xxxxxx", -8.0),
        Plan("Bass", "upright_bass", bass, ("R-----|F-----", "R-----|R---A-"), _ALL, -5.0),
        Plan("Percussions", "percussion", drums,
             ("triangle X----- ; tambourine --o-o-", "castanet ----xx ; triangle X-----"),
             "--xx-xxx", -15.0),
    ),
)  # fmt: skip

_HOUSE = Style(
    "house", (120, 126), 4, 0.1, "minor",
    ("i9 bVImaj7 bIII bVII", "i7 iv7", "iv7 bVII i7 i7"),
    (
        Plan("Synthesizers", "synth_stab", partial(chords, low=57, hold=0.6),
             ("--x---x---x--x--", "x--x--x---x--x--"), "-xxxxxxx", -6.0),
        Plan("Drums", "drum_machine", partial(drums, fill="clap clap snare snare"),
             ("kick X---X---X---X--- ; clap ----X-------X--- ; hat ..x...x...x...x."
              " ; open_hat --x---x---x---x-",), _ALL, 0.0),
        Plan("Bass", "synth_bass", partial(bass, hold=0.6),
             ("--R--RO---R--RF-", "--RR--RO--R-O-A-"), "-xxxxxxx", -3.0),
        Plan("Keyboards", "piano", partial(chords, low=60, hold=0.5),
             ("X--x--x---x-x---", "X--x---x--x--x--"), "--x-xxxx", -6.0),
        Plan("Percussions", "percussion", drums,
             ("shaker x.oox.oox.oox.oo ; conga_high ---x--x----x--x-"
              " ; conga_low ------------o-o- ; clave x--x--x---x-x---",), "--xxxxxx", -12.0),
        Plan("Vocals", "choir", partial(chords, low=62, voices=3, hold=0.85, word="ah"),
             ("X-----x-|X-------", "X--x--x-|X---x---"), "--xxxxxx", -8.0),
    ),
)  # fmt: skip

_SOUL_BALLAD = Style(
    "soul in twelve-eight", (62, 72), 4, 0.0, "major",
    ("I iii7 IVmaj7 V9", "I vi7 ii7 V7", "I I7 IV iv6"),
    (
        Plan("Vocals", "lead_vocal", partial(tune, centre=67, words=_SOUL),
             ("---xxxX--x-x|X-----------|--xX-xX--x--|X--x--------",), "-xxxxxxx", -3.0),
        Plan("Vocals", "choir", partial(chords, low=60, voices=3, hold=0.9, word="oo"),
             ("X-----------", "------X--x--"), "--x-xxxx", -10.0),
        Plan("Guitars", "electric_guitar", partial(strum, low=57, hold=0.8),
             ("---X-----X--", "---X-o---X-o"), "-xxxxxxx", -9.0),
        Plan("Keyboards", "electric_piano", partial(chords, low=55, left_hand=True),
             ("X-----o-o---", "X--o--x--o--"), _ALL, -6.0),
        Plan("Bass", "finger_bass", bass, ("R----FR--A--", "R----RF--T-A"), _ALL, -3.0),
        Plan("Drums", "drum_kit", partial(drums, fill="snare tom_high tom_low"),
             ("kick X----xx----- ; snare ---X-----X-. ; hat x.ox.ox.ox.o",), "-xxxxxxx", -2.0),
        Plan("Orchestral", "brass_section", partial(chords, low=60, hold=0.9),
             ("------------|X----xX-----", "X-----------|---------X-X"), "--x-xxxx", -8.0),
    ),
)  # fmt: skip

_MARCH = Style(
    "march", (108, 118), 4, 0.0, "major",
    ("I V7 I IV I V7 I I", "I IV V7 I vi ii V7 I"),
    (
        Plan("Orchestral", "trumpet", partial(tune, centre=72, hold=0.8),
             ("X--xX-x-|X---x---|X--xX-x-|X-------",), "-xxxxxxx", -3.0),
        Plan("Orchestral", "flute", partial(tune, centre=84, hold=0.85),
             ("XxxxXxxx|X-x-X---", "X-xxX-xx|XxxxX---"), "--x-x-xx", -8.0),
        Plan("Bass", "finger_bass", partial(bass, hold=0.7), ("R-F-R-F-", "R-F-R-A-"), _ALL, -4.0),
        Plan("Drums", "drum_kit", partial(drums, fill="snare"),
             ("kick X-------X------- ; snare x--xx-x-x-xxx.x.",
              "kick X-------X-----x- ; snare ----X-.x----Xxxx"), _ALL, -3.0),
        Plan("Percussions", "percussion", drums,
             ("triangle x---x--- ; tambourine --o---o-", "clave x-x-x-xx ; triangle X-------"),
             "--xxxxxx", -15.0),
        Plan("Keyboards", "celesta", partial(arpeggio, low=67, hold=2.0),
             ("0-2-1-3-", "0-4-3-5-"), "-xxx-xxx", -11.0),
        Plan("Synthesizers", "synth_brass", partial(chords, low=55, hold=0.8),
             ("--x---x-", "X---x---"), "--xxxxxx", -8.0),
    ),
)  # fmt: skip

STYLES = (_FOLK, _ROCK, _FUNK, _AMBIENT, _WALTZ, _HOUSE, _SOUL_BALLAD, _MARCH)
"""Song ``index`` is in style ``index`` modulo eight."""
