//! The columns of the rows that several statements give, as pieces of their texts.

/// The columns of a user `u` and of the user's primary address `e`.
macro_rules! user_columns {
    () => {
        "u.id AS u_id, u.email AS u_email, e.verified_at AS u_verified_at, \
         u.phone_number AS u_phone_number, u.token_required IS NOT NULL AS u_has_user_token, \
         u.token_expires_at AS u_token_expires_at, u.token_last_used_at AS u_token_last_used_at, \
         u.discoverable AS u_discoverable, u.administrator AS u_administrator, u.state AS u_state, \
         u.locale AS u_locale, u.version AS u_version, u.created_at AS u_created_at, u.updated_at AS u_updated_at"
    };
}
pub(crate) use user_columns;

/// How the primary address `e` of a user `u` is found.
macro_rules! primary_address {
    () => {
        "LEFT JOIN user_emails e ON e.user_id = u.id AND e.kind = 'primary'"
    };
}
pub(crate) use primary_address;

/// The columns of a session `s`.
macro_rules! session_columns {
    () => {
        "s.id AS s_id, s.user_id AS s_user_id, s.channel AS s_channel, s.auth_time AS s_auth_time, \
         s.amr AS s_amr, s.last_seen_at AS s_last_seen_at, s.expires_at AS s_expires_at, s.ended_at AS s_ended_at, \
         s.network AS s_network, s.device AS s_device"
    };
}
pub(crate) use session_columns;

/// The columns of an authority token `a`.
macro_rules! authority_columns {
    () => {
        "a.sealed AS a_sealed, a.digest AS a_digest, a.issued_at AS a_issued_at"
    };
}
pub(crate) use authority_columns;

/// The columns of a field `f`.
macro_rules! field_columns {
    () => {
        "f.id AS f_id, f.user_id AS f_user_id, f.name AS f_name, f.geo_id AS f_geo_id, \
         f.boundary AS f_boundary, f.created_at AS f_created_at, f.updated_at AS f_updated_at"
    };
}
pub(crate) use field_columns;
