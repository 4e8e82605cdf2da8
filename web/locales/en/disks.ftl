# The disks, and the support bundle.
disks-content = What is on it
disks-usable = Can be installed on
disks-refused = No:
disks-installed = This machine runs from a disk it was installed on. To install it anew, start it from a PocketStack medium.
disks-install = Install to disk
disks-install-detail = The settings of this machine go along. It restarts by itself when everything was read back from the disk; until then it goes on as it is.
disks-begin = Install now
disks-choose = Choose a disk.
disks-again = Choose the disk again

support = Support
support-detail = A support bundle is one file with what somebody who helps you wants to see. It goes nowhere by itself: you download it and decide whom to give it.
support-in = In it are: the overview, the configuration, the disks, the services, the measurements of the last minutes, the last 5000 entries of the log, what was done on these pages, and versions. Names and addresses of your network are among them.
support-out = Not in it are: the password and its hash, keys, tokens and sessions. What looks like one in the log is left out; look through the file before you pass it on.
support-download = Download a support bundle
