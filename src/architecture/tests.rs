use super::*;
use crate::config::architecture::{Latent, Layers, Variant};

fn plain(family: Family) -> Architecture {
    Architecture {
        family,
        latent_dim: 100,
        latent: Latent::Normal,
        width: None,
        hidden: None,
        variant: None,
        classes: None,
        generator: None,
        discriminator: None,
        encoder: None,
        decoder: None,
        classifier: None,
    }
}

const FASHION: Examples = Examples {
    shape: Shape { height: 28, width: 28, channels: 1 },
    range: Range::Symmetric,
    classes: Some(10),
};

#[test]
fn the_reference_dcgan_has_the_tutorials_parameters() {
    let networks = networks(&plain(Family::Dcgan), FASHION).unwrap();
    let generator = networks.get("generator").unwrap().parameters();
    assert_eq!((generator.total(), generator.trainable), (2_330_944, 2_305_472));
    assert_eq!(networks.get("discriminator").unwrap().parameters().total(), 212_865);
    assert_eq!(networks.get("generator").unwrap().output(), FASHION.shape);
}

#[test]
fn dcgan_also_draws_32_by_32_in_colour() {
    let shape = Shape::image(32, 32, 3);
    let networks = networks(&plain(Family::Dcgan), Examples { shape, ..FASHION }).unwrap();
    assert_eq!(networks.get("generator").unwrap().output(), shape);
    assert_eq!(networks.get("generator").unwrap().rows()[3].output, Shape::image(8, 8, 256));
}

#[test]
fn types_nest_in_pairs_and_carry_the_shapes() {
    let faces = Examples { shape: Shape::image(2, 2, 1), range: Range::Unit, classes: None };
    let architecture = Architecture { latent_dim: 1, ..plain(Family::SlantedFaces) };
    let networks = networks(&architecture, faces).unwrap();
    assert_eq!(
        networks.get("generator").unwrap().rust_type(),
        "(Dense<1, 1, 1, 4, true, Dev>, (Sigmoid, Reshape<1, 1, 4, 2, 2, 1>))"
    );
    assert_eq!(
        networks.get("discriminator").unwrap().rust_type(),
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

/// 784·16 + 16 + 16·16 + 16 + 16·10 + 10, as the film counts them.
#[test]
fn the_digits_network_has_13_002_weights_and_biases() {
    let architecture = Architecture { variant: Some(Variant::Sigmoid), ..plain(Family::Classifier) };
    let found = networks(&architecture, FASHION).unwrap();
    assert_eq!(found.get("classifier").unwrap().parameters().total(), 13_002);
    assert!(matches!(found, Networks::Classifier { readout: Readout::Sigmoids, .. }));
    let found = networks(&plain(Family::Classifier), FASHION).unwrap();
    assert!(matches!(found, Networks::Classifier { readout: Readout::Logits, .. }));
}

#[test]
fn autoencoders_lead_from_examples_to_twice_the_latent_numbers_and_back() {
    for (variant, shape) in [
        (Variant::Dense, Shape::image(2, 2, 3)),
        (Variant::Conv, FASHION.shape),
        (Variant::Conv, Shape::image(32, 32, 3)),
    ] {
        let architecture = Architecture { variant: Some(variant), ..plain(Family::Vae) };
        let found = networks(&architecture, Examples { shape, ..FASHION }).unwrap();
        let shapes =
            found.named().into_iter().map(|(name, network)| (name, network.input(), network.output()));
        let (inside, outside) = (Shape::vector(100), Shape::vector(200));
        assert_eq!(shapes.collect::<Vec<_>>(), [("encoder", shape, outside), ("decoder", inside, shape)]);
    }
}

#[test]
fn wrong_autoencoders_and_classifiers_name_the_layer() {
    let layers = |layers: &[Layer]| Some(Layers { layers: layers.to_vec() });
    let vae = |encoder: &[Layer], decoder: &[Layer]| Architecture {
        encoder: layers(encoder),
        decoder: layers(decoder),
        ..plain(Family::Vae)
    };
    let classifier =
        |found: &[Layer]| Architecture { classifier: layers(found), ..plain(Family::Classifier) };
    let dense = families_dense;
    let cases = [
        (vae(&[dense(100)], &[dense(784)]), "encoder.layers", "ends in 100, but must"),
        (vae(&[Layer::Flatten, dense(200), Layer::Relu], &[dense(784)]), "encoder.layers", "of any size"),
        (vae(&[Layer::Flatten, dense(200)], &[dense(783)]), "decoder.layers", "the examples are 28×28×1"),
        (vae(&[Layer::Flatten, dense(200)], &[dense(784), Layer::Sigmoid]), "decoder.layers", "its own"),
        (classifier(&[Layer::Flatten, dense(9)]), "classifier.layers", "there are 10 classes"),
        (classifier(&[Layer::Flatten, dense(10), Layer::Tanh]), "classifier.layers", "must end in"),
        (Architecture { classes: Some(7), ..plain(Family::Classifier) }, "classes", "the data have 10"),
    ];
    for (architecture, key, words) in cases {
        let error = networks(&architecture, FASHION).unwrap_err();
        assert_eq!(error.key, format!("architecture.{key}"), "{error}");
        assert!(error.reason.contains(words), "{error} should say {words}");
    }
    let unknown = Examples { classes: None, ..FASHION };
    let error = networks(&plain(Family::Classifier), unknown).unwrap_err();
    assert!(error.reason.contains("how many classes"), "{error}");
}
