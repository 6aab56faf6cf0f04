"""Leave out imports that take longer than all the rest and serve nothing here."""

import sys

# For jsonschema, which does without where they are not installed: grammars of addresses
# and durations, which no notebook has.
GRAMMARS = ("rfc3987_syntax", "rfc3986_validator", "isoduration")


def leave_out() -> None:
    """Have these count as not installed, unless somebody has imported them."""
    for name in GRAMMARS:
        sys.modules.setdefault(name, None)
