"""The connections to DingTalk: HTTP, stream, sender, reactions and downloads."""
