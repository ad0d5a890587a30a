//! What every storage port of the domain promises, as tests that each engine is stamped with.
//!
//! An engine gives a [`fixture::Fixture`] and calls [`stamp!`] in its tests; that makes one test per
//! law. A law writes by the ledger, in one process, and mostly reads in another one.

pub mod fixture;
pub mod laws;
mod outcome;
mod samples;

/// Makes one test per law. The argument names an async function of the calling module that takes nothing and gives a fresh
/// [`fixture::Fixture`].
///
/// The crate that calls it needs `tokio` with the features `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! stamp {
    ($fixture:ident) => {
        $crate::stamp!($fixture, accounts: [
            a_user_reads_back_equal,
            absent_accounts_are_none,
            an_address_is_one_users_in_any_spelling,
            one_of_many_sign_ups_of_an_address_wins,
            sign_ups_of_different_addresses_all_go_through,
            users_list_in_the_order_of_their_ids,
        ]);
        $crate::stamp!($fixture, account_writes: [
            each_write_expects_the_version_that_was_read,
            each_write_changes_what_it_names_alone,
            one_of_many_writes_of_one_version_wins,
            a_user_token_is_found_until_it_is_replaced_or_removed,
            a_user_token_is_one_users,
            the_last_use_of_a_user_token_is_noted,
            a_rehash_replaces_only_the_hash_that_was_verified,
            a_new_password_takes_the_user_token_along,
            an_address_is_verified_as_long_as_it_is_the_users,
        ]);
        $crate::stamp!($fixture, addresses: [
            a_new_address_takes_the_place_of_the_old,
            another_spelling_is_the_same_address,
            a_new_address_expects_version_and_old_address,
            an_address_of_another_user_is_not_taken,
            an_address_that_was_left_is_reserved_for_its_user,
            an_address_that_was_freed_is_anybodys,
            one_of_many_who_change_to_one_address_wins,
            a_change_and_sign_ups_race_for_one_address,
            a_user_changes_to_one_of_many_addresses,
            two_users_cannot_change_places,
            many_take_an_address_that_is_not_reserved_any_more,
            secrets_are_removed_together,
        ]);
        $crate::stamp!($fixture, sessions: [
            a_login_is_written_whole,
            a_session_reads_back_equal,
            a_place_is_known_by_the_users_sessions,
            absent_credentials_are_none,
            a_session_opens_for_active_users_with_the_verified_password_only,
            a_session_does_not_open_while_its_password_changes,
            ids_and_secrets_of_sessions_are_unique,
            a_session_ends_once,
            one_of_many_ends_of_a_session_wins,
            a_user_ends_own_sessions_one_by_one_or_all,
            a_session_too_many_ends_the_oldest,
            sessions_of_a_user_list_the_one_used_last_first,
            last_seen_moves_on_and_never_back,
            last_seen_of_ended_and_unknown_sessions_stays,
            a_holder_comes_with_their_first_fields,
            a_holder_comes_with_the_token_of_a_domain,
        ]);
        $crate::stamp!($fixture, grants: [
            a_grant_reads_back_equal,
            a_rotation_moves_grant_and_session_on,
            a_rotation_expects_generation_session_and_life,
            one_of_many_rotations_of_a_generation_wins,
            a_session_that_ends_takes_its_rotations_along,
            a_grant_needs_a_session_and_an_id_of_its_own,
        ]);
        $crate::stamp!($fixture, domains: [
            a_row_reads_back_equal,
            absent_rows_are_none,
            a_row_that_is_put_again_keeps_id_and_creation,
            a_row_is_removed_once,
            rows_list_in_the_order_of_their_bytes,
            rows_list_by_what_they_say_page_by_page,
            rows_are_found_among_domains,
            many_puts_of_one_domain_make_one_row,
        ]);
        $crate::stamp!($fixture, authority: [
            a_token_reads_back_equal,
            a_domain_has_one_token_until_it_is_replaced,
            one_of_many_issues_wins,
            a_token_is_revoked_once,
            a_token_is_independent_of_the_row_and_shown_with_it,
            digests_of_tokens_are_unique,
            a_blocked_domain_gets_nothing_that_requires_it_is_not,
            no_domain_is_blocked_while_a_plan_requires_that_it_is_not,
        ]);
        $crate::stamp!($fixture, land: [
            a_field_reads_back_equal,
            large_fields_are_read_as_far_as_they_are_shown,
            numbers_read_back_bit_by_bit,
            absent_fields_are_none,
            a_geo_id_is_unique_per_user,
            one_of_many_adds_of_a_geo_id_wins,
            a_field_is_replaced_by_its_owner_alone,
            a_field_is_removed_once_by_its_owner_alone,
            fields_list_in_the_order_of_their_ids,
            a_field_needs_a_user,
            a_user_has_at_most_so_many_fields,
            many_adds_never_exceed_the_limit,
        ]);
        $crate::stamp!($fixture, mail: [
            a_mailed_token_reads_back_equal,
            a_newer_mailed_token_ends_the_older,
            tokens_that_undo_stay_beside_newer_ones_until_an_older_is_used,
            a_mailed_token_is_used_once,
            one_of_many_uses_of_a_mailed_token_wins,
            one_of_many_mailed_tokens_is_left,
            a_mailed_token_needs_a_user,
            asking_and_using_at_once_is_no_deadlock,
            letters_are_claimed_in_their_order,
            a_claimed_letter_comes_back_until_it_is_settled,
            each_letter_is_claimed_once,
        ]);
        $crate::stamp!($fixture, events: [
            an_event_reads_back_without_what_is_not_its_owners,
            events_list_the_newest_first_page_by_page,
            news_leave_the_routine_out,
            an_owner_sees_no_event_of_another,
        ]);
        $crate::stamp!($fixture, retention: [
            old_events_go_the_oldest_first,
            settled_letters_go_and_waiting_ones_stay,
            mailed_tokens_go_once_they_are_over,
            sessions_go_once_they_are_over_with_their_grants,
            addresses_go_once_they_are_not_reserved,
            many_who_purge_remove_each_row_once,
        ]);
        $crate::stamp!($fixture, keys: [
            a_new_database_has_no_keys,
            the_root_is_set_once,
            one_of_many_roots_wins,
            data_keys_read_back_the_newest_of_a_purpose_first,
            signing_keys_read_back_equal,
            an_algorithm_has_one_next_and_one_active_key,
            one_of_many_active_keys_wins,
            ids_of_keys_are_unique,
        ]);
        $crate::stamp!($fixture, key_changes: [
            a_plan_expects_the_revision_that_was_read,
            one_of_many_plans_on_one_revision_wins,
            a_rotation_moves_each_key_on,
            a_key_moves_on_from_its_state_only,
            one_of_many_rotations_wins,
            one_of_many_retirements_wins,
            a_key_is_removed_once_from_any_state,
            keys_are_wrapped_anew_whole_or_not_at_all,
            a_change_of_the_root_and_a_rotation_exclude_each_other,
        ]);
        $crate::stamp!($fixture, standing: [
            a_plan_requires_an_active_user_and_a_running_session_of_theirs,
            a_plan_requires_an_active_user_and_their_token,
            a_plan_requires_an_active_user,
            a_plan_requires_an_administrator,
            no_plan_of_a_session_follows_its_end,
            plans_that_require_the_same_all_go_through,
        ]);
        $crate::stamp!($fixture, throttles: [
            a_quota_admits_so_many_in_any_window,
            a_quota_holds_from_anew_when_the_clock_is_put_back,
            an_account_does_not_rest_for_hours_when_the_clock_is_put_back,
            a_quota_admits_no_more_than_that_of_many_at_once,
            counters_of_different_keys_do_not_meet,
            an_account_rests_longer_after_each_failure,
            many_guesses_at_once_are_admitted_as_often_as_they_are_free,
            a_place_and_a_guess_are_counted_together,
            a_place_and_a_guess_admit_no_more_of_many_at_once,
            a_free_guess_is_admitted_whatever_the_clock_says,
            a_guess_is_taken_back,
            failures_are_forgotten_after_a_day,
            what_begins_so_is_forgotten_at_once,
            what_is_vouched_for_is_so_for_a_while,
        ]);
        $crate::stamp!($fixture, ledger: [
            every_event_reads_back_equal,
            a_plan_is_written_whole_or_not_at_all,
            a_plan_sees_its_own_writes,
            a_plan_is_written_once,
            a_receipt_counts_the_rows_of_each_change,
            who_stops_waiting_leaves_all_or_nothing,
            an_open_database_is_ready,
        ]);
    };
    ($fixture:ident, $room:ident: [$($law:ident),* $(,)?]) => {
        mod $room {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $law() {
                    $crate::laws::$room::$law(super::$fixture().await).await;
                }
            )*
        }
    };
}
