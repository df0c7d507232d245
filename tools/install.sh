#!/bin/sh
# Installs the Debian packages that are missing for running (run) or for
# running and testing (test). Prints nothing and touches nothing when all are
# there.
#
# As root it installs by apt, and sees to it that apt starts no service and
# creates no database cluster: an ordinary Debian would do both. The two files
# that this takes are put back as they were, also when it fails or is
# interrupted. As anybody else it prints the one line to type and fails.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

usage="usage: sh tools/install.sh run|test"
run_packages="ca-certificates gcc libc6-dev g++ pkg-config
	libopencv-dev libopencv-contrib-dev libtesseract-dev libleptonica-dev
	tesseract-ocr-eng postgresql redis-server"
test_packages="chromium poppler-utils zbar-tools fonts-dejavu-core fonts-liberation
	iproute2 nftables"

case ${1-} in
run) wanted=$run_packages ;;
test) wanted="$run_packages $test_packages" ;;
*)
	echo "$usage" >&2
	exit 2
	;;
esac

if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
	echo "This machine has no apt. Gatehouse installs what it needs on Debian only; by hand it needs:" $wanted >&2
	exit 1
fi

missing_of() {
	for package in "$@"; do
		status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=none
		[ "$status" = installed ] || printf '%s ' "$package"
	done
}

missing=$(missing_of $wanted)
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo "Some packages are missing: $missing" >&2
	echo "Type this, then try again:" >&2
	echo "    sudo sh $here/install.sh $1" >&2
	exit 1
fi

# One installation at a time on this machine; the lock is the kernel's, on a
# folder that is there anyway, and leaves nothing. Whoever waited looks again.
exec 9</var/lib/dpkg
flock 9
missing=$(missing_of $wanted)
[ -n "$missing" ] || exit 0

policy=/usr/sbin/policy-rc.d
cluster=/etc/postgresql-common/createcluster.conf
standard=/usr/share/postgresql-common/createcluster.conf
kept=.gatehouse-kept
mark="# set for a moment by Gatehouse's tools/install.sh"

# keep FILE: moves what is there aside; an empty note stands for "nothing".
keep() {
	if [ -e "$1$kept" ] || [ -e "$1$kept.none" ]; then
		return # a killed run left its note: that one tells the true state
	fi
	if [ -e "$1" ]; then
		cp -p "$1" "$1$kept.new" && mv "$1$kept.new" "$1$kept"
	else
		: >"$1$kept.none"
	fi
}

# put_back FILE [STANDARD]: as it was before keep; what was not there becomes
# the package's own standard, if it has one by now.
put_back() {
	if [ -e "$1$kept" ]; then
		mv -f "$1$kept" "$1"
	elif [ -e "$1$kept.none" ]; then
		rm -f "$1"
		if [ -n "${2-}" ] && [ -e "$2" ]; then
			cp "$2" "$1"
			rm -f "$1.ucf-dist" # the package's, laid beside ours
		fi
		rm -f "$1$kept.none"
	fi
}

restore() {
	put_back "$policy"
	put_back "$cluster" "$standard"
	# The folder was ours if no package came to own it.
	rmdir "$(dirname "$cluster")" 2>/dev/null || true
}
trap restore EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

mkdir -p "$(dirname "$policy")" "$(dirname "$cluster")"
keep "$policy"
printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
chmod 755 "$policy"
keep "$cluster"
printf '%s\ncreate_main_cluster = false\n' "$mark" >"$cluster"

echo "Installing:" $missing >&2
DEBIAN_FRONTEND=noninteractive
UCF_FORCE_CONFFOLD=1
export DEBIAN_FRONTEND UCF_FORCE_CONFFOLD
# An installation that was interrupted, ours or another, is brought to its end
# first: apt would only say that it must be.
dpkg --force-confold --configure -a >&2
# Standard output belongs to the task; what apt says goes to standard error.
apt-get -q -o DPkg::Lock::Timeout=600 update >&2
apt-get -q -y -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confold \
	install --no-install-recommends $missing >&2
