"""Attacks on the grading, and accidents that must not cost a point: a corpus.

Each submission has one trick in it and the score it must get. `python -m tests.attacks`
grades all of them, with our grading and with stock nbgrader, and prints the table.
"""
