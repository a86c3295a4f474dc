"""Takes the pictures of the documents: a real Neovim in a real terminal, with a DingTalk on
loopback."""
