//! Letters over SMTP.

use domain::mail::letter::{Letter, Template};
use domain::mail::ports::NotSent;
use mailer::options::{Destination, Options};
use mailer::post_office::{OpenError, PostOffice};
use mailer::sender::Sender;
use mailer::smtp_server::SmtpServer;
use mailer::texts::Texts;

use crate::letters::{PUBLIC_URL, email, letter, post_office, send, token};
use crate::mail_server::{Behaviour, MailServer};

/// A post office that hands letters to this URL.
fn office(url: &str) -> PostOffice {
    post_office(Destination::Smtp(SmtpServer::parse(url).expect("a mail server")), Texts::default())
}

fn plain(server: &MailServer) -> PostOffice {
    office(&format!("smtp://127.0.0.1:{}", server.port))
}

async fn server(answers: &[(&'static str, &'static str)]) -> MailServer {
    MailServer::start(Behaviour { answers: answers.to_vec(), ..Behaviour::default() }).await
}

/// What became of a letter with a token.
async fn outcome(office: &PostOffice) -> Result<(), NotSent> {
    send(office, &letter(Template::ResetPassword, None)).await
}

#[tokio::test]
async fn a_letter_is_handed_over_whole_and_the_next_one_by_the_same_connection() {
    let server = server(&[]).await;
    let office = plain(&server);
    outcome(&office).await.unwrap();
    outcome(&office).await.unwrap();
    let seen = server.seen();
    assert_eq!((seen.connections, seen.mails.len()), (1, 2));
    assert_eq!(
        seen.commands,
        [
            "EHLO registry.example",
            "MAIL FROM:<registry@registry.example>",
            "RCPT TO:<Ada@example.org>",
            "DATA",
            "NOOP",
            "MAIL FROM:<registry@registry.example>",
            "RCPT TO:<Ada@example.org>",
            "DATA",
        ]
    );
    assert_eq!(seen.mails[0], seen.mails[1], "the same delivery is the same mail");
    assert!(seen.mails[0].contains("\r\nMessage-ID: <00000000-0000-0000-0000-000000000001@registry.example>\r\n"));
    assert!(seen.mails[0].trim_end().ends_with("0001--"), "{}", seen.mails[0]);
}

#[tokio::test]
async fn a_refusal_of_the_recipient_or_the_letter_is_for_ever_and_others_are_not() {
    for (step, answer, for_ever) in [
        ("GREETING", "554 5.3.2 no service", false),
        ("GREETING", "421 later", false),
        ("EHLO", "550 go away", false),
        ("MAIL", "451 4.3.0 later", false),
        ("MAIL", "550 5.7.1 you may not write as that", false),
        ("RCPT", "450 4.2.1 mailbox busy", false),
        ("RCPT", "530 5.7.0 log in first", false),
        ("RCPT", "554 5.7.1 <registry.example[192.0.2.1]>: Client host rejected: Access denied", false),
        ("RCPT", "554 5.7.1 <ada@example.org>: Relay access denied", false),
        ("RCPT", "553 5.7.1 <registry@registry.example>: Sender address rejected: not owned by user", false),
        ("RCPT", "550-5.7.25 no name for your address\r\n550 5.7.25 give it one", false),
        ("RCPT", "550 5.1.7 <registry@registry.example>: Sender address rejected", false),
        ("RCPT", "550 5.1.8 <registry@registry.example>: Sender address rejected: Domain not found", false),
        ("RCPT", "550 5.1.1 no such mailbox", true),
        ("RCPT", "550 5.1.10 takes no mail", true),
        ("RCPT", "550 5.2.1 mailbox disabled", true),
        ("RCPT", "550 5.4.1 no way there", true),
        ("RCPT", "550 5.70.1 no such code", true),
        ("RCPT", "550 relay not permitted", true),
        ("RCPT", "553 bad address", true),
        ("DATA", "451 4.3.0 later", false),
        ("DATA", "554 5.7.1 Sender address rejected", false),
        ("DATA", "554 5.6.0 no", true),
        ("MAIL-END", "452 4.3.1 disk full", false),
        ("MAIL-END", "550 5.7.26 neither SPF nor DKIM says that it is yours", false),
        ("MAIL-END", "550 5.7.1 looks like spam", false),
        ("MAIL-END", "554 5.6.0 no", true),
        ("MAIL-END", "552 5.3.4 too big", true),
    ] {
        let server = server(&[(step, answer)]).await;
        let outcome = outcome(&plain(&server)).await;
        let expected =
            if for_ever { matches!(outcome, Err(NotSent::Ever(_))) } else { matches!(outcome, Err(NotSent::Now(_))) };
        assert!(expected, "{step} {answer}: {outcome:?}");
        let (reason, code) = (outcome.unwrap_err().to_string(), &answer[..3]);
        assert!(reason.contains(code), "{reason}");
        assert!(server.seen().mails.is_empty());
    }
}

