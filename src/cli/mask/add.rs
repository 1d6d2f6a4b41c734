//! `sekisho mask add`.

use super::args::Add;
use super::tell;
use crate::error::Error;
use std::io::Read;
use zeroize::Zeroizing;

/// Register a value. Status 0 where it is in force, 1 where it is too weak.
///
/// # Errors
/// No value, no mask around us.
pub fn run(args: &Add) -> Result<u8, Error> {
    let (name, value) = match &args.env {
        Some(variable) => {
            let value = std::env::var_os(variable).ok_or_else(|| Error::Input {
                what: format!("--env {variable}"),
                reason: "there is no such variable".to_owned(),
                remedy: "set it, or give the value on standard input".to_owned(),
            })?;
            (
                args.name.clone().unwrap_or_else(|| variable.clone()),
                Zeroizing::new(value.into_encoded_bytes()),
            )
        }
        None => {
            let mut value = Zeroizing::new(Vec::new());
            std::io::stdin().lock().read_to_end(&mut value).map_err(|error| Error::Input {
                what: "standard input".to_owned(),
                reason: error.to_string(),
                remedy: "give the value on standard input or with --env".to_owned(),
            })?;
            (args.name.clone().unwrap_or_else(|| "added".to_owned()), value)
        }
    };
    let answer = register(&name, &value)?;
    match answer.split_once(' ').unwrap_or((&answer, "")) {
        ("ok", _) => Ok(0),
        ("weak", reason) => {
            tell(&format!("warning: {}", super::secrets::weak_note(&name, reason)));
            Ok(1)
        }
        (_, reason) => Err(Error::Input {
            what: name,
            reason: format!("the mask refuses it: {reason}"),
            remedy: "the value is not masked; do not print it".to_owned(),
        }),
    }
}

/// Ask the mask around this process. Fails where there is none: a value that is thought to be masked and is
/// not is worse than an error.
///
/// # Errors
/// No mask, no answer.
#[cfg(unix)]
pub fn register(name: &str, value: &[u8]) -> Result<String, Error> {
    use crate::mask::sources::socket;
    let path =
        std::env::var_os(socket::VARIABLE).filter(|path| !path.is_empty()).ok_or_else(|| Error::Input {
            what: socket::VARIABLE.to_owned(),
            reason: "is not set: no mask runs around this process, so the value is not masked".to_owned(),
            remedy: "run the whole command as `sekisho mask -- COMMAND`, or see --socket".to_owned(),
        })?;
    socket::register(std::path::Path::new(&path), name, value).map_err(|error| Error::Input {
        what: path.to_string_lossy().into_owned(),
        reason: format!("the mask cannot be asked, so the value is not masked: {error}"),
        remedy: "is the mask that set SEKISHO_MASK_SOCK still running?".to_owned(),
    })
}

/// There is no such socket on this system.
///
/// # Errors
/// Always.
#[cfg(not(unix))]
pub fn register(_name: &str, _value: &[u8]) -> Result<String, Error> {
    Err(Error::Input {
        what: "sekisho mask add".to_owned(),
        reason: "values cannot be registered while a command runs on this system".to_owned(),
        remedy: "use --env or --file, or a command of the host such as ::add-mask::".to_owned(),
    })
}
