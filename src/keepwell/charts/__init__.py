"""A table in, a Plotly figure out."""
