"""The criteria, shared by all exercises: each function makes a criterion from what an exercise declares."""
