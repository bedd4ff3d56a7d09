"""The words of `scenes`: English and German lemmas with what the grammar must know of them.

`kinds` says what a noun is, and so which verbs and adjectives go with it: one line more here is one
word more in the corpus. Forms that a rule gets wrong are written out, so both plurals stand here.
"""

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Noun:
    """`gender` is m, f or n. A `weak` noun takes its plural form in the accusative and dative.

    A noun without plural is a mass noun: it stands without an article (`trinkt kalten Tee`).
    """

    english: str
    english_plural: str
    german: str
    german_plural: str
    gender: str
    kinds: str
    weak: bool = False

    @property
    def mass(self) -> bool:
        return not self.german_plural


@dataclass(frozen=True)
class Adjective:
    """`stem` is what German endings are added to: `dunkel` is `dunkl-e`."""

    english: str
    stem: str
    kinds: str


@dataclass(frozen=True)
class Verb:
    """An English `-ing` form, and the German third person, singular and plural.

    `particle` is the part that leaves a German verb in a main clause (`macht … auf`). `places` are
    kinds of `Place`; a verb that `needs_place` is odd without one (`steht`). What is done `beside`
    something else may stand in a relative clause, but nobody does anything beside sleeping.
    """

    english: str
    singular: str
    plural: str
    subjects: str
    objects: str = ""
    particle: str = ""
    case: str = "accusative"
    places: str = "outside inside"
    needs_place: bool = False
    beside: bool = False
    asleep: bool = False


@dataclass(frozen=True)
class Place:
    """A preposition in both languages, with the dative, and the noun it goes with.

    `many` places can be counted: `behind three trees`, but not `in three parks`.
    """

    english: str
    german: str
    noun: str
    kind: str
    many: bool = False


@cache
def fits(kinds: str, others: str) -> bool:
    """Do two lists of kinds have one in common?"""
    return not set(kinds.split()).isdisjoint(others.split())


