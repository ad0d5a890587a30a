### The texts of all pages, in English. A key is used by exactly the templates and the code that name it.

site-name = User Registry
title-with-mistakes = Error: { $title }
skip = Skip to the content
optional = (optional)
back = Back to your account
cancel = Cancel
log-out = Log out
summary-title = There is a problem
mistake-prefix = Error:

## Login

login-title = Login
login-to-go-on = Please log in to go on.
login-button = Log in
login-no-account = No account yet?
login-sign-up = Sign up
login-forgot = Forgot your password?
email = E-mail
password = Password

## Sign-up

sign-up-title = Sign up now
sign-up-button = Sign up
sign-up-has-account = Already registered?
sign-up-log-in = Log in
password-hint = At least { $count } characters. A few words in a row make a good one.
password-again = Type the password again.
strength-short = Strength: too short, at least { $count } characters
strength-0 = Strength: very weak, guessed at once
strength-1 = Strength: weak
strength-2 = Strength: fair
strength-3 = Strength: good
strength-4 = Strength: strong
phone-number = Phone number
# It stays in one line.
-example-phone-number = +1{"\u00A0"}415{"\u00A0"}555{"\u00A0"}2671
phone-number-hint = With the country code, such as { -example-phone-number }.
discoverable-label = Let others find my fields
discoverable-hint = Other users of the registry can then look up the fields that you add. You can change this at any time.
signed-up-title = Welcome
signed-up-text = Successfully registered. Your account is ready:
signed-up-mail = We have sent you a mail with a link that verifies your address.
signed-up-log-in = Log in

## Mails

send-mail = Send the mail
send-mail-again = Send the mail again
ask-for-new-link = Ask for a new link
back-to-login = Back to the login
go-on = Go on
forgot-title = Forgot your password?
forgot-text = Tell us your e-mail address, and we send you a link to choose a new one.
mail-again-title = Verify your address
mail-again-text = Tell us your e-mail address, and we send you a new link that verifies it.
mail-sent-title = Check your mail
mail-sent-text = If there is something to send to this address, the mail is on its way.
mail-sent-hint = It can take a few minutes. Look among your spam, too, and see whether you typed the address without a mistake.
verify-title = Verify your address
verify-text = Confirm that this e-mail address is yours:
verify-button = Verify address
address-verified-title = Address verified
confirm-new-title = Confirm your new address
confirm-new-text = Make this the e-mail address of your account:
confirm-new-hint = All your sessions end by that. Log in with the new address from then on.
confirm-new-button = Confirm the new address
address-changed-title = Address changed
not-confirmed-title = The address is not confirmed
not-confirmed-text = Nothing has changed. Choose another address in your account.
undo-title = Undo the change of the address
undo-text = Make this the e-mail address of the account again:
undo-warning = All sessions end, and the access token is removed. The password that was used for the change stops working, and a mail lets you choose a new one.
undo-button = Undo the change
undo-not-valid = It has been used already, is older than 7 days, or is incomplete. Nothing has changed.
undone-title = The change is undone
undone-next = Check your mail: it has a link to choose a new password, which works for one hour.
link-not-valid-title = This link is not valid
verify-not-valid = It has been used already, is too old, or is incomplete. If your address is not verified yet, ask for a new link.
reset-not-valid = It has been used already, is too old, or is incomplete. Ask for a new link, and use the newest mail.
reset-title = Choose a new password
reset-text = All your sessions end by that, and your access token is removed.
reset-button = Set password
new-password = New password
current-password = Current password

## Account

account-title = Your account
email-verified = Verified
email-not-verified = Not verified
verification-hint = Open the link in the mail that we have sent you.
security-heading = Security
security-password = Change password
security-sessions = Sessions
change-password-title = Change your password
change-password-text = All your other sessions end by that.
change-password-token = Your access token is removed, too. Programs that use it need a new one.
change-password-button = Change password
email-change = Change address
change-address-title = Change your e-mail address
change-address-text = We send a link to the new address. Nothing changes until you open it there; then all your sessions end.
present-email = Present e-mail address
new-email = New e-mail address
change-address-button = Send the link
change-address-sent-title = Check the mail of the new address
change-address-sent-text = The link in it works once, within one day. Until then, everything stays as it is.
change-address-again = Use another address
phone-number-save = Save number
phone-number-remove = Remove number
discoverable-heading = Discoverability
discoverable-save = Save choice
language-heading = Language
# The name of this language in itself.
language-name = English
language-hint = These pages and our mails to you are in it. When your browser decides, mails are in English.
language-as-asked = As my browser asks
language-save = Save language

## Sessions

sessions-title = Your sessions
sessions-heading = Where you are signed in
sessions-hint = The last use is noted once an hour.
sessions-none = You are not signed in anywhere else.
session-in-browser = Browser
session-of-program = Program
session-this = This one
session-device = Device:
session-network = Network:
session-began = Began:
session-last-used = Last used:
session-end = End
end-sessions-link = Log out everywhere
back-to-sessions = Back to your sessions
end-sessions-title = Log out everywhere?
end-sessions-text = All your sessions end at once, this one included. Programs that you have signed in need your password again.
end-sessions-button = Log out everywhere

