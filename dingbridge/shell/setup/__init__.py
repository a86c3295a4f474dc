"""The guided setup: `dingbridge setup` in a terminal, `:Chat setup` in Neovim."""
