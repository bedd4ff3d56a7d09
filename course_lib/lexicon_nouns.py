"""The nouns of `scenes`, and the adjectives that go with them."""

from course_lib.lexicon import Adjective, Noun, rows

# English singular and plural, German singular and plural, gender (w: weak), kinds. -: no plural.
_NOUNS = """
man men Mann Männer m person adult
woman women Frau Frauen f person adult
neighbor neighbors Nachbar Nachbarn mw person adult
farmer farmers Bauer Bauern mw person adult
tourist tourists Tourist Touristen mw person adult
student students Student Studenten mw person adult
soldier soldiers Soldat Soldaten mw person adult
policeman policemen Polizist Polizisten mw person adult
pirate pirates Pirat Piraten mw person adult
cook cooks Koch Köche m person adult
doctor doctors Arzt Ärzte m person adult
guest guests Gast Gäste m person adult
musician musicians Musiker Musiker m person adult
teacher teachers Lehrer Lehrer m person adult
baker bakers Bäcker Bäcker m person adult
painter painters Maler Maler m person adult
gardener gardeners Gärtner Gärtner m person adult
fisherman fishermen Fischer Fischer m person adult
waiter waiters Kellner Kellner m person adult
hunter hunters Jäger Jäger m person adult
knight knights Ritter Ritter m person adult
king kings König Könige m person adult
queen queens Königin Königinnen f person adult
nurse nurses Krankenschwester Krankenschwestern f person adult
waitress waitresses Kellnerin Kellnerinnen f person adult
actress actresses Schauspielerin Schauspielerinnen f person adult
princess princesses Prinzessin Prinzessinnen f person adult
bride brides Braut Bräute f person adult
grandmother grandmothers Großmutter Großmütter f person elder
grandfather grandfathers Großvater Großväter m person elder
boy boys Junge Jungen mw person child
girl girls Mädchen Mädchen n person child
child children Kind Kinder n person child
dog dogs Hund Hunde m pet barker
cat cats Katze Katzen f pet
puppy puppies Welpe Welpen mw pet barker
poodle poodles Pudel Pudel m pet barker
horse horses Pferd Pferde n beast grazer
donkey donkeys Esel Esel m beast grazer
cow cows Kuh Kühe f beast grazer
lamb lambs Lamm Lämmer n beast grazer
goat goats Ziege Ziegen f beast grazer
pig pigs Schwein Schweine n beast
bear bears Bär Bären mw beast
monkey monkeys Affe Affen mw beast
lion lions Löwe Löwen mw beast
elephant elephants Elefant Elefanten mw beast
duck ducks Ente Enten f bird
goose geese Gans Gänse f bird
swan swans Schwan Schwäne m bird
book books Buch Bücher n text lines
letter letters Brief Briefe m text draft lines
newspaper newspapers Zeitung Zeitungen f text
magazine magazines Zeitschrift Zeitschriften f text
poem poems Gedicht Gedichte n text draft lines
postcard postcards Postkarte Postkarten f text draft
hat hats Hut Hüte m clothes headwear accessory
coat coats Mantel Mäntel m clothes garment winter
scarf scarves Schal Schals m clothes accessory winter
jacket jackets Jacke Jacken f clothes garment winter
cap caps Mütze Mützen f clothes headwear accessory winter
shirt shirts Hemd Hemden n clothes garment
sweater sweaters Pullover Pullover m clothes garment winter
tie ties Krawatte Krawatten f clothes accessory
basket baskets Korb Körbe m load vessel
umbrella umbrellas Regenschirm Regenschirme m load
bag bags Tasche Taschen f load vessel pack
backpack backpacks Rucksack Rucksäcke m load vessel pack
box boxes Kiste Kisten f load lid vessel
suitcase suitcases Koffer Koffer m load lid vessel pack
bucket buckets Eimer Eimer m load vessel hollow
ladder ladders Leiter Leitern f load
lamp lamps Lampe Lampen f load
mirror mirrors Spiegel Spiegel m load
vase vases Vase Vasen f load
stone stones Stein Steine m stone
ball balls Ball Bälle m toy
football footballs Fußball Fußbälle m toy
balloon balloons Luftballon Luftballons m balloon
doll dolls Puppe Puppen f doll
guitar guitars Gitarre Gitarren f instrument
violin violins Geige Geigen f instrument
trumpet trumpets Trompete Trompeten f instrument
drum drums Trommel Trommeln f instrument
flute flutes Flöte Flöten f instrument
camera cameras Kamera Kameras f device
telephone telephones Telefon Telefone n device
knife knives Messer Messer n dish
spoon spoons Löffel Löffel m dish
plate plates Teller Teller m dish
cup cups Tasse Tassen f dish
bottle bottles Flasche Flaschen f dish hollow
apple apples Apfel Äpfel m food fruit peel
pear pears Birne Birnen f food fruit peel
banana bananas Banane Bananen f food fruit peel
tomato tomatoes Tomate Tomaten f food fruit
egg eggs Ei Eier n food
cake cakes Kuchen Kuchen m food baked
sausage sausages Wurst Würste f food
bread - Brot - n food baked
cheese - Käse - m food
soup - Suppe - f food
tea - Tee - m drink
coffee - Kaffee - m drink
milk - Milch - f drink
water - Wasser - n drink
juice - Saft - m drink
door doors Tür Türen f lid paintable
window windows Fenster Fenster n lid paintable
gate gates Tor Tore n lid paintable
car cars Auto Autos n vehicle wheels pushed
bicycle bicycles Fahrrad Fahrräder n vehicle wheels pushed
truck trucks Lastwagen Lastwagen m vehicle wheels
tractor tractors Traktor Traktoren m vehicle wheels
boat boats Boot Boote n vehicle
bus buses Bus Busse m transport
train trains Zug Züge m transport
house houses Haus Häuser n building
church churches Kirche Kirchen f building
castle castles Schloss Schlösser n building
tower towers Turm Türme m building
school schools Schule Schulen f building
tree trees Baum Bäume m plant
bush bushes Busch Büsche m plant
flower flowers Blume Blumen f flower
rose roses Rose Rosen f flower
tulip tulips Tulpe Tulpen f flower
fountain fountains Brunnen Brunnen m building
wall walls Mauer Mauern f building
fence fences Zaun Zäune m building paintable
bench benches Bank Bänke f furniture paintable
sofa sofas Sofa Sofas n furniture
chair chairs Stuhl Stühle m furniture paintable
table tables Tisch Tische m furniture paintable
cupboard cupboards Schrank Schränke m furniture paintable
bed beds Bett Betten n furniture
shelf shelves Regal Regale n furniture paintable
carpet carpets Teppich Teppiche m textile
park parks Park Parks m area
garden gardens Garten Gärten m area
forest forests Wald Wälder m area shade
market markets Markt Märkte m area
beach beaches Strand Strände m area
station stations Bahnhof Bahnhöfe m area
lake lakes See Seen m area
river rivers Fluss Flüsse m area
street streets Straße Straßen f area shade
meadow meadows Wiese Wiesen f area
bridge bridges Brücke Brücken f area
field fields Feld Felder n area
village villages Dorf Dörfer n area
city cities Stadt Städte f area
kitchen kitchens Küche Küchen f room
library libraries Bibliothek Bibliotheken f room
room rooms Zimmer Zimmer n room shade
café cafés Café Cafés n room
museum museums Museum Museen n room
barn barns Scheune Scheunen f room
"""


