//! Names of keys for people, in folders, tables and reports: short, and with the literature's words where it has some.

/// The key that says which of a sweep's cases a run is.
pub const CASE: &str = "case";

/// The lists whose elements have names of their own.
const NAMED: [(&str, [&str; 2]); 1] = [("betas", ["beta1", "beta2"])];

/// The name of an element of a list, if it has one: `beta1` for the first of `betas`.
fn element(list: &str, index: &str) -> Option<&'static str> {
    let (_, names) = NAMED.iter().find(|(named, _)| *named == list)?;
    names.get(index.parse::<usize>().ok()?).copied()
}

/// Whether the elements of the list at this key have names of their own.
pub fn has_named_elements(key: &str) -> bool {
    let list = key.rsplit('.').next().unwrap_or(key);
    NAMED.iter().any(|(named, _)| *named == list)
}

/// The parts of a dotted key; an element of a list is one part with its list: `beta1` for `betas.0`, and `hidden.0`.
fn parts(key: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in key.split('.') {
        let is_index = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        match parts.last_mut().filter(|_| is_index) {
            Some(list) => {
                *list = element(list, part).map_or_else(|| format!("{list}.{part}"), str::to_owned);
            }
            None => parts.push(part.to_owned()),
        }
    }
    parts
}

/// The whole key in readable parts: `optimizer.beta1` for `optimizer.betas.0`.
pub fn readable(key: &str) -> String {
    parts(key).join(".")
}

/// Keys as short as they can be while they remain apart: the last part, or more where two would be the same.
pub fn short_names(keys: &[String]) -> Vec<String> {
    let all: Vec<Vec<String>> = keys.iter().map(|key| parts(key)).collect();
    let tail = |parts: &[String], count: usize| parts[parts.len().saturating_sub(count)..].join(".");
    let short = |own: &Vec<String>| {
        let is_unique = |count: &usize| {
            let name = tail(own, *count);
            all.iter().filter(|other| tail(other, *count) == name).count() <= 1
        };
        tail(own, (1..own.len()).find(is_unique).unwrap_or(own.len()))
    };
    all.iter().map(short).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_short_as_they_can_be() {
        let short =
            |keys: &[&str]| short_names(&keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>());
        assert_eq!(short(&["a.b.c", "a.d"]), ["c", "d"]);
        assert_eq!(
            short(&["optimizer.generator.learning_rate", "optimizer.learning_rate", "seed"]),
            ["generator.learning_rate", "optimizer.learning_rate", "seed"]
        );
        assert_eq!(short(&["rate", "a.rate"]), ["rate", "a.rate"]);
        assert_eq!(
            short(&[
                "optimizer.generator.learning_rate",
                "optimizer.discriminator.learning_rate",
                "objective.loss"
            ]),
            ["generator.learning_rate", "discriminator.learning_rate", "loss"]
        );
    }

    #[test]
    fn elements_of_lists_have_the_names_that_papers_give_them() {
        let short =
            |keys: &[&str]| short_names(&keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>());
        assert_eq!(short(&["optimizer.betas.0", "optimizer.betas.1"]), ["beta1", "beta2"]);
        assert_eq!(
            short(&["optimizer.generator.betas.0", "optimizer.betas.0"]),
            ["generator.beta1", "optimizer.beta1"]
        );
        assert_eq!(short(&["architecture.hidden.0", "architecture.hidden.11"]), ["hidden.0", "hidden.11"]);
        assert_eq!(short(&["architecture.generator.layers.2.dense.units"]), ["units"]);
        assert_eq!(readable("architecture.generator.layers.2"), "architecture.generator.layers.2");
        assert_eq!(readable("optimizer.betas.2"), "optimizer.betas.2");
    }
}
