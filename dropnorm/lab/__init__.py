"""The live lab: widgets that answer at once, for a page that shows them, and still pictures everywhere else."""

from dropnorm.lab.dropout_lab import DropoutLab

__all__ = ["DropoutLab"]
