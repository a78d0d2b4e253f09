"""Behind `course.py`: installs the course, opens it, tests it. Standard library only, as it runs before anything is."""
