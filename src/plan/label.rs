//! The readable part of a run's folder: what distinguishes the run, as in `loss=hinge,lr=0.0002,seed1`.

use crate::config::names::short_names;

/// The longest text of one value, in bytes.
const LONGEST_VALUE: usize = 32;

/// The longest label before its seed, in bytes: file systems allow 255 for a name, of which a hash takes nine.
const LONGEST: usize = 160;

/// The names of dotted keys in labels: as short as they can be, with `lr` for the learning rate.
pub(super) fn names(keys: &[String]) -> Vec<String> {
    let shorter = |name: String| match name.strip_suffix("learning_rate") {
        Some(above) if above.is_empty() || above.ends_with('.') => format!("{above}lr"),
        _ => name,
    };
    short_names(keys).into_iter().map(shorter).collect()
}

/// The label of a run. Its order does not depend on the file's, so that the same configuration has the same label.
pub(super) fn label(names: &[String], settings: &[(String, String)], seed: u64) -> String {
    let mut parts: Vec<String> = names
        .iter()
        .zip(settings)
        .map(|(name, (_, value))| format!("{}={}", plain(name), plain(value)))
        .collect();
    parts.sort();
    let mut label = String::new();
    for part in parts {
        // The hash behind the label tells apart what is left out here.
        if label.len() + part.len() > LONGEST {
            label.push_str("more,");
            break;
        }
        label.push_str(&part);
        label.push(',');
    }
    format!("{label}seed{seed}")
}

/// A text as part of a file's name on any system: letters, digits and a few marks, with one dash for all between.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for character in text.chars() {
        if character.is_ascii_alphanumeric() || "._+-".contains(character) {
            plain.push(character);
        } else if !plain.is_empty() && !plain.ends_with('-') {
            plain.push('-');
        }
        if plain.len() >= LONGEST_VALUE {
            break;
        }
    }
    plain.trim_end_matches(['-', '.']).to_owned()
}
