"""The sentences for DingTalk in English alone: modules and names are those of the catalogue."""
