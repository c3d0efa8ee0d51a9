"""Words of the speech, the signs and the names of films."""

from tools.text import numbers

THINGS = (
    "copper kettle", "wooden ladder", "garden bench", "old typewriter", "church organ",
    "rowing boat", "brass telescope", "rocking chair", "grandfather clock", "sewing machine",
    "steam engine", "leather suitcase", "marble statue", "silver teapot", "paper lantern",
    "fishing net", "oak table", "stone oven", "clay vase", "bicycle pump", "straw hat",
    "music box", "wool carpet", "weather vane", "chess board", "iron stove", "velvet curtain",
    "wine barrel", "snow shovel", "glass bowl", "canvas tent", "folding screen", "market cart",
    "wicker basket", "hand mirror", "spinning wheel", "toy railway", "garden gnome",
    "fire bucket", "birdcage", "hourglass", "wheelbarrow", "candlestick", "cupboard",
)  # fmt: skip
PEOPLE = (
    "Mara Holt", "Jonas Reed", "Elena Fisher", "Tobias Kern", "Nadia Brooks", "Oscar Lind",
    "Priya Nair", "Hugo Marsh", "Greta Vance", "Samuel Okoro", "Ingrid Dahl", "Felix Moreau",
    "Clara Whitby", "Amir Haddad", "Rosa Delgado", "Walter Pym", "Yuki Tanaka", "Leon Fraser",
    "Edith Crane", "Boris Novak", "Lucia Romano", "Martin Sole", "Agnes Teller", "Omar Aziz",
    "Hannah Quill", "Viktor Lang", "Paula Stern", "Denis Archer", "Noemi Barta", "Ruth Calder",
)  # fmt: skip
TOWNS = (
    "Lisbon", "Bergen", "Krakow", "Dublin", "Valencia", "Tallinn", "Graz", "Utrecht", "Naples",
    "Porto", "Leipzig", "Aarhus", "Toulouse", "Verona", "Gdansk", "Seville", "Antwerp", "Basel",
    "Lyon", "Malmo", "Bristol", "Trieste", "Zagreb", "Ghent",
)  # fmt: skip
ROLES = (
    "baker", "gardener", "head teacher", "conductor", "mechanic", "librarian", "captain",
    "treasurer", "caretaker", "cook", "referee", "dentist", "postman", "tailor", "night guard",
    "accountant", "vet", "chairwoman",
)  # fmt: skip
PLACES = (
    "cellar", "attic", "workshop", "greenhouse", "boathouse", "old chapel", "barn", "reading room",
    "courtyard", "town hall", "engine shed", "kitchen", "north tower", "waiting room",
)  # fmt: skip
STORED = (
    "apples", "candles", "blankets", "tickets", "maps", "bottles", "tools", "costumes", "helmets",
    "seeds", "instruments", "trophies", "lamps", "chairs", "oars", "ropes", "photographs", "flags",
)  # fmt: skip
EVENTS = (
    "concert", "auction", "parade", "chess match", "guided tour", "fireworks", "bread festival",
    "boat race", "puppet show", "book fair", "harvest supper", "dance class",
)  # fmt: skip
BUILDINGS = (
    "museum", "railway station", "swimming pool", "theatre", "hospital", "harbour", "school",
    "cinema", "observatory", "brewery", "bridge", "windmill",
)  # fmt: skip
FOODS = (
    "plum cake", "onion soup", "goat cheese", "grilled trout", "rice pudding", "cherry pie",
    "lentil stew", "garlic bread", "smoked ham", "pumpkin ravioli", "roasted almonds",
)  # fmt: skip
MATERIALS = (
    "bamboo", "aluminium", "walnut", "porcelain", "granite", "cork", "bronze", "felt", "beech",
    "plaster", "slate",
)  # fmt: skip
REASONS = (
    ("the handle had snapped", "snapped"), ("mice had chewed on it", "mice"),
    ("the rain had soaked it", "soaked"), ("a child had dropped it", "dropped"),
    ("rust had eaten through it", "rust"), ("the paint was peeling off", "peeling"),
    ("one of the hinges was missing", "hinges"), ("the fire had blackened it", "blackened"),
    ("it had leaked for weeks", "leaked"), ("a screw had come loose", "screw"),
)  # fmt: skip
"""Each with the word that a right answer must contain."""
REPEATED = (
    "ferry", "parrot", "donkey", "fountain", "tractor", "accordion", "lighthouse", "goose",
    "tram", "scarecrow", "piano", "hedgehog", "balloon", "carousel",
)  # fmt: skip
MENTIONS = (
    "Over there you can see the {}.",
    "Nobody expected to meet the {} on a Tuesday.",
    "Visitors always take a picture of the {}.",
    "Without the {} this would be a dull corner.",
    "My grandmother used to sing about the {}.",
    "Everyone is fond of the {}, even the neighbours.",
    "Please do not feed or touch the {}.",
)
ASIDES = (
    "It drizzled a little during the morning.", "Let us walk on a few steps.",
    "You hardly hear a car around these parts.", "That is how it has always been done.",
    "Some say the best time to come is autumn.", "We stop for a short rest.",
    "Mind your head at the low doorway.", "The light is lovely at this hour.",
    "There used to be many more of these.", "Thank you for being so patient.",
    "Not everybody agrees with that, of course.", "The view from up here is splendid.",
    "I still remember my first visit.", "It smells of fresh hay and tar.",
    "Our dog sleeps through all of it.", "A cold wind blows down from the hills.",
    "The neighbours have brought umbrellas.", "In winter the path is often frozen.",
    "Nobody was in a hurry that day.", "Two sparrows are nesting under the roof.",
)  # fmt: skip
TITLES = (
    "MORNING MARKET", "HARBOUR WALK", "THE WORKSHOP", "QUIET HOURS", "WINTER PLANS",
    "FAMILY ALBUM", "RIVER CROSSING", "BEHIND THE SCENES", "OPEN DOORS", "FIRST STEPS",
    "LAST ORDERS", "COUNTRY ROADS", "UNDER THE ROOF", "SUMMER SCHOOL", "OLD FRIENDS",
    "NIGHT SHIFT", "GARDEN PARTY", "LOST AND FOUND", "TEA BREAK", "MOUNTAIN AIR",
    "PAPER TRAIL", "STREET MUSIC",
)  # fmt: skip
NUMBERED = ("STALL", "ROOM", "PLATFORM", "GATE", "BUS", "EXIT", "LOCKER", "TABLE", "PIER", "FLOOR")
PRICED = ("CARROTS", "TOMATOES", "POSTCARDS", "BISCUITS", "MUSHROOMS", "TULIPS", "EGGS", "PEARS",
          "NOODLES", "CHERRIES", "WALNUTS", "ONIONS")  # fmt: skip
