"""The one palette of the product: what each colour means, everywhere.

Blue against vermilion is the pair that stays apart for every kind of colour blindness (Okabe & Ito 2008); meanings
are told by words, signs or shapes too, so that no chart needs its colours.
"""

PROFIT = "#0072B2"
LOSS = "#C24E00"  # Okabe & Ito's vermilion, darkened until text in it reads on white
UNCERTAIN = "#7A828E"
UNCERTAIN_FILL = "rgba(122, 130, 142, 0.25)"
CHOSEN = "#7A1550"
INK = "#1B2430"  # what was measured, and text
GRID = "#D9DEE5"
PAPER = "#FFFFFF"

# From the most to the least, for ordered groups: one hue, so that the order shows in grey too.
STEPS = ("#08306B", "#2171B5", "#4FA0D0", "#8FC1E0", "#C3DCEF", "#E3EEF8", "#F4F8FC")

# For cells with a number in them: light enough that text in INK reads on all of it.
CELLS = ((0.0, "#F4F8FC"), (1.0, "#5BA8D6"))


def steps(number: int) -> list[str]:
    """Return colours for `number` ordered groups, spread over the scale; at most seven."""
    if number > len(STEPS):
        msg = f"{number} groups are more than a legend can hold ({len(STEPS)})"
        raise ValueError(msg)
    if number <= 1:
        return [STEPS[1]][:number]
    last = min(len(STEPS) - 3, number - 1) if number <= 5 else len(STEPS) - 1
    return [STEPS[round(i * last / (number - 1))] for i in range(number)]