def _noun(
    english: str, english_plural: str, german: str, german_plural: str, gender: str, *kinds: str
) -> Noun:
    many, viele = (form.replace("-", "") for form in (english_plural, german_plural))
    return Noun(english, many, german, viele, gender[0], " ".join(kinds), "w" in gender)


NOUNS = tuple(_noun(*row) for row in rows(_NOUNS))

# English, German (and the stem, if it differs), kinds.
_ADJECTIVES = """
young jung adult
old alt adult pet vehicle building furniture clothes instrument device lid
tall groß adult
small klein child pet load lid building furniture area room dish plant toy instrument
big groß pet beast load lid building furniture area room dish plant vehicle
fat dick pet beast bird
slim schlank adult
blond blond child !
cheerful fröhlich person
sad traurig person
angry wütend person
friendly freundlich person
polite höflich person
shy schüchtern person
brave mutig person
proud stolz person
strong stark person beast
clever klug person pet
lazy faul person pet
elegant elegant adult
tired müde/müd person pet
hungry hungrig person pet beast bird
curious neugierig person pet beast bird
wild wild beast bird
red rot clothes load toy vehicle flower balloon lid !
blue blau clothes toy vehicle balloon dish lid !
green grün clothes toy vehicle balloon dish lid !
yellow gelb clothes toy vehicle balloon flower !
black schwarz clothes load vehicle pet beast bird !
white weiß clothes load vehicle pet bird flower dish !
gray grau clothes load pet stone !
brown braun clothes load pet beast !
colorful bunt clothes toy balloon flower
warm warm winter
new neu textile clothes vehicle text device furniture instrument
expensive teuer/teur clothes vehicle device instrument furniture
cheap billig clothes vehicle device
clean sauber dish vehicle clothes
dirty schmutzig dish vehicle clothes
beautiful schön textile flower building area doll furniture
ugly hässlich building furniture vehicle clothes
modern modern building vehicle transport furniture device
long lang lines
short kurz lines
boring langweilig text
exciting spannend text
funny lustig text
heavy schwer load furniture stone
light leicht load
empty leer transport vessel room
broken kaputt vehicle device instrument furniture doll !
round rund stone
fresh frisch food
ripe reif fruit
sweet süß fruit
hot heiß drink
cold kalt drink
quiet ruhig area
dark dunkel/dunkl shade
bright hell room
cozy gemütlich room
"""


def _adjective(english: str, german: str, *kinds: str) -> Adjective:
    alone, _, stem = german.partition("/")
    return Adjective(english, alone, stem or alone, " ".join(kinds), "!" not in kinds)


ADJECTIVES = tuple(_adjective(*row) for row in rows(_ADJECTIVES))
