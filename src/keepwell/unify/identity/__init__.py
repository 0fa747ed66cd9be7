"""Who is one person: exact keys, Splink's weights, clusters that no conflict crosses, ids that stay.

Records go through five steps. `clean` brings them into one form; `score` lets Splink find the pairs that share a block
and weigh them; `edges` judges each pair by rules; `cluster` joins them; `ids` names each cluster by its eldest record,
so that a customer keeps the id as more of their records come in. What people decided goes before all else.
"""

from keepwell.unify.identity.found import Identified, identified

__all__ = ["Identified", "identified"]
