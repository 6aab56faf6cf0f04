"""All attacks, by kind; a kind is a file."""

from . import (
    accidents,
    agent,
    answers,
    dying,
    files,
    forging,
    network,
    others,
    patching,
    places,
    reading,
    reference,
    replies,
    resources,
    structure,
)

KINDS = (
    reading,
    reference,
    answers,
    patching,
    forging,
    structure,
    files,
    places,
    replies,
    dying,
    resources,
    network,
    agent,
    others,
    accidents,
)
CORPUS = [attack for kind in KINDS for attack in kind.ATTACKS]
