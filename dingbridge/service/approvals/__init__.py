"""Approvals: asked by several sources, answered in Neovim and in DingTalk."""
