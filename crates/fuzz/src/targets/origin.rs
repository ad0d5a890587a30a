//! What a request says of its sender.

use domain::accounts::locale::Locale;
use domain::origin::Origin;

use crate::text;

/// Whatever stands in the fields, a device has a short name in plain characters, and a language is one.
pub(super) fn origin(data: &[u8]) {
    let (agent, languages) = text::two_of(data);
    let origin = Origin::default().with_fields(Some(&agent), Some(&languages));
    if let Some(device) = &origin.device {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_., ".contains(c);
        assert!((1..=64).contains(&device.as_str().len()) && device.as_str().chars().all(is_plain), "{device:?}");
    }
    if let Some(language) = &origin.language {
        assert_eq!(Locale::parse(language.as_str()).as_ref(), Ok(language));
        let tag = language.as_str().to_ascii_lowercase();
        assert!(languages.to_ascii_lowercase().contains(&tag), "{tag} was never asked for");
    }
}