NOUNS = (
    Noun("man", "men", "Mann", "Männer", "m", "person adult"),
    Noun("woman", "women", "Frau", "Frauen", "f", "person adult"),
    Noun("neighbor", "neighbors", "Nachbar", "Nachbarn", "m", "person adult", weak=True),
    Noun("farmer", "farmers", "Bauer", "Bauern", "m", "person adult", weak=True),
    Noun("tourist", "tourists", "Tourist", "Touristen", "m", "person adult", weak=True),
    Noun("cook", "cooks", "Koch", "Köche", "m", "person adult"),
    Noun("musician", "musicians", "Musiker", "Musiker", "m", "person adult"),
    Noun("queen", "queens", "Königin", "Königinnen", "f", "person adult"),
    Noun("grandmother", "grandmothers", "Großmutter", "Großmütter", "f", "person elder"),
    Noun("grandfather", "grandfathers", "Großvater", "Großväter", "m", "person elder"),
    Noun("boy", "boys", "Junge", "Jungen", "m", "person child", weak=True),
    Noun("girl", "girls", "Mädchen", "Mädchen", "n", "person child"),
    Noun("child", "children", "Kind", "Kinder", "n", "person child"),
    Noun("dog", "dogs", "Hund", "Hunde", "m", "pet"),
    Noun("cat", "cats", "Katze", "Katzen", "f", "pet"),
    Noun("rabbit", "rabbits", "Kaninchen", "Kaninchen", "n", "pet"),
    Noun("horse", "horses", "Pferd", "Pferde", "n", "beast"),
    Noun("cow", "cows", "Kuh", "Kühe", "f", "beast"),
    Noun("bear", "bears", "Bär", "Bären", "m", "beast", weak=True),
    Noun("monkey", "monkeys", "Affe", "Affen", "m", "beast", weak=True),
    Noun("duck", "ducks", "Ente", "Enten", "f", "bird"),
    Noun("swan", "swans", "Schwan", "Schwäne", "m", "bird"),
    Noun("book", "books", "Buch", "Bücher", "n", "text draft"),
    Noun("letter", "letters", "Brief", "Briefe", "m", "text draft"),
    Noun("newspaper", "newspapers", "Zeitung", "Zeitungen", "f", "text"),
    Noun("hat", "hats", "Hut", "Hüte", "m", "clothes"),
    Noun("coat", "coats", "Mantel", "Mäntel", "m", "clothes"),
    Noun("scarf", "scarves", "Schal", "Schals", "m", "clothes"),
    Noun("jacket", "jackets", "Jacke", "Jacken", "f", "clothes"),
    Noun("cap", "caps", "Mütze", "Mützen", "f", "clothes"),
    Noun("shirt", "shirts", "Hemd", "Hemden", "n", "clothes"),
    Noun("basket", "baskets", "Korb", "Körbe", "m", "load"),
    Noun("umbrella", "umbrellas", "Regenschirm", "Regenschirme", "m", "load"),
    Noun("bag", "bags", "Tasche", "Taschen", "f", "load"),
    Noun("box", "boxes", "Kiste", "Kisten", "f", "load lid"),
    Noun("ball", "balls", "Ball", "Bälle", "m", "toy"),
    Noun("stone", "stones", "Stein", "Steine", "m", "load"),
    Noun("apple", "apples", "Apfel", "Äpfel", "m", "food"),
    Noun("pear", "pears", "Birne", "Birnen", "f", "food"),
    Noun("egg", "eggs", "Ei", "Eier", "n", "food"),
    Noun("bread", "", "Brot", "", "n", "food"),
    Noun("tea", "", "Tee", "", "m", "drink"),
    Noun("milk", "", "Milch", "", "f", "drink"),
    Noun("water", "", "Wasser", "", "n", "drink"),
    Noun("door", "doors", "Tür", "Türen", "f", "lid"),
    Noun("window", "windows", "Fenster", "Fenster", "n", "lid"),
    Noun("car", "cars", "Auto", "Autos", "n", "vehicle"),
    Noun("bicycle", "bicycles", "Fahrrad", "Fahrräder", "n", "vehicle"),
    Noun("house", "houses", "Haus", "Häuser", "n", "building"),
    Noun("church", "churches", "Kirche", "Kirchen", "f", "building"),
    Noun("tree", "trees", "Baum", "Bäume", "m", "building"),
    Noun("fountain", "fountains", "Brunnen", "Brunnen", "m", "building"),
    Noun("bench", "benches", "Bank", "Bänke", "f", "furniture"),
    Noun("sofa", "sofas", "Sofa", "Sofas", "n", "furniture"),
    Noun("chair", "chairs", "Stuhl", "Stühle", "m", "furniture"),
    Noun("table", "tables", "Tisch", "Tische", "m", "furniture"),
    Noun("park", "parks", "Park", "Parks", "m", "area"),
    Noun("garden", "gardens", "Garten", "Gärten", "m", "area"),
    Noun("forest", "forests", "Wald", "Wälder", "m", "area"),
    Noun("market", "markets", "Markt", "Märkte", "m", "area"),
    Noun("beach", "beaches", "Strand", "Strände", "m", "area"),
    Noun("station", "stations", "Bahnhof", "Bahnhöfe", "m", "area"),
    Noun("lake", "lakes", "See", "Seen", "m", "area"),
    Noun("river", "rivers", "Fluss", "Flüsse", "m", "area"),
    Noun("street", "streets", "Straße", "Straßen", "f", "area"),
    Noun("meadow", "meadows", "Wiese", "Wiesen", "f", "area"),
    Noun("bridge", "bridges", "Brücke", "Brücken", "f", "area"),
    Noun("kitchen", "kitchens", "Küche", "Küchen", "f", "area"),
    Noun("library", "libraries", "Bibliothek", "Bibliotheken", "f", "area"),
    Noun("room", "rooms", "Zimmer", "Zimmer", "n", "area"),
)

ADJECTIVES = (
    Adjective("young", "jung", "adult"),
    Adjective("old", "alt", "adult vehicle building furniture"),
    Adjective("tall", "groß", "adult"),
    Adjective("small", "klein", "child pet load lid building furniture area"),
    Adjective("big", "groß", "pet beast load lid building furniture area"),
    Adjective("cheerful", "fröhlich", "person"),
    Adjective("tired", "müd", "person pet"),
    Adjective("hungry", "hungrig", "person pet beast bird"),
    Adjective("curious", "neugierig", "person pet beast bird"),
    Adjective("red", "rot", "clothes load toy vehicle"),
    Adjective("blue", "blau", "clothes toy vehicle"),
    Adjective("green", "grün", "clothes toy vehicle"),
    Adjective("yellow", "gelb", "clothes toy vehicle"),
    Adjective("black", "schwarz", "clothes load vehicle pet beast bird"),
    Adjective("white", "weiß", "clothes load vehicle pet bird"),
    Adjective("brown", "braun", "clothes load pet beast"),
    Adjective("new", "neu", "clothes vehicle text"),
    Adjective("expensive", "teur", "clothes vehicle"),
    Adjective("long", "lang", "text"),
    Adjective("heavy", "schwer", "load furniture"),
    Adjective("fresh", "frisch", "food"),
    Adjective("hot", "heiß", "drink"),
    Adjective("cold", "kalt", "drink"),
    Adjective("quiet", "ruhig", "area"),
    Adjective("dark", "dunkl", "area"),
)

