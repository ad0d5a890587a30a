//! The operator's own texts.

use std::path::PathBuf;

use domain::mail::letter::Template;
use mailer::texts::Texts;
use tempfile::TempDir;

use crate::letters::{PUBLIC_URL, letter, token, written};

/// A directory with these files in it.
fn directory(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        std::fs::write(path, text).expect("it can be written");
    }
    folder
}

fn wrong(files: &[(&str, &str)]) -> Vec<String> {
    Texts::read(directory(files).path()).expect_err("it does not hold")
}

#[tokio::test]
async fn each_file_takes_the_place_of_its_part() {
    let folder = directory(&[
        ("en/reset-password.subject", "Password for {{address}}\n"),
        ("en/reset-password.html", "<p title=\"{{host}}\"><a href='{{ link }}'>go</a> {{hours}} h"),
        ("en/new-device.txt", "{{device}}|{{network}}|{{new-address}}|{{link}}"),
        ("README", "hidden files and nothing else may stand beside"),
    ]);
    std::fs::rename(folder.path().join("README"), folder.path().join(".README")).unwrap();
    let texts = Texts::read(folder.path()).unwrap();
    let reset = written(&letter(Template::ResetPassword, None), texts.clone()).await;
    let link = format!("{PUBLIC_URL}/mail/reset?token={}", token().reveal());
    assert_eq!(reset.subject, "Password for Ada@example.org");
    assert!(reset.text.starts_with("Somebody, hopefully you,") && reset.text.contains(&link));
    assert_eq!(reset.html, format!("<p title=\"registry.example\"><a href='{link}'>go</a> 1 h"));
    let device = written(&letter(Template::NewDevice, None), texts.clone()).await;
    assert_eq!(device.text, format!("Firefox on <Linux> & \"friends\"|192.0.2.0/24||{PUBLIC_URL}/"));
    let spanish = written(&letter(Template::ResetPassword, Some("es")), texts).await;
    assert_eq!(spanish.subject, "Elija una contraseña nueva", "the English file is not for Spanish readers");
}

#[tokio::test]
async fn an_operator_can_add_a_language_template_by_template() {
    let folder = directory(&[
        ("de/test.subject", "Post geht"),
        ("de/test.txt", "Ja, {{address}}."),
        ("de/test.html", "<p>Ja, {{address}}."),
    ]);
    let texts = Texts::read(folder.path()).unwrap();
    for (template, locale, subject) in [
        (Template::Test, "de-AT", "Post geht"),
        (Template::Test, "es", "El correo funciona"),
        (Template::ResetPassword, "de", "Choose a new password"),
    ] {
        let posted = written(&letter(template, Some(locale)), texts.clone()).await;
        assert_eq!(posted.subject, subject, "{template:?} {locale}");
    }
}

#[test]
fn every_slip_is_told_before_a_letter_is_written() {
    for (name, text, told) in [
        ("en/reset-password.txt", "{{link}} {{lnk}}", "names the unknown placeholder {{lnk}}"),
        ("en/reset-password.txt", "{{link", "has a {{ without its }}"),
        ("en/reset-password.txt", "Hello", "does not name {{link}}"),
        ("en/reset-password.html", "<p>{{host}}", "does not name {{link}}"),
        ("en/reset-password.subject", "{{link}}", "names the unknown placeholder {{link}}"),
        ("en/reset-password.subject", "a\nb", "is not one line"),
        ("en/reset-password.subject", "\n", "is not one line"),
        ("en/test.txt", " \n", "is empty"),
        ("en/test.txt", "{{link}}", "names the unknown placeholder {{link}}"),
        ("en/password-changed.txt", "{{hours}}", "names the unknown placeholder {{hours}}"),
        ("en/reset_password.txt", "{{link}}", "is not named after a template"),
        ("en/reset-password.md", "{{link}}", "is not named after a template"),
        ("english language/test.txt", "x", "is no directory that is named after a language"),
        ("test.txt", "x", "is no directory that is named after a language"),
        ("de/test.txt", "x", "needs test.subject, test.txt and test.html"),
    ] {
        let wrong = wrong(&[(name, text)]);
        assert!(wrong.len() == 1 && wrong[0].contains(told), "{name}: {wrong:?}");
    }
    assert_eq!(wrong(&[("en/a.txt", "x"), ("en/b.txt", "x")]).len(), 2, "all at once");
    let missing = Texts::read(&PathBuf::from("/nowhere/templates")).unwrap_err();
    assert!(missing[0].contains("/nowhere/templates"), "{missing:?}");
}
