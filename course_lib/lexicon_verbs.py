"""The verbs of `scenes`, with the adverbs and places that go with them."""

from course_lib.lexicon import Adverb, Place, Verb, rows

SEATED = "outside inside seat"

# fmt: off
VERBS = (
    Verb("laughing", "lacht", "lachen", "person", manner="voice",
         uses="idle"),
    Verb("singing", "singt", "singen", "person", manner="voice",
         uses="idle"),
    Verb("talking", "redet", "reden", "person", manner="voice", places=SEATED,
         uses="idle"),
    Verb("crying", "weint", "weinen", "child", manner="sob"),
    Verb("barking", "bellt", "bellen", "barker", manner="loud", places="outside"),
    Verb("dancing", "tanzt", "tanzen", "person", manner="fast"),
    Verb("waiting", "wartet", "warten", "person pet", manner="patient",
         uses="idle"),
    Verb("playing", "spielt", "spielen", "child pet", manner="calm"),
    Verb("working", "arbeitet", "arbeiten", "adult", places="garden kitchen shop pasture",
         manner="calm"),
    Verb("smiling", "lächelt", "lächeln", "person", places=SEATED,
         uses="idle"),
    Verb("running", "rennt", "rennen", "person pet beast", places="outside"),
    Verb("swimming", "schwimmt", "schwimmen", "person bird", places="water", manner="fast"),
    Verb("grazing", "grast", "grasen", "grazer", places="pasture", manner="calm"),
    Verb("sitting", "sitzt", "sitzen", "person pet", places="outside seat", needs_place=True,
         uses="idle"),
    Verb("standing", "steht", "stehen", "person beast", places="outside", needs_place=True,
         uses="idle"),
    Verb("lying", "liegt", "liegen", "pet", places=SEATED, needs_place=True),
    Verb("sleeping", "schläft", "schlafen", "person pet", places=SEATED,
         manner="calm"),
    Verb("falling asleep", "schläft", "schlafen", "person pet", particle="ein", places=SEATED),
    Verb("waking up", "wacht", "wachen", "person pet", particle="auf", places=SEATED,
         manner="slow"),
    Verb("getting up", "steht", "stehen", "person pet", particle="auf", places="", manner="slow"),
    Verb("resting", "ruht", "ruhen", "person pet beast", particle="aus", reflexive=True,
         places=SEATED),
    Verb("hiding", "versteckt", "verstecken", "child pet", reflexive=True, places="cover"),
    Verb("walking", "geht", "gehen", "person", goals="walk", manner="slow"),
    Verb("hiking", "wandert", "wandern", "person", goals="through"),
    Verb("hurrying", "eilt", "eilen", "person", goals="walk"),
    Verb("strolling", "spaziert", "spazieren", "person", goals="through"),
    Verb("crawling", "kriecht", "kriechen", "child pet", goals="under", manner="slow"),
    Verb("jumping", "springt", "springen", "person pet", goals="water"),
    Verb("reading", "liest", "lesen", "person", "text", places=SEATED,
         uses="beside shown"),
    Verb("reading out", "liest", "lesen", "person", "text", particle="vor", manner="loud"),
    Verb("writing", "schreibt", "schreiben", "person", "draft", places="inside"),
    Verb("wearing", "trägt", "tragen", "person", "clothes",
         uses="beside"),
    Verb("putting on", "zieht", "ziehen", "person", "garment", particle="an", places="",
         manner="slow"),
    Verb("taking off", "zieht", "ziehen", "person", "garment", particle="aus", places="",
         manner="slow"),
    Verb("putting on", "setzt", "setzen", "person", "headwear", particle="auf", places="",
         manner="slow"),
    Verb("taking off", "setzt", "setzen", "person", "headwear", particle="ab", places="",
         manner="slow"),
    Verb("carrying", "trägt", "tragen", "person", "load instrument",
         uses="beside shown"),
    Verb("taking", "bringt", "bringen", "person", "load", goals="walk"),
    Verb("holding", "hält", "halten", "person", "load toy balloon doll dish instrument device",
         uses="beside shown"),
    Verb("picking up", "hebt", "heben", "person", "load toy stone doll", particle="auf",
         manner="care"),
    Verb("placing", "stellt", "stellen", "person", "load dish", goals="put", manner="care"),
    Verb("laying", "legt", "legen", "person", "text clothes instrument doll", goals="put",
         manner="care"),
    Verb("throwing", "wirft", "werfen", "person", "toy stone", places="outside"),
    Verb("kicking", "schießt", "schießen", "child", "toy", places="outside"),
    Verb("washing", "wäscht", "waschen", "person", "wheels pet clothes", places="garden",
         uses="shown"),
    Verb("washing up", "wäscht", "waschen", "person", "dish", particle="ab", places="kitchen"),
    Verb("drying", "trocknet", "trocknen", "person", "dish", particle="ab", places="kitchen",
         manner="care"),
    Verb("repairing", "repariert", "reparieren", "adult", "vehicle furniture device lid",
         places="outside",
         uses="shown"),
    Verb("painting", "streicht", "streichen", "adult", "paintable", places="outside",
         manner="slow",
         uses="shown"),
    Verb("buying", "kauft", "kaufen", "person", "food flower text clothes load device",
         places="shop"),
    Verb("selling", "verkauft", "verkaufen", "adult", "food flower clothes", places="shop"),
    Verb("eating", "isst", "essen", "person", "food", places=SEATED, manner="slow",
         uses="beside"),
    Verb("drinking", "trinkt", "trinken", "person", "drink", places=SEATED,
         manner="slow",
         uses="beside"),
    Verb("baking", "backt", "backen", "adult", "baked", places="kitchen"),
    Verb("cutting up", "schneidet", "schneiden", "adult", "fruit", particle="auf",
         places="kitchen", manner="care"),
    Verb("peeling", "schält", "schälen", "adult", "peel", places="kitchen", manner="care"),
    Verb("opening", "macht", "machen", "person", "lid", particle="auf", places="", manner="care"),
    Verb("closing", "macht", "machen", "person", "lid", particle="zu", places="", manner="care"),
    Verb("packing", "packt", "packen", "person", "pack", places="inside"),
    Verb("filling", "füllt", "füllen", "person", "hollow", places="outside",
         manner="slow"),
    Verb("watering", "gießt", "gießen", "person", "flower", places="garden", manner="calm"),
    Verb("picking", "pflückt", "pflücken", "person", "flower", places="garden"),
    Verb("planting", "pflanzt", "pflanzen", "person", "flower plant", places="garden"),
    Verb("drawing", "zeichnet", "zeichnen", "person", "pet beast bird building plant flower",
         uses="regards shown"),
    Verb("photographing", "fotografiert", "fotografieren", "person",
         "person pet beast bird building flower", places="outside",
         uses="regards shown"),
    Verb("feeding", "füttert", "füttern", "person", "pet beast bird", places="outside",
         manner="patient",
         uses="shown"),
    Verb("petting", "streichelt", "streicheln", "person", "pet", places=SEATED,
         manner="care",
         uses="beside shown"),
    Verb("brushing", "bürstet", "bürsten", "person", "pet", places="outside", manner="patient",
         uses="shown"),
    Verb("visiting", "besucht", "besuchen", "person", "person", places=""),
    Verb("greeting", "grüßt", "grüßen", "person", "person", places="outside",
         manner="kind",
         uses="regards"),
    Verb("hugging", "umarmt", "umarmen", "person", "person", places="outside",
         uses="regards shown"),
    Verb("pushing", "schiebt", "schieben", "person", "pushed", places="outside",
         uses="shown"),
    Verb("looking at", "sieht", "sehen", "person pet", "person pet beast bird", particle="an",
         places="outside",
         uses="idle regards"),
    Verb("inviting", "lädt", "laden", "adult", "person", particle="ein", places=""),
    Verb("picking out", "sucht", "suchen", "person", "clothes fruit", particle="aus",
         places="", manner="care"),
    Verb("chasing", "jagt", "jagen", "pet beast", "pet bird", places="outside",
         uses="shown"),
    Verb("helping", "hilft", "helfen", "person", "person", case="dative",
         uses="regards shown"),
    Verb("thanking", "dankt", "danken", "person", "person", case="dative", places="",
         manner="kind",
         uses="regards"),
    Verb("following", "folgt", "folgen", "person pet", "person pet beast", case="dative",
         places="outside",
         uses="shown"),
    Verb("waving at", "winkt", "winken", "person", "person", particle="zu", case="dative",
         places="outside", manner="kind",
         uses="idle regards shown"),
    Verb("listening to", "hört", "hören", "person", "person", particle="zu", case="dative",
         manner="patient",
         uses="idle"),
    Verb("watching", "sieht", "sehen", "person", "person", particle="zu", case="dative",
         uses="idle regards shown"),
    Verb("running after", "läuft", "laufen", "person pet", "person pet bird", particle="nach",
         case="dative", places="outside",
         uses="shown"),
    Verb("waiting for", "wartet", "warten", "person", "person transport", preposition="auf",
         places="outside",
         uses="idle regards"),
    Verb("talking to", "spricht", "sprechen", "person", "person", preposition="mit",
         case="dative",
         uses="idle regards shown"),
    Verb("playing with", "spielt", "spielen", "child pet", "toy pet", preposition="mit",
         case="dative", places="outside",
         uses="shown"),
    Verb("dancing with", "tanzt", "tanzen", "person", "person", preposition="mit", case="dative"),
    Verb("laughing at", "lacht", "lachen", "person", "person", preposition="über", places=""),
    Verb("looking for", "sucht", "suchen", "person",
         "person pet clothes load text device", places="outside inside",
         uses="regards"),
    Verb("shouting for", "ruft", "rufen", "person", "person pet", preposition="nach",
         case="dative", places="outside", manner="loud"),
    Verb("asking about", "fragt", "fragen", "person", "person", preposition="nach",
         case="dative", places="", manner="kind"),
)
# fmt: on

