# Signing in, the password, SSH keys, tokens, the record of actions, power.
sign-in = Sign in
sign-in-wrong = The password is wrong. Type it again.
sign-in-wait =
    { $seconds ->
        [one] Too many wrong passwords came from your address. Try again in one second.
       *[other] Too many wrong passwords came from your address. Try again in { $seconds } seconds.
    }
sign-in-busy = Too many passwords are being checked at this moment. Try again in a few seconds.
sign-in-not-set-up = This machine is not set up yet.
sign-in-ended = You were signed out, because nothing was done for half an hour or because twelve hours are over. Sign in again.
sign-in-carried = What you typed is kept, except for passwords. You can send it after signing in.
sign-in-forgotten = Nobody can look up a forgotten password. Whoever stands at the machine can reset it to the state before setup.
resend-title = Send what you typed?
resend-detail = You typed this before you signed in, so nothing has been done yet. Passwords are not kept; you are asked for them again.
resend-send = Send it now
resend-drop = Drop it

access-account = Account
access-password = Password
access-password-old = Password until now
access-password-new = New password
access-password-again = The same password again
access-password-change = Change the password
access-password-changed = The password was changed. All other browsers are signed out.
access-password-detail = It is for these pages and for making tokens. Changing it signs out all other browsers.
password-hint = At least 10 characters. A few words that only you would put together are best.
password-short = The password is too short: it needs at least 10 characters.
password-long = The password is too long: it may have at most 1024 bytes.
password-name = The password is the name of the account or of the machine. Choose one that nobody guesses.
password-worst = This password is one of the first that anybody tries. Choose another one.
password-differs = The two passwords are not the same. Type the same one twice.

access-keys = SSH keys
access-keys-detail = Whoever has the private half of one of these keys can sign in by SSH. Without any key, SSH is off.
access-no-keys = There is no key, so SSH is off.
access-key = New public key
access-key-hint = One line, as in the file whose name ends in .pub, for example ~/.ssh/id_ed25519.pub.
access-key-add = Add the key
access-key-added = The key was added.
access-key-remove = Remove { $name }
access-key-removed = The key was removed.
access-key-wrong = This is no public key that can be used. Copy the whole line of the file whose name ends in .pub; RSA keys need 2048 to 8192 bits, and options in front are not taken.
access-key-private = This is the private half of a key. It must never leave your computer: make a new pair, and give the file whose name ends in .pub.
access-key-twice = This key is there already.
access-key-many = There are 32 keys already. Remove one that is not needed.

tokens-detail = With a token a program uses the API as you would. Send it as “Authorization: Bearer TOKEN”.
tokens-list = Tokens in use
tokens-none = There are none.
token-created = Made
token-expires = Ends
token-used = Last used
token-never = Never
token-action = Action
token-revoke = Revoke { $name }
token-revoked = The token was revoked. Programs that used it are turned away from now on.
token-new = New token
token-name = What it is for
token-name-hint = For example “backup script on lab-2”.
token-name-wrong = Give it a name of 1 to 64 characters.
token-name-twice = A token has this name already. Revoke it, or choose another name.
token-days = Ends after this many days
token-days-hint = 1 to 3650.
token-days-wrong = Type a number of days from 1 to 3650.
token-create = Make a token
token-made = Your new token
token-made-detail = Copy it now: it is never shown again.
token-many = There are 64 tokens already. Revoke one that is not needed.
token-no-such = There is no token of this name. It was revoked already.
token-not-stored = The token could not be stored:

audit-detail = What was done on this machine over these pages and over the API, the newest first.
audit-when = When
audit-who = Who
audit-from = From
audit-what = What
audit-result = Result
audit-done = Done
audit-refused = Not done
audit-none = Nothing was done yet.
audit-sign-in = Signing in
audit-sign-out = Signing out
audit-setup = Setting the machine up
audit-password = Changing the password
audit-add-key = Adding an SSH key
audit-remove-key = Removing an SSH key
audit-create-token = Making a token
audit-revoke-token = Revoking a token
audit-change-configuration = Changing the configuration
audit-new-certificate = Making a new certificate
audit-upload-certificate = Uploading a certificate
audit-start-unit = Starting a service
audit-stop-unit = Stopping a service
audit-restart-unit = Restarting a service
audit-confirm-network = Keeping new network settings
audit-restart = Restarting the machine
audit-power-off = Switching the machine off
audit-install = Installing to disk
audit-factory-reset = Resetting the machine
audit-support-bundle = Making a support bundle

power-detail = { $name } goes down at once; everything that runs on it is stopped.
power-restart = Restart
power-off = Switch off
power-restarting = The machine restarts. These pages come back in a few minutes.
power-going-off = The machine is switched off. It has to be switched on at the machine itself.

reset-title = Factory reset
reset-lost = The machine restarts without its state. Lost are: settings and networks, password, SSH keys, tokens, certificate and its authority, the logs, and the definitions of virtual machines. Nothing of it can be brought back.
reset-stays = What stays: the system itself, and all volumes with what is on them. Afterwards the machine asks for its setup, with the code that its console shows.
reset-name = Name of this machine
reset-name-hint = Type it, so that no other machine is reset by mistake.
reset-name-wrong = This is not the name of this machine. It is at the top of the overview.
reset-do = Reset { $name }
reset-begun = The machine restarts and forgets its settings. In a few minutes its console shows the address and the setup code.
