"""The commands of Neovim and those from DingTalk: declared, parsed and answered."""