## Activity

security-activity = Recent activity
activity-title = Recent activity
activity-heading = What happened to your account
activity-hint = The newest first. Programs that stay signed in are not listed here, but among your sessions.
activity-none = Nothing is recorded.
activity-operator = By the operator
activity-first = The newest
activity-next = Earlier
activity-not-you = If you do not know something here, change your password and look at your sessions.
event-user-signed-up = The account was made
event-user-signed-up-again = Somebody tried to sign up with your address
event-user-created = The account was made
event-user-disabled = The account was disabled
event-user-enabled = The account was enabled again
event-user-verification-sent = The mail that verifies your address was sent again
event-user-address-verified = Your address was verified
event-user-address-change-sent = Another e-mail address was asked for
event-user-address-changed = The e-mail address was changed
event-user-address-change-undone = A change of the e-mail address was undone
event-user-password-reset-sent = A new password was asked for
event-mail-not-sent = A mail was asked for that was not needed
event-user-password-reset = A new password was chosen by mail
event-user-password-changed = The password was changed
event-user-phone-number-changed = The phone number was changed
event-user-discoverability-changed = It was changed whether others find your fields
event-user-language-changed = The language was changed
event-user-preferences-changed = The language was changed, and whether others find your fields
event-user-token-issued = An access token was issued
event-user-token-removed = The access token was removed
event-session-started = Login
event-login-refused = A login was refused
event-session-refreshed = A program stayed signed in
event-session-ended = A session was ended
event-session-all-ended = Sessions were ended together
event-session-refresh-token-reused = A session was ended because an old token of it was used again
event-domains-put = E-mail domains were allowed or blocked
event-domains-removed = An e-mail domain was removed from the table
event-authority-token-issued = An authority token was issued for a domain
event-authority-token-rotated = The authority token of a domain was replaced
event-authority-token-revoked = The authority token of a domain was revoked
event-field-added = A field was added
event-field-replaced = A field was changed
event-field-removed = A field was removed
event-keys-forgotten = Retired keys of the registry were forgotten
event-keys-revoked = A key of the registry was revoked
event-keys-rewrapped = The keys of the registry got another secret
event-keys-rotated = The keys of the registry were rotated
event-throttle-refused = Something was tried too often and refused
event-keys-made = Keys of the registry were made
event-foreign = Something that this page has no words for yet

## Fields

fields-heading = Fields
fields-add = Add a field
fields-none = You have not added any fields yet.
fields-next = More fields
fields-first = First fields
field-unnamed = Field without a name
field-remove = Remove
field-positions =
    { $count ->
        [one] Boundary of one position
       *[other] Boundary of { $count } positions
    }
field-name = Name
geo-id = GeoID
geo-id-hint = The 64 hex digits that identify the field’s boundary.
boundary = Boundary
boundary-hint = GeoJSON: a Polygon or MultiPolygon, longitude before latitude, each ring closed.
new-field-title = Add a field
new-field-button = Add field
remove-field-title = Remove this field?
remove-field-text = It is removed from your account at once. This cannot be undone.
remove-field-button = Remove field

## Access token

token-heading = Access token
token-title = Your new access token
token-text = With this token, programs can read and update your own record without your password. Treat it like a password.
token-once = Copy it now and keep it somewhere safe. It is shown only this once.
token-held = You have an access token. It cannot be shown again.
token-last-used = Last used:
token-unused = It has not been used yet.
token-expires = It ends:
token-none = You have no access token.
token-issue = Issue a token
token-replace = Replace token
token-remove = Remove token
token-done = I have copied it
new-token-title = Issue a new access token?
new-token-replaces = Your present token stops working at once. Programs that use it need the new one.
new-token-lifetime = How long it lives
new-token-no-end = Until you replace or remove it
new-token-days =
    { $count ->
        [one] one day
       *[other] { $count } days
    }
new-token-button = Issue token
remove-token-title = Remove your access token?
remove-token-text = Programs that use it lose access at once. You can issue a new one at any time.
remove-token-button = Remove token

## What is done

notice-phone-number-saved = Your phone number is saved.
notice-phone-number-removed = Your phone number is removed.
notice-discoverable = Others can now find your fields.
notice-not-discoverable = Others cannot find your fields.
notice-language-saved = Your language is saved.
notice-field-added = The field is added.
notice-field-removed = The field is removed.
notice-token-removed = Your access token is removed.
notice-logged-out = You are logged out.
notice-logged-out-everywhere = You are logged out everywhere.
notice-session-ended = The session has ended.
notice-verification-sent = The mail is on its way. It can take a few minutes.
notice-address-verified = Your e-mail address is verified.
notice-address-changed = Your e-mail address is changed. Log in with it.
notice-address-change-undone = The e-mail address of before is that of the account again.
notice-password-changed = Your password is changed, and your other sessions have ended.
notice-password-reset = Your password is set. Log in with it.

