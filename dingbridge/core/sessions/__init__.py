"""Sessions: transcripts, inbox, saved state, and which conversation speaks to which session."""
