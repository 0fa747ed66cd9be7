"""One self-contained HTML file that answers what a shop's owner asks, and shows where each number comes from."""

from keepwell.report.write import written

__all__ = ["written"]
