"""For all tests: TensorFlow keeps quiet, and a long test says that it has begun."""

import os

# Before anything imports TensorFlow: its start-up notes would stand in every failing test's report.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
