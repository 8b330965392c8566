#!/usr/bin/env bash
# build.sh FOLDER: checks the pages and builds them into FOLDER/dist. What npm brings lies in FOLDER too, so
# that the checkout stays clean, and is installed anew when the list of it changes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"
# The copy has what the checkout has, and no more: a page that was removed must not be built.
find . -mindepth 1 -maxdepth 1 ! -name node_modules ! -name dist -exec rm -rf {} +
tar -C "$here" --exclude=./node_modules --exclude=./dist -cf - . | tar -xf -
if ! cmp -s package-lock.json node_modules/.installed; then
  npm ci --no-audit --no-fund --loglevel=error
  cp package-lock.json node_modules/.installed
fi
npm run --silent check
npm run --silent build -- --logLevel warn
