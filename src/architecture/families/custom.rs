use crate::architecture::{Error, LayerLists};
use crate::config::architecture::Architecture;

/// The layers as the file spells them out.
pub(in crate::architecture) fn layers(architecture: &Architecture) -> Result<LayerLists, Error> {
    let missing = |key: &str| {
        Error::at(key, format!("the family `custom` needs [architecture.{key}] with `layers = [ … ]`"))
    };
    Ok(LayerLists {
        generator: architecture.generator.clone().ok_or_else(|| missing("generator"))?.layers,
        discriminator: architecture.discriminator.clone().ok_or_else(|| missing("discriminator"))?.layers,
    })
}
