#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs buildifier 8.2.1 from the npm package of that name, fetched once and
# checked by hash.
set -euo pipefail

version=8.2.1
sha256=b96ea9b13003036c801f52bee6f9b0314738f8432e5cb9d814c89f59292604ee
cache=${XDG_CACHE_HOME:-${HOME:-~}/.cache}/tpuc/tools/buildifier-$version
binary=$cache/package/buildifier-linux_amd64

if [[ ! -x $binary ]]; then
  if ! command -v npm >/dev/null; then
    echo "buildifier.sh: npm is missing: apt-get install --no-install-recommends npm" >&2
    exit 1
  fi
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/fetch.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  (cd "$work" && npm pack --silent "@bazel/buildifier@$version" >/dev/null)
  archive=$work/bazel-buildifier-$version.tgz
  echo "$sha256  $archive" | sha256sum --check --quiet
  tar -xzf "$archive" -C "$work"
  chmod +x "$work/package/buildifier-linux_amd64"
  rm -rf "$cache/package"
  mv "$work/package" "$cache/package"
fi
if (($#)); then
  "$binary" "$@"
fi
