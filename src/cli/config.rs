//! `sekisho config`.

use super::allow::Form;
use super::args::Global;
use super::judge::{self, Judge};
use super::output;
use crate::config::{self, Settings, show};
use crate::error::Error;
use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;

/// Show the settings in force, or their JSON Schema
#[derive(ClapArgs)]
pub struct Config {
    #[command(subcommand)]
    pub command: ConfigCommand,
}

#[derive(Subcommand)]
pub enum ConfigCommand {
    /// Show the settings in force, each with where it comes from
    Show {
        /// What holds there [default: .]
        #[arg(value_name = "PATH")]
        path: Option<PathBuf>,
        /// text (alias toml) or json
        #[arg(long, short = 'f', value_enum, default_value_t = ShowForm::Text)]
        format: ShowForm,
    },
    /// Print the JSON Schema of sekisho.toml, for editors
    Schema,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ShowForm {
    #[value(alias = "toml")]
    Text,
    Json,
}

/// Run the command.
///
/// # Errors
/// Settings that cannot be used.
pub fn run(args: &Config, global: &Global) -> Result<u8, Error> {
    match &args.command {
        ConfigCommand::Schema => output::print(&config::schema())?,
        ConfigCommand::Show { path, format } => {
            let path = path.clone().unwrap_or_else(|| PathBuf::from("."));
            let settings = Settings::load(&path, &judge::flags(global, None, &Judge::default()))?;
            let form = if *format == ShowForm::Json { Form::Json } else { Form::Text };
            let text = match form {
                Form::Json => show::json(&settings, &path),
                Form::Text => show::text(&settings, &path),
            };
            if let Some(trouble) = settings.cascade.trouble().into_iter().next() {
                return Err(Error::Config {
                    file: PathBuf::from(trouble.origin.to_string()),
                    reason: trouble.detail,
                    remedy: "mend it, or take it out".to_owned(),
                });
            }
            output::print(&text)?;
        }
    }
    Ok(0)
}
