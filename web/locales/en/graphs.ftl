# The graphs of the last minutes.
nav-performance = Performance
graph-row = { $name }: now { $now }, highest { $highest }
graph-alternative =
    { $minutes ->
        [one] Graph of the last minute. { $title }: { $rows }.
       *[other] Graph of the last { $minutes } minutes. { $title }: { $rows }.
    }
graph-disk = Disk { $name }
graph-read = Read
graph-written = Written
graph-nic = Network card { $name }
graph-received = Received
graph-sent = Sent
graph-temperature = Temperature
graph-hottest = Hottest sensor
graph-sensors = Sensors
graph-now = Now
graph-highest = Highest