# fmt: off
VERBS = (
    Verb("laughing", "lacht", "lachen", "person"),
    Verb("dancing", "tanzt", "tanzen", "person"),
    Verb("waiting", "wartet", "warten", "person pet"),
    Verb("playing", "spielt", "spielen", "child pet"),
    Verb("running", "rennt", "rennen", "person pet beast", places="outside"),
    Verb("swimming", "schwimmt", "schwimmen", "person bird", places="water"),
    Verb("sitting", "sitzt", "sitzen", "person pet", places="outside seat", needs_place=True),
    Verb("standing", "steht", "stehen", "person beast", places="outside", needs_place=True),
    Verb("sleeping", "schläft", "schlafen", "person pet",
         places="outside inside seat", asleep=True),
    Verb("falling asleep", "schläft", "schlafen", "person pet", particle="ein",
         places="outside inside seat", asleep=True),
    Verb("reading", "liest", "lesen", "person", "text", places="outside inside seat"),
    Verb("writing", "schreibt", "schreiben", "person", "draft", places="inside seat"),
    Verb("wearing", "trägt", "tragen", "person", "clothes", beside=True),
    Verb("carrying", "trägt", "tragen", "person", "load", beside=True),
    Verb("holding", "hält", "halten", "person", "load toy", beside=True),
    Verb("picking up", "hebt", "heben", "person", "load toy", particle="auf"),
    Verb("throwing", "wirft", "werfen", "person", "toy", places="outside"),
    Verb("washing", "wäscht", "waschen", "person", "vehicle pet", places="outside"),
    Verb("repairing", "repariert", "reparieren", "person", "vehicle furniture", places="outside"),
    Verb("eating", "isst", "essen", "person", "food", places="outside inside seat", beside=True),
    Verb("drinking", "trinkt", "trinken", "person", "drink",
         places="outside inside seat", beside=True),
    Verb("opening", "macht", "machen", "person", "lid", particle="auf", places="inside"),
    Verb("closing", "macht", "machen", "person", "lid", particle="zu", places="inside"),
    Verb("drawing", "zeichnet", "zeichnen", "person", "pet beast bird building"),
    Verb("feeding", "füttert", "füttern", "person", "pet beast bird", places="outside"),
    Verb("looking at", "sieht", "sehen", "person pet", "person pet beast bird", particle="an",
         places="outside", beside=True),
    Verb("chasing", "jagt", "jagen", "pet beast", "pet bird", places="outside", beside=True),
    Verb("helping", "hilft", "helfen", "person", "person", case="dative"),
    Verb("following", "folgt", "folgen", "person pet", "person pet beast", case="dative",
         places="outside", beside=True),
    Verb("waving at", "winkt", "winken", "person", "person", particle="zu", case="dative",
         places="outside", beside=True),
    Verb("listening to", "hört", "hören", "person", "person", particle="zu", case="dative",
         beside=True),
)
# fmt: on

PLACES = (
    Place("in", "in", "park", "outside"),
    Place("in", "in", "garden", "outside"),
    Place("in", "in", "forest", "outside"),
    Place("in", "auf", "meadow", "outside"),
    Place("at", "auf", "market", "outside"),
    Place("at", "an", "station", "outside"),
    Place("at", "an", "lake", "outside"),
    Place("on", "an", "beach", "outside"),
    Place("on", "auf", "street", "outside"),
    Place("on", "auf", "bridge", "outside"),
    Place("in", "in", "river", "water"),
    Place("in", "in", "lake", "water"),
    Place("in", "in", "kitchen", "inside"),
    Place("in", "in", "library", "inside"),
    Place("in", "in", "room", "inside"),
    Place("on", "auf", "bench", "seat"),
    Place("on", "auf", "sofa", "seat"),
    Place("on", "auf", "chair", "seat"),
    Place("at", "an", "table", "seat"),
    Place("in front of", "vor", "house", "outside", many=True),
    Place("in front of", "vor", "church", "outside", many=True),
    Place("behind", "hinter", "house", "outside", many=True),
    Place("behind", "hinter", "tree", "outside", many=True),
    Place("next to", "neben", "fountain", "outside", many=True),
    Place("next to", "neben", "car", "outside", many=True),
    Place("under", "unter", "tree", "outside", many=True),
    Place("under", "unter", "table", "inside"),
    Place("next to", "neben", "window", "inside"),
)
