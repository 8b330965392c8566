#!/usr/bin/env bash
# run.sh SOURCE BUILD SERVER: builds the pages in BUILD/pages, and tries them in a browser against the server. What the test needs from npm is installed
# there once, and again when a list of it changes.
set -euo pipefail
source=$1 build=$2/pages server=$3
chromium=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || true)}
[ -n "$chromium" ] || { echo "no chromium on PATH; ./dev test installs it" >&2; exit 1; }

# install FOLDER: what its package-lock.json names.
install() {
  cmp -s "$1/package-lock.json" "$1/node_modules/.installed" && return 0
  (cd "$1" && npm ci --no-audit --no-fund --loglevel=error --prefer-offline)
  cp "$1/package-lock.json" "$1/node_modules/.installed"
}

mkdir -p "$build/web" "$build/test"
for part in web test; do
  from=$source/examples/server/web
  [ "$part" = test ] && from=$source/tests/server/pages
  # The copy has what the checkout has, and no more: a page that was removed must not be built.
  find "$build/$part" -mindepth 1 -maxdepth 1 ! -name node_modules ! -name dist -exec rm -rf {} +
  tar -C "$from" --exclude=./node_modules --exclude=./dist -cf - . | tar -C "$build/$part" -xf -
  install "$build/$part"
done
(cd "$build/web" && npm run --silent check && npm run --silent build -- --logLevel warn)

cd "$build/test"
CHROMIUM=$chromium SERVER=$server WEB=$build/web/dist CHART=$source/examples/venues/opera_house.json OUT=${OUT:-$source/out/pages} \
  exec node --test-reporter=spec main.mjs
