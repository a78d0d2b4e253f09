"""For all tests: TensorFlow keeps quiet."""

import os

# Before anything imports TensorFlow: its start-up notes would stand in every failing test's report.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
