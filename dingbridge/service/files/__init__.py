"""Files that are uploaded, downloaded, or copied between an editor and the service."""
