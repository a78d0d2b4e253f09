"""What the lesson claims, measured over seeds: the trainings behind the tables in ``data/experiments/``.

For the first lesson `comparison`, `dropout` and `speed` each train one row of a table; for the second `placement`,
`vehicles`, `separation`, `covariate`, `internal` (with `noise`), `grid`, `search`, `output`, `convolution`, `depth` and
`bias`. `tables` makes the tables.
``python -m dropnorm.experiments`` makes the tables anew.
"""