## What is wrong with a form

error-unknown-user = User does not exist
error-wrong-password = Wrong password
error-refused = E-mail address or password is wrong, or the account cannot be used. If you have just signed up, look into your mail first.
error-unverified = Verify your e-mail address first: look into your mail.
error-disabled = This account is disabled.
error-not-allowed = You are not allowed to register.
error-same-address = This is your e-mail address already.
error-address-taken = Another account has this e-mail address.
error-domain-not-allowed = E-mail addresses of this domain are not allowed.
error-already-exists = User already exists. Please log in
error-email-not-an-address = Enter an e-mail address, such as name@example.org.
error-email-too-long = An e-mail address has at most 254 octets, 64 of them before the @.
error-email-control-character = An e-mail address has no control or invisible characters.
error-email-quoted-address = An e-mail address with a quoted part is not accepted.
error-password-required = Enter your password.
error-current-password-required = Enter your current password.
error-current-password-too-long = Wrong password
error-password-too-short = A password has at least { $minimum } characters.
error-password-too-long = A password has at most 128 characters.
error-password-control-character = A password has no control characters.
error-password-unsuitable-character = This password has a character that cannot be used, such as an invisible one.
error-password-common-password = This password is one of the commonest: anyone would try it first.
error-password-like-address = A password is not the e-mail address or a part of it.
error-phone-number-not-a-phone-number = Enter a plus sign, the country code and the number, such as { -example-phone-number }.
error-phone-number-no-such-phone-number = There is no such phone number.
error-locale-too-long = A language tag has at most 35 characters.
error-locale-not-a-language-tag = Choose a language from the list.
error-name-blank = Give the field a name, or leave it out.
error-name-too-long = A name has at most 100 characters.
error-name-control-character = A name has no control characters.
error-geo-id-not-a-geo-id = A GeoID is 64 hex digits, 0 to 9 and a to f in lower case.
error-geo-id-same-geo-id = Another field of yours has this GeoID.
error-geo-id-too-many-fields = You have 1000 fields already, as many as a user may have.
error-boundary-missing = Paste the boundary as GeoJSON.
error-boundary-not-json = This is not JSON. Paste the whole text, from the first brace to the last.
error-boundary-not-a-polygon = This is not a GeoJSON Polygon or MultiPolygon.
error-boundary-stray-member = This GeoJSON has a member that is unknown here, or given more than once. Paste a polygon with its coordinates and nothing else.
error-boundary-empty-boundary = A boundary has at least one polygon, and each polygon a ring.
error-boundary-too-many-positions = A boundary has at most 10000 positions.
error-boundary-short-ring = Each ring has at least four positions.
error-boundary-open-ring = Each ring ends with the position that it begins with.
error-boundary-position-out-of-range = Each position is a longitude of -180 to 180 and a latitude of -90 to 90.
error-boundary-crossing-rings = The rings of a boundary neither cross nor overlap, and its holes lie inside.

## When there is no page

request-id = Request
to-start = Go to the start
not-found-title = Page not found
not-found-text = There is nothing at this address. It may have been removed, or the link is incomplete.
method-not-allowed-title = This is not possible here
method-not-allowed-text = This address cannot be used in this way.
head-too-large-title = This address is too long
head-too-large-text = The address and what your browser sends with it have 16 KiB at most. If the address looks right, remove the cookies of this site and try again.
too-large-title = This is too much
too-large-text = A form holds 64 KiB at most. For larger boundaries, use the API.
late-form-title = This took too long
late-form-text = The form did not arrive within 30 seconds. Go back and send it once more.
bad-form-title = The form cannot be read
bad-form-text = Go back, load the page again and send the form once more.
foreign-form-title = The form came from elsewhere
foreign-form-text = For your safety, forms are accepted only from the pages of this site.
expired-form-title = This form has expired
expired-form-text = Go back, load the page again and send the form once more. The site needs cookies for it.
log-in-first-title = Please log in
log-in-first-text = You need to log in first.
denied-title = You may not do this
denied-text = Your account does not permit this.
too-many-title = Too many attempts
too-many-text = This was tried too often, so it rests for a while.
wait-seconds =
    { $count ->
        [one] You can try again in one second.
       *[other] You can try again in { $count } seconds.
    }
wait-minutes = You can try again in { $count } minutes.
too-many-by-mail = You need not wait if you can read your mail: a new password lets you in at once.
overloaded-title = One moment, please
overloaded-text = Too many people are here at once. Try again in a few seconds.
unavailable-title = One moment, please
unavailable-text = The registry cannot be reached just now. Try again in a few seconds.
failed-title = Something went wrong
failed-text = It is not your fault, and it has been noted. If it happens again, tell the operator the number below.
