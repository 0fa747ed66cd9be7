"""Facts in, contribution per order and a profit-and-loss ledger per customer and month out."""
