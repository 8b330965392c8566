#!/usr/bin/env bash
# run.sh SOURCE BUILD SERVER: builds the pages in BUILD/pages, and tries them in a browser against the server.
# What the test needs from npm is installed there once, and again when the list of it changes. Pictures of all
# pages are left in SOURCE/out/pages.
set -euo pipefail
source=$1 build=$2/pages server=$3
chromium=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || true)}
[ -n "$chromium" ] || { echo "there is no chromium on PATH; ./dev test installs it" >&2; exit 1; }
command -v npm >/dev/null || { echo "there is no npm on PATH; ./dev test installs it" >&2; exit 1; }

"$source/examples/server/web/build.sh" "$build/web"
mkdir -p "$build/test"
cd "$build/test"
find . -mindepth 1 -maxdepth 1 ! -name node_modules -exec rm -rf {} +
cp -a "$source/tests/server/pages/." .
if ! cmp -s package-lock.json node_modules/.installed; then
  npm ci --no-audit --no-fund --loglevel=error
  cp package-lock.json node_modules/.installed
fi
export CHROMIUM=$chromium SERVER=$server WEB=$build/web/dist OUT=$source/out/pages
export CHART=$source/examples/venues/opera_house.json
exec node --test-reporter=spec main.mjs
