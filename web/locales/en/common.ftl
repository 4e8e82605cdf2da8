# What is on every page, and errors.
version = Version { $version }
skip-to-content = Skip to the content
sign-out = Sign out
nav-label = Pages
nav-overview = Overview
nav-services = Services
nav-logs = Logs
nav-access = Access
nav-tokens = Tokens
nav-certificates = Certificate
nav-audit = Audit
nav-power = Power
yes = Yes
no = No
unknown = unknown
name = Name
try-again = Try again
go-to-overview = Go to the overview of this machine.
form-troubles =
    { $count ->
        [one] One entry has to be changed:
       *[other] { $count } entries have to be changed:
    }

error-code = Error { $code }
no-such-page-title = There is no such page
no-such-page-detail = Nothing is served at this address.
not-allowed-title = This cannot be done here
not-allowed-detail = This address does not take what was sent. Go to the overview and follow the links from there.
forbidden-title = This was not done
forbidden-detail = The request did not come from a page of this machine that you have open now. Go back, load the page again, and repeat it there.
too-long-title = That is too much
too-long-detail = More was sent than any form here takes. Go back and shorten it.
misdirected-title = This machine is not known by this name
misdirected-detail = Use its IP address, its name, or its name followed by .local. The console of the machine shows them.
bad-request-title = The request could not be understood
bad-request-detail = It could not be served as it was sent. Go back, load the page again, and repeat it there.
our-fault-title = Something went wrong here
our-fault-detail = Something went wrong on this machine while the page was made. Its log says more.

away-title = This machine cannot be shown right now
unavailable-no-bus = The system message bus cannot be reached:
unavailable-not-running = The node controller (pocketstackd) is not running.
unavailable-timed-out = The node controller (pocketstackd) did not answer within { $seconds } seconds.
unavailable-refused = The message bus does not let the web server talk to the node controller:
unavailable-failed = The node controller (pocketstackd) reported an error:
unavailable-unreadable = The answer of the node controller (pocketstackd) could not be understood:
advice-wait = It is started again by itself; this usually takes less than a minute. If this page stays, look at the console of the machine, and restart the machine if the console shows no progress.
advice-console = The console of the machine shows more. If this page stays for more than a minute, restart the machine.
advice-parts = The parts of this installation do not fit together. Restart the machine; if this page is still here afterwards, write the image to the boot medium anew.

not-done-wrong-code = The code is wrong.
not-done-too-many-tries = Too many wrong codes were given; wait, then try again.
not-done-nothing-waits = There is nothing left to do here:
not-done-unconfirmed = Another change of the networks waits to be confirmed or taken back. Try again afterwards.
not-done-not-stored = It could not be stored:
not-done-refused = This was not done:

duration-seconds = { $seconds } s
duration-minutes = { $minutes } min
duration-hours = { $hours } h { $minutes } min
duration-days =
    { $days ->
        [one] 1 day { $hours } h { $minutes } min
       *[other] { $days } days { $hours } h { $minutes } min
    }
