//! A route of poem that runs the statement of `GET /me` on a pool like the server's and answers with
//! the same members. It asks nobody who they are: the path says whose account it is.

use std::io::read_to_string;
use std::net::SocketAddr;
use std::sync::Arc;

use domain::accounts::show_me::SHOWN_FIELDS;
use domain::accounts::user::User;
use domain::ids::SessionId;
use domain::sessions::ports::{CredentialKey, Sessions as _};
use persistence::database::Database;
use persistence::options::Options;
use poem::error::{InternalServerError, NotFoundError};
use poem::listener::TcpListener;
use poem::web::{Data, Json, Path};
use poem::{EndpointExt as _, Route, Server, get, handler};
use serde_json::{Value, json};
use uuid::Uuid;

/// Serves the database that standard input names, until the process is ended.
pub(crate) async fn serve(listen: SocketAddr) {
    let url = read_to_string(std::io::stdin()).expect("standard input names the database");
    let database = Database::open(Options::new(url)).await.expect("the database is there");
    let routes = Route::new().at("/", get(live)).at("/me/:session", get(me)).data(Arc::new(database));
    Server::new(TcpListener::bind(listen)).run(routes).await.expect("the address is free");
}

#[handler]
fn live() {}

#[handler]
async fn me(session: Path<String>, database: Data<&Arc<Database>>) -> poem::Result<Json<Value>> {
    let session = Uuid::parse_str(&session).map_err(|_| NotFoundError)?;
    let key = CredentialKey::Session(SessionId::restore(session));
    let found = database.holder_with_fields(&key, SHOWN_FIELDS).await.map_err(InternalServerError)?;
    let (holder, fields) = found.ok_or(NotFoundError)?;
    assert!(fields.is_empty(), "the users of the benchmark have no fields");
    Ok(Json(account(&holder.user)))
}

fn account(user: &User) -> Value {
    json!({
        "id": user.id.uuid().to_string(),
        "email": user.email.as_str(),
        "phone_number": user.phone_number.as_ref().map(ToString::to_string),
        "discoverable": user.discoverable,
        "locale": user.locale.as_ref().map(ToString::to_string),
        "is_activated": user.is_activated(),
        "roles": [],
        "fields": [],
        "created_at": user.created_at.to_rfc3339(),
        "updated_at": user.updated_at.to_rfc3339(),
    })
}