#[tokio::test]
async fn a_reason_names_neither_the_address_nor_the_token_nor_the_link() {
    let secret =
        format!("550-5.7.1 https://registry.example/mail/reset?token={0}\r\n550 5.7.1 {0} ada", token().reveal());
    let secret: &'static str = Box::leak(secret.into_boxed_str());
    for step in ["RCPT", "DATA", "MAIL-END"] {
        // What cannot be read is told no more than what can.
        let odd = server(&[(step, "_5.1.1 RCPT TO:<ada@example.org> token=urm_1")]).await;
        let reason = outcome(&plain(&odd)).await.unwrap_err().to_string();
        assert!(reason.contains("cannot be read") && !reason.contains("ada") && !reason.contains("urm_"), "{reason}");
        let server = server(&[(step, secret)]).await;
        let reason = outcome(&plain(&server)).await.unwrap_err().to_string();
        assert!(reason.contains("550 5.7.1"), "{reason}");
        for told in ["urm_", "registry.example", "ada", "token="] {
            assert!(!reason.contains(told), "{step} {told}: {reason}");
        }
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_is_asked_again_later_by_a_new_connection() {
    for step in ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "MAIL-END"] {
        let server = server(&[(step, "END")]).await;
        let office = plain(&server);
        for attempt in 1..=2 {
            let outcome = outcome(&office).await;
            assert!(matches!(outcome, Err(NotSent::Now(_))), "{step}: {outcome:?}");
            assert_eq!(server.seen().connections, attempt);
        }
    }
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(matches!(outcome(&office(&format!("smtp://{nobody}"))).await, Err(NotSent::Now(_))));
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_costs_no_letter() {
    let server = server(&[("NOOP", "421 closing")]).await;
    let office = plain(&server);
    outcome(&office).await.unwrap();
    outcome(&office).await.unwrap();
    assert_eq!((server.seen().connections, server.seen().mails.len()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_silent_is_left_in_time() {
    for step in ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "MAIL-END"] {
        let server = server(&[(step, "HANG")]).await;
        let started = tokio::time::Instant::now();
        let outcome = outcome(&plain(&server)).await;
        assert!(matches!(outcome, Err(NotSent::Now(_))), "{step}: {outcome:?}");
        assert!(started.elapsed() < domain::mail::delivery::LEASE.to_std().unwrap(), "{step}");
    }
}

#[tokio::test]
async fn a_login_goes_through_tls_only() {
    for (implicit_tls, scheme) in [(true, "smtps"), (false, "smtp")] {
        let offers = vec!["STARTTLS", "AUTH PLAIN LOGIN"];
        let server = MailServer::start(Behaviour { offers, implicit_tls, ..Behaviour::default() }).await;
        let (port, certificate) = (server.port, server.certificate());
        let tls = if implicit_tls { "" } else { "tls=required&" };
        let url = format!("{scheme}://ada:c%40nary@localhost:{port}?{tls}ca={}", certificate.display());
        outcome(&office(&url)).await.unwrap();
        let seen = server.seen();
        assert_eq!(seen.mails.len(), 1);
        let open = seen.commands.iter().filter(|command| !command.starts_with('+')).collect::<Vec<_>>();
        assert_eq!(open.len(), if implicit_tls { 0 } else { 2 }, "EHLO and STARTTLS at most: {open:?}");
        assert!(seen.commands.iter().any(|command| command == "+AUTH PLAIN AGFkYQBjQG5hcnk="), "{:?}", seen.commands);
    }
}

#[tokio::test]
async fn a_refused_login_is_no_reason_to_give_a_letter_up_and_tells_no_password() {
    let (offers, answers) = (vec!["AUTH PLAIN"], vec![("AUTH", "535 5.7.8 bad credentials")]);
    let server = MailServer::start(Behaviour { offers, answers, implicit_tls: false }).await;
    let office = office(&format!("smtp://ada:canary@127.0.0.1:{}", server.port));
    let outcome = outcome(&office).await;
    assert!(matches!(outcome, Err(NotSent::Now(_))), "{outcome:?}");
    let reason = outcome.unwrap_err().to_string();
    assert!(reason.contains("535 5.7.8 to the login: 5.7.8 bad credentials") && !reason.contains("canary"), "{reason}");
    assert!(!format!("{office:?}").contains("canary"));
}

#[tokio::test]
async fn no_letter_goes_out_without_the_tls_that_was_asked_for() {
    let without = server(&[]).await;
    let office_without = office(&format!("smtp://localhost:{}?tls=required", without.port));
    assert!(matches!(outcome(&office_without).await, Err(NotSent::Now(_))));
    let offers = vec!["STARTTLS"];
    let stranger = MailServer::start(Behaviour { offers, ..Behaviour::default() }).await;
    let office_stranger = office(&format!("smtp://localhost:{}?tls=required", stranger.port));
    let reason = outcome(&office_stranger).await.unwrap_err().to_string();
    assert!(reason.contains("STARTTLS") && reason.contains("certificate"), "{reason}");
    for server in [without, stranger] {
        let seen = server.seen();
        assert!(!seen.commands.iter().any(|command| command.contains("MAIL")), "{:?}", seen.commands);
    }
}

#[test]
fn certificates_that_cannot_be_read_are_told_before_the_first_letter() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.pem");
    let open = || {
        let server = SmtpServer::parse(&format!("smtps://mail.example?ca={}", file.display())).unwrap();
        PostOffice::open(Options {
            public_url: PUBLIC_URL.into(),
            sender: Sender::of_host("registry.example"),
            destination: Destination::Smtp(server),
            texts: Texts::default(),
        })
    };
    assert!(matches!(open(), Err(OpenError::Certificates(path, _)) if path == file.display().to_string()));
    for text in ["", "a letter", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"] {
        std::fs::write(&file, text).unwrap();
        assert!(matches!(open(), Err(OpenError::Certificates(..))), "{text}");
    }
}

#[tokio::test]
async fn an_address_beyond_ascii_needs_a_server_that_takes_it() {
    let international = Letter::new(Template::Test, email("用户@例子.example"), None);
    let old = server(&[]).await;
    assert!(matches!(send(&plain(&old), &international).await, Err(NotSent::Ever(_))));
    let offers = vec!["SMTPUTF8", "8BITMIME"];
    let new = MailServer::start(Behaviour { offers, ..Behaviour::default() }).await;
    send(&plain(&new), &international).await.unwrap();
    let commands = new.seen().commands;
    assert!(commands[1].contains("SMTPUTF8") && commands[2] == "RCPT TO:<用户@xn--fsqu00a.example>", "{commands:?}");
    let domain_only = Letter::new(Template::Test, email("ada@bücher.example"), None);
    let ascii = server(&[]).await;
    send(&plain(&ascii), &domain_only).await.unwrap();
    assert_eq!(ascii.seen().commands[2], "RCPT TO:<ada@xn--bcher-kva.example>");
}
