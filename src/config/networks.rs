//! The rules of `[architecture]` that need no shapes: which keys belong to which family, defaults, and ranges.

use std::ops::RangeInclusive;

use figment::value::{Dict, Value};

use super::architecture::{Architecture, Family, Variant};
use super::check::{Bounds, Finding, Findings, Mark};
use super::key::{self, Path, below, dotted, path};
use super::words;

/// The keys that not every family has, and those that have them.
pub(super) const OWNERS: &[(&str, &[&str])] = &[
    ("width", &["dcgan", "sngan", "conditional-dcgan"]),
    ("discriminator_batch_norm", &["infogan", "began"]),
    ("batch_norm_momentum", &["dcgan", "conditional-dcgan", "infogan", "sngan", "began", "vae"]),
    ("hidden", &["mlp", "began"]),
    ("code_dim", &["began"]),
    ("generator", &["custom", "began"]),
    ("discriminator", &["custom", "began"]),
    ("variant", &["dcgan", "began", "vae", "classifier"]),
    ("classes", &["classifier", "conditional-dcgan"]),
    ("encoder", &["vae"]),
    ("decoder", &["vae"]),
    ("classifier", &["classifier"]),
];

/// The networks that a file may spell out.
const SPELT: [&str; 5] = ["generator", "discriminator", "encoder", "decoder", "classifier"];

/// The variants of each family that has some, the default first.
const VARIANTS: &[(&str, &[Variant])] = &[
    ("dcgan", &[Variant::Tutorial, Variant::Paper]),
    ("began", &[Variant::Conv, Variant::Dense]),
    ("vae", &[Variant::Dense, Variant::Conv]),
    ("classifier", &[Variant::Lenet, Variant::Sigmoid, Variant::Extractor]),
];

/// The word of a family in the file.
pub(super) fn word(family: Family) -> &'static str {
    match family {
        Family::SlantedFaces => "slanted-faces",
        Family::Mlp => "mlp",
        Family::Goodfellow => "goodfellow",
        Family::Infogan => "infogan",
        Family::Sngan => "sngan",
        Family::ConditionalDcgan => "conditional-dcgan",
        Family::Dcgan => "dcgan",
        Family::Custom => "custom",
        Family::Began => "began",
        Family::Vae => "vae",
        Family::Classifier => "classifier",
    }
}

/// Adds the family's defaults to the merged values.
pub(super) fn add_defaults(root: &mut Dict) {
    let Some(Value::Dict(_, section)) = root.get_mut("architecture") else {
        return;
    };
    let family = section.get("family").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut default = |key: &str, value: Value| {
        section.entry(key.to_owned()).or_insert(value);
    };
    match family.as_str() {
        "slanted-faces" => {
            default("latent_dim", Value::from(1_i64));
            default("latent", Value::from("unit"));
        }
        "goodfellow" => default("latent", Value::from("uniform")),
        "dcgan" | "conditional-dcgan" => default("width", Value::from(64_i64)),
        "infogan" => {
            default("latent_dim", Value::from(64_i64));
            default("latent", Value::from("uniform"));
            default("discriminator_batch_norm", Value::from(true));
        }
        "sngan" => {
            default("latent_dim", Value::from(128_i64));
            default("width", Value::from(128_i64));
        }
        "mlp" => default("hidden", Value::from(vec![256_i64, 256])),
        "began" => {
            default("latent_dim", Value::from(64_i64));
            default("latent", Value::from("uniform"));
        }
        "vae" => default("latent_dim", Value::from(64_i64)),
        _ => {}
    }
    let spelt = SPELT.iter().any(|network| section.contains_key(*network));
    let variants = VARIANTS.iter().find(|(owner, _)| *owner == family);
    if let (false, Some((_, [usual, ..]))) = (spelt, variants) {
        section.entry("variant".to_owned()).or_insert(Value::from(usual.word()));
    }
    let variant = section.get("variant").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut default = |key: &str, value: Value| {
        section.entry(key.to_owned()).or_insert(value);
    };
    if (family.as_str(), spelt) == ("began", false) {
        default("code_dim", Value::from(64_i64));
        default("discriminator_batch_norm", Value::from(false));
        if variant == "dense" {
            default("hidden", Value::from(vec![256_i64, 256]));
        }
    }
    default("latent_dim", Value::from(100_i64));
    default("latent", Value::from("normal"));
    if matches!(family.as_str(), "vae" | "classifier") {
        add_unit_range(root);
    }
}

