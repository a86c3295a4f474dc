"""`make matrix`: the tests on the oldest and the newest supported Neovim and CPython."""
