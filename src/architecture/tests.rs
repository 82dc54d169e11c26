use super::*;
use crate::config::architecture::layers::{Conv, Residual};
use crate::config::architecture::{Latent, Layers, Variant};

fn plain(family: Family) -> Architecture {
    Architecture {
        family,
        latent_dim: 100,
        latent: Latent::Normal,
        width: None,
        variant: None,
        discriminator_batch_norm: None,
        batch_norm_momentum: None,
        classes: None,
        hidden: None,
        code_dim: None,
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

fn conv(channels: usize, kernel: usize) -> Layer {
    Layer::Conv(Conv { channels, kernel, stride: 1, bias: true })
}

/// Parameters by hand, as `inputs · outputs + biases`, layer by layer.
#[test]
fn goodfellows_networks_have_the_papers_sizes() {
    let unit = Examples { range: Range::Unit, ..FASHION };
    let networks = networks(&plain(Family::Goodfellow), unit).unwrap();
    let generator = 100 * 1200 + 1200 + 1200 * 1200 + 1200 + 1200 * 784 + 784;
    assert_eq!(networks.get("generator").unwrap().parameters().total(), generator);
    let discriminator = 784 * 1200 + 1200 + 240 * 1200 + 1200 + 240 + 1;
    assert_eq!(networks.get("discriminator").unwrap().parameters().total(), discriminator);
    assert!(networks.get("generator").unwrap().layers().contains(&Layer::Sigmoid));
}

#[test]
fn infogans_networks_have_lucics_sizes() {
    let architecture =
        Architecture { latent_dim: 64, discriminator_batch_norm: Some(false), ..plain(Family::Infogan) };
    let with = Architecture { discriminator_batch_norm: Some(true), ..architecture.clone() };
    let without = networks(&architecture, Examples { range: Range::Unit, ..FASHION }).unwrap();
    let dense = 64 * 1024 + 1024 + 1024 * 6272 + 6272;
    let convolutions = 16 * 128 * 64 + 64 + 16 * 64 + 1;
    let generator = without.get("generator").unwrap().parameters();
    assert_eq!(generator.trainable, dense + convolutions + 2 * (1024 + 6272 + 64));
    let discriminator = 16 * 64 + 64 + 16 * 64 * 128 + 128 + 6272 * 1024 + 1024 + 1024 + 1;
    assert_eq!(without.get("discriminator").unwrap().parameters().total(), discriminator);
    let with = networks(&with, FASHION).unwrap().get("discriminator").unwrap().parameters();
    assert_eq!(with.trainable, discriminator + 2 * (128 + 1024));
}

#[test]
fn batch_norms_take_the_momentum_that_is_asked_for() {
    let momenta = |architecture: &Architecture, examples: Examples| -> Vec<f32> {
        fn of(layers: &[Layer], momenta: &mut Vec<f32>) {
            for layer in layers {
                match layer {
                    Layer::BatchNorm(words) => momenta.push(words.momentum),
                    layer => layer.branches().into_iter().for_each(|(_, layers)| of(layers, momenta)),
                }
            }
        }
        let mut momenta = Vec::new();
        for (_, network) in networks(architecture, examples).unwrap().named() {
            of(network.layers(), &mut momenta);
        }
        momenta
    };
    for (family, count) in [(Family::Infogan, 5), (Family::Sngan, 5), (Family::Dcgan, 3), (Family::Began, 3)]
    {
        let usual = plain(family);
        let asked = Architecture { batch_norm_momentum: Some(0.5), ..usual.clone() };
        assert_eq!(momenta(&asked, FASHION), vec![0.5; count], "{family:?}");
        let given = momenta(&usual, FASHION);
        assert!(given.len() == count && given.iter().all(|momentum| *momentum > 0.9), "{given:?}");
    }
    // Of a VAE, the dense networks have none.
    let unit = Examples { range: Range::Unit, ..FASHION };
    let conv =
        Architecture { variant: Some(Variant::Conv), batch_norm_momentum: Some(0.5), ..plain(Family::Vae) };
    assert_eq!(momenta(&conv, unit), [0.5; 5]);
    let error = networks(&Architecture { variant: Some(Variant::Dense), ..conv }, unit).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`architecture.batch_norm_momentum`: these networks have no batch norm: remove it"
    );
}

#[test]
fn the_papers_dcgan_has_batch_norm_in_both_networks() {
    let architecture = Architecture { variant: Some(Variant::Paper), ..plain(Family::Dcgan) };
    let small = networks(&architecture, FASHION).unwrap();
    let generator = 100 * 49 * 128 + 2 * 128 + 25 * 128 * 64 + 2 * 64 + 25 * 64;
    assert_eq!(small.get("generator").unwrap().parameters().trainable, generator);
    let discriminator = 25 * 64 + 64 + 25 * 64 * 128 + 2 * 128 + 6272 + 1;
    assert_eq!(small.get("discriminator").unwrap().parameters().trainable, discriminator);
    let large = networks(&architecture, Examples { shape: Shape::image(32, 32, 3), ..FASHION }).unwrap();
    assert_eq!(large.get("generator").unwrap().output(), Shape::image(32, 32, 3));
    assert_eq!(large.get("generator").unwrap().rows()[1].output, Shape::image(4, 4, 256));
    assert!(
        large.get("discriminator").unwrap().layers().iter().all(|layer| !matches!(layer, Layer::Dropout(_)))
    );
}

/// At 32×32×3 the counts of table 4 of Miyato et al. 2018, with batch norm in the generator and none in the discriminator.
#[test]
fn sngans_networks_have_the_papers_sizes() {
    let architecture = Architecture { latent_dim: 128, ..plain(Family::Sngan) };
    let colour = Examples { shape: Shape::image(32, 32, 3), ..FASHION };
    let networks_of = |examples| networks(&architecture, examples).unwrap();
    let paper = networks_of(colour);
    let norm = 2 * 256;
    let up = 2 * (9 * 256 * 256 + 256) + 2 * norm + 256 * 256 + 256;
    let generator = 128 * 4096 + 4096 + 3 * up + norm + 9 * 256 * 3 + 3;
    assert_eq!(paper.get("generator").unwrap().parameters().trainable, generator);
    let first = 9 * 3 * 128 + 128 + 9 * 128 * 128 + 128 + 3 * 128 + 128;
    let plain_block = 2 * (9 * 128 * 128 + 128);
    let discriminator = first + 3 * plain_block + 128 * 128 + 128 + 128 + 1;
    assert_eq!(paper.get("discriminator").unwrap().parameters().total(), discriminator);
    let small = networks_of(FASHION);
    assert_eq!(small.get("generator").unwrap().rows()[1].output, Shape::image(7, 7, 256));
    assert_eq!(small.get("generator").unwrap().output(), FASHION.shape);
    assert_eq!(small.get("discriminator").unwrap().layers().len(), 7);
}

#[test]
fn a_conditional_dcgan_reads_labels_in_both_networks() {
    let architecture = Architecture { classes: Some(7), ..plain(Family::ConditionalDcgan) };
    let conditional = networks(&architecture, FASHION).unwrap();
    let plain = networks(&plain(Family::Dcgan), FASHION).unwrap();
    assert_eq!(
        (
            conditional.get("generator").unwrap().classes(),
            conditional.get("discriminator").unwrap().classes()
        ),
        (Some(7), Some(7))
    );
    assert_eq!(
        (plain.get("generator").unwrap().classes(), plain.get("discriminator").unwrap().classes()),
        (None, None)
    );
    let more = |which: fn(&Networks) -> &Network| {
        which(&conditional).parameters().total() - which(&plain).parameters().total()
    };
    assert_eq!(more(|networks| networks.get("generator").unwrap()), 7 * 50 + 50 * 12_544);
    assert_eq!(more(|networks| networks.get("discriminator").unwrap()), 7 * 6272);
}

#[test]
fn families_of_images_refuse_other_shapes() {
    let odd = Examples { shape: Shape::image(30, 30, 1), ..FASHION };
    for family in [Family::Dcgan, Family::Infogan, Family::Sngan, Family::ConditionalDcgan] {
        let error = networks(&plain(family), odd).unwrap_err();
        assert!(error.key == "architecture.family" && error.reason.contains("30×30×1"), "{error}");
    }
}

#[test]
fn branches_have_rows_and_types_of_their_own_and_errors_name_the_layer_inside() {
    let block = |layers, shortcut| Layer::Residual(Residual { layers, shortcut });
    let network = |list| Network::new(Shape::image(4, 4, 2), list);
    let good = vec![
        block(vec![Layer::Relu, conv(3, 3), Layer::AveragePool], vec![Layer::AveragePool, conv(3, 1)]),
        block(vec![Layer::Relu], vec![]),
    ];
    let good = network(good).unwrap();
    assert_eq!(
        good.rust_type(),
        "(Residual<(Relu, (Conv<4, 4, 2, 4, 4, 3, 3, 1, true, Dev>, AveragePool<4, 4, 3, 2, 2>)), \
         (AveragePool<4, 4, 2, 2, 2>, Conv<2, 2, 2, 2, 2, 3, 1, 1, true, Dev>)>, Residual<Relu, Identity>)"
    );
    let shown: Vec<(String, usize)> =
        good.rows().into_iter().map(|row| (row.layer, row.parameters.total())).collect();
    let shown: Vec<(&str, usize)> = shown.iter().map(|(layer, count)| (layer.as_str(), *count)).collect();
    let expected = [
        ("residual", 0),
        ("  relu", 0),
        ("  conv 3, 3×3", 57),
        ("  average-pool", 0),
        ("  shortcut: average-pool", 0),
        ("  shortcut: conv 3, 1×1", 9),
        ("residual", 0),
        ("  relu", 0),
    ];
    assert_eq!(shown, expected);
    assert_eq!(good.parameters().total(), 66);

    let cases = [
        (vec![Layer::Relu, block(vec![conv(3, 3)], vec![])], "[1]", "give it a `shortcut` that makes 4×4×3"),
        (vec![block(vec![conv(3, 3)], vec![conv(2, 3)])], "[0]", "4×4×3 and its shortcut in 4×4×2"),
        (vec![block(vec![], vec![])], "[0].residual.layers[0]", "1 to 256 layers"),
        (
            vec![block(
                vec![conv(3, 3), block(vec![Layer::AveragePool, Layer::AveragePool, Layer::MaxPool], vec![])],
                vec![],
            )],
            "[0].residual.layers[1].residual.layers[2]",
            "must be even, but its input is 1×1×3",
        ),
    ];
    for (list, at, words) in cases {
        let (place, reason) = network(list).unwrap_err();
        assert_eq!(place, at, "{reason}");
        assert!(reason.contains(words), "{reason} should say {words}");
    }
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

#[test]
fn a_began_leads_from_latent_vectors_to_examples_and_from_those_to_examples() {
    for (variant, batch_norm, shape) in [
        (None, None, FASHION.shape),
        (Some(Variant::Conv), Some(true), Shape::image(32, 32, 3)),
        (Some(Variant::Dense), None, Shape::image(1, 1, 2)),
        (Some(Variant::Dense), Some(true), Shape::image(5, 3, 1)),
    ] {
        let plain = plain(Family::Began);
        let architecture = Architecture { variant, discriminator_batch_norm: batch_norm, ..plain };
        let found = networks(&architecture, Examples { shape, ..FASHION }).unwrap();
        assert!(matches!(found, Networks::Began { .. }));
        let shapes =
            found.named().into_iter().map(|(name, network)| (name, network.input(), network.output()));
        let latent = Shape::vector(100);
        assert_eq!(
            shapes.collect::<Vec<_>>(),
            [("generator", latent, shape), ("discriminator", shape, shape)]
        );
        let discriminator = found.get("discriminator").unwrap();
        let has_batch_norm = discriminator.layers().iter().any(|layer| matches!(layer, Layer::BatchNorm(_)));
        assert_eq!(has_batch_norm, batch_norm == Some(true));
        // The code is no wider than it should be.
        assert!(discriminator.rows().iter().any(|row| row.output == Shape::vector(64)));
    }
}

/// Lucic et al.'s code says that its autoencoder has 1.3 million parameters: so it has on 32×32 images in colour.
#[test]
fn the_convolutional_autoencoder_has_its_sources_parameters() {
    let total = |shape: Shape| {
        let found = networks(&plain(Family::Began), Examples { shape, ..FASHION }).unwrap();
        found.get("discriminator").unwrap().parameters().total()
    };
    let count = |dense: usize, channels: usize| {
        let convolutions = (16 * channels * 64 + 64) + (16 * 64 * 128 + 128);
        let transposed = (16 * 128 * 64 + 64) + (16 * 64 * channels + channels);
        convolutions + (dense * 64 + 64) + (64 * dense + dense) + transposed
    };
    assert_eq!(total(FASHION.shape), count(7 * 7 * 128, 1));
    assert_eq!(total(Shape::image(32, 32, 3)), count(8 * 8 * 128, 3));
    assert_eq!(total(Shape::image(32, 32, 3)), 1_325_379);
}

#[test]
fn a_wrong_began_names_the_layer() {
    let layers = |layers: &[Layer]| Some(Layers { layers: layers.to_vec() });
    let began = |generator: &[Layer], discriminator: &[Layer]| Architecture {
        generator: layers(generator),
        discriminator: layers(discriminator),
        ..plain(Family::Began)
    };
    let dense = families_dense;
    let good = [dense(784), Layer::Tanh];
    let cases = [
        (began(&[dense(783)], &good), "generator.layers", "the generator ends in 783, but the examples"),
        (
            began(&good, &[Layer::Flatten, dense(1)]),
            "discriminator.layers",
            "must end in an example, 28×28×1",
        ),
        (began(&good, &[Layer::Flatten, dense(783)]), "discriminator.layers", "discriminator ends in 783"),
        (
            began(&good, &[Layer::Flatten, dense(784), Layer::Sigmoid]),
            "discriminator.layers",
            "the discriminator ends in a sigmoid",
        ),
        (
            began(&[dense(784), Layer::Relu], &good),
            "generator.layers",
            "the generator ends in a layer that no example",
        ),
    ];
    for (architecture, key, words) in cases {
        let error = networks(&architecture, FASHION).unwrap_err();
        assert_eq!(error.key, format!("architecture.{key}"), "{error}");
        assert!(error.reason.contains(words), "{error} should say {words}");
    }
    let points = Examples { shape: Shape::image(1, 1, 2), range: Range::Unbounded, classes: None };
    let error = networks(&plain(Family::Began), points).unwrap_err();
    assert!(error.reason.contains("write variant = \"dense\""), "{error}");
}
