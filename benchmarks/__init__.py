"""Speed beside a peer, and accuracy where the truth is known: `python -m benchmarks [--only NAME]`."""
