#!/usr/bin/env bash
# tidy.sh COMMAND...: runs it with a temporary folder of its own, whose path has a space. Says what the
# command left there or in the checkout, and fails if that is anything. The temporary folder is taken away
# then.
set -euo pipefail
cd "$(dirname "$0")/.."

temporary=$(mktemp -d "${TMPDIR:-/tmp}/tidy tests.XXXXXX")
chmod 755 "$temporary" # PostgreSQL's servers run as another user than root.
trap 'rm -rf "$temporary"' EXIT

# Ignored files count, too. What is built and what is shown to people lies in build/ and out/.
checkout() {
  git status --porcelain --ignored --untracked-files=all -- . ':!build' ':!out' 2>/dev/null | sort || true
}

before=$(checkout)
status=0
TMPDIR=$temporary PYTHONDONTWRITEBYTECODE=1 "$@" || status=$?

# left WHERE WHAT: fails if there is anything.
left() {
  [ -n "$2" ] || return 0
  printf 'tidy: left behind in %s:\n%s\n' "$1" "$2" >&2
  [ "$status" -ne 0 ] || status=1
}
left "the temporary folder" "$(find "$temporary" -mindepth 1 -printf '%P\n' | head -100)"
left "the checkout" "$(comm -13 <(printf '%s\n' "$before") <(checkout))"
exit "$status"
