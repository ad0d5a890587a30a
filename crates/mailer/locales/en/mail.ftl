# The letters of the registry. The text of a message is the subject; `.lead` comes before the button and
# `.after` behind it. An empty line begins a new paragraph; other line breaks are those of this file only.
#
# Values: $host (where the registry is), $address (whom the letter is for), $lifetime (how long the link works).

verify-address = Confirm your e-mail address
    .lead =
        Somebody, hopefully you, has signed up at { $host } with the address { $address }.
        Confirm that it is yours.
    .button = Confirm the address
    .after =
        The link works once, within { $lifetime }.

        If it was not you, ignore this mail: the address stays unconfirmed.

reset-password = Choose a new password
    .lead =
        Somebody, hopefully you, has asked for a new password for your account at { $host }.
    .button = Choose a new password
    .after =
        The link works once, within { $lifetime }. A new password ends all sessions of the account.

        If it was not you, ignore this mail: your password stays as it is.

password-changed = Your password was changed
    .lead =
        The password of your account at { $host } is another one now, and other sessions were ended.

        If it was you, there is nothing to do.
    .button = Open the registry
    .after =
        If it was not you, ask there for a new password at once, and look after the password of your mailbox as well.

confirm-new-address = Confirm your new e-mail address
    .lead =
        You want to use the address { $address } for your account at { $host }.
        It counts as soon as you confirm it.
    .button = Confirm the new address
    .after =
        The link works once, within { $lifetime }.

        If it was not you, ignore this mail: nothing changes.

address-changed = Your e-mail address was changed
    .lead =
        Your account at { $host } has another e-mail address now. Letters no longer come to { $address }.

        If it was you, there is nothing to do.
    .button = Undo the change
    .after =
        If it was not you, undo it: the link works once, within { $lifetime }, and makes { $address } the address of the account again.
        Every session ends by that, and you choose a new password.

new-device = A sign-in on a new device
    .lead =
        Somebody has signed in to your account at { $host } on a device that was not seen there before.

        If it was you, there is nothing to do.
    .button = Open the registry
    .after =
        If it was not you, end that session there, and choose a new password at once.

refresh-token-reused = A session was ended for your safety
    .lead =
        At { $host }, a program has used an old token of one of your sessions again.
        That happens when a token was copied, so the session was ended.
    .button = Open the registry
    .after =
        Sign in again. If that happens more than once, choose a new password, and look after the device that you use.

sign-up-again = You have an account already
    .lead =
        Somebody, hopefully you, wanted to sign up at { $host } with the address { $address }, which has an account already.
    .button = Log in
    .after =
        If you do not remember your password, ask there for a new one.

        If it was not you, ignore this mail: nothing was changed.

test = Mail works
    .lead =
        This is a test of the registry at { $host }. It reached { $address }, so mail works.

# What else a letter may name.
fact-when = Time
fact-device = Device
fact-network = Network
fact-new-address = New address

link-as-text = If the button does not work, open this address:
footer = This letter went to { $address } from the user registry at { $host }. Nobody reads answers to it.

days =
    { $count ->
        [one] one day
       *[other] { $count } days
    }
hours =
    { $count ->
        [one] one hour
       *[other] { $count } hours
    }
