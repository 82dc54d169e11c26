//! What the experiment file's language knows and this version does not do yet. A later version that brings one of
//! these strikes its line out, and nothing else here changes.

/// Key and word; the word `*` stands for any value of the key.
pub(super) const NOT_YET: &[(&str, &str)] = &[];

/// Whether the key's word is known, but not part of this version yet.
pub(super) fn not_yet(key: &str, word: &str) -> bool {
    NOT_YET.iter().any(|(k, w)| *k == key && (*w == word || *w == "*"))
}

/// Those of a key's words that this version has.
pub(super) fn available<'a>(key: &str, words: &[&'a str]) -> Vec<&'a str> {
    words.iter().copied().filter(|word| !not_yet(key, word)).collect()
}
