//! What the experiment file's language knows and this version does not do yet. A later version that brings one of
//! these strikes its line out, and nothing else here changes.

/// Key and word; the word `*` stands for any value of the key.
pub(super) const NOT_YET: &[(&str, &str)] = &[
    ("dataset.name", "image-folder"),
    ("architecture.family", "goodfellow"),
    ("architecture.family", "infogan"),
    ("architecture.family", "conditional-dcgan"),
    ("objective.loss", "least-squares"),
    ("objective.loss", "hinge"),
    ("objective.loss", "wasserstein"),
    ("objective.loss", "relativistic"),
    ("objective.regularizer", "weight-clipping"),
    ("objective.regularizer", "gradient-penalty"),
    ("objective.regularizer", "dragan"),
    ("objective.regularizer", "r1"),
    ("objective.regularizer", "r2"),
    ("objective.regularizer", "spectral-norm"),
    ("objective.label_smoothing", "*"),
];

/// Whether the key's word is known, but not part of this version yet.
pub(super) fn not_yet(key: &str, word: &str) -> bool {
    NOT_YET.iter().any(|(k, w)| *k == key && (*w == word || *w == "*"))
}

/// Those of a key's words that this version has.
pub(super) fn available<'a>(key: &str, words: &[&'a str]) -> Vec<&'a str> {
    words.iter().copied().filter(|word| !not_yet(key, word)).collect()
}
