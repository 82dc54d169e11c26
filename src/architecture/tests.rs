use super::*;
use crate::config::architecture::{Latent, Layers};

fn plain(family: Family) -> Architecture {
    Architecture {
        family,
        latent_dim: 100,
        latent: Latent::Normal,
        width: None,
        hidden: None,
        generator: None,
        discriminator: None,
    }
}

const FASHION: Examples =
    Examples { shape: Shape { height: 28, width: 28, channels: 1 }, range: Range::Symmetric };

#[test]
fn the_reference_dcgan_has_the_tutorials_parameters() {
    let networks = networks(&plain(Family::Dcgan), FASHION).unwrap();
    let generator = networks.generator.parameters();
    assert_eq!((generator.total(), generator.trainable), (2_330_944, 2_305_472));
    assert_eq!(networks.discriminator.parameters().total(), 212_865);
    assert_eq!(networks.generator.output(), FASHION.shape);
}

#[test]
fn dcgan_also_draws_32_by_32_in_colour() {
    let shape = Shape::image(32, 32, 3);
    let networks = networks(&plain(Family::Dcgan), Examples { shape, ..FASHION }).unwrap();
    assert_eq!(networks.generator.output(), shape);
    assert_eq!(networks.generator.rows()[3].output, Shape::image(8, 8, 256));
}

#[test]
fn types_nest_in_pairs_and_carry_the_shapes() {
    let faces = Examples { shape: Shape::image(2, 2, 1), range: Range::Unit };
    let architecture = Architecture { latent_dim: 1, ..plain(Family::SlantedFaces) };
    let networks = networks(&architecture, faces).unwrap();
    assert_eq!(
        networks.generator.rust_type(),
        "(Dense<1, 1, 1, 4, true, Dev>, (Sigmoid, Reshape<1, 1, 4, 2, 2, 1>))"
    );
    assert_eq!(
        networks.discriminator.rust_type(),
        "(Reshape<2, 2, 1, 1, 1, 4>, Dense<1, 1, 4, 1, true, Dev>)"
    );
}

#[test]
fn wrong_architectures_name_the_layer_and_the_numbers() {
    let custom = |generator: Vec<Layer>| Architecture {
        generator: Some(Layers { layers: generator }),
        discriminator: Some(Layers { layers: vec![families_dense(1)] }),
        ..plain(Family::Custom)
    };
    let cases = [
        (custom(vec![families_dense(100), Layer::Reshape([7, 7, 3])]), "generator.layers[1]", "147"),
        (custom(vec![families_dense(100)]), "generator.layers", "28×28×1"),
        (custom(vec![families_dense(784), Layer::Sigmoid]), "generator.layers", "sigmoid"),
        (custom(vec![families_dense(0)]), "generator.layers[0]", "units"),
        (plain(Family::SlantedFaces), "family", "2×2"),
    ];
    for (architecture, key, words) in cases {
        let error = networks(&architecture, FASHION).unwrap_err();
        assert_eq!(error.key, format!("architecture.{key}"));
        assert!(error.reason.contains(words), "{error} should say {words}");
    }
}

fn families_dense(units: usize) -> Layer {
    Layer::Dense(crate::config::architecture::layers::Dense { units, bias: true })
}