/// A VAE's pixels are probabilities, and the sources of both classifiers have them in [0, 1] too.
fn add_unit_range(root: &mut Dict) {
    if let Some(Value::Dict(_, dataset)) = root.get_mut("dataset") {
        let name = dataset.get("name").and_then(Value::as_str).unwrap_or_default();
        if !name.starts_with("gaussian-") {
            dataset.entry("range".to_owned()).or_insert(Value::from("unit"));
        }
    }
}

/// Checks every number of the section before it is read, so that -1 is told as out of range, not as a wrong type.
pub(super) fn check_numbers(section: &Dict, findings: &mut Findings) {
    walk(&path("architecture"), section, findings);
}

/// The range of a whole number by its key and that of the table it is in.
fn range(parent: &str, key: &str) -> Option<(RangeInclusive<i64>, &'static str)> {
    Some(match key {
        "latent_dim" | "code_dim" => (1..=4096, ""),
        "width" if parent == "label-embedding" => (1..=1024, ""),
        "width" => (1..=1024, "channels"),
        "classes" => (2..=256, "classes"),
        "hidden" => (1..=65_536, "units"),
        "units" if parent == "maxout" => (1..=65_536, ""),
        "units" => (1..=1_048_576, ""),
        "pieces" => (1..=64, ""),
        "channels" => (1..=8192, ""),
        "kernel" => (1..=15, "pixels"),
        "stride" => (1..=2, "pixels"),
        "reshape" => (1..=65_536, ""),
        _ => return None,
    })
}

/// The range of a number that need not be whole, by its key.
fn bounds(key: &str) -> Option<Bounds> {
    Some(match key {
        "dropout" => Bounds::Within(0.0, 0.95),
        "leaky-relu" => Bounds::Within(0.0, 1.0),
        "momentum" | "batch_norm_momentum" => Bounds::Below(0.0, 1.0),
        "epsilon" => Bounds::Above(0.0, 1.0),
        _ => return None,
    })
}

/// The largest number of elements of a list by its key.
fn longest(key: &str) -> Option<usize> {
    match key {
        "hidden" => Some(16),
        "layers" | "shortcut" => Some(256),
        _ => None,
    }
}

fn walk(at: &Path, table: &Dict, findings: &mut Findings) {
    for (key, value) in table {
        walk_value(below(at, key), key, value, findings);
    }
}

fn walk_value(at: Path, name: &str, value: &Value, findings: &mut Findings) {
    match value {
        Value::Dict(_, inner) => walk(&at, inner, findings),
        Value::Array(_, items) => {
            if let Some(longest) = longest(name).filter(|longest| items.is_empty() || items.len() > *longest)
            {
                let message =
                    format!("`{}` has {} elements, but must have 1 to {longest}", dotted(&at), items.len());
                findings
                    .add(Finding::new(at.clone(), Mark::Value, message).label("a list of the wrong length"));
            }
            for (index, item) in items.iter().enumerate().take(1024) {
                walk_value(below(&at, &index.to_string()), name, item, findings);
            }
        }
        Value::Num(_, number) => {
            let whole = key::whole(*number).and_then(|whole| i64::try_from(whole).ok());
            let parent = at.len().checked_sub(2).map_or("", |parent| at[parent].as_str());
            if let (Some((range, unit)), Some(whole)) = (range(parent, name), whole) {
                findings.whole_at(at, whole, range, unit);
            } else if let (Some(bounds), Some(number)) =
                (bounds(name), number.to_f64().or(whole.map(|whole| whole as f64)))
            {
                findings.number_at(at, number, bounds);
            }
        }
        _ => {}
    }
}

