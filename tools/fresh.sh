#!/bin/sh
# Tries the two commands as somebody meets them who has a fresh Debian 12 with
# Go and nothing else: in a chroot made by debootstrap, in a clone under root's
# home, in process and mount namespaces of its own, so that nothing of it can
# stay behind. Takes ten minutes and more; needs root, debootstrap and a
# Debian mirror (GATEHOUSE_FRESH_MIRROR, else deb.debian.org).
#
# The machine's module downloads serve as the chroot's first module proxy; its
# apt proxy and certificates, where it has any, are taken along.
set -eu
cd "$(dirname "$0")/.."

if [ "$(id -u)" -ne 0 ]; then
	echo "test:fresh makes a chroot, which only root can: type sudo ./task test:fresh" >&2
	exit 1
fi
if ! command -v debootstrap >/dev/null 2>&1; then
	echo "test:fresh needs debootstrap: type apt-get install debootstrap" >&2
	exit 1
fi

mirror=${GATEHOUSE_FRESH_MIRROR:-http://deb.debian.org/debian}
fresh=$(mktemp -d /var/tmp/gatehouse-fresh-XXXXXX)
cleanup() { rm -rf --one-file-system "$fresh"; }
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

echo "Making a fresh Debian 12 in $fresh" >&2
debootstrap --variant=minbase bookworm "$fresh" "$mirror" >"$fresh.log" 2>&1 || {
	tail -20 "$fresh.log" >&2
	rm -f "$fresh.log"
	exit 1
}
rm -f "$fresh.log"
chmod 755 "$fresh" # mktemp's folder is root's own; a machine's / is not

# The network, as this machine reaches it.
cat >"$fresh/etc/apt/sources.list" <<END
deb $mirror bookworm main
deb $mirror bookworm-updates main
deb ${mirror%/debian}/debian-security bookworm-security main
END
cp /etc/resolv.conf /etc/hosts "$fresh/etc/"
if grep -rhi '^Acquire.*proxy' /etc/apt/apt.conf /etc/apt/apt.conf.d >"$fresh/etc/apt/apt.conf.d/01proxy" 2>/dev/null; then :; fi
certificates=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
if [ -e "$certificates" ]; then cp "$certificates" "$fresh/etc/fresh-certificates.crt"; fi

# Go, and the clone under root's home, which only root can enter.
mkdir -p "$fresh/usr/local" "$fresh/root/gatehouse" "$fresh/mnt/modules"
cp -a "$(go env GOROOT)" "$fresh/usr/local/go"
chmod 700 "$fresh/root"
git ls-files -co --exclude-standard -z | tar -c --null --files-from=- | tar -x -C "$fresh/root/gatehouse"

downloads=$(go env GOMODCACHE)/cache/download
mkdir -p "$downloads"
export fresh downloads
unshare --mount --pid --fork --kill-child sh -eu -c '
	mount --make-rprivate /
	mount --bind "$downloads" "$fresh/mnt/modules"
	mount -t proc proc "$fresh/proc"
	mount --rbind /dev "$fresh/dev"
	mount -t tmpfs -o mode=1777 tmpfs "$fresh/tmp"
	exec chroot "$fresh" /usr/bin/env -i \
		HOME=/root TERM=dumb PATH=/usr/local/go/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		SSL_CERT_FILE=/etc/fresh-certificates.crt \
		GOPROXY="file:///mnt/modules,$(go env GOPROXY)" GONOSUMDB="$(go env GONOSUMDB)" \
		http_proxy="${http_proxy-}" https_proxy="${https_proxy-}" no_proxy="${no_proxy-}" \
		sh -eu /root/gatehouse/tools/fresh-inside.sh
'
