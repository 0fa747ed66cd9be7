"""Who is alike: recency-frequency-money scores, value tiers and plain words."""
