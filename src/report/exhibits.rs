//! The pictures of what a run's learner makes of the test split.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::study::Study;
use crate::figures::embed;

/// A picture of the page.
pub(super) struct Exhibit {
    pub(super) caption: &'static str,
    pub(super) width: usize,
    pub(super) height: usize,
    /// A data URL.
    pub(super) picture: String,
}

/// The files that a run may have, and what they show.
const FILES: [(&str, &str); 3] = [
    ("reconstructions.png", "Rows of test examples, and below each what the autoencoder makes of it"),
    ("confusion.png", "The answers to the test split, counted"),
    ("mistakes.png", "Test examples that are named wrongly"),
];

/// Those of a single run, in that order, and what could not be read of them; a sweep has too many.
pub(super) fn exhibits(study: &Study) -> (Vec<Exhibit>, Vec<String>) {
    let history = study.runs.first().and_then(|run| run.history.as_ref());
    let (mut found, mut damage) = (Vec::new(), Vec::new());
    let Some(history) = history.filter(|_| !study.is_sweep) else {
        return (found, damage);
    };
    for (file, caption) in FILES {
        let path = history.folder.join(file);
        if !path.exists() {
            continue;
        }
        match embed::from_file(&path) {
            Ok(embed::Embedded { width, height, png }) => {
                let picture = format!("data:image/png;base64,{}", STANDARD.encode(png));
                found.push(Exhibit { caption, width, height, picture });
            }
            Err(error) => damage.push(error.to_string()),
        }
    }
    (found, damage)
}
