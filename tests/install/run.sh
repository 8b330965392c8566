#!/usr/bin/env bash
# Uses the library the three ways an embedder would: installed and found, as a subdirectory, and fetched.
# Usage: run.sh SOURCE_DIR BUILD_DIR COMPILER
set -euo pipefail
source_dir=$1 build_dir=$2 compiler=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# With the flags of the build at hand: what it has compiled, ccache does not compile again.
setting() { sed -n "s/^$1:[A-Z]*=//p" "$build_dir/CMakeCache.txt"; }
type=$(setting CMAKE_BUILD_TYPE)
flags="CMAKE_CXX_FLAGS_${type^^}"
# The two ways that compile the library have it at the same place below their folders: ccache takes it once.
export CCACHE_BASEDIR=$work

cmake --install "$build_dir" --prefix "$work/prefix" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }

for way in find_package add_subdirectory FetchContent; do
  log="$work/$way.log"
  {
    cmake -S "$source_dir/tests/install/consumer" -B "$work/$way" -DCMAKE_CXX_COMPILER="$compiler" \
      -DCMAKE_BUILD_TYPE="$type" -DCMAKE_CXX_FLAGS="$(setting CMAKE_CXX_FLAGS)" \
      -D"$flags"="$(setting "$flags")" -DWAY="$way" \
      -DTICKETCORE_SOURCE="$source_dir" -DCMAKE_PREFIX_PATH="$work/prefix" &&
      cmake --build "$work/$way"
  } >"$log" 2>&1 || { cat "$log"; echo "FAILED: $way does not build"; exit 1; }
  house=$source_dir/examples/venues/opera_house.json
  (cd "$work/$way" && ./consumer "$house" && ./consumer "$house") ||
    { echo "FAILED: $way does not run twice"; exit 1; }
  echo "$way: works"
done
