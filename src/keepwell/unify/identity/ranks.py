"""What an edge between two records is, from the surest down.

DECIDED: a person said so. NUMBER: one customer number. NAMED: both tell a first name in full. KEYED: neither does, and
they share an e-mail or a telephone. HALF: one of them does. VAGUE: neither does, and they share an address.
"""

DECIDED, NUMBER, NAMED, KEYED, HALF, VAGUE = range(6)