NOTICES = ("WET FLOOR", "NO ENTRY", "MIND THE STEP", "KEEP RIGHT", "BEWARE OF THE DOG",
           "STAFF ONLY", "HARD HATS REQUIRED", "NO SMOKING", "FRAGILE GLASS")  # fmt: skip
FILM_NAMES = (
    "A village fete", "A day at the depot", "Saturday in the old town", "Neighbours at work",
    "A walk with friends", "The spring sale", "News from the valley", "A tour of the estate",
    "Crafts and trades", "An afternoon indoors", "Local voices", "Odds and ends",
    "Around the square", "Visiting the coast",
)  # fmt: skip
NUMBERS = {number: word for word, number in numbers.NUMBERS.items() if 2 <= number <= 20}
ABSENT_THINGS = (
    "helicopter", "submarine", "volcano", "crocodile", "violin", "hurricane", "robot",
    "penguin", "tornado", "dinosaur", "kangaroo", "skateboard", "microscope", "casino",
    "glacier", "pharaoh", "lawnmower", "trampoline",
)  # fmt: skip
"""Things that no film mentions or shows."""
COLOURS = {
    "red": (200, 30, 35), "orange": (240, 135, 25), "yellow": (240, 215, 50),
    "green": (40, 150, 60), "blue": (40, 80, 205), "purple": (130, 45, 165),
    "white": (240, 240, 240), "black": (14, 14, 16), "grey": (128, 128, 128),
}  # fmt: skip
SHAPE_COLOURS = ("red", "orange", "yellow", "green", "blue", "purple")
FORMS = ("square", "circle", "triangle", "star")
