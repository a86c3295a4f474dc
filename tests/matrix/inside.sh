# Run tests of the commit in ~/commit.bundle, in a clone of its own with an environment of its own.
# The arguments are those of pytest. PYTHON, if set, makes the environment.
set -eu
cd "$HOME"
[ -d dingbridge ] || git -c init.defaultBranch=main init --quiet dingbridge
cd dingbridge
git fetch --quiet ../commit.bundle HEAD
git checkout --quiet --force --detach FETCH_HEAD
git clean --quiet -ffdx --exclude=/.venv
make dev ${PYTHON:+"PYTHON=$PYTHON"}
.venv/bin/python -m tests.matrix.versions >../versions
exec .venv/bin/python -m pytest --junitxml=../report.xml "$@"
