#!/bin/sh
# Installs what the archive holds on a host with systemd and no package manager of Debian's, and takes it away again.
# State and settings are never touched by uninstalling.
set -eu
cd "$(dirname "$0")"

usage() {
	echo "Usage: ./install.sh [--root DIR] install|uninstall agent|coordinator" >&2
	exit 2
}

root=
if [ "${1:-}" = --root ]; then
	[ $# -ge 2 ] || usage
	root=${2%/}
	shift 2
fi
[ $# -eq 2 ] || usage
case "$2" in
agent | coordinator) name=hephaestus-$2 ;;
*) usage ;;
esac
if [ -z "$root" ] && [ "$(id -u)" -ne 0 ]; then
	echo "install.sh: run it as root" >&2
	exit 1
fi
# Only the running system's own manager is told.
running() { [ -z "$root" ] && [ -d /run/systemd/system ]; }

case "$1" in
install)
	# A database that a newer version wrote can't be read by this one.
	known=$2/usr/lib/$name/schema-version
	found=$root/var/lib/hephaestus/schema-version
	if [ -r "$known" ] && [ -r "$found" ] && [ "$(cat "$found")" -gt "$(cat "$known")" ]; then
		echo "install.sh: the database has schema version $(cat "$found"), this version knows $(cat "$known"); nothing was changed." >&2
		echo "Install a newer version, or restore the copy that the upgrade made: hephaestus-coordinator restore --replace /var/lib/hephaestus/backups/before-schema-N-TIME.db" >&2
		exit 1
	fi
	(cd "$2" && find usr lib -type f) | while read -r file; do
		# Units of the administrator's own stay below /etc; where /lib is a link into /usr this follows it.
		mkdir -p "$root/$(dirname "$file")"
		# A program that runs keeps its old file.
		cp -p "$2/$file" "$root/$file.new"
		[ -n "$root" ] || chown root:root "$root/$file.new"
		mv -f "$root/$file.new" "$root/$file"
	done
	if [ -d "$2/etc" ]; then
		(cd "$2" && find etc -type f) | while read -r file; do
			mkdir -p "$root/$(dirname "$file")"
			[ -e "$root/$file" ] || cp "$2/$file" "$root/$file"
		done
	fi
	mkdir -p "$root/etc/hephaestus"
	if running; then
		systemd-sysusers "$name.conf"
		systemd-tmpfiles --create "$name.conf"
		systemctl daemon-reload
		systemctl enable "$name.service"
		systemctl restart "$name.service"
	fi
	;;
uninstall)
	if running; then systemctl disable --now "$name.service" || true; fi
	(cd "$2" && find usr lib -type f) | while read -r file; do rm -f "$root/$file"; done
	rm -rf "$root/usr/lib/$name"
	if running; then systemctl daemon-reload; fi
	echo "kept: $root/etc/hephaestus and the state below $root/var/lib"
	;;
*) usage ;;
esac
