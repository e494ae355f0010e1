#!/bin/sh
# The first process of the namespaces that trial.sh makes: builds a root over the machine's, and becomes systemd in it.
set -eu
space=$1 package=$2 scripts=$3
mount --make-rprivate /
mount -t tmpfs tmpfs "$space"
mkdir "$space/upper" "$space/work" "$space/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$space/upper,workdir=$space/work" "$space/root"
cd "$space/root"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mkdir run/trial
mount --bind "$scripts" run/trial
cp "$package" run/package.deb
mount -t tmpfs -o mode=755 tmpfs dev
for node in null zero full random urandom tty; do
    touch "dev/$node"
    mount --bind "/dev/$node" "dev/$node"
done
mkdir dev/shm dev/pts dev/mqueue dev/hugepages
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs tmpfs dev/shm
mount -t mqueue mqueue dev/mqueue
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
rm -f etc/systemd/system/*.wants/*
ip link set lo up
mkdir old
pivot_root . old
umount -l old
exec env container=other /lib/systemd/systemd --system --unit=multi-user.target --show-status=0 --log-target=null \
    </dev/null >/dev/null 2>&1
