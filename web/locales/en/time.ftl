# The page of the time.
nav-time = Time
time-clock = Clock of this machine
time-now = Time
time-local = { $time } ({ $zone }, { $distance })
time-settings = Time zone and time servers
time-servers = Time servers
time-servers-hint = Names or IP addresses separated by spaces. Empty for those of Debian.
time-servers-wrong = Type names such as pool.ntp.org or IP addresses, separated by spaces.
time-servers-many = Name at most 8 time servers; four are enough.
time-use = Use these settings
time-changed = The settings were changed.
