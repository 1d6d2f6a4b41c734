//! The `sekisho.toml` that `sekisho init` writes.

/// Random bytes in a salt.
const SALT_BYTES: usize = 16;

/// A salt that nobody else has: 32 hexadecimal digits.
///
/// # Errors
/// The system has no random bytes to give: in words.
pub fn salt() -> Result<String, String> {
    let mut bytes = [0u8; SALT_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| format!("the system gives no random bytes: {error}"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The file, with its settings explained and those that are not needed commented out.
pub fn text(salt: &str) -> String {
    format!(
        "\
# Settings of sekisho: https://github.com/sekisho/sekisho, docs/configuration.md
# `sekisho config show` tells what is in force and where it comes from.
version = 1

# Key of the fingerprints by which baselines and [[allow]] entries name secrets. Commit it. Another salt
# makes all of them another one's.
salt = \"{salt}\"

# Findings below this severity are reported, and neither block nor fail.
#fail-on = \"medium\"

[rules]
# Ids of rules, names of providers, kinds (password), severities (info), or \"all\": `sekisho rules list`
#enable   = [\"info\"]
#disable  = [\"Postman\"]
#severity = \"low\"     # rules below it are off

# Other severities.
#[severity]
#jwt = \"low\"

# Settings for some paths; patterns as in .gitignore.
#[[path]]
#glob    = \"tests/fixtures/**\"
#disable = [\"password\"]

# Findings that are no leak: `sekisho allow FINGERPRINT --reason WHY` adds one.
#[[allow]]
#path    = \"docs/examples/**\"
#rule    = \"jwt\"
#reason  = \"made up for the documentation\"
#owner   = \"docs\"
#expires = \"2030-12-31\"
"
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_commented_out_would_be_understood() {
        let text = super::text(&super::salt().unwrap());
        assert_ne!(super::salt().unwrap(), super::salt().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sekisho.toml");
        let used: String = text
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(rest) if !rest.starts_with(' ') => format!("{rest}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        for text in [text, used] {
            std::fs::write(&path, text).unwrap();
            super::super::Settings::load(folder.path(), &super::super::Flags::default()).unwrap();
        }
    }
}
