//! Secrets hide themselves where values are printed.

use std::fmt::Debug;

use domain::accounts::user_token::UserToken;
use domain::authority::authority_token::AuthorityToken;
use domain::ids::{GrantId, MailedTokenId};
use domain::mail::mailed_token::IssuedMailedToken;
use domain::ports::clock::Clock as _;
use domain::ports::secrets::SealedSecret;
use domain::sessions::claims::AccessToken;
use domain::sessions::known_browser::KnownBrowser;
use domain::sessions::page_secret::PageSecret;
use domain::sessions::refresh_token::RefreshToken;
use domain::sessions::session::Channel;

use crate::world::{World, typed};

#[tokio::test]
async fn no_secret_is_in_its_debug() {
    let world = World::default();
    let (now, entropy, keeper) = (world.clock.now(), &*world.entropy, &*world.keeper);
    let refresh = RefreshToken { grant: GrantId::fresh(now, entropy), generation: 0 };
    world.join("ada@example.org").await;
    let kept = world.enter("ada@example.org", Channel::Pages).await.browser.expect("the pages keep it");
    let secrets: [(&dyn Debug, &str); 9] = [
        (&AccessToken::restore("canary"), "AccessToken"),
        (&PageSecret::fresh(entropy), "PageSecret"),
        (&UserToken::fresh(entropy), "UserToken"),
        (&AuthorityToken::fresh(entropy), "AuthorityToken"),
        (&refresh.issue(keeper), "IssuedRefreshToken"),
        (&IssuedMailedToken::of(MailedTokenId::fresh(now, entropy), keeper), "IssuedMailedToken"),
        (&SealedSecret::restore("canary"), "SealedSecret"),
        (&typed("a quiet canary"), "Password"),
        (&KnownBrowser::read(kept.as_str(), keeper, now).expect("it was kept just now"), "KnownBrowser"),
    ];
    for (secret, name) in secrets {
        assert_eq!(format!("{secret:?}"), format!("{name}(..)"));
    }
}
