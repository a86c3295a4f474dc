"""Errors in a line after `:Chat`."""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence

NO_RANGE = Sentence("{form} takes no range")
NO_ARGUMENT = Sentence("{form} takes no argument")
NEEDS_ARGUMENT = Sentence("{name} needs an argument: {form}")
ONE_ARGUMENT = Sentence("{name} takes one argument only: {form}")
TWO_ARGUMENTS = Sentence("{name} takes two arguments only: {form}")
ONE_CODE = Sentence("{name} takes one code of {length} characters: {form}")
UNKNOWN_SUBCOMMAND = Sentence("unknown subcommand {word}; :Chat help commands lists all")
UNKNOWN_SUBCOMMAND_NEAR = Sentence(
    "unknown subcommand {word}: did you mean {nearest}? :Chat help commands lists all"
)
UNKNOWN_PLATFORM = Sentence("unknown platform {word}: known are {known}")
UNKNOWN_PLATFORM_NEAR = Sentence("unknown platform {word}: did you mean {nearest}?")
