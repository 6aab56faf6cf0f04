"""One submission as one unit of work: done anywhere, kept by the hash of its content.

Nothing here knows of a course's folders or its gradebook. A unit brings along all that
a verdict rests on, so that any machine with this package can find it; what comes back
is text, which is read as data and never as a program.
"""
