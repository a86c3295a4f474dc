# sh enter.sh ROOT USER COMMAND...: run a command in a root folder, as a user of it.
# Run it in mount and process namespaces of its own: it mounts, and leaves the end of that to them.
set -eu
root=$1 user=$2
shift 2
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts "$root/dev/pts"
# No exec: this shell is process 1 there, and collects the processes that lost their parent.
status=0
chroot --userspec="$user" "$root" "$@" || status=$?
exit "$status"
