//! The flags of the settings, made from the table of settings.

use std::path::PathBuf;

use clap::{Arg, ArgMatches, Args, Command, Error, FromArgMatches, value_parser};

use crate::config::settings::{SETTINGS, Setting};

/// Under what the help lists the flags.
const HEADING: &str = "Settings";

/// Settings on the command line.
#[derive(Debug, Default)]
pub(crate) struct Flags {
    /// The TOML file.
    pub(crate) config: Option<PathBuf>,
    /// The settings that are given, by their names.
    pub(crate) values: Vec<(&'static str, String)>,
}

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        let config = Arg::new("config")
            .long("config")
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .global(true)
            .help_heading(HEADING)
            .help("A TOML file of settings [env: USER_REGISTRY_CONFIG]");
        command.arg(config).args(SETTINGS.iter().filter_map(flag))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.config = matches.get_one::<PathBuf>("config").cloned();
        let given =
            |setting: &Setting| matches.get_one::<String>(setting.name).map(|value| (setting.name, value.clone()));
        self.values = SETTINGS.iter().filter(|setting| !setting.secret).filter_map(given).collect();
        Ok(())
    }
}

/// What the help says of the settings that have no flag.
pub(crate) fn without_flag() -> String {
    let mut text = String::from(
        "Settings without a flag, for they are secrets or may hold one, and every user of a machine can read the \
         arguments of a process. With _FILE after its name, the variable names a file that holds the value:\n",
    );
    for setting in SETTINGS.iter().filter(|setting| setting.secret) {
        text += &format!("  {}\n          {}\n", setting.variable(), plain(setting.meaning));
    }
    text
}

/// The flag of a setting. The short help leaves it out, since few are needed to start.
fn flag(setting: &Setting) -> Option<Arg> {
    let default = if setting.default.is_empty() { String::new() } else { format!(" [default: {}]", setting.default) };
    let help = format!("{} [env: {}]{default}", plain(setting.meaning), setting.variable());
    let flag = Arg::new(setting.name).long(setting.flag()?).value_name(setting.value);
    Some(flag.global(true).help_heading(HEADING).hide_short_help(true).help(help))
}

/// The meaning as a terminal shows it: the marks around code are for the page.
fn plain(meaning: &str) -> String {
    meaning.replace('`', "")
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use crate::cli::CommandLine;
    use crate::config::settings::SETTINGS;

    #[test]
    fn the_command_line_is_sound() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn every_setting_that_is_no_secret_has_a_flag_before_and_after_the_command() {
        for setting in SETTINGS {
            let flag = format!("--{}", setting.name.replace('_', "-"));
            for line in [["user-registry", &flag, "x", "serve"], ["user-registry", "serve", &flag, "x"]] {
                let values = CommandLine::try_parse_from(line).map(|line| line.settings.values).ok();
                let expected = (!setting.secret).then(|| vec![(setting.name, "x".to_owned())]);
                assert_eq!(values, expected, "{line:?}");
            }
        }
    }

    #[test]
    fn the_long_help_tells_name_variable_default_and_meaning_of_every_setting() {
        for path in [vec![], vec!["serve"], vec!["check-config"]] {
            let mut command = CommandLine::command().term_width(0);
            command.build();
            let mut command = path.iter().fold(command, |command, name| command.find_subcommand(name).unwrap().clone());
            let (long, short) = (command.render_long_help().to_string(), command.render_help().to_string());
            for setting in SETTINGS {
                let (variable, meaning) = (setting.variable(), setting.meaning.replace('`', ""));
                assert!(long.contains(&variable) && long.contains(&meaning), "{path:?} {}", setting.name);
                assert!(!short.contains(&variable), "{path:?} {}", setting.name);
                if let Some(flag) = setting.flag() {
                    assert!(long.contains(&format!("--{flag} <{}>", setting.value)), "{path:?} {flag}");
                }
                assert!(setting.default.is_empty() || long.contains(&format!("[default: {}]", setting.default)));
            }
        }
    }
}
