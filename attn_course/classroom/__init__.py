"""The instructor's side: release, hand in, grade with nbgrader, report."""
