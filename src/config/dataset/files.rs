//! The data sets of the user's own files: `idx` and `image-folder`.

use super::{Section, Source};
use crate::config::check::{Finding, Findings, Mark};
use crate::config::key::{below, path};

impl Section {
    pub(super) fn resolve_idx(self, findings: &mut Findings) -> Source {
        self.need(
            &[
                ("images", self.images.is_some(), "images = \"train-images-idx3-ubyte.gz\""),
                ("shape", self.shape.is_some(), "shape = [28, 28]"),
            ],
            findings,
        );
        let files = [
            ("images", &self.images),
            ("labels", &self.labels),
            ("test_images", &self.test_images),
            ("test_labels", &self.test_labels),
        ];
        for (key, file) in files {
            check_path(key, file.as_deref(), "an IDX file", findings);
        }
        if self.test_labels.is_some() && self.test_images.is_none() {
            let message = "`dataset.test_labels` is given without `dataset.test_images`";
            let finding =
                Finding::new(path("dataset.test_labels"), Mark::Key, message).label("labels of what?");
            findings.add(finding.help("add test_images = \"…\""));
        }
        let shape = resolve_shape(self.shape.as_deref().unwrap_or(&[1, 1]), findings);
        Source::Idx {
            images: self.images.unwrap_or_default(),
            labels: self.labels,
            test_images: self.test_images,
            test_labels: self.test_labels,
            shape,
        }
    }

    pub(super) fn resolve_image_folder(self, findings: &mut Findings) -> Source {
        let needed = [
            ("path", self.path.is_some(), "path = \"folder\""),
            ("size", self.size.is_some(), "size = [32, 32]"),
        ];
        self.need(&needed, findings);
        check_path("path", self.path.as_deref(), "a folder", findings);
        let size = self.size.unwrap_or([1, 1]);
        let mut side =
            |index: usize| findings.count(&format!("dataset.size.{index}"), size[index], 1..=1024, "pixels");
        let (height, width) = (side(0), side(1));
        let channels = findings.count("dataset.channels", self.channels.unwrap_or(3), 1..=3, "channels");
        if channels == 2 {
            let message = "`dataset.channels` is 2, but must be 1 (grey) or 3 (colour)";
            findings
                .add(Finding::new(path("dataset.channels"), Mark::Value, message).label("neither 1 nor 3"));
        }
        Source::ImageFolder { path: self.path.unwrap_or_default(), shape: (height, width, channels) }
    }

    /// Notes the keys that are not given, with an example of each.
    fn need(&self, keys: &[(&str, bool, &str)], findings: &mut Findings) {
        for (key, _, example) in keys.iter().filter(|(_, given, _)| !given) {
            let message = format!("[dataset] needs `{key}` when its name is `{}`", self.name.as_str());
            let finding = Finding::new(below(&path("dataset"), key), Mark::Table, message);
            findings.add(finding.label("incomplete").help(format!("add {example}")));
        }
    }
}

fn check_path(key: &str, file: Option<&str>, what: &str, findings: &mut Findings) {
    if file.is_some_and(|file| file.trim().is_empty()) {
        let message = format!("`dataset.{key}` is empty, but must be the path of {what}");
        findings.add(Finding::new(below(&path("dataset"), key), Mark::Value, message).label("no path"));
    }
}

/// `[h, w]` or `[h, w, c]`.
fn resolve_shape(shape: &[i64], findings: &mut Findings) -> (usize, usize, usize) {
    if !matches!(shape.len(), 2 | 3) {
        let message = format!(
            "`dataset.shape` has {} numbers, but must be [height, width] or [height, width, channels]",
            shape.len()
        );
        findings.add(Finding::new(path("dataset.shape"), Mark::Value, message).label("not 2 or 3 numbers"));
        return (1, 1, 1);
    }
    let size = |index: usize, high: i64, unit: &str, findings: &mut Findings| {
        findings.count(&format!("dataset.shape.{index}"), shape[index], 1..=high, unit)
    };
    let channels = if shape.len() == 3 { size(2, 16, "channels", findings) } else { 1 };
    (size(0, 1024, "pixels", findings), size(1, 1024, "pixels", findings), channels)
}
