"""nbgrader as it comes, for the benchmark of grading: where things are, the time a cell may take, and nothing else."""

from pathlib import Path

c = get_config()  # noqa: F821 (nbgrader's loader defines it)

c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.CourseDirectory.course_id = "dropnorm"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.GenerateAssignment.force = True
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE"}
c.Execute.timeout = 600
