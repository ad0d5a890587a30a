"""Another password, and the end of sessions elsewhere."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from registry import PASSWORD, Registry
from visitor import Visitor, new_email

NEW = "quiet lanterns over water"


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])
def test_somebody_changes_their_password_and_ends_their_sessions(
    registry: Registry, visit: Callable[..., Visitor], javascript: bool
) -> None:
    here, there, email = visit(registry, javascript=javascript), visit(registry), new_email()
    here.arrive(email)
    there.log_in(email)
    there.sees_heading("Your account")
    end_the_other_session(here)
    there.open("/account")
    there.sees_heading("Login")
    change_the_password(here)
    there.log_in(email)
    there.sees_mistakes(password="Wrong password")
    there.log_in(email, NEW)
    there.sees_heading("Your account")
    here.open("/account/sessions")
    here.follow("Log out everywhere")
    here.sees_heading("Log out everywhere?")
    here.press("Log out everywhere")
    here.sees_notice("You are logged out everywhere.")
    there.open("/account")
    there.sees_heading("Login")


def end_the_other_session(visitor: Visitor) -> None:
    visitor.follow("Sessions")
    visitor.sees_heading("Your sessions")
    sessions = visitor.page.get_by_role("listitem")
    expect(sessions).to_have_count(2)
    expect(sessions.filter(has_text="This one").get_by_role("button")).to_have_count(0)
    visitor.press("End")
    visitor.sees_notice("The session has ended.")
    expect(sessions).to_have_count(1)
    expect(visitor.page.get_by_text("You are not signed in anywhere else.")).to_be_visible()


def change_the_password(visitor: Visitor) -> None:
    visitor.follow("Back to your account")
    visitor.follow("Change password")
    visitor.enter("Current password", "not the password")
    visitor.enter("New password", NEW)
    visitor.press("Change password")
    visitor.sees_mistakes(current_password="Wrong password")
    visitor.enter("Current password", PASSWORD)
    visitor.enter("New password", NEW)
    visitor.press("Change password")
    visitor.sees_notice("Your password is changed, and your other sessions have ended.")
