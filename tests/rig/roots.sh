#!/bin/sh
# roots.sh FOLDER MTA...: folders to chroot into, made by debootstrap and kept
# in FOLDER for the next run: a bare one, and copies of it with each MTA. The
# mirror is the one that this machine's apt uses.
set -eu
folder=$1
shift
log=$folder/roots.log
mkdir -p "$folder"

filters="opendkim opendkim-tools openssl python3-milter"
packages() {
	case $1 in
	postfix)
		echo "postfix dovecot-core dovecot-lmtpd postgrey sqlgrey" \
			"libdbd-sqlite3-perl $filters"
		;;
	exim) echo "exim4-daemon-heavy" ;;
	sendmail)
		echo "sendmail-bin sendmail-cf sensible-mda procmail m4" \
			"sasl2-bin libsasl2-modules $filters"
		;;
	opensmtpd) echo "opensmtpd" ;;
	*)
		echo "roots.sh: no MTA named $1" >&2
		return 2
		;;
	esac
}

# In a mount namespace of its own: nothing stays mounted, come what may.
inside() {
	root=$1
	shift
	DEBIAN_FRONTEND=noninteractive unshare --mount sh -c '
		mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' \
		"$root" "$@"
}

for mta; do
	packages "$mta" >/dev/null
done
if [ ! -d "$folder/bare" ]; then
	command -v debootstrap >/dev/null || apt-get install -y debootstrap
	echo "making $folder/bare; $log tells how"
	mirror=$(apt-get indextargets --format '$(SITE)' \
		'Created-By: Packages' | grep -v security | head -n 1)
	rm -rf "$folder/bare.part"
	# shellcheck source=/dev/null
	. /etc/os-release
	debootstrap --variant=minbase --include=rsyslog,python3,iproute2 \
		"$VERSION_CODENAME" "$folder/bare.part" "$mirror" >"$log" 2>&1
	# No package starts its daemon.
	printf '#!/bin/sh\nexit 101\n' >"$folder/bare.part/usr/sbin/policy-rc.d"
	chmod 755 "$folder/bare.part/usr/sbin/policy-rc.d"
	mv "$folder/bare.part" "$folder/bare"
fi
for mta; do
	[ ! -d "$folder/$mta" ] || continue
	names=$(packages "$mta")
	echo "making $folder/$mta: $names"
	rm -rf "$folder/$mta.part"
	cp -a "$folder/bare" "$folder/$mta.part"
	cp /etc/resolv.conf "$folder/$mta.part/etc/"
	# shellcheck disable=SC2086 # a list
	inside "$folder/$mta.part" apt-get install -y --no-install-recommends \
		-o APT::Sandbox::User=root $names >>"$log" 2>&1
	rm -rf "$folder/$mta.part/var/cache/apt/archives"/*.deb
	mv "$folder/$mta.part" "$folder/$mta"
done
