"""English words that prompts are made of, whatever the data, and what stands between words."""

# What parts what is said of one noun from what is said of another, as "and" does.
COMMAS = ",，、،"
SEPARATORS = f"{COMMAS};；؛"
# Whatever else stands between words. The spaces are written out: Python's \s and RE2's differ.
_SPACES = " \t\n\v\f\r\u00a0\u3000"
PUNCTUATION = rf"[!-+\--/:<-@\[-`{{-~{_SPACES}。！？：（）「」“”„«»–—…]+"

# Said around what is asked for.
FILLERS = frozenset(
    "a an the with and of in on has have having is are her his their its she he who that this "
    "some very please draw show me picture image photo portrait face anime manga style character "
    "girl boy woman man person girls boys one cute pretty beautiful nice lovely drawing colored "
    "coloured color colour colors colours seen from wearing facing".split()
)
# What else is said of hair and eyes: where the data have no such attribute it is ignored, and said.
MODIFIERS = frozenset(
    "short long medium straight curly wavy messy spiky smooth shiny fluffy braided tied twin "
    "bright dark light pale deep vivid soft pastel big small large tiny round narrow wide open "
    "closed half sharp sleepy happy sad sparkling shining".split()
)
# Words for colours: one that the data do not have is refused, since something else would be drawn.
COLOURS = frozenset(
    "amber aqua aquamarine azure beige black blond blonde blue bronze brown brunette burgundy "
    "chestnut chocolate copper coral cream crimson cyan fuchsia ginger gold golden gray green grey "
    "hazel indigo ivory khaki lavender lemon lilac lime magenta maroon mauve mint mustard navy "
    "ochre olive orange peach pink plum purple rainbow red rose ruby rust salmon sapphire scarlet "
    "silver tan teal transparent turquoise ultramarine vermilion violet white yellow".split()
)
# Word -> what may be meant by it, best first; it stands for the first that an attribute has.
SPELLINGS = {
    "grey": ("gray",),
    "gray": ("grey",),
    "silver": ("gray", "grey", "white"),
    "blond": ("blonde", "yellow"),
    "blonde": ("blond", "yellow"),
    "golden": ("gold", "blonde", "blond", "yellow"),
    "gold": ("golden", "blonde", "blond", "yellow"),
    "yellow": ("blonde", "blond", "golden"),
    "cyan": ("aqua", "turquoise"),
    "aqua": ("cyan", "turquoise"),
    "turquoise": ("aqua", "cyan"),
    "violet": ("purple",),
    "purple": ("violet",),
    "brunette": ("brown",),
    "crimson": ("red",),
    "scarlet": ("red",),
    "walk": ("walking",),
    "walks": ("walking",),
    "cast": ("casting",),
    "casts": ("casting",),
    "spellcasting": ("casting",),
    "slash": ("slashing",),
    "slashes": ("slashing",),
}
# Other forms of nouns, taken for the first that the data have.
NOUN_FORMS = {
    "haired": ("hair",),
    "hairs": ("hair",),
    "hair": ("hairs",),
    "eyed": ("eyes", "eye"),
    "eye": ("eyes",),
    "eyes": ("eye",),
}
# Kinds of what a noun means, which requests name it by, unless the data have them by themselves.
KINDS_OF = {
    **dict.fromkeys("armor armour coat jacket jumper shirt sweater top tunic".split(), "topwear"),
    **dict.fromkeys("leggings pants shorts skirt trousers".split(), "bottomwear"),
    "skin": "body",
}
# Nouns that go without saying: "walking" is a walking action, and "a suit" is a topwear.
UNSPOKEN = frozenset("action activity bottomwear direction expression pose topwear view".split())


def split(text):
    """The words of a text in which all that stands between words has become spaces."""
    # Not str.split(): it knows more spaces than PUNCTUATION.
    return [word for word in text.split(" ") if word]
