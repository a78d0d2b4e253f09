"""What the live lab and its engine reach: `make bench` runs all, and writes benchmarks/results/NAME.json.

Every ratio is of two things timed in turn in one run; absolute times are of the machine that the result names.
"""
