"""A table in, a Plotly figure out.

One file a chart, each with three functions: `<chart>_data(tables)` aggregates inside the engine to a small table,
`answer(data, ...)` says in one sentence what it shows, and `figure(data, ...)` draws it under that sentence.
Where there is too little to draw, the sentence says so and the figure has no traces.
"""
