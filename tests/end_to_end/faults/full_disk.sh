# SPDX-License-Identifier: GPL-2.0-or-later
# In a folder on a disk of 1 MiB with nothing on it.
free() { stat -f -c "%b %f" .; }
quiet() { "$@" 2>&1 | grep -v copied; }
free
quiet dd if=/dev/zero of=fill bs=1000 count=2000; wc -c fill; free
echo more 2>/dev/null > other; echo "sh $?"; wc -c other
: > empty; echo "empty $?"; mkdir folder; echo "mkdir $?"
cp /bin/dash folder/dash 2>&1 | grep -o "No space.*"
perl -e 'open F, ">", "p"; print F "x" x 10000; close F or print "close: $!\n"; open F, "+<", "fill"; print F "overwritten"; close F or print "no: $!\n"'
truncate -s 10G sparse; echo "sparse $?"; perl -e 'open F, "+<", "sparse"; seek F, 1 << 30, 0; print F "x"; close F or print "hole: $!\n"'
truncate -s 1000000 fill; free; echo more > other; echo "sh $?"; free
rm fill; free
exec 3> held; dd if=/dev/zero bs=4k count=100 >&3 2> /dev/null; rm held; free; exec 3>&-; free
perl -e 'open F, "+<", "sparse"; for my $at (0, 8192, 16384, 8000) { sysseek F, $at, 0; syswrite F, "y" x 300 }'; free
perl -e 'open F, ">", "many"; my ($n, $k) = (0); while ($k = syswrite F, "z" x 50000) { $n += $k } print "$n: $!\n"'; free
mv many sparse; free; ln sparse again; rm sparse; free; rm again; free
seq 40000 > numbers; seq 200000 2>&1 > more | grep -o "No space.*"
