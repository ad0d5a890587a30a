//! Every letter in every language, compared with what is checked in.

use domain::mail::letter::{Letter, Template};
use mailer::texts::Texts;

use crate::letters::{PUBLIC_URL, assert_golden, email, letter, token, written};

#[tokio::test]
async fn every_letter_reads_as_checked_in() {
    let mut texts = Vec::new();
    for language in ["en", "es"] {
        for template in Template::ALL {
            let posted = written(&letter(*template, Some(language)), Texts::default()).await;
            let name = format!("{language}/{}", template.name());
            texts.push((format!("{name}.txt"), format!("Subject: {}\n\n{}", posted.subject, posted.text)));
            texts.push((format!("{name}.html"), posted.html));
        }
    }
    assert_golden(&texts);
}

#[tokio::test]
async fn a_mail_is_whole_and_of_ascii() {
    let posted = written(&letter(Template::VerifyAddress, Some("es")), Texts::default()).await;
    assert!(posted.mail.is_ascii());
    assert_golden(&[("verify-address.es.eml".into(), String::from_utf8(posted.mail).unwrap())]);
}

#[tokio::test]
async fn links_begin_with_the_public_url_and_lead_to_their_page() {
    for (template, path) in [
        (Template::VerifyAddress, "/mail/verify"),
        (Template::ResetPassword, "/mail/reset"),
        (Template::ConfirmNewAddress, "/mail/verify"),
        (Template::AddressChanged, "/mail/undo"),
    ] {
        let posted = written(&letter(template, None), Texts::default()).await;
        let link = format!("{PUBLIC_URL}{path}?token={}", token().reveal());
        assert!(posted.text.lines().any(|line| line == link), "{}", posted.text);
        assert!(posted.html.contains(&format!("href=\"{link}\"")) && posted.html.contains(&format!(">{link}<")));
    }
}

#[tokio::test]
async fn html_loads_nothing_from_anywhere() {
    for template in Template::ALL {
        let html = written(&letter(*template, None), Texts::default()).await.html;
        for foreign in ["<img", "<script", "<link", "url(", "@import", "src=", "http://"] {
            assert!(!html.contains(foreign), "{template:?} {foreign}");
        }
        assert_eq!(html.matches("https://").count(), html.matches(PUBLIC_URL).count(), "{template:?}");
    }
}

#[tokio::test]
async fn a_reader_gets_their_language_or_english() {
    for (locale, subject) in [
        (None, "Mail works"),
        (Some("es"), "El correo funciona"),
        (Some("es-MX"), "El correo funciona"),
        (Some("es-MX-u-nu-latn"), "El correo funciona"),
        (Some("es-x-plain"), "El correo funciona"),
        (Some("ES"), "El correo funciona"),
        (Some("de"), "Mail works"),
        (Some("x-none"), "Mail works"),
        (Some("en-GB"), "Mail works"),
    ] {
        let posted = written(&letter(Template::Test, locale), Texts::default()).await;
        assert_eq!(posted.subject, subject, "{locale:?}");
    }
}

#[tokio::test]
async fn an_international_address_keeps_its_local_part_and_its_domain_goes_as_a_labels() {
    for (typed, wire) in
        [("Ada@Bücher.example", "Ada@xn--bcher-kva.example"), ("用户@例子.example", "用户@xn--fsqu00a.example")]
    {
        let posted = written(&Letter::new(Template::Test, email(typed), None), Texts::default()).await;
        assert_eq!(posted.to, wire);
        assert!(String::from_utf8(posted.mail).unwrap().contains(&format!("\r\nTo: {wire}\r\n")));
        assert!(posted.text.contains(typed), "its owner reads it as they typed it: {}", posted.text);
    }
}

#[tokio::test]
async fn nothing_in_a_letter_adds_a_header() {
    let letter = Letter::new(Template::NewDevice, email("ada@example.org"), None)
        .with("device", "Firefox\r\nBcc: eve@example.org\r\n\r\n.\r\n");
    let mail = String::from_utf8(written(&letter, Texts::default()).await.mail).unwrap();
    let (head, _) = mail.split_once("\r\n\r\n").unwrap();
    let names = head.lines().filter(|line| !line.starts_with([' ', '\t'])).map(|line| line.split(':').next().unwrap());
    assert_eq!(
        names.collect::<Vec<_>>(),
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
    );
    assert!(!mail.contains("\nBcc"), "{mail}");
}

#[tokio::test]
async fn a_letter_that_lacks_its_token_is_given_up() {
    use domain::mail::ports::NotSent;
    let lacking = Letter::new(Template::ResetPassword, email("ada@example.org"), None);
    let post_office =
        crate::letters::post_office(mailer::options::Destination::Outbox(Default::default()), Texts::default());
    let outcome = crate::letters::send(&post_office, &lacking).await;
    assert!(matches!(outcome, Err(NotSent::Ever(_))), "{outcome:?}");
}

#[tokio::test]
async fn an_installation_without_a_name_writes_mails_too() {
    use mailer::options::{Destination, Options};
    use mailer::sender::Sender;
    for (public_url, host) in [("http://127.0.0.1:8080", "127.0.0.1"), ("http://[::1]:8080", "[::1]")] {
        let outbox = std::sync::Arc::new(mailer::outbox::Outbox::default());
        let options = Options {
            public_url: public_url.into(),
            sender: Sender::of_host(host),
            destination: Destination::Outbox(outbox.clone()),
            texts: Texts::default(),
        };
        let post_office = mailer::post_office::PostOffice::open(options).unwrap();
        crate::letters::send(&post_office, &letter(Template::ResetPassword, None)).await.unwrap();
        let posted = outbox.posted().pop().unwrap();
        let mail = String::from_utf8(posted.mail).unwrap();
        assert!(mail.contains("From: registry@localhost\r\n") && mail.contains(&format!("1@{host}>\r\n")), "{mail}");
        assert!(posted.text.contains(&format!("{public_url}/mail/reset?token=urm_")), "{}", posted.text);
    }
}
