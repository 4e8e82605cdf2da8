# Networks and their changes.
management-network = Management network
network-up = Up
network-no-nic = No wired network card
network-no-link = No link
network-no-address = Waiting for an address
network-failed = Failed
network-cards = Network cards
network-in-use = New network settings are in use
network-until = Without a confirmation they are taken back at { $until }.
network-type-code = Type the code that was given when the change was made.
network-code = Code
network-keep = Keep the new settings
network-confirm = Keep the new network settings?
network-confirm-detail = The new settings are in use. That you can read this page over them shows that they work for you.
network-confirmed = The new network settings are kept
network-confirmed-detail = They are stored, and stay after a restart.
network-no-change = No change of the networks waits
network-no-change-detail = The network settings in use are the ones that are kept.
network-reverted = The network settings were taken back
network-reverted-at = Since { $at } the settings before are in use again:
network-nothing-waits = No change of the networks waits to be confirmed. If one was taken back, make it again.
network-no-code = Type the code that was given when the change was made.
network-wrong-code =
    { $left ->
        [0] The change was not confirmed. No more tries are left for this change.
        [one] The change was not confirmed. 1 more try is left.
       *[other] The change was not confirmed. { $left } more tries are left.
    }
network-too-many = Too many wrong codes were given. The change is taken back by itself; make it again then.
network-not-kept = The change could not be kept. The same code can be given again until the change is taken back.
