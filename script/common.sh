# common.sh: what the scripts here share. Sourced, not run; leaves the caller in the root of the tree.
#
# Everything that is made goes under build*/ and node_modules/, which git ignores. A stamp is a file in build/stamps/
# that holds the digest of what a step was made from: the step is skipped while the digest stays the same.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() {
	printf '\033[1m==> %s\033[0m\n' "$*" >&2
}

# stamp_is_fresh NAME DIGEST
stamp_is_fresh() {
	[ -f "build/stamps/$1" ] && [ "$(cat "build/stamps/$1")" = "$2" ]
}

# stamp_write NAME DIGEST
stamp_write() {
	mkdir -p build/stamps
	printf '%s\n' "$2" >"build/stamps/$1"
}

# digest FILE...: one digest of all these files, with their names.
digest() {
	sha256sum "$@" | sha256sum | cut -d' ' -f1
}

# node_is_new: vite needs Node 20.19; a private one, where bootstrap had to fetch it, goes first in PATH.
node_is_new() {
	command -v node >/dev/null &&
		node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'
}

if [ -x build/node/node_modules/node/bin/node ]; then
	PATH="$PWD/build/node/node_modules/node/bin:$PATH"
fi
