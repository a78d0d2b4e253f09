"""What the lesson claims, measured over seeds: the trainings behind the tables in ``data/experiments/``.

`comparison`, `dropout`, `placement`, `speed` and `vehicles` each train one row of a table; `tables` makes the tables.
``python -m dropnorm.experiments`` makes the tables anew.
"""
