"""Our files on disk: state, transcripts, locks, and the thread that reads and writes them."""
