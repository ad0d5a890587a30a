//! The pages over a registry in memory, to look at while working on them: it forgets everything when
//! it ends, and its cryptography withstands nobody.

use poem::Server;
use poem::listener::TcpListener;
use web_ui::options::Options;

#[path = "../tests/it/registry.rs"]
mod registry;

const PORT: u16 = 8090;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::new(&format!("http://localhost:{PORT}"), PORT, false)?;
    let pages = web_ui::routes(registry::Registry::default().use_cases(), options);
    Ok(Server::new(TcpListener::bind(("127.0.0.1", PORT))).run(pages).await?)
}
