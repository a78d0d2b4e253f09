"""The live lab: widgets that answer at once, for a page that shows them, and still pictures everywhere else."""