# English, German, kinds of manner.
_ADVERBS = """
loudly laut voice loud sob
softly leise voice sob
happily fröhlich voice
slowly langsam slow
quickly schnell slow fast
patiently geduldig patient
quietly ruhig calm
peacefully friedlich calm
carefully vorsichtig care
kindly freundlich kind
politely höflich kind
"""
ADVERBS = tuple(Adverb(english, german, " ".join(k)) for english, german, *k in rows(_ADVERBS))

# When: the whole phrase in both languages.
TIMES = (
    ("in the morning", "am Morgen"),
    ("in the evening", "am Abend"),
    ("at noon", "am Mittag"),
    ("today", "heute"),
    ("right now", "gerade"),
)

# English, German, noun, kind of place; + if it can be counted.
_PLACES = """
in in park outside
in in garden outside garden
in in forest outside
in auf meadow outside pasture
in auf field outside pasture
in in village outside
in in city outside
at auf market outside shop
at an station outside
at an lake outside
at an river outside
on an beach outside
on auf street outside
on auf bridge outside
in in river water
in in lake water
in in kitchen inside kitchen
in in library inside
in in room inside
in in café inside
in in museum inside
in in barn inside
on auf bench seat
on auf sofa seat
at an table seat
in_front_of vor house outside +
in_front_of vor church outside +
in_front_of vor castle outside +
in_front_of vor school outside
behind hinter house outside cover +
behind hinter tree outside cover +
behind hinter bush outside cover +
behind hinter wall cover
behind hinter sofa cover
next_to neben fountain outside +
next_to neben car outside +
next_to neben tower outside +
under unter tree outside +
under unter table cover
under unter bed cover
between zwischen tree outside two
between zwischen house outside two
"""
# English, German, noun, kind of goal, case.
_GOALS = """
to zu station walk dative
to zu market walk dative
to zu lake walk dative
to zu church walk dative
to zu school walk dative
to zu house walk dative
to an river walk accusative
to an beach walk accusative
into in garden walk accusative
into in house walk accusative
into in kitchen walk accusative
into in room walk accusative
into in library walk accusative
into in museum walk accusative
into in barn walk accusative
through durch park through accusative
through durch forest through accusative
through durch city through accusative
through durch village through accusative
across über bridge through accusative
across über meadow through accusative
across über field through accusative
around um lake through accusative
under unter table under accusative
under unter bed under accusative
into in lake water accusative
into in river water accusative
on auf table put accusative
on auf chair put accusative
on auf bench put accusative
on auf shelf put accusative
on auf carpet put accusative
next_to neben bed put accusative
next_to neben sofa put accusative
"""
PLACES = tuple(
    Place(english, german, noun, " ".join(kinds), many="+" in kinds)
    for english, german, noun, *kinds in rows(_PLACES)
)
GOALS = tuple(
    Place(english, german, noun, kind, case) for english, german, noun, kind, case in rows(_GOALS)
)
