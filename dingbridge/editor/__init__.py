"""The remote plugin's host, between one Neovim and the service."""