/// Checks that the keys belong to the family and that it has those it needs.
pub(super) fn check_family(architecture: &Architecture, findings: &mut Findings) {
    let family = word(architecture.family);
    let given = [
        ("width", architecture.width.is_some()),
        ("discriminator_batch_norm", architecture.discriminator_batch_norm.is_some()),
        ("batch_norm_momentum", architecture.batch_norm_momentum.is_some()),
        ("hidden", architecture.hidden.is_some()),
        ("code_dim", architecture.code_dim.is_some()),
        ("generator", architecture.generator.is_some()),
        ("discriminator", architecture.discriminator.is_some()),
        ("variant", architecture.variant.is_some()),
        ("classes", architecture.classes.is_some()),
        ("encoder", architecture.encoder.is_some()),
        ("decoder", architecture.decoder.is_some()),
        ("classifier", architecture.classifier.is_some()),
    ];
    for (key, given) in given {
        let owners = OWNERS.iter().find(|(owned, _)| *owned == key).map_or(&[][..], |(_, owners)| *owners);
        let owned = owners.contains(&family);
        if given && !owned {
            findings.does_not_belong(
                &format!("architecture.{key}"),
                &words::list(owners),
                "architecture.family",
                family,
            );
        }
        // The other families have defaults, and layers of their own.
        if !given && owned && family == "custom" {
            let message = format!("the family `{family}` needs [architecture.{key}] with its `layers`");
            let at = path(&format!("architecture.{key}"));
            let finding = Finding::new(at, Mark::Table, message).label("incomplete");
            findings.add(
                finding
                    .help(format!("add [architecture.{key}] with layers = [{{ dense = {{ units = 1 }} }}]")),
            );
        }
    }
    check_variant(architecture, findings);
}

/// Checks that the variant is one of the family's, and that no layers are spelt out beside it.
fn check_variant(architecture: &Architecture, findings: &mut Findings) {
    let family = word(architecture.family);
    let at = || path("architecture.variant");
    let networks = [
        ("generator", architecture.generator.is_some()),
        ("discriminator", architecture.discriminator.is_some()),
        ("encoder", architecture.encoder.is_some()),
        ("decoder", architecture.decoder.is_some()),
        ("classifier", architecture.classifier.is_some()),
    ];
    let is_given = |network: &str| networks.contains(&(network, true));
    let spelt = networks.iter().find(|(_, given)| *given);
    let variants = VARIANTS.iter().find(|(owner, _)| *owner == family);
    if let (Some(variant), Some((_, variants))) = (architecture.variant, variants) {
        if !variants.contains(&variant) {
            let message = format!("`{}` is no variant of the family `{family}`", variant.word());
            let words: Vec<&str> = variants.iter().map(|variant| variant.word()).collect();
            let finding = Finding::new(at(), Mark::Value, message).label("another family's");
            findings.add(finding.help(format!("its variants are {}", words::list(&words))));
        } else if let Some((network, _)) = spelt {
            excludes(findings, "variant", network);
        }
    }
    if let (Some((network, _)), Some(_)) = (spelt, architecture.batch_norm_momentum)
        && matches!(architecture.family, Family::Began | Family::Vae)
    {
        excludes(findings, "batch_norm_momentum", network);
    }
    for (one, other) in [("encoder", "decoder"), ("generator", "discriminator")] {
        if is_given(one) != is_given(other) && architecture.family != Family::Custom {
            let missing = if is_given(one) { other } else { one };
            let message =
                format!("the family `{family}` needs [architecture.{missing}] with its `layers` too");
            let finding = Finding::new(path(&format!("architecture.{missing}")), Mark::Table, message);
            let help =
                format!("{} {one} and {} {other} are spelt out together", article(one), article(other));
            findings.add(finding.label("incomplete").help(help));
        }
    }
    if architecture.family == Family::Began {
        let given = [
            ("hidden", architecture.hidden.is_some()),
            ("code_dim", architecture.code_dim.is_some()),
            ("discriminator_batch_norm", architecture.discriminator_batch_norm.is_some()),
        ];
        for (key, _) in given.iter().filter(|(_, given)| *given) {
            match spelt {
                Some((network, _)) => excludes(findings, key, network),
                None if *key == "hidden" && architecture.variant == Some(Variant::Conv) => {
                    let choice = ("architecture.variant", "conv");
                    let help = "write variant = \"dense\", or remove it";
                    findings.does_not_belong_because("architecture.hidden", "`dense`", choice, help);
                }
                None => {}
            }
        }
    }
}

fn article(network: &str) -> &'static str {
    if network.starts_with('e') { "an" } else { "a" }
}

/// Notes a key of the section that says something about layers that are spelt out.
fn excludes(findings: &mut Findings, key: &str, network: &str) {
    let message =
        format!("`architecture.{key}` stands beside [architecture.{network}], but one excludes the other");
    let finding =
        Finding::new(path(&format!("architecture.{key}")), Mark::Key, message).label("one too many");
    let finding = finding.also(&format!("architecture.{network}"), "the layers");
    findings.add(finding.help("remove one of them"));
}
