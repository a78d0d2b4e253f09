"""What the course's notebooks import: data sets, learning curves, training, figures.

Importing this package loads no TensorFlow; the modules that need Keras load it themselves.
"""
