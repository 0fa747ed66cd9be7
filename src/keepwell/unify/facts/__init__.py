"""What sources tell besides sales, products, customers and subscriptions: one kind of table a role."""

from keepwell.unify.facts.consents import consents
from keepwell.unify.facts.kinds import KINDS, Kind
from keepwell.unify.facts.rows import told

__all__ = ["KINDS", "Kind", "consents", "told"]
