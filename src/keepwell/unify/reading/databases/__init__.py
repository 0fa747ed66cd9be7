"""Databases as sources: one table of one database at a time, in batches, all of it or what is new."""

from keepwell.unify.reading.databases.address import Address, address_of, connected, is_url
from keepwell.unify.reading.databases.pull import Pulled, pulled
from keepwell.unify.reading.databases.since import Earlier, Since, edge, since_of, value_from_json, value_to_json
from keepwell.unify.reading.databases.table import Table, check_named, found

__all__ = [
    "Address",
    "Earlier",
    "Pulled",
    "Since",
    "Table",
    "address_of",
    "check_named",
    "connected",
    "edge",
    "found",
    "is_url",
    "pulled",
    "since_of",
    "value_from_json",
    "value_to_json",
]
