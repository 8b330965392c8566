#!/usr/bin/env bash
# Lists the lines of sources and docs that are longer than 110 columns as FILE:LINE:TEXT, and fails if there
# are any. Exempt are data (JSON, pictures, what tests read) and, in Markdown, tables and fenced code.
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8

found=0
git ls-files -z dev .ci/run '*.hpp' '*.cpp' '*.py' '*.pyi' '*.ts' '*.mjs' '*.css' '*.html' '*.sh' '*.sql' \
  '*.lua' '*.toml' '*CMakeLists.txt' '*.cmake' '*.cmake.in' | xargs -0 grep -nHE '^.{111,}$' && found=1
git ls-files -z '*.md' | xargs -0 awk '
  FNR == 1 { fenced = 0 }
  /^ *```/ { fenced = !fenced; next }
  !fenced && !/^ *\|/ { print FILENAME ":" FNR ":" $0 }' | grep -E '^[^:]+:[0-9]+:.{111,}$' && found=1
exit $found
