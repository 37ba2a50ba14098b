#!/bin/sh
# deps.sh PACKAGE...: install the Debian packages that are missing, saying which.
missing=
for p; do
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] ||
		missing="$missing $p"
done
[ -z "$missing" ] && exit 0
root=
[ "$(id -u)" -eq 0 ] || root=sudo
if ! command -v apt-get >/dev/null || { [ -n "$root" ] && ! command -v sudo >/dev/null; }; then
	echo "mailmortem needs packages that are not installed. As root, run:" >&2
	echo "  apt-get update && apt-get install -y --no-install-recommends$missing" >&2
	exit 2
fi
echo "installing:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
if ! { $root apt-get update -q && $root apt-get install -y -q --no-install-recommends $missing; } >&2; then
	echo "mailmortem: that failed; the command was:" >&2
	echo "  $root apt-get update && $root apt-get install -y --no-install-recommends$missing" >&2
	exit 2
fi
