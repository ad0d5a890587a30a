"""What comes by mail is followed in a browser: the links are those of the letters in the mailbox."""

import email
import email.policy
import re
import time
from collections.abc import Callable

import pytest

from registry import PASSWORD, Registry
from visitor import Visitor, new_email

NEW = "quiet lanterns over water"


def link_to(registry: Registry, address: str, subject: str) -> str:
    """The path of the link in the newest letter to an address with this subject."""
    for _ in range(300):
        for path in sorted((registry.folder / "data" / "mail").glob("*.eml"), reverse=True):
            letter = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            if letter["to"] == address and letter["subject"] == subject:
                text = letter.get_body(preferencelist=("plain",)).get_content()
                found = re.search(rf"{re.escape(registry.url)}(/\S+)", text)
                assert found, text
                return found[1]
        time.sleep(0.1)
    raise AssertionError(f"no letter to {address}: {subject}")


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])
def test_an_address_is_verified_and_a_password_chosen_by_mail(
    registry: Registry, visit: Callable[..., Visitor], javascript: bool
) -> None:
    ada, address = visit(registry, javascript=javascript), new_email()
    ada.arrive(address)
    ada.page.get_by_text("Not verified").wait_for()
    link = link_to(registry, address, "Confirm your e-mail address")
    # A scanner that follows the link uses nothing up.
    for _ in range(2):
        ada.open(link)
        ada.sees_heading("Verify your address")
    ada.press("Verify address")
    ada.sees_heading("Address verified")
    ada.open(link)
    ada.sees_heading("This link is not valid")
    ada.open("/account")
    ada.page.get_by_text("Verified", exact=True).wait_for()
    ada.open("/forgot")
    ada.enter("E-mail", address)
    ada.press("Send the mail")
    ada.sees_heading("Check your mail")
    ada.open(link_to(registry, address, "Choose a new password"))
    ada.sees_heading("Choose a new password")
    ada.enter("New password", "short")
    ada.press("Set password")
    ada.page.get_by_role("alert").wait_for()
    ada.enter("New password", NEW)
    ada.press("Set password")
    ada.sees_heading("Login")
    ada.log_in(address, NEW)
    ada.sees_heading("Your account")
    ada.follow("Recent activity")
    ada.sees_heading("Recent activity")
    assert ada.page.get_by_role("listitem").count() >= 4


def test_an_address_is_changed_and_the_change_undone(registry: Registry, visit: Callable[..., Visitor]) -> None:
    ada, old, new = visit(registry), new_email(), new_email()
    ada.arrive(old)
    ada.open("/account/email")
    ada.sees_heading("Change your e-mail address")
    ada.enter("New e-mail address", new)
    ada.enter("Current password", "not the password")
    ada.press("Send the link")
    ada.sees_mistakes(current_password="Wrong password")
    ada.enter("Current password", PASSWORD)
    ada.press("Send the link")
    ada.sees_heading("Check the mail of the new address")
    ada.open(link_to(registry, new, "Confirm your new e-mail address"))
    ada.sees_heading("Confirm your new address")
    ada.press("Confirm the new address")
    ada.sees_heading("Address changed")
    ada.log_in(old)
    ada.sees_mistakes(email="User does not exist")
    ada.log_in(new)
    ada.sees_heading("Your account")
    ada.open(link_to(registry, old, "Your e-mail address was changed"))
    ada.sees_heading("Undo the change of the address")
    ada.press("Undo the change")
    ada.sees_heading("The change is undone")
    ada.open(link_to(registry, old, "Choose a new password"))
    ada.enter("New password", NEW)
    ada.press("Set password")
    ada.sees_heading("Login")
    ada.log_in(old, NEW)
    ada.sees_heading("Your account")
